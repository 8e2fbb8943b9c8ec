"""Messages of the tracking API, in the shape of Segment's HTTP API v1, read into values: pure.

https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from core.bulk import json_text
from enrichment.normalise import mail
from inbox import refused
from inbox.refused import Refusal

Kind = Literal["track", "identify"]
KINDS: tuple[Kind, ...] = ("track", "identify")
LARGEST = 32 * 1024
"""Bytes of one message; the three limits are those of Segment's API."""
LARGEST_BATCH = 500 * 1024
MOST = 2_500
"""Messages of one batch."""
TOO_LARGE = "The message is larger than 32 kB."
LONGEST_ID = 256
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
CONTEXT = ("locale", "timezone", "campaign")
"""What is kept of the context: no addresses of machines, no devices."""


class Unreadable(ValueError):
    """A message that cannot be taken: the sentence says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Ids:
    """What a message says of whom it is about; empty values are unknown."""

    user: str = ""
    anonymous: str = ""
    email: str = ""
    """Canonical, and nobody's shared box."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One message, without what is refused."""

    kind: Kind
    message_id: str
    ids: Ids
    event: str
    values: dict[str, Any]
    """Properties or traits."""
    context: dict[str, Any]
    at: datetime
    refused: tuple[Refusal, ...] = ()


def load(body: bytes) -> Any:
    """The JSON of a body; Unreadable when it is none."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is not JSON.") from error


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def read(raw: Any, received: datetime, kind: str = "") -> Said:
    """One message as a value; Unreadable with what to change. `kind` is that of the address, else its `type`."""
    if not isinstance(raw, dict):
        raise Unreadable("A message is a JSON object.")
    if len(json_text(raw).encode()) > LARGEST:
        raise Unreadable(TOO_LARGE)
    kind = kind or str(raw.get("type") or "")
    if kind not in KINDS:
        raise Unreadable(f"The type {kind[:40]!r} is not taken. There are: {', '.join(KINDS)}.")
    raw = json.loads(json_text(raw))  # sound text only
    given = _object(raw, "properties" if kind == "track" else "traits")
    context = _object(raw, "context")
    values, dropped = refused.sift(given)
    kept, more = refused.sift({name: context[name] for name in CONTEXT if name in context})
    traits = values if kind == "identify" else _object(context, "traits")
    if "interests" in values:
        values["interests"] = interests(values["interests"])
    ids = Ids(_id(raw, "userId"), _id(raw, "anonymousId"), _email(traits), _name(traits))
    if not ids.user and not ids.anonymous:
        raise Unreadable("Name whom it is about: userId or anonymousId.")
    return Said(
        kind, _message_id(raw), ids, _event(raw) if kind == "track" else "", values, kept,
        _moment(raw, received), (*dropped, *more),
    )  # fmt: skip


def _object(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = raw.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is a JSON object.")
    return value


def _id(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if value is None or isinstance(value, bool) or not isinstance(value, str | int):
        if value is None:
            return ""
        raise Unreadable(f"{name} is a text.")
    text = str(value).strip()
    if len(text) > LONGEST_ID:
        raise Unreadable(f"{name} is longer than {LONGEST_ID} characters.")
    if refused.by_shape(text):
        raise Unreadable(f"{name} looks like a card's number or an IBAN. Use an id of your own.")
    return text


def _event(raw: Mapping[str, Any]) -> str:
    name = raw.get("event")
    if not isinstance(name, str) or not name.strip():
        raise Unreadable("Name what happened: event.")
    if len(name) > 200:
        raise Unreadable("event is longer than 200 characters.")
    return name.strip()


def _message_id(raw: Mapping[str, Any]) -> str:
    """The sender's own; else the same message with the same time is the same, and one without a time is new."""
    given = raw.get("messageId")
    if given is not None and not isinstance(given, str | int):
        raise Unreadable("messageId is a text.")
    text = str(given or "").strip()
    if text:
        return text if len(text) <= 100 else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    if raw.get("timestamp"):
        same = {name: value for name, value in raw.items() if name != "sentAt"}
        return f"same:{hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()}"
    return f"new:{secrets.token_hex(16)}"


def _moment(raw: Mapping[str, Any], received: datetime) -> datetime:
    """When it happened. With `sentAt`, a wrong clock of the sender is put right; never later than it was received."""
    at, sent = _time(raw, "timestamp"), _time(raw, "sentAt")
    if at is None:
        return received
    moment = received - (sent - at) if sent is not None else at
    return min(moment, received) if moment > OLDEST else at


def _time(raw: Mapping[str, Any], name: str) -> datetime | None:
    given = raw.get(name)
    if given is None or given == "":
        return None
    try:
        found = moment(given)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unreadable(f"{name} is a time in ISO 8601: 2026-11-22T10:00:00Z.") from error
    if found < OLDEST:
        raise Unreadable(f"{name} lies before 1990.")
    return found


def moment(text: Any) -> datetime:
    """A time in ISO 8601, in UTC where no zone is named; ValueError or TypeError when it is none."""
    if not isinstance(text, str):
        raise TypeError("not a text")
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _email(traits: Mapping[str, Any]) -> str:
    return email(traits.get("email"))


def email(value: Any) -> str:
    """The canonical form of an address of one person's own; empty for a shared box or what is no address."""
    address = mail.canonical(value) if isinstance(value, str) and len(value) <= 320 else ""
    return "" if not address or mail.is_role(address) or len(address) > 300 else address


def interests(value: Any) -> list[str]:
    """Interests out of a list, or out of words between commas."""
    several = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    plain = (" ".join(str(one).split())[:60] for one in several[:20] if isinstance(one, str | int))
    return [one for one in dict.fromkeys(plain) if one]


def _name(traits: Mapping[str, Any]) -> str:
    parts = [traits.get("firstName") or traits.get("first_name"), traits.get("lastName") or traits.get("last_name")]
    joined = " ".join(one.strip() for one in parts if isinstance(one, str))
    whole = traits.get("name")
    return ((whole.strip() if isinstance(whole, str) else "") or joined.strip())[:200]
