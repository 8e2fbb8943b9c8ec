"""Many queries against one message: only those are decided of which a needed word is there.

From each query follows a set of anchors: if it matches, at least one of them is in the message. A query
from which none follows (only exclusions or properties) is always decided. Anchors never decide by
themselves: `listening.query.matcher` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from inbox.text import CJK, fold, has_cjk, needle, words
from listening.query.doc import Doc
from listening.query.matcher import Test, compile_query, literal_words, tight_term
from listening.query.nodes import And, Mention, Near, Node, Or, Tag, Text

_CJK_RUN = re.compile(f"[{CJK}]+")
_PREFIX = 3

Anchors = frozenset[str]
"""Words as they are, pairs of CJK characters, `#tag`, `@handle`, and `^abc` for a word's beginning."""


class QuerySet:
    """Saved queries by id, ready to be decided together."""

    def __init__(self, queries: Iterable[tuple[int, Node]]) -> None:
        self._tests: dict[int, Test] = {}
        self._always: list[int] = []
        self._by_anchor: dict[str, list[int]] = {}
        for query_id, node in queries:
            self._tests[query_id] = compile_query(node)
            needed = anchors(node)
            if needed is None:
                self._always.append(query_id)
            for anchor in needed or ():
                self._by_anchor.setdefault(anchor, []).append(query_id)
        self._keys = self._by_anchor.keys()
        self._prefixes = any(key[0] == "^" for key in self._keys)

    def __len__(self) -> int:
        return len(self._tests)

    def matching(self, doc: Doc) -> list[int]:
        """The ids of all queries that match, in ascending order."""
        tests = self._tests
        return sorted(query_id for query_id in self._candidates(doc) if tests[query_id](doc))

    def _candidates(self, doc: Doc) -> set[int]:
        found = set(self._always)
        for anchor in self._keys & _present(doc, self._prefixes):
            found.update(self._by_anchor[anchor])
        return found


def _present(doc: Doc, prefixes: bool) -> set[str]:
    present = set(doc.index)
    if prefixes:
        present.update([f"^{unit[:_PREFIX]}" for unit in doc.index])
    if doc.cjk:
        tight = doc.tight
        present.update(map("".join, pairwise(tight)))
    if doc.tags:
        present.update([f"#{tag}" for tag in doc.tags])
    if doc.mentions:
        present.update([f"@{handle}" for handle in doc.mentions])
    return present


def anchors(node: Node) -> Anchors | None:
    """Literals of which a matching message has at least one; None when none follows."""
    match node:
        case And(children):
            known = [found for found in map(anchors, children) if found is not None]
            return min(known, key=_cost) if known else None
        case Or(children):
            parts = [anchors(child) for child in children]
            known = [part for part in parts if part is not None]
            return frozenset().union(*known) if len(known) == len(parts) else None
        case Near(left, right):
            known = [found for found in (_of_text(left), _of_text(right)) if found is not None]
            return min(known, key=_cost) if known else None
        case Text():
            return _of_text(node)
        case Tag(name):
            return _of_name("#", name)
        case Mention(handle):
            return _of_name("@", handle)
    return None


def _cost(found: Anchors) -> tuple[int, int]:
    """Few and long literals let the fewest messages through."""
    return len(found), -min(len(anchor) for anchor in found)


def _of_name(sign: str, name: str) -> Anchors | None:
    return None if "*" in name or "?" in name else frozenset({sign + needle(name).lstrip("@#")})


def _of_text(node: Text) -> Anchors | None:
    if has_cjk(fold(node.text)):
        return _of_run(tight_term(node.text))
    plain = [part for part in node.text.split() if "*" not in part and "?" not in part]
    found = literal_words(" ".join(plain))
    if found:
        return frozenset({max(found, key=len)})
    for part in node.text.split():
        start = re.split(r"[*?]", part)[0]
        literal = words(needle(start))
        if len(literal) == 1 and literal[0] == needle(start) and len(literal[0]) >= _PREFIX:
            return frozenset({f"^{literal[0][:_PREFIX]}"})
    return None


def _of_run(term: str) -> Anchors | None:
    runs = [run for piece in re.split(r"[*?]", term) for run in _CJK_RUN.findall(piece)]
    if not runs:
        return None
    longest = max(runs, key=len)
    return frozenset({longest[:2]})
