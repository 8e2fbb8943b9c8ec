"""Business hours against a slow count of minutes on the wall's clock, over changes of clocks, midnight and days off."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Rejected
from inbox.hours import ALWAYS, Calendar, after, between, calendar, read_spans, stretches, within

MINUTE = timedelta(minutes=1)
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC)), ("Europe/Berlin", datetime(2026, 10, 24, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC)), ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),
    ("Asia/Tokyo", datetime(2026, 5, 3, tzinfo=UTC)), ("Asia/Kathmandu", datetime(2026, 12, 30, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 2, 14, tzinfo=UTC)),
]  # fmt: skip
"""Zones, and a day before something happens to their clocks."""

minute = st.integers(0, 95).map(lambda n: n * 15)
spans = st.tuples(minute, minute.map(lambda n: n + 15)).filter(lambda pair: pair[0] != pair[1] % 1440)
weeks = st.dictionaries(st.integers(0, 6), st.lists(spans, min_size=1, max_size=3).map(tuple), max_size=7)


def is_open(one: Calendar, at: datetime) -> bool:
    """What a person says who looks at the clock on the wall."""
    here = at.astimezone(ZoneInfo(one.zone))
    today, now = here.date(), here.hour * 60 + here.minute
    yesterday = today - timedelta(days=1)
    if today in one.days_off:
        return False
    if not one.week:
        return True
    if any(a <= now < b or (b <= a and now >= a) for a, b in one.week.get(today.weekday(), ())):
        return True
    late = one.week.get(yesterday.weekday(), ()) if yesterday not in one.days_off else ()
    return any(b <= a and now < b for a, b in late)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    zone, near = draw(st.sampled_from(CHANGES))
    off = draw(st.sets(st.integers(-1, 4), max_size=2))
    days = {(near + timedelta(days=n)).date(): "off" for n in off}
    return Calendar(zone, draw(weeks), days), near + timedelta(minutes=draw(st.integers(0, 1440)))


@settings(max_examples=60, deadline=None)
@given(world=worlds(), length=st.integers(0, 3 * 1440), much=st.integers(1, 2000))
def test_hours_agree_with_a_count_of_minutes(world: tuple[Calendar, datetime], length: int, much: int) -> None:
    one, start = world
    end = start + length * MINUTE
    opened = [is_open(one, start + n * MINUTE) for n in range(length)]
    assert between(one, start, end) == sum(opened) * MINUTE
    found = list(stretches(one, start, end))
    assert all(since < until for since, until in found)
    assert all(a[1] < b[0] for a, b in pairwise(found)), "in order, and none touches the next"
    when = after(one, start, much * MINUTE)
    if sum(opened) >= much:
        passed = [n for n, yes in enumerate(opened) if yes][much - 1]
        assert when == start + (passed + 1) * MINUTE
    else:
        assert when is None or when > end or between(one, start, when) == much * MINUTE


@settings(max_examples=40, deadline=None)
@given(world=worlds(), a=st.integers(0, 100_000), b=st.integers(0, 100_000))
def test_time_adds_up_to_the_second(world: tuple[Calendar, datetime], a: int, b: int) -> None:
    one, start = world
    middle, end = start + timedelta(seconds=a), start + timedelta(seconds=a + b)
    whole = between(one, start, end)
    assert between(one, start, middle) + between(one, middle, end) == whole
    assert whole <= end - start
    if whole:
        reached = after(one, start, whole)
        assert reached is not None
        assert reached <= end
        assert between(one, start, reached) == whole


WEEK = {str(day): [["09:00", "12:00"], ["13:00", "17:00"]] for day in range(5)}


def test_a_weekend_and_a_holiday_are_waited_out() -> None:
    one = calendar("Europe/Berlin", WEEK, [{"day": "2026-12-25", "name": "Weihnachten"}])
    thursday = datetime(2026, 12, 24, 15, tzinfo=UTC)  # 16:00 there
    assert after(one, thursday, timedelta(hours=2)) == datetime(2026, 12, 28, 9, tzinfo=UTC)
    assert between(one, thursday, datetime(2026, 12, 28, 12, 30, tzinfo=UTC)) == timedelta(hours=1 + 3 + 0.5)
    assert one.days_off[date(2026, 12, 25)] == "Weihnachten"


def test_half_hours_count_as_they_are_written() -> None:
    one = calendar("UTC", {"0": [["08:45", "09:30"], ["23:50", "00:10"]]}, [])
    monday = datetime(2026, 12, 21, tzinfo=UTC)
    assert list(stretches(one, monday, monday + timedelta(days=2))) == [
        (monday + 525 * MINUTE, monday + 570 * MINUTE), (monday + 1430 * MINUTE, monday + 1450 * MINUTE),
    ]  # fmt: skip


def test_no_time_at_all_has_passed_at_once_also_out_of_hours() -> None:
    saturday = datetime(2026, 12, 26, tzinfo=UTC)
    for much in (timedelta(0), timedelta(seconds=-1)):
        assert after(calendar("UTC", WEEK, []), saturday, much) == saturday


def test_who_works_one_day_a_week_gets_there_after_years() -> None:
    one = calendar("UTC", {"0": [["00:00", "24:00"]]}, [])
    monday = datetime(2026, 12, 21, tzinfo=UTC)
    assert after(one, monday, timedelta(days=150)) == monday + timedelta(weeks=149, days=1)


def test_who_never_works_never_gets_there() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    never = Calendar("UTC", {}, {(start + timedelta(days=n)).date(): "" for n in range(-1, 5000)})
    assert after(never, start, timedelta(seconds=1)) is None
    assert after(ALWAYS, start, timedelta(days=9)) == start + timedelta(days=9)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("9:00-12:30, 13-17", [["09:00", "12:30"], ["13:00", "17:00"]]), ("22:00–6:00", [["22:00", "06:00"]]),
        ("０９：００〜１２：３０、１３：００ー１７：００", [["09:00", "12:30"], ["13:00", "17:00"]]),
        ("0-24:00", [["00:00", "24:00"]]), (" ", []),
    ],
)  # fmt: skip
def test_spans_are_read_as_people_write_them(text: str, read: list[list[str]]) -> None:
    assert read_spans(text) == read
    calendar("UTC", {"0": read}, [])


@pytest.mark.parametrize("text", ["9", "9-9", "25-26", "9:60-10", "a-b", "24:00-3", "9-12-15", "9:1x-10", "-"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="Write hours like"):
        read_spans(text)


@pytest.mark.parametrize(
    ("moment", "works"),
    [
        ("2026-03-30T06:59:59+00:00", False),  # a Monday, the first day of summer time: nine is seven in UTC
        ("2026-03-30T07:00:00+00:00", True),
        ("2026-03-30T14:59:59.999999+00:00", True),
        ("2026-03-30T15:00:00+00:00", False),
        ("2026-03-27T07:30:00+00:00", False),  # the Friday before
        ("2026-03-28T10:00:00+00:00", False),
        ("2026-04-06T10:00:00+00:00", False),
    ],
)
def test_at_a_moment_somebody_works_or_nobody(moment: str, works: bool) -> None:
    days = {str(day): [["09:00", "17:00"]] for day in range(5)}
    office = calendar("Europe/Berlin", days, [{"day": "2026-04-06", "name": "Ostermontag"}])
    assert within(office, datetime.fromisoformat(moment)) is works
    assert within(ALWAYS, datetime.fromisoformat(moment))
