"""Who a page is made for: language, time zone, rights; dates and numbers as this person writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import (
    format_timedelta,
)
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit
from fastapi import Request

from core import db
from inbox.visibility import EVERYTHING, Sight
from web import bidi, dates, i18n, kept
from web.sessions import Signed

LANGUAGE = "widerhall-language"
"""The cookie that keeps what was chosen at the door."""

FORMATS = {"en": "en_GB"}
"""How dates and numbers are written: English without the habits of the United States."""

DAY = 86_400.0
STEPS = (("day", DAY), ("hour", 3600.0))


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """A time zone by its IANA name; UTC for one that does not exist."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def asked(request: Request) -> str:
    """The language chosen at the door, else the one the browser asks for."""
    for chosen in (request.query_params.get("lang", ""), request.cookies.get(LANGUAGE, "")):
        if chosen in i18n.LANGUAGES:
            return chosen
    return i18n.pick(request.headers.get("accept-language", ""))


@lru_cache(maxsize=1024)
def _percent(value: float, locale: str) -> str:
    return str(format_percent(value, locale=dates.locale_of(locale)))


@dataclass(frozen=True)
class Reader:
    """The person in front of the page; `user_id` 0 is somebody who is not signed in."""

    language: str
    zone: tzinfo = UTC
    user_id: int = 0
    name: str = ""
    email: str = ""
    role: str = ""
    csrf: str = ""
    session: str = ""
    permissions: frozenset[str] = frozenset()
    away: bool = False
    """No conversation is given to them by itself."""
    sight: Sight = EVERYTHING
    """Which conversations they see."""
    role_name: str = ""
    """What their role is called, where it was made here."""

    @classmethod
    def signed(cls, request: Request, who: Signed, permissions: frozenset[str]) -> Reader:
        """A signed-in user."""
        language = who.language or asked(request)
        return cls(
            language,
            zone(who.time_zone),
            who.user_id,
            who.name,
            who.email,
            who.role,
            who.csrf,
            who.digest,
            permissions,
            who.away,
            kept.sight(who.user_id, who.kept, permissions),
            who.kept.name,
        )

    @classmethod
    def visitor(cls, request: Request) -> Reader:
        """Somebody at the door."""
        return cls(asked(request))

    @property
    def actor(self) -> str:
        """How the audit trail names this person."""
        return f"user:{self.user_id}"

    @property
    def locale(self) -> str:
        """The locale for dates and numbers."""
        return FORMATS.get(self.language, self.language)

    @property
    def babel(self) -> Locale:
        """The same, ready for Babel: parsed once, not for each date."""
        return dates.locale_of(self.locale)

    @cached_property
    def today(self) -> date:
        """The day on which the page is made, where this person is."""
        return db.now().astimezone(self.zone).date()

    @property
    def power(self) -> frozenset[str]:
        """What this person can give to others: nothing but the common when they do not see every conversation."""
        return frozenset({"self"}) if self.sight.limited else self.permissions

    def may(self, permission: str) -> bool:
        """This person has a permission."""
        return permission in self.permissions

    def words(self, text: str, **values: object) -> str:
        """A text in this person's language, with `%(name)s` filled in."""
        translated = i18n.catalogue(self.language).gettext(text)
        if not values:
            return translated
        return translated % {name: self._filled(value) for name, value in values.items()}

    def _filled(self, value: object) -> object:
        return self.number(value) if isinstance(value, float) else bidi.isolated(value)

    def moment(self, at: datetime) -> str:
        """Date and time in full."""
        return dates.full(at.astimezone(self.zone), self.locale)

    def short(self, at: datetime) -> str:
        """As short as it stays clear: the time today, day and month this year, else the date, with the time ahead."""
        return dates.short(at.astimezone(self.zone), self.today, self.locale)

    def stamped(self, at: datetime) -> tuple[str, str]:
        """Both: in full and as short as it stays clear."""
        here, locale = at.astimezone(self.zone), self.locale
        return dates.full(here, locale), dates.short(here, self.today, locale)

    def day(self, at: datetime) -> str:
        """The date in words."""
        return dates.day(at.astimezone(self.zone).date(), "long", self.locale)

    def date(self, day: date) -> str:
        """A day as numbers and short words."""
        return dates.day(day, "medium", self.locale)

    def ago(self, at: datetime) -> str:
        """How long ago, in words."""
        return str(format_timedelta(at - db.now(), add_direction=True, locale=self.babel))

    def brief(self, at: datetime) -> str:
        """How long ago, in the largest unit that fits: "< 1 min", "19 mins", "2 hrs", "3 days"."""
        seconds = max(0.0, (db.now() - at).total_seconds())
        unit, size = next(((unit, size) for unit, size in STEPS if seconds >= size), ("minute", 60.0))
        number = int(seconds // size)
        shown = str(format_unit(max(number, 1), f"duration-{unit}", "short", locale=self.babel))
        return shown if number else f"< {shown}"

    def ahead(self, at: datetime) -> bool:
        """The moment is more than two minutes away: nobody watches the seconds run down."""
        return at - db.now() > timedelta(minutes=2)

    def waited(self, at: datetime) -> float:
        """How long somebody has waited, as a share of a day."""
        return max(0.0, (db.now() - at).total_seconds()) / DAY

    def is_ahead(self, at: datetime) -> bool:
        """A time still to come."""
        return at > db.now()

    def at(self, text: str) -> datetime:
        """A time out of its ISO form."""
        return datetime.fromisoformat(text)

    def size(self, octets: int) -> str:
        """Bytes in the unit that suits them."""
        value, units = float(octets), ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"]
        while value >= 1000 and len(units) > 1:
            value /= 1000
            units.pop(0)
        shown = round(value, 1) if value < 10 and units[0] != "byte" else round(value)
        width: Literal["long", "short"] = "long" if units[0] == "byte" else "short"
        return str(format_unit(shown, f"digital-{units[0]}", width, locale=self.babel))

    def played(self, seconds: float) -> str:
        """How long a video is, as players say it: 0:07, 12:30, 1:02:03."""
        minutes, rest = divmod(max(1, round(seconds)), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

    def number(self, value: float) -> str:
        """A number with this language's separators."""
        if isinstance(value, int) and 0 <= value < 1000:  # nothing to separate
            return str(value)
        return str(format_decimal(value, locale=self.babel))

    def listed(self, names: Sequence[str]) -> str:
        """Names side by side: "Ada, Bo and Cem"."""
        return str(format_list([str(bidi.isolated(one)) for one in names], locale=self.babel))

    def money(self, thousandths: int, currency: str) -> str:
        """An amount in thousandths of its currency's unit; without a currency the number alone."""
        value = Decimal(thousandths) / 1000
        if not currency:
            return str(format_decimal(value, format="#,##0.00", locale=self.babel))
        return str(format_currency(value, currency, locale=self.babel))

    def percent(self, value: float) -> str:
        """A share of one as per cent."""
        return _percent(value, self.locale)
