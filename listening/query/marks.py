"""Where in a text the words of a query stand, to be marked for a reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from inbox.text import bare, fold, has_cjk, needle
from listening.query.nodes import Mention, Node, Raw, Tag, Text, wanted

_WORD = re.compile(r"[^\W_]+")
_SPACE = re.compile(r"\s+")

Marks = list[tuple[int, int]]
"""Beginnings and ends, in order, none inside another."""


def marks(node: Node, text: str) -> Marks:
    """The places of everything the query wants; what it excludes and asks of properties has none."""
    folded, owner = _folded(text)
    found: set[tuple[int, int]] = set()
    for leaf in wanted(node):
        if isinstance(leaf, Raw):
            found.update((m.start(), m.end()) for m in re.finditer(re.escape(leaf.text), text))
            continue
        for start, end in _places(leaf, folded):
            found.add((owner[start], owner[end - 1] + 1))
    return _joined(sorted(found))


def _folded(text: str) -> tuple[str, list[int]]:
    """The text in one spelling, and for each of its characters the place it comes from."""
    pieces, owner = [], []
    for place, character in enumerate(text):
        piece = fold(character)
        pieces.append(piece)
        owner += [place] * len(piece)
    return "".join(pieces), owner


def _places(leaf: Node, folded: str) -> Iterator[tuple[int, int]]:
    match leaf:
        case Text(text):
            for part in text.split():
                yield from _word(part, folded)
        case Tag(name):
            yield from _word(name, folded)
        case Mention(handle):
            yield from _word(handle.split("@")[0], folded)


def _word(part: str, folded: str) -> Iterator[tuple[int, int]]:
    term = fold(part)
    if has_cjk(term) or not _WORD.search(term):
        pattern = _wild(term, r"\s*") if term.strip("*?") else None
        yield from ((m.start(), m.end()) for m in (pattern.finditer(folded) if pattern else ()) if m.end() > m.start())
        return
    forms = [_wild("".join(piece if piece in "*?" else needle(piece) for piece in re.split(r"([*?])", one)), "")
             for one in re.findall(r"(?:[^\W_]|[*?])+", part)]  # fmt: skip
    for word in _WORD.finditer(folded):
        if any(form.fullmatch(word[0]) or form.fullmatch(bare(word[0])) for form in forms):
            yield word.start(), word.end()


def _wild(term: str, between: str) -> re.Pattern[str]:
    letters = [{"*": r"\w*", "?": r"\w"}.get(letter, re.escape(letter)) for letter in _SPACE.sub("", term)]
    return re.compile(between.join(letters))


def _joined(places: list[tuple[int, int]]) -> Marks:
    found: Marks = []
    for start, end in places:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def cut(text: str, places: Marks) -> list[tuple[str, bool]]:
    """The text in order; True is marked."""
    pieces, at = [], 0
    for start, end in places:
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [piece for piece in [*pieces, (text[at:], False)] if piece[0]]
