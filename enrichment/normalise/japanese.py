"""How Japanese names sound: kana and romaji in one spelling, and the readings that kanji of names may have.

The reading of a kanji name cannot be known for sure. `readings` gives those that are possible: from a
table of common names, else put together from the usual readings of its characters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from itertools import product

from anyascii import anyascii

HAN = re.compile(r"[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
KANA = re.compile(r"^[\u3041-\u30ff]+$")
MOST = 8
"""Readings of one name that are looked at."""
_LONGEST_PARTS = 4

_SMALL_Y = re.compile(r"(?:([kgnhbpmr])i)y([auo])|(sh|ch|j)iy([auo])")
_LONG = re.compile(r"([aiueo])[-\u30fc]|oo|ou|oh(?![aeiouy])|uu|aa|ii|ei$")
_HEPBURN = (
    ("shi", "si"), ("sh", "sy"), ("chi", "ti"), ("ch", "ty"), ("tsu", "tu"), ("fu", "hu"), ("ji", "zi"),
    ("j", "zy"), ("syi", "si"), ("tyi", "ti"), ("zyi", "zi"), ("zyy", "zy"), ("dzu", "zu"), ("du", "zu"),
)  # fmt: skip
_LIPS = re.compile(r"m(?=[bpm])")
_TWICE = re.compile(r"([kstpbdgz])\1|t(?=[kspbdgz]|ty)")
_ROMAJI = re.compile(r"^(?:(?:(?:[kgnhbpmrstz]y?|[wydj]|)[aiueo])|n(?![aiueoy]))+$")


@lru_cache(maxsize=65_536)
def sound(word: str) -> str:
    """Kana or Latin letters as one rough spelling: さとう, Satoh and Satō are "sato"; しょう, Sho and Syou "syo"."""
    latin = anyascii(word).lower().replace("'", "")
    latin = _SMALL_Y.sub(lambda m: f"{m[1]}y{m[2]}" if m[1] else f"{m[3]}{m[4]}", latin)
    for written, plain in _HEPBURN:
        latin = latin.replace(written, plain)
    latin = _TWICE.sub(lambda m: m[1] or "", _LIPS.sub("n", latin))
    return _LONG.sub(lambda m: m[1] or m[0][0], latin)


@lru_cache(maxsize=65_536)
def is_romaji(word: str) -> bool:
    """Whether Latin letters can be read as Japanese syllables."""
    return len(word) > 1 and bool(_ROMAJI.match(sound(word)))


_SYLLABLE = re.compile(r"[^aiueo]*?(?:[aiueo]|n(?![aiueoy]))")


def beginning(sound: str) -> str:
    """The first two syllables of a name's sound; empty where there are not so many."""
    found = _SYLLABLE.findall(sound)[:2]
    return "".join(found) if len(found) > 1 else ""


def _tables() -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    section: dict[str, tuple[str, ...]] = {}
    for line in files("enrichment.normalise").joinpath("japanese_names.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            for entry in line.split(";"):
                written, *spoken = entry.split()
                section[written] = tuple(dict.fromkeys((*section.get(written, ()), *spoken)))
    return found


_TABLES = _tables()
SURNAMES, GIVEN = _TABLES["surnames"], _TABLES["given"]


@lru_cache(maxsize=65_536)
def surname_readings(written: str) -> frozenset[str]:
    """Possible sounds of a surname in kanji: from the table, else out of its characters."""
    known = SURNAMES.get(written) or _spelled(written, "surname parts")
    return frozenset(map(sound, known[:MOST]))


@lru_cache(maxsize=65_536)
def given_readings(written: str) -> frozenset[str]:
    """Possible sounds of a given name in kanji: from the table, else out of its characters."""
    known = GIVEN.get(written) or _spelled(written, "parts")
    return frozenset(map(sound, known[:MOST]))


def _spelled(written: str, table: str) -> tuple[str, ...]:
    if not 2 <= len(written) <= _LONGEST_PARTS:
        return ()
    parts: list[tuple[str, ...]] = []
    for place, char in enumerate(written):
        spoken = (
            parts[place - 1]
            if char == "々" and place
            else _TABLES[table].get(char, (char,) if KANA.match(char) else ())
        )
        if not spoken:
            return ()
        parts.append(spoken)
    return tuple("".join(one) for one in product(*parts))[:MOST]


@lru_cache(maxsize=65_536)
def splits(run: str) -> tuple[tuple[str, str], ...]:
    """A run of kanji or kana cut into surname and given name, the likeliest cut first."""
    if not 2 <= len(run) <= 8:
        return ()
    cuts = [(run[:place], run[place:]) for place in range(1, len(run))]
    known = [cut for cut in cuts if cut[0] in SURNAMES]
    rest = [cut for cut in cuts if cut not in known]
    rest.sort(key=lambda cut: (cut[1] not in GIVEN, abs(len(cut[0]) - 2)))
    return tuple([*sorted(known, key=lambda cut: -len(cut[0])), *rest])
