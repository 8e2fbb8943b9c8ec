"""Business hours: how much working time lies between two moments, and when so much of it has passed. Pure.

A moment is in business hours when the clock on the wall says so: where it is put forward an hour is missing, where it
is put back an hour comes twice. A span that ends before it begins goes over midnight and belongs to the day on which it
begins; nothing of a day off counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.errors import Rejected
from core.typed import plain

Spans = tuple[tuple[int, int], ...]
Stretch = tuple[datetime, datetime]
DAY = 1440
"""Minutes."""
FARTHEST = 800
"""Days that are looked ahead; who works on none of them never does."""
_STEP = timedelta(days=1)
_NONE = timedelta(0)


@dataclass(frozen=True)
class Calendar:
    """When somebody works: spans of minutes by weekday (0 is Monday) and days off; without spans around the clock."""

    zone: str = "UTC"
    week: Mapping[int, Spans] = field(default_factory=dict)
    days_off: Mapping[date, str] = field(default_factory=dict)
    """With their names."""

    @property
    def always(self) -> bool:
        """Every moment counts."""
        return not self.week and not self.days_off


ALWAYS = Calendar()


def calendar(
    zone: str, hours: Mapping[str, Sequence[Sequence[str]]], holidays: Sequence[Mapping[str, str]]
) -> Calendar:
    """Out of the columns of a team."""
    week = {int(day): tuple((minutes(a), minutes(b)) for a, b in spans) for day, spans in hours.items() if spans}
    return Calendar(zone, week, {date.fromisoformat(one["day"]): one.get("name", "") for one in holidays})


def minutes(text: str) -> int:
    """`09:30` or `24:00` in minutes; ValueError when it is no time of day."""
    if text == "24:00":
        return DAY
    found = time.fromisoformat(text)
    if len(text) != 5:
        raise ValueError(text)
    return found.hour * 60 + found.minute


def between(one: Calendar, start: datetime, end: datetime) -> timedelta:
    """The business time from one moment to another."""
    return sum((until - since for since, until in stretches(one, start, end)), _NONE)


def after(one: Calendar, start: datetime, much: timedelta) -> datetime | None:
    """The first moment at which so much business time has passed; None when that never happens."""
    if much <= _NONE:
        return start
    if one.always:
        return start + much
    left = much
    for since, until in stretches(one, start, start + FARTHEST * _STEP + 8 * much):
        if until - since >= left:
            return since + left
        left -= until - since
    return None


def within(one: Calendar, moment: datetime) -> bool:
    """Whether somebody works at this moment; the end of a stretch is outside."""
    return any(since == moment for since, _ in stretches(one, moment, moment + timedelta(minutes=1)))


def stretches(one: Calendar, start: datetime, end: datetime) -> Iterator[Stretch]:
    """The stretches of business hours between two moments, in their order; neighbours that touch are one."""
    if one.always:
        if start < end:
            yield start, end
        return
    held: Stretch | None = None
    for since, until in _parts(one, start, end):
        if held is not None and held[1] == since:
            held = held[0], until
            continue
        if held is not None:
            yield held
        held = since, until
    if held is not None:
        yield held


def _parts(one: Calendar, start: datetime, end: datetime) -> Iterator[Stretch]:
    for since, until, offset in _even(ZoneInfo(one.zone), start.astimezone(UTC), end.astimezone(UTC)):
        wall, last = since + offset, until + offset
        day = wall.date()
        while datetime.combine(day, time(), UTC) < last:
            midnight = datetime.combine(day, time(), UTC)
            for a, b in _of_day(one, day):
                begin = max(wall, midnight + timedelta(minutes=a))
                stop = min(last, midnight + timedelta(minutes=b))
                if begin < stop:
                    yield begin - offset, stop - offset
            day += _STEP


def _even(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """From one moment to another, a day at most at a time, cut where the clocks are changed."""
    while start < end:
        until = min(start + _STEP, end)
        offset = _offset(zone, start)
        if _offset(zone, until - timedelta(microseconds=1)) != offset:
            until = _change(zone, start, until, offset)
        yield start, until, offset
        start = until


def _change(zone: ZoneInfo, start: datetime, end: datetime, offset: timedelta) -> datetime:
    """The first whole second with another offset."""
    low, high = int(start.timestamp()), int(end.timestamp()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, datetime.fromtimestamp(middle, UTC)) == offset:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or _NONE


def _of_day(one: Calendar, day: date) -> list[tuple[int, int]]:
    """The spans of minutes of one date, in order and without overlaps."""
    if day in one.days_off:
        return []
    if not one.week:
        return [(0, DAY)]
    found = [(a, b if b > a else DAY) for a, b in one.week.get(day.weekday(), ())]
    before = day - _STEP
    if before not in one.days_off:
        found += [(0, b) for a, b in one.week.get(before.weekday(), ()) if b <= a and b]
    return _merged(found)


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for a, b in sorted(spans):
        if found and a <= found[-1][1]:
            found[-1] = found[-1][0], max(b, found[-1][1])
        else:
            found.append((a, b))
    return found


# --- what somebody wrote ----------------------------------------------------------------------------------


BAD_SPANS = "Write hours like 9:00-12:30, 13:00-17:00."


def read_spans(text: str) -> list[list[str]]:
    """`9:00-12:30, 13-17` as a team keeps it; Rejected when it is no such list."""
    found = []
    for part in (one for one in plain(text).replace(";", ",").split(",") if one.strip()):
        pair = [_clock(one) for one in part.split("-")]
        if len(pair) != 2 or pair[0] == pair[1] or pair[0] == "24:00":
            raise Rejected(BAD_SPANS)
        found.append(pair)
    return found


def _clock(text: str) -> str:
    said = re.fullmatch(r"([0-9]{1,2})(?::([0-9]{2}))?", text.strip())
    hour, minute = (int(said[1]), int(said[2] or 0)) if said else (99, 0)
    if hour * 60 + minute > DAY or minute > 59:
        raise Rejected(BAD_SPANS)
    return f"{hour:02}:{minute:02}"
