"""What was decided about a person: merges and splits as pages and the command line show them, and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from core.errors import Rejected
from enrichment import merging, splitting
from inbox.knowledge import PersonDecision
from inbox.models import Contact

LATEST = 50


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision with its evidence; `other` is the name of the other side, empty when it is gone again.

    `own` is the name of the first side, where both are the person that was asked about.
    """

    id: int
    at: datetime
    actor: str
    what: str
    """merged, unmerged, split or rejoined."""
    contact_id: str
    other_id: str
    own: str
    other: str
    why: str
    evidence: tuple[dict[str, Any], ...]
    undoes: int | None
    stands: bool
    """It can be taken back."""


_ANY = """SELECT 1 FROM person_decision
WHERE contact_id IN (SELECT id FROM contact WHERE id = ? OR survivor_id = ?)
OR other_id IN (SELECT id FROM contact WHERE id = ? OR survivor_id = ?) LIMIT 1"""


def there_are(session: Session, contact_id: str) -> bool:
    """Something was decided about this person; cheap, since of most there is nothing."""
    return bool(bulk.fetch(session, _ANY, *[contact_id] * 4, prepared=True))


def of_person(session: Session, contact_ids: Sequence[str], limit: int = LATEST) -> list[Decided]:
    """Decisions about these contacts, newest first."""
    d = db.table(PersonDecision)
    query = sa.select(PersonDecision).order_by(d.c.id.desc()).limit(limit)
    if contact_ids:
        query = query.where(d.c.contact_id.in_(contact_ids) | d.c.other_id.in_(contact_ids))
    rows = session.scalars(query).all()
    standing = merging.standing(session, [row.id or 0 for row in rows if row.what in ("merged", "split")])
    c = db.table(Contact)
    sides = sorted({side for row in rows for side in (row.contact_id, row.other_id)})
    names = dict(session.execute(sa.select(c.c.id, c.c.name).where(c.c.id.in_(sides))).all())
    return [
        Decided(
            id=row.id or 0,
            at=row.at,
            actor=row.actor,
            what=row.what,
            contact_id=row.contact_id,
            other_id=row.other_id,
            own=names.get(row.contact_id, "") if {row.contact_id, row.other_id} <= set(contact_ids) else "",
            other=names.get(_other(row, contact_ids), ""),
            why=row.why,
            evidence=tuple(row.evidence),
            undoes=row.undoes,
            stands=row.id in standing,
        )
        for row in rows
    ]


def _other(row: PersonDecision, contact_ids: Sequence[str]) -> str:
    """The side that is not the one asked about; of two that are, the one that was named second."""
    return row.contact_id if row.other_id in contact_ids and row.contact_id not in contact_ids else row.other_id


def everything(session: Session, limit: int = LATEST) -> list[Decided]:
    """Decisions about anybody, newest first."""
    return of_person(session, [], limit)


def take_back(session: Session, decision_id: int, actor: str, why: str = "") -> int:
    """Undo a merge or a split; returns the number of this decision. Rejected when it cannot be undone."""
    row = session.get(PersonDecision, decision_id)
    if row is None or row.what not in ("merged", "split"):
        raise Rejected("There is no such decision that could be taken back.")
    undo = merging.unmerge if row.what == "merged" else splitting.rejoin
    return undo(session, decision_id, actor, why)
