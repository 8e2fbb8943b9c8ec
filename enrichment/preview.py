"""Two persons side by side before they are merged: what each says, and what would be shown of them as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from enrichment import merging, person
from enrichment.merging import Side
from enrichment.person import Fact, Person
from inbox.survivorship import NAMES


@dataclass(frozen=True, slots=True)
class Line:
    """One field of both, and of the person they would be."""

    name: str
    left: tuple[Fact, ...]
    right: tuple[Fact, ...]
    after: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """Both sides with what a merge would lead to."""

    left: Person
    right: Person
    lines: tuple[Line, ...]
    blocked: str
    """Why it cannot be, as a sentence; empty when it can."""
    large: bool
    """Somebody has to say that they looked at all accounts."""


def preview(session: Session, identity_id: int, other_id: int) -> Preview | None:
    """The persons behind two accounts; None when either is gone."""
    left, right = person.find(session, identity_id), person.find(session, other_id)
    if left is None or right is None:
        return None
    identities = [*left.identities, *(one for one in right.identities if one.id not in left.ids)]
    together = person.facts(identities, [*person.statements(session, left), *person.statements(session, right)])
    names = [*NAMES, *sorted({one.name for one in together} - NAMES.keys())]
    lines = [Line(name, _of(left.facts, name), _of(right.facts, name), _of(together, name)) for name in names]
    blocked = merging.blocked(session, _side(session, left), _side(session, right))
    return Preview(
        left,
        right,
        tuple(one for one in lines if one.after),
        "" if blocked == merging.LARGE else blocked,
        blocked == merging.LARGE,
    )


def _of(facts: Sequence[Fact], name: str) -> tuple[Fact, ...]:
    return tuple(one for one in facts if one.name == name)


def _side(session: Session, who: Person) -> Side:
    return merging.side(session, who.contact.id) if who.contact else Side((), tuple(who.ids), ())
