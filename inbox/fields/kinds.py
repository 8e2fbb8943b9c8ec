"""What a field can hold: from what somebody typed to one canonical text. Pure.

text, link   the text itself            number  12.5, without needless noughts
date         2026-12-24                 flag    yes or no
choice       an option's key            several keys in the order of the options, joined by commas
Nothing is an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from core import db
from core.errors import Rejected
from core.typed import plain

KINDS = ("text", "number", "date", "flag", "choice", "several", "link")
CHOSEN = ("choice", "several")
SUBJECTS = ("conversation", "person")
FLAGS = {"yes": "yes", "ja": "yes", "はい": "yes", "no": "no", "nein": "no", "いいえ": "no"}
"""What may be typed for yes and no."""
LONGEST = 500
LARGEST = Decimal(10) ** 15

LONG = "That is too long: 500 characters at most."
NO_NUMBER = "Write a number, like 12 or 12.5."
UNCLEAR = "This number can be read in two ways. Write it without signs between thousands, like 1234.5."
NO_DATE = "Write a day, like 2026-12-24."
NO_FLAG = "This is yes or no."
NO_OPTION = "Choose one of the options."
NO_LINK = "Write an address that begins with https:// or http://."
SENTENCES = (LONG, NO_NUMBER, UNCLEAR, NO_DATE, NO_FLAG, NO_OPTION, NO_LINK)


@dataclass(frozen=True, slots=True)
class Option:
    """One of what can be chosen."""

    key: str
    names: Mapping[str, str]
    gone: bool = False

    def name(self, language: str) -> str:
        """In a language, or in English."""
        return self.names.get(language) or self.names.get("en") or self.key


@dataclass(frozen=True, slots=True)
class Definition:
    """A field."""

    id: int
    subject: str
    kind: str
    names: Mapping[str, str]
    helps: Mapping[str, str]
    options: tuple[Option, ...]
    required: bool
    editors: tuple[str, ...]
    archived: bool = False

    def name(self, language: str) -> str:
        """What it is called in a language, or in English."""
        return self.names.get(language) or self.names.get("en") or f"#{self.id}"

    def help(self, language: str) -> str:
        """What to fill in; empty when nothing is said about it."""
        return self.helps.get(language) or self.helps.get("en") or ""

    @property
    def gone(self) -> list[str]:
        """The keys of options that are no longer offered."""
        return [one.key for one in self.options if one.gone]

    def offered(self, value: str = "") -> list[Option]:
        """What can be chosen, with what stands there already."""
        return [one for one in self.options if not one.gone or one.key in keys(value)]

    def words(self, value: str, language: str) -> list[str]:
        """A canonical value of options as words; one that nobody knows stays as it is."""
        known = {one.key: one.name(language) for one in self.options}
        return [known.get(key, key) for key in keys(value)]


def keys(value: str) -> list[str]:
    """The options of a canonical value."""
    return [one for one in value.split(",") if one]


def canonical(field: Definition, typed: str | Sequence[str], before: str = "") -> str:
    """The value as it is kept; Rejected with what is wrong. `before` stands there: its options may stay."""
    texts = [typed] if isinstance(typed, str) else list(typed)
    words = [" ".join(db.sound(one).split()) for one in texts]
    if field.kind == "several":
        return _several(field, (part for one in words for part in one.split(",")), before)
    text = next((one for one in words if one), "")
    if len(text) > LONGEST:
        raise Rejected(LONG)
    return _READ[field.kind](field, text, before) if text else ""


def _text(field: Definition, text: str, before: str) -> str:
    return text


def _number(field: Definition, text: str, before: str) -> str:
    text = plain(text)
    if re.fullmatch(r"[+-]?\d{1,3},\d{3}", text):
        raise Rejected(UNCLEAR)
    try:
        number = Decimal(decimal(text) or text.replace(",", ".", 1))
    except InvalidOperation:
        raise Rejected(NO_NUMBER) from None
    if not number.is_finite() or abs(number) >= LARGEST or len(text) > 30:
        raise Rejected(NO_NUMBER)
    digits = f"{round(number, 6):f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits in ("-0", "") else digits


def decimal(text: str, group: str = "", point: str = "") -> str:
    """A number with signs between its thousands as Python reads it; empty when it is written otherwise.

    Without the signs of a language only where it can be nothing else: `1,234.5` and `1.234,5`.
    """
    if not point:
        return decimal(text, ",", ".") or decimal(text, ".", ",") if "," in text and "." in text else ""
    text = re.sub(r"(?<=\d)[ '\u2019](?=\d{3}(?!\d))", group, text)
    thousands = rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d+"
    if not re.fullmatch(rf"[+-]?(?:{thousands})(?:{re.escape(point)}\d+)?", text):
        return ""
    return text.replace(group, "").replace(point, ".")


def _date(field: Definition, text: str, before: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Rejected(NO_DATE) from None
    if len(text) != 10 or not 1800 <= day.year <= 2200:
        raise Rejected(NO_DATE)
    return text


def _flag(field: Definition, text: str, before: str) -> str:
    found = FLAGS.get(text.casefold())
    if found is None:
        raise Rejected(NO_FLAG)
    return found


def _link(field: Definition, text: str, before: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and " " not in text
    except ValueError:
        good = False
    if not good:
        raise Rejected(NO_LINK)
    return text


def _choice(field: Definition, text: str, before: str) -> str:
    for one in field.offered(before):
        if text == one.key or text.casefold() in (name.casefold() for name in one.names.values()):
            return one.key
    raise Rejected(NO_OPTION)


def _several(field: Definition, texts: Iterable[str], before: str) -> str:
    chosen = {_choice(field, one.strip(), before) for one in texts if one.strip()}
    return ",".join(one.key for one in field.options if one.key in chosen)


_READ = {"text": _text, "number": _number, "date": _date, "flag": _flag, "link": _link, "choice": _choice}


def options(raw: Iterable[Mapping[str, Any]]) -> tuple[Option, ...]:
    """Options out of JSON."""
    return tuple(Option(str(one["key"]), dict(one["names"]), bool(one.get("gone"))) for one in raw)
