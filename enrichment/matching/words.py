"""One word of a name in all spellings in which it may meet another: umlauts, kana, romaji, readings of kanji."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import OSA

from enrichment.normalise import japanese, nicknames
from inbox.text import bare, fold, has_cjk, kana

Role = Literal["given", "surname"]
SOUND = "~"
"""Marks a spelling that is a sound; others are letters."""
_SHORT, _LONG, _SHORTEST = 4, 8, 3


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its comparable spellings."""

    text: str
    """As written, folded: umlauts as single letters, katakana as hiragana."""
    forms: frozenset[str]
    roots: frozenset[str] = frozenset()
    """Names it may be a short form of; itself among them."""
    spoken: tuple[str, ...] = ()
    """In Latin letters: what a handle would be made of."""
    cjk: bool = False
    han: bool = False
    lookup: tuple[str, ...] = ()
    """Spellings under which it is found: the names it may stand for, or its letters; then its sounds."""


@lru_cache(maxsize=400_000)
def word(text: str, role: Role) -> Word:
    """A word of a name, as given name or surname; `text` is case folded and without ornaments."""
    if not has_cjk(text):
        return _latin(text)
    written = kana(text)
    if japanese.KANA.match(text):
        sound = japanese.sound(text)
        both = (written, SOUND + sound)
        return Word(written, frozenset(both), frozenset(), (sound,), cjk=True, lookup=both)
    read = japanese.given_readings if role == "given" else japanese.surname_readings
    sounds = sorted(read(text))
    forms = (written, *(SOUND + one for one in sounds))
    return Word(written, frozenset(forms), frozenset(), tuple(sounds), cjk=True, han=True, lookup=forms)


def _latin(text: str) -> Word:
    written = bare(fold(text))
    letters = fold(text)  # kazue is no "kazü"
    sounds = (SOUND + japanese.sound(letters),) if japanese.is_romaji(letters) else ()
    roots = frozenset(map(bare, nicknames.roots(text)))
    lookup = (*sorted(roots), *sounds)
    return Word(written, frozenset((written, *sounds)), roots, (written,), lookup=lookup)


def with_sounds(known: Word, sounds: tuple[str, ...]) -> Word:
    """The word, which may also be read so: a reading that the record itself gives away."""
    added = tuple(SOUND + one for one in sounds)
    return replace(
        known,
        forms=known.forms.union(added),
        spoken=tuple(dict.fromkeys((*sounds, *known.spoken))),
        lookup=tuple(dict.fromkeys((known.lookup[0], *added, *known.lookup))),
    )


def same(left: Word, right: Word) -> bool:
    """They may be one word; two in kanji are only when the characters are the same."""
    if left.han and right.han:
        return left.text == right.text
    return not left.forms.isdisjoint(right.forms)


def by_sound(left: Word, right: Word) -> bool:
    """They are the same only by a possible reading of kanji."""
    return left.text != right.text and (left.han or right.han)


def comparable(left: Word, right: Word) -> bool:
    """False when kanji without a known reading stand against another script."""
    if left.han == right.han:
        return True
    return bool(left.spoken and right.spoken)


def near(left: Word, right: Word) -> bool:
    """One slip of the keyboard apart (two in long words); variants of an ending are other names."""
    one, two = left.text, right.text
    shorter = min(len(one), len(two))
    if left.cjk or right.cjk or shorter < _SHORT or (one[0] != two[0] and one[1:2] != two[1:2]):
        return False
    if one.startswith(two) or two.startswith(one) or one[:-1] == two[:-1]:
        return False
    allowed = 2 if shorter >= _LONG else 1
    return OSA.distance(one, two, score_cutoff=allowed) <= allowed


_SPELLINGS = (("ph", "f"), ("th", "t"), ("ck", "k"), ("ch", "k"), ("c", "k"), ("y", "i"), ("dt", "t"), ("ie", "i"))
_TWICE = re.compile(r"(.)\1")


@lru_cache(maxsize=65_536)
def spelling(text: str) -> str:
    """A given name without the letters that families write differently: Stephan, Stefan; Sarah, Sara; Marc, Mark."""
    for written, plain in _SPELLINGS:
        text = text.replace(written, plain)
    return _TWICE.sub(r"\1", text).removesuffix("h")


def short_for(short: Word, name: Word) -> bool:
    """A short form or another spelling of a given name: by the table, or its beginning (Flo, Ken)."""
    if (short.han and name.han) or min(len(short.text), len(name.text)) == 1:
        return False
    if not short.cjk and not name.cjk and spelling(short.text) == spelling(name.text):
        return True
    if short.roots and name.roots and not short.roots.isdisjoint(name.roots):
        return True
    return any(
        len(beginning) >= _SHORTEST and len(whole) > len(beginning) + 1 and whole.startswith(beginning)
        for beginning in _sounds(short)
        for whole in _sounds(name)
    )


def _sounds(one: Word) -> tuple[str, ...]:
    """How it is spoken, where its letters can be read as Japanese; else its letters."""
    if one.cjk:
        return one.spoken
    return tuple(form.removeprefix(SOUND) for form in one.forms if form[0] == SOUND) or one.spoken


def initial_of(letter: Word, name: Word) -> bool:
    """One is the first letter of the other; only in scripts that have initials: 舞 is a whole name."""
    if not any(len(one.text) == 1 and not one.cjk for one in (letter, name)):
        return False
    if letter.cjk or (name.cjk and not name.spoken):
        return False
    return any(letter.text[0] == spoken[0] for spoken in (name.spoken or (name.text,)))
