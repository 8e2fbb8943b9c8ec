"""Date words of the query language (`TODAY`, `LAST_N_DAYS:30`) as half-open ranges of days in UTC.

https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
"""

from __future__ import annotations

from datetime import date, timedelta

SINGLE_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
STEPS = {"LAST": -1, "THIS": 0, "NEXT": 1}
MONTHS_IN = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def days(word: str, today: date) -> tuple[date, date]:
    """First day and the day after the last of the span a date word names."""
    if word in SINGLE_DAYS:
        start = today + timedelta(days=SINGLE_DAYS[word])
        return start, start + timedelta(days=1)
    word, _, count = word.partition(":")
    side, *rest = word.split("_")
    if rest == ["90", "DAYS"]:
        rest, count = ["N", "DAYS"], "90"
    if rest[0] == "N":
        return _several(side, rest[1].removesuffix("S"), int(count), today)
    start = _start(rest[0], today)
    step = STEPS[side]
    return _move(rest[0], start, step), _move(rest[0], start, step + 1)


def _several(side: str, unit: str, count: int, today: date) -> tuple[date, date]:
    """The last n days include today; whole weeks, months and years do not include the running one."""
    start = _start(unit, today)
    if side == "NEXT":
        return _move(unit, start, 1), _move(unit, start, count + 1)
    return _move(unit, start, -count), today + timedelta(days=1) if unit == "DAY" else start


def _start(unit: str, day: date) -> date:
    if unit == "DAY":
        return day
    if unit == "WEEK":
        return day - timedelta(days=(day.weekday() + 1) % 7)
    months = MONTHS_IN[unit]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _move(unit: str, day: date, count: int) -> date:
    if unit in ("DAY", "WEEK"):
        return day + timedelta(days=count * (7 if unit == "WEEK" else 1))
    month = day.year * 12 + day.month - 1 + count * MONTHS_IN[unit]
    return date(month // 12, month % 12 + 1, 1)
