"""The one place that decides whether a message matches: a tree becomes a function of a Doc.

Live matching, matching backwards and every count go through `compile_query`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from inbox.text import fold, has_cjk, needle, words
from listening.query.doc import Doc
from listening.query.nodes import And, Between, Field, Mention, Near, Node, Not, Or, Raw, Tag, Text

Test = Callable[[Doc], bool]
Span = tuple[int, int]
"""First and last unit of a place in the text."""

Spans = Callable[[Doc], list[Span]]
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=5000)
def compile_query(node: Node) -> Test:
    """The function that decides for one query."""
    match node:
        case And(children):
            tests = [compile_query(child) for child in children]
            return lambda doc: all(test(doc) for test in tests)
        case Or(children):
            tests = [compile_query(child) for child in children]
            return lambda doc: any(test(doc) for test in tests)
        case Not(child):
            test = compile_query(child)
            return lambda doc: not test(doc)
    return _leaf(node)


def _leaf(node: Text | Near | Raw | Tag | Mention | Field | Between) -> Test:
    match node:
        case Text():
            return _text(node)
        case Near():
            return _near(node)
        case Raw(text):
            exact = unicodedata.normalize("NFC", text)
            return lambda doc: exact in doc.exact
        case Between(start, end):
            return lambda doc: (start is None or start <= doc.posted_at) and (end is None or doc.posted_at < end)
        case Tag(name):
            return _one_of(name, lambda doc: doc.tags)
        case Mention(handle):
            return _one_of(handle, lambda doc: doc.mentions)
        case Field():
            return _field(node)


# --- words and phrases -----------------------------------------------------------------------------


def literal_words(text: str) -> list[str]:
    """The words of a term without wildcards, each in the form it is looked up by."""
    return [word for part in text.split() for word in words(needle(part))]


def tight_term(text: str) -> str:
    """A term of Japanese, Chinese or Korean as it is looked for inside `Doc.tight`."""
    return _SPACE.sub("", fold(text)).strip("*")


def _text(node: Text) -> Test:
    text = node.text
    if has_cjk(fold(text)):
        return _inside(text)
    if not words(fold(text.replace("*", "").replace("?", ""))):
        sign = fold(text)
        return lambda doc: sign in doc.folded  # an emoji or other signs
    if node.slop or "*" in text or "?" in text:
        spans = _spans(node)
        return lambda doc: bool(spans(doc))
    found = literal_words(text)
    if len(found) == 1:
        word = found[0]
        return lambda doc: word in doc.index
    spans = _spans(node)
    return lambda doc: all(word in doc.index for word in found) and bool(spans(doc))


def _inside(text: str) -> Test:
    term = tight_term(text)
    if "*" not in term and "?" not in term:
        return lambda doc: term in doc.tight
    pattern = _cjk_pattern(term)
    return lambda doc: pattern.search(doc.tight) is not None


def _cjk_pattern(term: str) -> re.Pattern[str]:
    return re.compile(re.escape(term).replace(r"\*", r"\w{0,20}?").replace(r"\?", r"\w"))


def _spans(node: Text) -> Spans:
    """Where a term stands, in units."""
    if has_cjk(fold(node.text)):
        pattern = _cjk_pattern(tight_term(node.text))

        def inside(doc: Doc) -> list[Span]:
            owner = doc.unit_of if pattern.search(doc.tight) else []
            return [(owner[m.start()], owner[m.end() - 1]) for m in pattern.finditer(doc.tight) if m.end() > m.start()]

        return inside
    places = [_places(word) for word in _patterns(node.text)]
    slop = node.slop

    def side_by_side(doc: Doc) -> list[Span]:
        chains: list[Span] = [(place, place) for place in places[0](doc)] if places else []
        for where in places[1:]:
            if not chains:
                return []
            following = where(doc)
            chains = [
                (first, place) for first, last in chains for place in following if last < place <= last + 1 + slop
            ]
        return chains

    if not slop:
        return side_by_side
    return lambda doc: side_by_side(doc) or _any_order([where(doc) for where in places], slop)


def _any_order(places: Sequence[list[int]], slop: int) -> list[Span]:
    """Places of all words in any order within a window of their number plus the slop."""
    if not all(places):
        return []
    width = len(places) + slop
    spans = []
    for start in sorted({place for row in places for place in row}):
        inside = [[place for place in row if start <= place < start + width] for row in places]
        if all(inside) and _distinct(inside, set()):
            spans.append((start, max(min(row) for row in inside)))
    return spans


def _distinct(rows: Sequence[list[int]], taken: set[int]) -> bool:
    """Whether each word can have a place of its own ("ha ha" needs two)."""
    if not rows:
        return True
    return any(_distinct(rows[1:], taken | {place}) for place in rows[0] if place not in taken)


def _patterns(text: str) -> list[str]:
    """The words of a term; wildcards stay in them."""
    found: list[str] = []
    for part in text.split():
        if "*" in part or "?" in part:
            form = "".join(piece if piece in "*?" else needle(piece) for piece in re.split(r"([*?])", part))
            found += [piece for piece in re.findall(r"(?:[^\W_]|[*?])+", form) if piece.strip("*?")]
        else:
            found += words(needle(part))
    return found


def _places(word: str) -> Callable[[Doc], list[int]]:
    if "*" not in word and "?" not in word:
        return lambda doc: doc.index.get(word, [])
    if word.endswith("*") and not set(word[:-1]) & {"*", "?"}:
        prefix = word[:-1]
        return lambda doc: _gather(doc, lambda unit: unit.startswith(prefix))
    pattern = _wildcard(word)
    return lambda doc: _gather(doc, lambda unit: pattern.fullmatch(unit) is not None)


def _gather(doc: Doc, fits: Callable[[str], bool]) -> list[int]:
    return sorted({place for unit, places in doc.index.items() if fits(unit) for place in places})


def _wildcard(word: str) -> re.Pattern[str]:
    return re.compile(re.escape(word).replace(r"\*", ".*").replace(r"\?", "."))


def _near(node: Near) -> Test:
    left, right = _spans(node.left), _spans(node.right)
    has_left, has_right = _text(node.left), _text(node.right)
    distance, ordered = node.distance, node.ordered

    def test(doc: Doc) -> bool:
        if not (has_left(doc) and has_right(doc)):
            return False
        second = right(doc)
        return any(
            0 < start - last <= distance or (not ordered and 0 < first - end <= distance)
            for first, last in left(doc)
            for start, end in second
        )

    return test


# --- properties ------------------------------------------------------------------------------------


def _one_of(pattern: str, values: Callable[[Doc], frozenset[str]]) -> Test:
    form = "".join(piece if piece in "*?" else needle(piece) for piece in re.split(r"([*?])", pattern)).lstrip("@#")
    if "*" in form or "?" in form:
        compiled = _wildcard(form)
        return lambda doc: any(compiled.fullmatch(value) for value in values(doc))
    return lambda doc: form in values(doc)


def _field(node: Field) -> Test:
    tests = [_value(node.name, value) for value in node.values]
    return tests[0] if len(tests) == 1 else lambda doc: any(test(doc) for test in tests)


def _value(name: str, value: str) -> Test:
    folded = fold(value)
    match name:
        case "author":
            return _one_of(value, lambda doc: doc.author_forms)
        case "lang":
            primary = folded.split("-")[0]
            return lambda doc: doc.language == primary
        case "topic":
            return lambda doc: any(fold(label) == folded for label in doc.labels)
        case "site":
            host = folded.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
            return lambda doc: any(_host_in(link, host) for link in doc.links)
        case "url":
            return lambda doc: any(folded in fold(link) for link in (*doc.links, doc.url))
        case "has" | "is":
            return lambda doc: value in doc.traits
    return lambda doc: bool(getattr(doc, name) == folded)


def _host_in(link: str, host: str) -> bool:
    try:
        found = (urlsplit(link).hostname or "").lower()
    except ValueError:
        return False
    return found == host or found.endswith(f".{host}")
