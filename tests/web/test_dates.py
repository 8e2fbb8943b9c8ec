"""Claims about dates and times as a person writes them: the same as Babel's, in every language of ours."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from babel.dates import format_date, format_datetime, format_skeleton, format_time

from web import dates, i18n
from web.reader import Reader, zone

EVERY = pytest.mark.parametrize("language", i18n.LANGUAGES)


@EVERY
def test_days_are_written_as_babel_does(language: str) -> None:
    reader = Reader(language)
    for number in range(366):
        on = date(2028, 1, 1) + timedelta(days=number)
        assert reader.date(on) == format_date(on, "medium", locale=reader.babel)
        assert dates.day(on, "long", reader.locale) == format_date(on, "long", locale=reader.babel)
        said = format_skeleton("MMMd", datetime(on.year, on.month, on.day, tzinfo=UTC), locale=reader.babel)
        assert dates.day(on, dates.SAME_YEAR, reader.locale) == said


@EVERY
def test_moments_are_written_as_babel_does(language: str) -> None:
    reader, rng = Reader(language, zone("Asia/Tokyo")), random.Random(7)
    noon = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    moments = [noon, noon + timedelta(hours=12), *[noon + timedelta(seconds=rng.randrange(10**8)) for _ in range(200)]]
    for at in moments:
        full, short = reader.stamped(at)
        assert full == reader.moment(at)
        assert full == format_datetime(at, "medium", tzinfo=reader.zone, locale=reader.babel)
        assert short == reader.short(at)


@EVERY
def test_today_is_said_by_the_clock(language: str) -> None:
    reader = Reader(language, zone("Europe/Berlin"))
    at = datetime.combine(reader.today, datetime.min.time(), reader.zone).replace(hour=9, minute=5)
    assert reader.short(at) == format_time(at, "short", tzinfo=reader.zone, locale=reader.babel)
