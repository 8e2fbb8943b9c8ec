"""Mastodon's paging law over ascending ids. https://docs.joinmastodon.org/api/guidelines/#pagination"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from starlette.requests import Request

from sandbox.web import whole


def page(ids: Sequence[int], request: Request, most: int, default: int, keep: Callable[[int], bool]) -> list[int]:
    """One page, newest first: ``min_id`` gives the page right after it, ``since_id`` the newest after it."""
    query = request.query_params
    limit = whole(query.get("limit"), default, most)
    low, high = 0, len(ids)
    if _number(query.get("max_id")) is not None:
        high = bisect_left(ids, _number(query.get("max_id")) or 0)
    floor = _number(query.get("min_id")) if "min_id" in query else _number(query.get("since_id"))
    if floor is not None:
        low = bisect_right(ids, floor)
    upwards = _number(query.get("min_id")) is not None
    found: list[int] = []
    for place in range(low, high) if upwards else range(high - 1, low - 1, -1):
        if keep(ids[place]):
            found.append(ids[place])
            if len(found) == limit:
                break
    return found[::-1] if upwards else found


def link_header(request: Request, first: str | None, last: str | None, full: bool) -> dict[str, str]:
    """``next`` (older) when the page is full, ``prev`` (newer) when it holds anything; absolute addresses."""
    if first is None or last is None:
        return {}
    kept = [pair for pair in request.query_params.multi_items() if pair[0] not in ("max_id", "min_id", "since_id")]
    base = str(request.url.replace(query=""))
    parts = [f'<{base}?{urlencode([*kept, ("max_id", last)])}>; rel="next"'] if full else []
    parts.append(f'<{base}?{urlencode([*kept, ("min_id", first)])}>; rel="prev"')
    return {"Link": ", ".join(parts)}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
