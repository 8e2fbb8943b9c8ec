"""A query as a tree of values; what the grammar makes and the matcher reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class And:
    """All of them."""

    children: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    """At least one of them."""

    children: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    """Not this."""

    child: Node


@dataclass(frozen=True)
class Text:
    """A word or a phrase as typed; `slop` is how many words may stand in between ("a b"~n)."""

    text: str
    phrase: bool = False
    slop: int = 0


@dataclass(frozen=True)
class Near:
    """Both, with at most `distance` words (characters in Japanese and Chinese) from one to the other."""

    left: Text
    right: Text
    distance: int
    ordered: bool = False


@dataclass(frozen=True)
class Raw:
    """These very characters, case and punctuation included."""

    text: str


@dataclass(frozen=True)
class Tag:
    """A hashtag, without its sign."""

    name: str


@dataclass(frozen=True)
class Mention:
    """A handle that is named in the text, without its sign."""

    handle: str


@dataclass(frozen=True)
class Field:
    """A property of the message: one of the values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Between:
    """Posted from `start` on (inclusive) and before `end` (exclusive); None is open."""

    start: datetime | None
    end: datetime | None


Node = And | Or | Not | Text | Near | Raw | Tag | Mention | Field | Between


def wanted(node: Node) -> Iterator[Node]:
    """The leaves a message should have: everything that stands under no NOT."""
    if isinstance(node, And | Or):
        for child in node.children:
            yield from wanted(child)
    elif isinstance(node, Near):
        yield node.left
        yield node.right
    elif not isinstance(node, Not):
        yield node
