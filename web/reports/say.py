"""Figures as a reader writes them, and sentences with their figures marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from babel import Locale, UnknownLocaleError
from babel.dates import format_interval, format_skeleton, get_day_names
from babel.numbers import format_compact_decimal, format_decimal, format_percent

from listening.figures.period import Period
from web import i18n
from web.i18n import N_
from web.reader import Reader

SUBJECT_KINDS = {
    "brand": N_("Brand"),
    "product": N_("Product"),
    "competitor": N_("Competitor"),
    "campaign": N_("Campaign"),
    "industry": N_("Industry"),
}
"""What is followed, in words."""

_MARK = "\x02"
_COMPACT = 10_000
Pieces = list[tuple[str, bool]]
"""Text in order; True is a figure."""


@dataclass(frozen=True)
class Say:
    """The words and numbers of one reader."""

    reader: Reader

    def number(self, value: float) -> str:
        """In full."""
        return str(format_decimal(round(value), locale=self.reader.locale))

    def compact(self, value: float) -> str:
        """Large numbers in short: 8.4M, 8,4 Mio., 840万."""
        if value < _COMPACT:
            return self.number(value)
        short = str(format_compact_decimal(value, fraction_digits=1, locale=self.reader.locale))
        return self.number(value) if short.isdigit() else short  # a language without a word for thousands

    def decimal(self, value: float) -> str:
        """With one digit after the separator."""
        return str(format_decimal(value, format="#,##0.0", locale=self.reader.locale))

    def percent(self, value: float) -> str:
        """A share of one; what is there but less than a half per cent keeps a digit."""
        pattern = "#,##0.#%" if 0 < value < 0.005 else None
        return str(format_percent(value, format=pattern, locale=self.reader.locale))

    def signed(self, value: float) -> str:
        """With its sign, true minus included; nothing is ±0."""
        rounded = round(value)
        sign = "±" if not rounded else "+" if rounded > 0 else "−"
        return f"{sign}{self.number(abs(rounded))}"

    def day(self, value: date) -> str:
        """Short, without the year."""
        return str(format_skeleton("MMMd", _noon(value), locale=self.reader.locale))

    def days(self, first: date, last: date) -> str:
        """From one day to another, the year once."""
        if first == last:
            return str(format_skeleton("yMMMd", _noon(first), locale=self.reader.locale))
        return str(format_interval(first, last, "yMMMd", locale=self.reader.locale))

    def period(self, span: Period) -> str:
        """A period's days."""
        return self.days(span.first, span.last)

    def weekdays(self) -> list[str]:
        """From Monday to Sunday, short."""
        names = get_day_names("abbreviated", "stand-alone", locale=self.reader.locale)
        return [str(names[number]) for number in range(7)]

    def hours(self, clock: int) -> str:
        """A weekday and an hour of it."""
        start = clock % 24
        return f"{self.weekdays()[clock // 24]} {start}:00–{(start + 1) % 24}:00"

    def ngettext(self, one: str, many: str, num: int, **values: object) -> str:
        """A sentence by its number: `%(num)s` is the number as written."""
        found = i18n.catalogue(self.reader.language).ngettext(one, many, num)
        return found % {"num": self.number(num), **values}

    def language(self, code: str) -> str:
        """A language's name; a code that is none is shown as it is."""
        if code in ("", "und"):
            return self.words("unknown language")
        try:
            return str(Locale.parse(code.replace("-", "_")).get_display_name(self.reader.locale) or code)
        except (ValueError, UnknownLocaleError):
            return code

    def words(self, text: str, **values: object) -> str:
        """A sentence in this language."""
        return self.reader.words(text, **values)


def _noon(day: date) -> datetime:
    """A day as Babel wants it for a pattern by its parts."""
    return datetime.combine(day, time(12), UTC)


def figure(text: str) -> str:
    """Mark a value of a sentence as a figure."""
    return f"{_MARK}{text}{_MARK}"


def pieces(sentence: str) -> Pieces:
    """A sentence cut where its figures begin and end."""
    return [(text, bool(number % 2)) for number, text in enumerate(sentence.split(_MARK)) if text]


def buckets(span: Period) -> list[tuple[date, date]]:
    """The columns of a chart: days, weeks or months of thirty days, so that each can be pressed."""
    length = 1 if span.days <= 92 else 7 if span.days <= 700 else 30
    starts = range(0, span.days, length)
    return [
        (span.first + timedelta(days=n), min(span.last, span.first + timedelta(days=n + length - 1))) for n in starts
    ]
