"""The words of a person's name: without titles, pronouns and ornaments, in any order, out of names and handles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from enrichment.normalise import japanese
from enrichment.normalise.text import listed, plain, without_pronouns
from inbox import text

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
CAMEL = re.compile(r"(?<=[a-z]{2})(?=[A-Z])")
"""Where words written in one begin: AnnaBerg; not McAllister."""


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
    return " ".join(re.split(r"[\W_\d]+", CAMEL.sub(" ", local))).strip()


def surname_words(last: str) -> Sequence[str]:
    """The words of a surname without "von der" and the like."""
    words = tokens(last)
    return [word for word in words if word not in _PARTICLES] or words


def parts(first: str, last: str, whole: str) -> tuple[str, str]:
    """Given name and surname; a name without parts is cut at its last space, or behind a known Japanese surname."""
    if not (first and last) and (found := _japanese(first or last or whole)):
        return found
    if first or last or not whole:
        return first, last
    before, _, after = whole.rpartition(" ")
    return before, after


def _japanese(run: str) -> tuple[str, str] | None:
    cuts = japanese.splits(run) if text.has_cjk(run) else ()
    return (
        (cuts[0][1], cuts[0][0]) if cuts and cuts[0][0] in japanese.SURNAMES and cuts[0][1] in japanese.GIVEN else None
    )
