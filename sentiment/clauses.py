"""Which part of a message speaks of which brand: cut into clauses, each given to the brand it names.

Pure: text and names in, shares out. Cuts are made at the ends of sentences, at words of contrast, and at commas
and the like where another brand follows with something said of it. In a comparison the brand that the other is
held against gets the opposite: "better than X", "besser als X", "Xより".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from sentiment.comparisons import Comparison, compared

MARK = 0xE000
"""Names are stood in for by characters of the private use area, the first mention by this one."""
_MARKS = "\ue000-\uf8ff"
_MARK = re.compile(f"[{_MARKS}]")
_MOST = 0xF8FF - MARK
_LATIN = "A-Za-z0-9\u00c0-\u024f"
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})

_FACES = "[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f\u200d]+"
_ENDS = re.compile(rf"(?:[.!?…]+(?=[\s{_MARKS}]|$)|[。！？]+|[;；\n]+|:(?=\s))(?:\s*{_FACES})?")
_CONTRAST = re.compile(
    r"(?<!nothing )(?<!anything )(?<!all )\bbut\b|\b(?:however|whereas|although|though|while|wohingegen|während"
    r"|hingegen|obwohl|allerdings|aber|jedoch|sondern)\b|(?<=, )(?:yet|doch)\b"
    r"|(?<=けど)(?:、|(?=.))|(?<=けれど)(?:、|(?=[^も、]))|(?<=けれども)|(?<=のに)、|(?<=が)、|(?<=し)、|一方で?、?|しかし|それに比べて?",
    re.IGNORECASE,
)
_SOFT = re.compile(
    rf"[,、，]|\s[-–—]+\s|\b(?:and|und|after|because|nachdem|weil)\b|(?<=て)(?=[{_MARKS}])|{_FACES}", re.IGNORECASE
)
_FILLER = re.compile(
    r"\b(?:and|und|or|oder|nor|as|well|both|from|the|an?|my|their|its|of|by|at|in|on|to|for|beide[nr]?|sowohl"
    r"|auch|wie|de[rmns]|die|das|ein(?:e[nmr]?)?|mein(?:e[nmr]?)?|von|vom|bei|beim|zu[mr]?|im|unlike|anders als"
    r"|im gegensatz|s)\b|や|とも|[とかもの]|(?:に比べて|と違って|に対して)|[\s,、，&/+@#＃'’\"“”„・]",
    re.IGNORECASE,
)


@dataclass
class Share:
    """What a message says of one brand: what is said plainly, and each comparison it stands in."""

    plain: list[str] = field(default_factory=list)
    compared: list[tuple[Comparison, bool]] = field(default_factory=list)
    """A comparison, and whether the brand is the one that the other is held against."""


@dataclass(frozen=True)
class Marked:
    """A message whose names are marks; `brands` and `surfaces` are by the number of the mention."""

    text: str
    brands: list[int]
    surfaces: list[str]

    def spoken(self, text: str) -> str:
        """A part of it with the names as they were written."""
        return _MARK.sub(lambda found: self.surfaces[ord(found[0]) - MARK], text).strip()

    def named(self, text: str) -> list[int]:
        """The brands that a part names, in order, each once."""
        return list(dict.fromkeys(self.brands[ord(mark) - MARK] for mark in _MARK.findall(text)))


def mark(text: str, brands: Sequence[Sequence[str]]) -> Marked:
    """Find every name of every brand; the longest wins where names overlap."""
    text = _MARK.sub(" ", text)
    owner, pattern = _lookup(tuple(map(tuple, brands)))
    if not owner:
        return Marked(text, [], [])
    found: list[int] = []
    surfaces: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        key = _key(match[0])
        number = owner.get(key, owner.get(key.removesuffix("s").removesuffix("'").removesuffix("’")))
        if number is None or len(found) > _MOST:
            return match[0]
        found.append(number)
        surfaces.append(match[0])
        return chr(MARK + len(found) - 1)

    return Marked(pattern.sub(stand_in, text), found, surfaces)


@lru_cache(maxsize=8)
def _lookup(brands: tuple[tuple[str, ...], ...]) -> tuple[dict[str, int], re.Pattern[str]]:
    """(spelling of a name: number of its brand, what finds any of them): the same for every text."""
    owner: dict[str, int] = {}
    for number, names in enumerate(brands):
        for name in names:
            for spelled in (_key(name), _key(name).translate(_SPELLED)):
                if spelled:
                    owner.setdefault(spelled, number)
    every = "|".join(_pattern(name) for name in sorted(owner, key=len, reverse=True))
    return owner, re.compile(every, re.IGNORECASE)


def _key(name: str) -> str:
    return re.sub(r"[\s_\-]+", " ", name.strip().lstrip("@#＠＃")).lower()


def _pattern(name: str) -> str:
    body = r"[\s_\-]".join(re.escape(part) for part in name.split(" "))
    before = rf"(?<![{_LATIN}])" if re.match(f"[{_LATIN}]", name) else ""
    after = rf"(?:['’]?s)?(?![{_LATIN}])" if re.search(f"[{_LATIN}]$", name) else ""
    return f"{before}{body}{after}"


def shares(marked: Marked) -> dict[int, Share]:
    """By number of the brand, what the message says of it; brands that are not named are not there."""
    result = {brand: Share() for brand in marked.named(marked.text)}
    last: list[int] = []
    waiting: list[str] = []
    for clause in clauses(marked):
        brands = marked.named(clause)
        if not brands and not last:
            waiting.append(clause)
            continue
        found = compared(clause) if len(brands) > 1 else None
        if found:
            against = {marked.brands[ord(one) - MARK] for one in found.against}
            held = Comparison(marked.spoken(found.text), found.against, found.lean)
            for brand in brands:
                result[brand].compared.append((held, brand in against))
            brands = [brand for brand in brands if brand not in against] or brands
        for brand in brands or last:
            result[brand].plain += [*waiting, *([] if found else [clause])]
        waiting = []
        last = brands or last
    for share in result.values():
        share.plain = [spoken for part in share.plain if (spoken := marked.spoken(part))]
    return result


def clauses(marked: Marked) -> list[str]:
    """The message in clauses, names still marked."""
    return [clause for sentence in _cut(marked.text, _ENDS) for clause in _of_sentence(sentence, marked)]


def _of_sentence(sentence: str, marked: Marked) -> list[str]:
    kept: list[str] = []
    for part in _cut(sentence, _CONTRAST):
        pieces: list[str] = []
        for piece in _cut(part, _SOFT):
            if pieces and not _new_subject(pieces[-1], piece, marked):
                pieces[-1] += piece
            else:
                pieces.append(piece)
        kept += pieces
    return kept


def _new_subject(before: str, piece: str, marked: Marked) -> bool:
    """Another brand follows, something stands between the two that says something, and no comparison joins them."""
    names, known = marked.named(piece), marked.named(before)
    if not known or not names or set(names) <= set(known):
        return False
    found = compared(before + piece)
    if found and len(names if found.against in piece else known) < 2:
        return False
    tail = _MARK.split(before)[-1]
    head = _MARK.split(piece)[0]
    return bool(_FILLER.sub("", tail + head))


def _cut(text: str, pattern: re.Pattern[str]) -> list[str]:
    """The text in parts: cut before words and after signs that the pattern finds."""
    cuts = [found.start() if found[0][:1].isalpha() else found.end() for found in pattern.finditer(text)]
    return [text[start:end] for start, end in pairwise([0, *cuts, len(text)]) if text[start:end].strip()]
