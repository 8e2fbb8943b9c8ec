"""Folding and cutting of text, the same for search, labels and listening.

Two spellings of one word must meet. `fold` writes an umlaut out (`Müller` becomes `mueller`), `bare`
then drops the second letter (`muller`). A stored word is known by both forms, a word that is looked
for by one: `bare` when it was typed with an umlaut, `fold` otherwise. So `Müller` finds Müller,
Mueller and Muller, while `blue` never finds "blu".

Hiragana and katakana stay apart (`kana` merges them where that is asked for). Half-width and
full-width forms are one (NFKC). Chinese, Japanese and Korean have no spaces to cut at: runs of their
characters are cut into overlapping pairs.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Iterator

SEARCH_VERSION = 1
"""Raise it whenever `search_tokens` may answer differently: stored search rows are then rebuilt."""

SEARCH_CHARACTERS = 50_000
"""So much of a text is searchable; what follows is stored and shown, but not indexed."""

WORD_CHARACTERS = 64
"""Longer words (keys, base64) are known by their beginning."""

CJK = (
    "\u1100-\u11ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
    "\u3131-\u318e\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7ff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""The inside of a regular expression's class: letters written without spaces between words."""

_HAS_CJK = re.compile(f"[{CJK}]")
_WORD = re.compile(f"[{CJK}]+|[^\\W_{CJK}]+")
_DIGRAPH = re.compile("(?<![aeoq])ue|ae|oe")
_QUERY_PART = re.compile('"([^"]*)"|(\\S+)')
_UMLAUT = re.compile("[äöüÄÖÜ]|[aouAOU]\u0308")


def _latin_table() -> dict[int, str]:
    """Letters with marks to letters without, umlauts written out, invisible characters to nothing."""
    table = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("æ"): "ae", ord("œ"): "oe", ord("ø"): "o"}
    table |= {ord("đ"): "d", ord("ł"): "l", ord("ı"): "i", ord("ŀ"): "l"}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0].casefold()
        if code not in table and base.isascii():
            table[code] = base
    table |= dict.fromkeys(range(0x300, 0x370), "")
    table |= dict.fromkeys((0, 0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF, *range(0xFE00, 0xFE10)), "")
    return table


_LATIN = _latin_table()
_MARKED = re.compile(f"[{re.escape(''.join(map(chr, _LATIN)))}]")
_ASCII_WORDS = bytes(code if chr(code).isalnum() and code < 128 else 32 for code in range(256))
_KANA = {code: chr(code - 0x60) for code in range(0x30A1, 0x30F7)}


def fold(text: str) -> str:
    """One spelling for case, width, accents, ß and umlauts (written out: ä is "ae"). Idempotent."""
    if text.isascii():
        return text.lower().replace("\0", "")
    text = unicodedata.normalize("NFKC", text).casefold()
    text = unicodedata.normalize("NFKC", text)
    if not _MARKED.search(text):
        return text
    text = text.translate(_LATIN)
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def bare(folded: str) -> str:
    """Folded text with written-out umlauts as single letters: "mueller" is "muller"; "neue" stays."""
    return _DIGRAPH.sub(lambda match: match[0][0], folded) if "e" in folded else folded


def needle(word: str) -> str:
    """The one form in which a word is looked for among the two that a stored word has."""
    folded = fold(word)
    return bare(folded) if _UMLAUT.search(word) else folded


def kana(text: str) -> str:
    """Katakana as hiragana, for a comparison that is to ignore the difference."""
    return text.translate(_KANA)


def words(folded: str) -> list[str]:
    """The words of folded text in order; a run of Chinese, Japanese or Korean is one."""
    if folded.isascii():
        return folded.encode().translate(_ASCII_WORDS).decode().split()
    return _WORD.findall(folded)


def word_spans(folded: str) -> Iterator[tuple[str, int]]:
    """The words of folded text in order, each with the place where it begins."""
    return ((found[0], found.start()) for found in _WORD.finditer(folded))


def has_cjk(text: str) -> bool:
    """Whether a character of a script without spaces is in it."""
    return not text.isascii() and _HAS_CJK.search(text) is not None


def pairs(run: str) -> list[str]:
    """Overlapping pairs of characters; one character alone stays as it is."""
    return list(map(operator.add, run, run[1:])) or [run]


def search_tokens(text: str) -> str:
    """What the search index holds for a text: letters and digits only, one space between tokens.

    First every word in order in its bare form (so phrases work), runs of CJK as overlapping pairs
    followed by their last character alone (so a single character is found by its prefix), then the
    written-out form of the words in which the two differ. A pure function of the text and of
    `SEARCH_VERSION`.
    """
    folded = fold(text[:SEARCH_CHARACTERS])
    found = words(folded)
    if not found:
        return ""
    long = len(folded) > WORD_CHARACTERS and max(map(len, found)) > WORD_CHARACTERS
    if has_cjk(folded):
        found = _cut(found)
    line = " ".join(word[:WORD_CHARACTERS] for word in found) if long else " ".join(found)
    if "ue" not in line and "ae" not in line and "oe" not in line:
        return line
    short = bare(line)
    if short == line:
        return line
    extra = dict.fromkeys(word for word, other in zip(line.split(), short.split(), strict=True) if word != other)
    return f"{short} {' '.join(extra)}"


def _cut(found: list[str]) -> list[str]:
    cut: list[str] = []
    for word in found:
        if len(word) > 1 and _HAS_CJK.match(word):
            letters = [*word]
            cut += map(operator.add, letters, letters[1:])
            cut.append(letters[-1])
        else:
            cut.append(word)
    return cut


def search_query(text: str) -> list[str]:
    """What a person typed, as terms that must all be there.

    A term is one token, several with a space between (a phrase: they stand in this order, side by
    side), or ends in `*` (a prefix; also what a single CJK character becomes). Text in double quotes
    is one phrase. Nothing else is an operator here.
    """
    terms: list[str] = []
    for phrase, plain in _QUERY_PART.findall(text[:SEARCH_CHARACTERS]):
        if phrase:
            terms.append(_phrase(phrase))
            continue
        found = words(needle(plain))
        if len(found) == 1 and plain.endswith("*") and not has_cjk(found[0]):
            terms.append(found[0][:WORD_CHARACTERS] + "*")
        else:
            terms += [_term(word) for word in found]
    return list(dict.fromkeys(term for term in terms if term))


def _term(word: str) -> str:
    if has_cjk(word):
        return " ".join(pairs(word)) if len(word) > 1 else word + "*"
    return word[:WORD_CHARACTERS]


def _phrase(text: str) -> str:
    found = words(bare(fold(text)))
    if len(found) == 1:
        return _term(words(needle(text))[0])
    tokens: list[str] = []
    for position, word in enumerate(found):
        tokens += _cut([word]) if position < len(found) - 1 else pairs(word) if has_cjk(word) else [word]
    return " ".join(token[:WORD_CHARACTERS] for token in tokens)
