from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from core import db
from core.errors import BadPayload
from listening.figures.period import _offsets, clock_of, date_of, day_of, hour_of, period
from tests.conftest import BOTH


@pytest.mark.parametrize(
    ("first", "last", "zone", "words"),
    [
        ("2026-11-02", "2026-11-01", "UTC", "Swap"),
        ("x", None, "UTC", "not a day"),
        ("0001-01-01", "0001-01-02", "UTC", "between"),
        (None, None, "Mars/Base", "time zone"),
        ("1990-01-01", "2026-01-01", "UTC", "at most"),
    ],
)
def test_a_period_that_makes_no_sense_says_why(first, last, zone, words) -> None:
    with pytest.raises(BadPayload, match=words):
        period(first, last, zone)


def test_without_days_it_is_the_last_thirty() -> None:
    found = period(None, None, "UTC", today=date(2026, 11, 30))
    assert (found.first, found.days, found.previous.last) == (date(2026, 11, 1), 30, date(2026, 10, 31))


def test_days_of_a_change_to_winter_time_have_their_length() -> None:
    found = period("2026-10-25", "2026-10-25", "Europe/Berlin")
    assert (found.end - found.start).total_seconds() == 25 * 3600


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "Asia/Tokyo", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]
)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # the strategy adds the zone


@given(MOMENTS, ZONES)
def test_the_offset_of_every_moment_is_the_zones(moment: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    steps = list(_offsets(moment - timedelta(days=200), moment + timedelta(days=200), zone))
    offset = next(seconds for start, seconds in reversed(steps) if start <= moment)
    assert offset == moment.astimezone(zone).utcoffset().total_seconds()


@BOTH
@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Los_Angeles"])
def test_the_database_reads_the_readers_clock(database: str, name: str) -> None:
    zone = ZoneInfo(name)
    moments = [datetime(2026, 10, 25, 0, 59, 59, 900_000, tzinfo=UTC) + timedelta(minutes=37 * n) for n in range(60)]
    with db.read() as session:
        for moment in moments:
            column = sa.literal(moment, db.UtcDateTime())
            hour = hour_of(column, moments[0], moments[-1], zone)
            day, clock = session.execute(sa.select(day_of(hour), clock_of(hour))).one()
            here = moment.astimezone(zone)
            assert (date_of(day), clock) == (here.date(), here.weekday() * 24 + here.hour)
