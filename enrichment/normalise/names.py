"""How far a name shown on a platform agrees with a person's given name and surname.

Names come in any order, with titles, pronouns and ornaments; umlauts in both spellings; Japanese names in
kanji, kana or romaji. The reading of a kanji name cannot be known from its characters, so kanji against
kana or Latin letters is "unreadable": it neither agrees nor disagrees.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from anyascii import anyascii

from enrichment.normalise import nicknames
from enrichment.normalise.text import listed, plain, without_pronouns
from inbox import text

Level = Literal["full", "nickname", "initial", "surname", "given", "other_given", "unreadable", "different", "empty"]
"""full: given name and surname. other_given: the surname, but another given name. empty: nothing there."""

AGREES: frozenset[Level] = frozenset({"full", "nickname", "initial"})
"""Levels that say: at least an initial and the surname are the same."""

_TITLES = listed(
    """
    dr prof professor dipl ing mag mba phd md med mr mrs ms miss mx herr frau fr hr sir jr sr ii iii iv
    """
)
_PARTICLES = listed(
    """
    von vom van der den de la le di da del dos du zu zur zum ter ten af av bin ibn al el
    """
)
_HONORIFIC = re.compile(r"(?:さん|ちゃん|様|さま|先生)$")
_HAN = re.compile(r"[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA_ONLY = re.compile(r"^[\u3041-\u30ff]+$")
_LONG = re.compile(r"ou|oo|oh(?![aeiou])|o-|uu|u-|aa|a-|ii|i-|ei(?=$)|e-")
_UMLAUT = re.compile("[äöüÄÖÜ]")
_SMALL_Y = re.compile(r"(?:([kgnhbpmr])i)y([auo])|(sh|ch|j)iy([auo])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=16_384)
def tokens(shown: str) -> tuple[str, ...]:
    """The words of a name in order, case folded and without titles, pronouns and ornaments; umlauts stay."""
    found = []
    for word in text.words(without_pronouns(plain(shown)).casefold()):
        word = _HONORIFIC.sub("", word) if len(word) > 3 and text.has_cjk(word) else word
        if word and word not in _TITLES and not word.isdigit():
            found.append(word)
    return tuple(found)


_AT_WORK = re.compile(
    r"\s*(?:[@＠|｜/／•·~〜(（\[【「<–—]|\s-\s|\b(?:at|bei|from|aus|fan of)\s).*$", re.IGNORECASE | re.DOTALL
)


def before_work(shown: str) -> str:
    """What stands before a sign after which a shown name tells of something else: "Anna Berg @ Nordwerk"."""
    head = _AT_WORK.sub("", plain(without_pronouns(shown))).strip()
    return head if head and tokens(head) else shown


def is_particle(word: str) -> bool:
    """A word like "von" that belongs to a surname and says nothing by itself."""
    return word in _PARTICLES


def of_handle(handle: str) -> str:
    """A user name as if it were a name: `uli_schoenfeld@server` is "uli schoenfeld"."""
    local = handle.lstrip("@").split("@")[0]
    return " ".join(re.split(r"[\W_\d]+", _CAMEL.sub(" ", local))).strip()


def same(left: str, right: str) -> bool | None:
    """Whether two words are one name; None when their scripts cannot be compared."""
    if left == right:
        return True
    cjk = text.has_cjk(left), text.has_cjk(right)
    if not any(cjk):
        if text.fold(left) == text.fold(right):
            return True
        umlaut = _UMLAUT.search(left) or _UMLAUT.search(right)
        return bool(umlaut) and text.bare(text.fold(left)) == text.bare(text.fold(right))
    if _HAN.search(left) or _HAN.search(right):
        return text.kana(left) == text.kana(right) if _HAN.search(left) and _HAN.search(right) else None
    if all(cjk):
        return text.kana(left) == text.kana(right)
    kana, latin = (left, right) if cjk[0] else (right, left)
    return romaji(kana) == romaji(latin) if _KANA_ONLY.match(kana) else None


def romaji(word: str) -> str:
    """A rough Latin reading of kana or Latin letters, with long vowels made short: さとう, Satoh → sato."""
    latin = anyascii(word).lower()
    latin = _SMALL_Y.sub(lambda m: f"{m[1]}y{m[2]}" if m[1] else f"{m[3]}{m[4]}", latin)
    return _LONG.sub(lambda m: m[0][0], latin)


def agreement(shown: str, first: str, last: str, whole: str = "") -> Level:
    """Compare a shown name with a CRM's given name and surname (`whole` where it has no parts)."""
    first, last = parts(first, last, whole)
    given, surname = tokens(first), surname_words(last)
    words = _split_cjk(tokens(shown), given, surname)
    if not words or not (given or surname):
        return "empty"
    rest = _without(words, surname) if surname else None
    if rest is not None:
        return _given_level([word for word in rest if word not in _PARTICLES], given)
    if any(same(word, name) for word in words for name in given):
        return "given"
    readable = any(same(word, name) is not None for word in words for name in (*given, *surname))
    return "different" if readable else "unreadable"


def surname_words(last: str) -> Sequence[str]:
    """The words of a surname without "von der" and the like."""
    words = tokens(last)
    return [word for word in words if word not in _PARTICLES] or words


def parts(first: str, last: str, whole: str) -> tuple[str, str]:
    """Given name and surname; a name without parts is cut at its last space."""
    if first or last or not whole:
        return first, last
    before, _, after = whole.rpartition(" ")
    return before, after


def _split_cjk(words: Sequence[str], given: Sequence[str], surname: Sequence[str]) -> list[str]:
    """Japanese names are written without a space: cut where a known part begins or ends."""
    known = [part for part in ("".join(surname), "".join(given)) if text.has_cjk(part)]
    found: list[str] = []
    for word in words:
        cut = [word]
        if text.has_cjk(word):
            for part in known:
                if len(word) > len(part) and word.startswith(part):
                    cut = [part, word[len(part) :]]
                    break
                if len(word) > len(part) and word.endswith(part):
                    cut = [word[: -len(part)], part]
                    break
        found += cut
    return found


def _without(words: Sequence[str], surname: Sequence[str]) -> list[str] | None:
    """The words beside the surname; None when it is not among them."""
    rest = list(words)
    for part in surname:
        found = next((word for word in rest if same(word, part)), None)
        if found is None:
            return None
        rest.remove(found)
    return rest


def _given_level(rest: Sequence[str], given: Sequence[str]) -> Level:
    if not rest or not given:
        return "surname"
    verdicts = [same(word, name) for word in rest for name in given]
    if any(verdicts):
        found = [word for word in rest if any(same(word, name) for name in given)]
        return "full" if any(len(word) > 1 or text.has_cjk(word) for word in found) else "initial"
    if any(nicknames.related(word, name) for word in rest for name in given):
        return "nickname"
    if _initial(rest[0], given[0]):
        return "initial"
    return "unreadable" if None in verdicts and not any(v is False for v in verdicts) else "other_given"


def _initial(left: str, right: str) -> bool:
    """One is the first letter of the other; only in scripts that have initials."""
    left, right = text.fold(left), text.fold(right)
    return not text.has_cjk(left + right) and 1 in (len(left), len(right)) and left[0] == right[0]


def keys(shown: str) -> set[str]:
    """Block keys of a shown name: each pair of neighbouring words, and Japanese runs whole."""
    words = [word for word in tokens(shown) if word not in _PARTICLES][:6]
    cjk = [word for word in words if text.has_cjk(word)]
    found = {text.kana(run) for run in cjk if len(run) > 2}
    found |= {text.kana(one + two) for one, two in pairwise(cjk)}
    latin = [word for word in words if not text.has_cjk(word)]
    for one, two in pairwise(latin):
        found |= _pairs(one, two) | _pairs(two, one)
    return found


def record_keys(first: str, last: str, whole: str = "") -> set[str]:
    """Block keys of a CRM's name, in both orders."""
    first, last = parts(first, last, whole)
    given = tokens(first)
    surname = [word for word in tokens(last) if word not in _PARTICLES]
    if not given or not surname:
        return set()
    if text.has_cjk("".join(surname)):
        one, two = "".join(surname), "".join(given)
        return {text.kana(one + two), text.kana(two + one)}
    return _pairs(given[0], surname[-1])


def _pairs(given: str, surname: str) -> set[str]:
    base = text.bare(text.fold(surname))
    return {f"{text.bare(root)} {base}" for root in nicknames.roots(given)} if len(surname) > 1 else set()
