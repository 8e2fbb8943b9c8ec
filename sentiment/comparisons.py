"""Comparisons between two brands in one clause: which one is held against the other, and what is left without it.

Pure. In a clause the names stand as marks of the private use area (sentiment.clauses).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_M = "[\ue000-\uf8ff]"
_SMALL = r"(?:(?:the|an?|my|our|your|this|that|old|de[rmns]|die|das|diese[mnrs]?|mein\w*|alte\w*|von|bei|beim) )*"
_ONE = rf"{_SMALL}(?P<against>{_M})(?:['’]s)?"

_GAP = ".{0,80}?"
"""What may stand between two parts of a comparison."""

_HELD = (
    rf"(?P<cut>\bthan {_ONE})",
    rf"(?P<cut>\b(?:unlike|compared (?:to|with)|in contrast to) (?:\w+ ){{0,2}}?{_ONE},?)",
    rf"(?:n't|\bnot|\bnever|nowhere near)\b{_GAP}(?P<cut>\bas (?=\w+ as )|(?=as \w+ as )){_GAP}(?P<cut2>\bas {_ONE})",
    rf"\b\w+er(?:e[nrms]?)?\b{_GAP}(?P<cut>\bals {_ONE})",
    rf"(?P<cut>\b(?:im (?:gegensatz|vergleich) zu[mr]?|anders als|verglichen mit) {_ONE},?)",
    rf"\bnicht (?:\w+ )?(?P<cut>so )(?=\w+ wie ){_GAP}(?P<cut2>\bwie {_ONE})",
    rf"(?P<cut>(?P<against>{_M})(?:の\w{{1,4}})?より(?:も|は)?)",
    rf"(?P<cut>(?P<against>{_M})(?:に比べて?|と比べて?|と違って|と違い)、?)",
    rf"(?P<cut>(?P<against>{_M})ほど)(?=.{{0,80}}(?:ない|ません|なく))",
)
"""The other brand's part is what is left; the one held against it gets the opposite."""

_CHOSEN = (
    rf"\b(?:prefer|choose|chose|pick|picked|take|took|recommend)\b{_GAP}{_M}{_GAP}(?P<cut>\b(?:to|over) {_ONE})",
    rf"(?P<cut>\b(?:instead of|rather than) (?:\w+ ){{0,2}}?{_ONE})",
    rf"\blieber\b{_GAP}(?P<cut>\bals {_ONE})",
    rf"(?P<cut>\b(?:statt|anstatt|anstelle von) (?:\w+ ){{0,3}}?{_ONE})",
    rf"{_M}(?P<cut>\s*>+\s*(?P<against>{_M}))",
    rf"(?P<cut>(?P<against>{_M})\s*<+\s*)(?={_M})",
    rf"(?P<cut>\bfrom {_ONE} )(?=(?:over )?to {_SMALL}{_M})",
    rf"\b(?:leav\w+|left|ditch\w*|dropp\w+|quit\w*) (?P<cut>{_ONE}) for {_SMALL}{_M}",
    rf"(?P<cut>\b[Vv]on {_ONE} )(?=(?:\w+ )?zu[mr]? {_SMALL}{_M})",
    rf"(?P<cut>\b[Kk]ündig\w* (?:\w+ ){{0,2}}?{_ONE})(?=.{{0,80}}{_M})",
    rf"(?P<cut>(?P<against>{_M})から)(?=.{{0,4}}{_M}.{{0,4}}(?:乗り換|変え|切り替|移))",
    rf"(?P<cut>(?P<against>{_M})を(?:解約|やめ|止め)\w{{0,3}}て?)(?=.{{0,80}}{_M})",
    rf"(?P<cut>(?P<against>{_M})(?:なんか|なんて)?(?:じゃ|では)なくて?、?)",
    rf"(?P<cut>(?P<against>{_M})の代わりに)",
    rf"(?P<cut>(?P<against>{_M})より(?:も)?)(?={_M}(?:派|が好き|一択))",
)
"""Whoever was chosen is thought better of, whatever else the words say."""

_PATTERNS = [(re.compile(one, re.IGNORECASE), 1) for one in _CHOSEN] + [
    (re.compile(one, re.IGNORECASE), 0) for one in _HELD
]
_BETTER = re.compile(
    r"\b(?:good|better|faster|quicker|cheaper|easier|nicer|quieter|friendlier|safer|stronger|tastier|smoother|prettier"
    r"|gut|besser|schneller|günstiger|einfacher|schöner|leiser|netter|freundlicher|sicherer|stärker|leckerer|angenehmer"
    r"|zuverlässiger)\w*|more (?:reliable|comfortable|helpful)"
    r"|(?:良|よ|い)い|早い|速い|安い|静か|使いやすい|美味しい|おいしい|丁寧|快適|便利",
    re.IGNORECASE,
)
_WORSE = re.compile(
    r"\b(?:bad|worse|slower|louder|pricier|ruder|uglier|harder|schlecht|schlimmer|langsamer|lauter|teurer|unfreundlicher"
    r"|umständlicher|hässlicher)\w*|more (?:expensive|annoying)|遅い|高い|うるさい|使いにくい|まずい|ひどい|悪い|不便",
    re.IGNORECASE,
)
_NOT = re.compile(r"n't\b|\b(?:not|never|no|nicht|nie|kein\w*)\b|ない|ません", re.IGNORECASE)


@dataclass(frozen=True)
class Comparison:
    """One clause that compares: `text` is what is said of the first, `against` the marks held against it.

    `lean` is 1 or -1 where the comparison itself praises or blames the first, 0 where only the words can tell.
    """

    text: str
    against: str
    lean: int = 0


def compared(clause: str) -> Comparison | None:
    """The comparison in a clause that names at least two brands, or None."""
    for pattern, lean in _PATTERNS:
        found = pattern.search(clause)
        if found:
            return Comparison(_without(clause, found), found["against"], lean or _leaning(clause))
    return None


def _leaning(clause: str) -> int:
    better, worse = bool(_BETTER.search(clause)), bool(_WORSE.search(clause))
    if better == worse:
        return 0
    lean = 1 if better else -1
    return -lean if _NOT.search(clause) else lean


def _without(clause: str, found: re.Match[str]) -> str:
    spans = [found.span(name) for name in ("cut2", "cut") if name in found.re.groupindex]
    for start, end in spans:
        clause = clause[:start] + clause[end:]
    return clause
