"""Whole days of a reader, and the hours of their clock in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import db
from core.errors import BadPayload
from listening.unfit import Unfit

LONGEST_PERIOD = 3660
DAYS = 30
"""A period for which nothing else is said."""
_HOUR = 3600
_EPOCH = date(1970, 1, 1)
_THURSDAY = 3
"""Weekday of the epoch; Monday is 0."""


@dataclass(frozen=True)
class Period:
    """Days of a reader, both included."""

    first: date
    last: date
    zone: tzinfo

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """Where the first day begins, in UTC."""
        return _midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """Where the day after the last one begins, in UTC."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def previous(self) -> Period:
        """As many days right before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)

    def last_days(self, number: int) -> Period:
        """The last days of it."""
        return Period(self.last - timedelta(days=number - 1), self.last, self.zone)

    def each(self) -> Iterator[date]:
        """Every day in order."""
        return (self.first + timedelta(days=number) for number in range(self.days))


def period(first: str | date | None, last: str | date | None, zone: str | tzinfo, today: date | None = None) -> Period:
    """Days as typed (`2026-11-01`) in a zone (`Europe/Berlin`); without any, the last 30 days."""
    found = _zone(zone) if isinstance(zone, str) else zone
    end = _day(last) if last else (today or datetime.now(found).date())
    start = _day(first) if first else end - timedelta(days=DAYS - 1)
    if start > end:
        raise Unfit("The period ends (%(end)s) before it begins (%(start)s). Swap the days.", start=start, end=end)
    if (end - start).days >= LONGEST_PERIOD:
        raise Unfit("A report covers at most %(days)s days. Choose a shorter period.", days=LONGEST_PERIOD)
    return Period(start, end, found)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadPayload(f"There is no time zone {name!r}. Write it as Europe/Berlin, Asia/Tokyo or UTC.") from error


def _day(text: str | date) -> date:
    try:
        day = text if isinstance(text, date) else date.fromisoformat(text)
    except ValueError:
        raise Unfit("%(day)s is not a day. Write it as 2026-11-30.", day=text) from None
    if not 1980 <= day.year <= 2200:
        raise Unfit("%(day)s is not a day messages can be of. Choose one between 1980 and 2200.", day=day)
    return day


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


# --- the reader's clock in SQL -------------------------------------------------------------------------


def hour_of(column: Any, start: datetime, end: datetime, zone: tzinfo) -> Any:
    """The hours of the reader's clock since 1970 at a moment between `start` and `end`, as SQL.

    A change of the clock inside the period is one case more.
    """
    if db.dialect() == "sqlite":
        seconds: Any = sa.cast(sa.func.strftime("%s", column), sa.BigInteger)
    else:
        seconds = sa.cast(sa.func.floor(sa.extract("epoch", column)), sa.BigInteger)
    steps = list(_offsets(start, end, zone))
    offset: Any = _number(steps[0][1])
    if len(steps) > 1:
        until = [(column < sa.literal(then, column.type), now) for (_, now), (then, _) in pairwise(steps)]
        offset = sa.case(
            *((before, _number(number)) for before, number in until),
            else_=_number(steps[-1][1]),
        )
    return (seconds + offset) // _number(_HOUR)


def day_of(hour: Any) -> Any:
    """The days since 1970 of such an hour, as SQL."""
    return hour // _number(24)


def clock_of(hour: Any) -> Any:
    """The weekday and hour of such an hour in one number, weekday * 24 + hour; Monday is 0. As SQL."""
    return (hour + _number(_THURSDAY * 24)) % _number(168)


def _number(value: int) -> Any:
    """Written into the statement, so that what is selected and what is grouped by are the same expression."""
    return sa.literal_column(str(value), sa.BigInteger)


def date_of(number: int) -> date:
    """The date of so many days since 1970."""
    return _EPOCH + timedelta(days=number)


def _offsets(start: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[datetime, int]]:
    """(from when, seconds ahead of UTC), in order; the first from `start`."""
    step, now = timedelta(days=1), start
    offset = _offset(now, zone)
    yield now, offset
    while now < end:
        later = min(now + step, end)
        if (changed := _offset(later, zone)) != offset:
            offset = changed
            yield _change(now, later, zone), offset
        now = later


def _change(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    """The second at which the clock changes between two moments."""
    after = _offset(high, zone)
    first, last = int(low.timestamp()), int(high.timestamp())
    while last - first > 1:
        middle = (first + last) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), zone) == after:
            last = middle
        else:
            first = middle
    return datetime.fromtimestamp(last, UTC)


def _offset(moment: datetime, zone: tzinfo) -> int:
    found = moment.astimezone(zone).utcoffset()
    return int(found.total_seconds()) if found else 0
