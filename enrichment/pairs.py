"""Proposed duplicates of the CRM as pages and the command line show them: both records side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment.compare import AGREES, Line, place
from enrichment.contacts import called
from enrichment.models import CrmRecord, Duplicate


@dataclass(frozen=True, slots=True)
class Record:
    """One of the two."""

    object: str
    record_id: str
    name: str
    company: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records with what speaks for their being one person."""

    id: int
    left: Record
    right: Record
    score: float
    evidence: tuple[dict[str, Any], ...]
    decision: str
    lines: tuple[Line, ...]


def waiting(session: Session) -> int:
    """How many proposals wait for a person."""
    d = db.table(Duplicate)
    return int(session.execute(sa.select(sa.func.count()).where(d.c.decision == "review")).scalar_one())


def of(
    session: Session, *, decision: str = "review", limit: int = 100, only: int = 0,
    after: tuple[float, int] | None = None,
) -> list[Pair]:  # fmt: skip
    """Proposals, the likeliest first; with another `decision` those that were decided so; or `only` one of any.

    `after` goes on behind the proposal of this score and number.
    """
    d, r = db.table(Duplicate), db.table(CrmRecord)
    chosen = d.c.id == only if only else d.c.decision == decision
    query = sa.select(Duplicate).where(chosen).order_by(d.c.score.desc(), d.c.id)
    if after is not None:
        query = query.where((d.c.score < after[0]) | ((d.c.score == after[0]) & (d.c.id > after[1])))
    rows = session.scalars(query.limit(limit)).all()
    ids = {one for row in rows for one in (row.left_id, row.right_id)}
    records = {one.id: one for one in session.scalars(sa.select(CrmRecord).where(r.c.id.in_(sorted(ids))))}
    return [_pair(row, records[row.left_id], records[row.right_id]) for row in rows]


def _pair(row: Duplicate, left: CrmRecord, right: CrmRecord) -> Pair:
    supports = {str(one["signal"]) for one in row.evidence if one.get("supports")}
    return Pair(
        id=row.id or 0,
        left=_record(left),
        right=_record(right),
        score=row.score,
        evidence=tuple(row.evidence),
        decision=row.decision,
        lines=tuple(_lines(left, right, supports)),
    )


def _record(row: CrmRecord) -> Record:
    return Record(row.object, row.record_id, called(row), row.company)


def _lines(left: CrmRecord, right: CrmRecord, supports: set[str]) -> list[Line]:
    sides = (
        ("name", [called(left)], [called(right)]),
        ("company", [left.company], [right.company]),
        ("email", left.emails, right.emails),
        ("phone", left.phones, right.phones),
        ("site", left.websites, right.websites),
        ("handle", list(left.handles.values()), list(right.handles.values())),
        ("place", [place(left)], [place(right)]),
    )
    found = []
    for field, one, other in sides:
        ours, theirs = tuple(value for value in one if value), tuple(value for value in other if value)
        same = "same" if supports & {f"same_{field}", *(AGREES[field] if field in ("name", "place") else ())} else ""
        if ours or theirs:
            found.append(Line(field, ours, theirs, same))
    return found
