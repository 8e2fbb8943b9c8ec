"""Who is in each segment now, compared with the copy that lists and rules ask (inbox.membership).

Time alone moves people in and out of segments, so every segment is compared every EVERY seconds, and one that is saved
at once. A comparison is one letter of the outbox: it reads first, and writes the difference alone.
"""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from core.outbox import DONE, Item, Outcome
from enrichment.segments import conditions, people
from enrichment.segments.models import Segment
from inbox import membership
from inbox.models import Identity

EVERY = 300.0
TOPIC = "segment.due"
_looked = {"at": float("-inf")}


def due() -> None:
    """Clock job: have every segment compared when it is time."""
    if time.monotonic() - _looked["at"] < EVERY:
        return
    _looked["at"] = time.monotonic()
    with db.read() as session:
        numbers = list(session.scalars(sa.select(db.table(Segment).c.id)))
    if numbers:
        with db.write() as session:
            announce(session, numbers)


def announce(session: Session, numbers: list[int]) -> None:
    """Have these compared."""
    outbox.emit(session, TOPIC, [(str(one), {"segment_id": one}) for one in numbers])


def compare(items: list[Item]) -> Outcome:
    """Handler of `segment.due`: write who came and who went; of a segment that is gone, nobody is left."""
    changes: list[tuple[int, set[int], set[int]]] = []
    with db.read() as session:
        for number in sorted({int(item.payload["segment_id"]) for item in items}):
            row = session.get(Segment, number)
            now = accounts(session, conditions.read(row.conditions)) if row is not None else set()
            before = membership.of(session, number)
            if now != before:
                changes.append((number, now - before, before - now))

    def write(session: Session) -> None:
        for one in changes:
            membership.change(session, *one)

    return Outcome(write) if changes else DONE


def accounts(session: Session, group: conditions.Group) -> set[int]:
    """The accounts of the people whom a filter finds now."""
    found = people.statement(session, group, db.now()).subquery()
    i = db.table(Identity)
    linked = sa.select(i.c.id).join(found, found.c.contact_id == i.c.contact_id).where(~i.c.ours)
    alone = sa.select(found.c.identity_id).where(found.c.identity_id.is_not(None))
    return {int(one) for one in session.scalars(sa.union_all(linked, alone))}
