"""What an HTTP answer says beside its body: rate limits, waits, links, and the reason of a refusal."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from core.errors import BadPayload, Unknown

LONGEST_WAIT = 6 * 3600.0
"""Seconds: no platform is believed to mean more than this."""

EPOCH_FROM = 1_000_000_000
"""A reset above this is a point in time, below it a number of seconds from now."""


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer; `body` is decoded and within the size cap."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: str
    host: str
    write: bool = False
    """Of a call that nothing keeps from happening twice: what cannot be read may still have taken effect."""

    def json(self) -> Any:
        """The body as JSON; raises `BadPayload` (after a write `Unknown`) when it is something else."""
        try:
            return loads(self.body)
        except (ValueError, RecursionError) as error:
            if self.write:
                raise Unknown(
                    f"{self.host} answered with something unreadable; what was sent may have arrived"
                ) from error
            start = self.body[:80].decode("utf-8", "replace")
            raise BadPayload(
                f"{self.host} answered {self.status} with something that is not JSON: {start!r}"
            ) from error

    def object(self) -> dict[str, Any]:
        """The body as a JSON object."""
        found = self.json()
        if not isinstance(found, dict):
            raise BadPayload(f"{self.host} answered with a {type(found).__name__} where an object was expected")
        return found

    def list(self) -> list[Any]:
        """The body as a JSON list."""
        found = self.json()
        if not isinstance(found, list):
            raise BadPayload(f"{self.host} answered with a {type(found).__name__} where a list was expected")
        return found

    def links(self) -> dict[str, str]:
        """The Link header (RFC 8288): relation to absolute address."""
        links: dict[str, str] = {}
        for value in self.headers.get_list("link"):
            for entry in httpx.Response(200, headers={"link": value}).links.values():
                if "rel" in entry and "url" in entry:
                    links[entry["rel"]] = str(httpx.URL(self.url).join(entry["url"]))
        return links


def loads(body: bytes | str) -> Any:
    """JSON from outside: broken UTF-8 and lone surrogates become replacement signs, so the rest can be read."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    found = json.loads(text)
    if "\\ud" in text or "\\uD" in text:
        whole = json.dumps(found, ensure_ascii=False)
        sound = whole.encode("utf-8", "replace")
        if len(sound) != len(whole.encode("utf-8", "surrogatepass")):
            return json.loads(sound)
    return found


def reason(answer: Answer) -> tuple[str, str]:
    """The platform's own code and words for a refusal; both may be empty."""
    try:
        body = loads(answer.body)
    except (ValueError, RecursionError):
        return "", answer.body[:200].decode("utf-8", "replace").strip()
    if not isinstance(body, dict):
        return "", str(body)[:200]
    words = next(
        (str(body[name]) for name in ("error_description", "message", "description", "error") if body.get(name)),
        "",
    )
    return str(body.get("error", ""))[:100], words[:300]


def number(text: str | None) -> float | None:
    """A header as a finite number, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def moment(text: str | None, now: datetime) -> datetime | None:
    """A point in time from seconds, epoch seconds (also milliseconds), ISO 8601 or an HTTP date."""
    if not text:
        return None
    value = number(text)
    if value is not None:
        if value > EPOCH_FROM * 1000:
            value /= 1000
        wait = value - now.timestamp() if value > EPOCH_FROM else value
        return now + timedelta(seconds=min(max(wait, 0.0), LONGEST_WAIT))
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text.strip())
        except (ValueError, TypeError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def _rate(headers: Mapping[str, str], name: str) -> str | None:
    for prefix in ("x-ratelimit-", "x-rate-limit-", "ratelimit-"):
        if prefix + name in headers:
            return headers[prefix + name]
    return None


def rate(headers: Mapping[str, str], now: datetime) -> tuple[int | None, int | None, datetime | None]:
    """Limit, remaining and reset as the platform states them; None for what it does not."""
    limit, remaining = number(_rate(headers, "limit")), number(_rate(headers, "remaining"))
    return (
        int(limit) if limit is not None and limit > 0 else None,
        max(0, int(remaining)) if remaining is not None else None,
        moment(_rate(headers, "reset"), now),
    )


def wait(headers: Mapping[str, str], now: datetime, fallback: float = 60.0) -> float:
    """Seconds to wait after a 429 or 503: Retry-After, else the limit's reset, else `fallback`."""
    until = moment(headers.get("retry-after"), now) or rate(headers, now)[2]
    if until is None:
        return fallback
    return min(max((until - now).total_seconds(), 1.0), LONGEST_WAIT)
