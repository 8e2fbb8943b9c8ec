"""Towns and countries in one form: exonyms, Japanese administrative endings, what stands beside a town."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from enrichment.normalise import japanese
from enrichment.normalise.text import plain
from inbox.text import bare, fold, has_cjk, words

_CUT = re.compile(r"[,/|·•;()\[\]→–—、・\n&+➡✈>]|\s-\s|\band\b|\bund\b")
_ENDING = re.compile(r"(?<=..)[都道府県市区町村]$")
_PREFECTURE = re.compile(r"^(?:東京都|北海道|(?:京都|大阪)府|.{2,3}県)(?=.{2,})")
_WARD = re.compile(r"(?<=..市).+区$")
"""A part of a large city: people name either."""
_METROPOLIS = re.compile(r"^(?:東京都|京都府|大阪府)(?=.{2,})")
_BESIDE = re.compile(
    r"\b(?:an der|am|im|in|on|upon|near|bei|greater|based|city|area|region|metro|north|south|east|west|stadt"
    r"|hansestadt)\b"
)
_LONGEST = 5
_CODES = frozenset({"de", "us", "uk", "gb", "jp", "at"})
"""Two letters that are taken for a country."""


def _tables() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in files("enrichment.normalise").joinpath("places.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            for entry in filter(str.strip, line.split(";")):
                first, *others = entry.split()
                section.update((bare(fold(form)), bare(fold(first))) for form in (first, *others))
    return found


_TOWN, _COUNTRY = _tables()["towns"], _tables()["countries"]


@lru_cache(maxsize=65_536)
def town(name: str) -> str:
    """The one form of a town's name; empty when nothing is left of it."""
    name = plain(name)
    if has_cjk(name):
        name = _PREFECTURE.sub("", name.replace(" ", ""))
        name = _WARD.sub("", name)
        name = _ENDING.sub("", name)
    joined = "".join(words(_BESIDE.sub(" ", bare(fold(name)))))
    return _TOWN.get(joined) or _spoken(joined) or joined


def _spoken(joined: str) -> str:
    """A town in kana or romaji as the kanji of the table."""
    if joined.isascii() or japanese.KANA.match(joined):
        return _BY_SOUND.get(japanese.sound(joined), "")
    return ""


_BY_SOUND = {japanese.sound(form): first for form, first in _TOWN.items() if has_cjk(first) and form.isascii()}


@lru_cache(maxsize=16_384)
def country(name: str) -> str:
    """ISO code of a country by its name or code; empty when it is none of the table."""
    joined = "".join(words(bare(fold(plain(name)))))
    return _COUNTRY.get(joined, "") if len(joined) > 2 or joined in _CODES else ""  # CA is California, too


@lru_cache(maxsize=65_536)
def read(location: str) -> tuple[tuple[str, ...], str]:
    """What a profile says about its place: towns that may be meant, and the country's code or nothing."""
    towns: dict[str, None] = {}
    found = ""
    for part in _CUT.split(plain(location))[:_LONGEST]:
        if not part.strip():
            continue
        if code := country(part):
            found = found or code
            continue
        whole = town(part)
        if whole:
            towns[whole] = None
        if around := _METROPOLIS.match(part.replace(" ", "")):
            towns[town(around[0])] = None
        pieces = part.split()
        if len(pieces) > 1 and not known(whole):  # New York is not York
            for piece in pieces[:_LONGEST]:
                if code := country(piece) if len(piece) > 2 or piece.isupper() else "":
                    found = found or code
                elif len(piece) > 2 and (one := town(piece)):
                    towns[one] = None
    return tuple(towns), found


def known(one: str) -> bool:
    """Whether the table knows the town."""
    return one in _KNOWN


_KNOWN = frozenset(_TOWN.values())
