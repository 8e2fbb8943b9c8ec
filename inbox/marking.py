"""Where in a text the words stand that somebody looked for, folded as the search index folds them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate

from inbox.text import SEARCH_CHARACTERS, WORD_CHARACTERS, bare, fold, has_cjk, word_spans

MOST = 200
"""Places of one text that are marked."""

Span = tuple[int, int]
Token = tuple[frozenset[str], int, int]
"""The forms in which the index knows it, and where it begins and ends in the folded text."""

_VOICED = "\uff9e\uff9f"
"""Half-width signs that belong to the kana before them."""


def spans(text: str, terms: Sequence[str]) -> list[Span]:
    """Where the terms of `inbox.text.search_query` stand: beginnings and ends in UTF-16 units, in order, apart."""
    text = text[:SEARCH_CHARACTERS]
    folded, whence = _folded(text)
    tokens = list(_tokens(folded))
    found = sorted({place for term in terms for place in _standing(term, tokens)})
    units = [0, *accumulate(2 if letter > "\uffff" else 1 for letter in text)]
    return _joined([(units[whence[begin][0]], units[whence[end - 1][1]]) for begin, end in found])[:MOST]


def _folded(text: str) -> tuple[str, list[Span]]:
    """The folded text, and for each of its letters where those that it was made of begin and end."""
    if text.isascii():
        return text.lower(), [(place, place + 1) for place in range(len(text))]
    letters: list[str] = []
    whence: list[Span] = []
    begin = 0
    while begin < len(text):
        end = begin + 1
        while end < len(text) and (unicodedata.combining(text[end]) or text[end] in _VOICED):
            end += 1
        made = fold(text[begin:end])
        letters.append(made)
        whence += [(begin, end)] * len(made)
        begin = end
    return "".join(letters), whence


def _tokens(folded: str) -> Iterator[Token]:
    """As `inbox.text.search_tokens` makes them, each with its place."""
    for word, begin in word_spans(folded):
        if not has_cjk(word):
            yield frozenset((bare(word)[:WORD_CHARACTERS], word[:WORD_CHARACTERS])), begin, begin + len(word)
            continue
        for place in range(len(word)):
            pair = word[place : place + 2]
            yield frozenset((pair,)), begin + place, begin + place + len(pair)


def _standing(term: str, tokens: Sequence[Token]) -> Iterator[Span]:
    if term.endswith("*"):
        wanted = term[:-1]
        for forms, begin, end in tokens:
            if any(form.startswith(wanted) for form in forms):
                yield begin, begin + len(wanted) if has_cjk(wanted) else end
        return
    phrase = term.split()
    for place in range(len(tokens) - len(phrase) + 1):
        if all(word in tokens[place + step][0] for step, word in enumerate(phrase)):
            yield tokens[place][1], tokens[place + len(phrase) - 1][2]


def _joined(found: Sequence[Span]) -> list[Span]:
    made: list[Span] = []
    for begin, end in found:
        if made and begin <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((begin, end))
    return made
