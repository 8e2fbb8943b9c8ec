"""How texts call a subject: its own name, and the words of queries that are lists of names."""

from __future__ import annotations

from collections.abc import Iterable

from listening.query.nodes import Mention, Node, Or, Raw, Tag, Text

NAMED_KINDS = ("brand", "product", "competitor")
"""Kinds of subjects that texts call by name; what they say of a campaign or an industry is the whole message."""


def names(name: str, kind: str, queries: Iterable[Node]) -> list[str]:
    """The name first, then what its queries look for; nothing for kinds that have no name of their own.

    Only a query that is one word or phrase, hashtag or handle, or a list of such joined by OR, is a list of names:
    what stands under AND or NOT tells what the text is about besides.
    """
    if kind not in NAMED_KINDS:
        return []
    found = [name, *(word for query in queries for word in _listed(query))]
    kept: dict[str, str] = {}
    for word in (one.strip() for one in found):
        if len(word) > 1 and not {*word} & {*"*?"}:
            kept.setdefault(word.casefold(), word)
    return list(kept.values())


def _listed(node: Node) -> list[str]:
    leaves = node.children if isinstance(node, Or) else (node,)
    words = [_word(leaf) for leaf in leaves]
    return [word for word in words if word] if all(words) else []


def _word(leaf: Node) -> str:
    if isinstance(leaf, Text | Raw):
        return leaf.text
    if isinstance(leaf, Tag):
        return leaf.name
    return leaf.handle.split("@")[0] if isinstance(leaf, Mention) else ""
