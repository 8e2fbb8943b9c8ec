"""Dates and times as a locale writes them: Babel's patterns, filled with its fields.

Moments are many; days, hours and minutes are few. So each field is asked of Babel once, for all that share it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, cast

from babel import Locale
from babel.dates import DateTimeFormat, get_date_format, get_datetime_format, get_time_format

SAME_YEAR = "MMMd"
"""The form of a date whose year goes without saying, by its Unicode skeleton; the others are Babel's."""

Written = tuple[str, tuple[str, ...]]
"""A pattern of Python's `%`, and the names in it, such as `HH` or `MMM`."""


@lru_cache(maxsize=16)
def locale_of(name: str) -> Locale:
    """A locale, parsed once."""
    return Locale.parse(name)


def full(here: datetime, locale: str) -> str:
    """Date and time with the second."""
    return _together("medium", locale).format(_clock(here, "medium", locale), day(here.date(), "medium", locale))


def short(here: datetime, today: date, locale: str) -> str:
    """The time today, day and month and time this year, the date of years before, and all of what is further ahead."""
    on = here.date()
    if on.year < today.year:
        return day(on, "medium", locale)
    clock = _clock(here, "short", locale)
    if on == today:
        return clock
    return _together("short", locale).format(clock, day(on, "medium" if on.year > today.year else SAME_YEAR, locale))


@lru_cache(maxsize=4096)
def day(on: date, form: str, locale: str) -> str:
    """A date: `medium`, `long` or `SAME_YEAR`."""
    pattern, names = _date_pattern(form, locale)
    return pattern % {name: _field(name, _day_of(name[0], on), locale) for name in names}


def _clock(here: datetime, form: str, locale: str) -> str:
    pattern, names = _time_pattern(form, locale)
    return pattern % {name: _field(name, _time_of(name[0], here), locale) for name in names}


def _day_of(letter: str, on: date) -> date:
    """A date for all that have this field in common: https://unicode.org/reports/tr35/tr35-dates.html"""
    if letter == "d":
        return date(2000, 1, on.day)
    if letter in "ML":
        return date(2000, on.month, 1)
    return date(on.year, 1, 1) if letter == "y" else on


def _time_of(letter: str, here: datetime) -> time:
    if letter == "m":
        return time(0, here.minute)
    return time(0, 0, here.second) if letter == "s" else time(here.hour)


@lru_cache(maxsize=2048)
def _field(name: str, of: date | time, locale: str) -> str:
    return str(DateTimeFormat(of, locale_of(locale))[name])


@lru_cache(maxsize=16)
def _date_pattern(form: str, locale: str) -> Written:
    parsed = locale_of(locale)
    return _read(parsed.datetime_skeletons[form] if form == SAME_YEAR else get_date_format(cast(Any, form), parsed))


@lru_cache(maxsize=16)
def _time_pattern(form: str, locale: str) -> Written:
    return _read(get_time_format(cast(Any, form), locale_of(locale)))


def _read(found: Any) -> Written:
    return str(found.format), tuple(re.findall(r"%\((\w+)\)s", found.format))


@lru_cache(maxsize=16)
def _together(form: str, locale: str) -> str:
    """How a locale writes time {0} and date {1} side by side."""
    return str(get_datetime_format(cast(Any, form), locale=locale_of(locale))).replace("'", "")
