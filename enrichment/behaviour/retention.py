"""Events are kept for a time. What is older goes, but for each customer's newest word on what a page shows of them.

Once a day a letter begins a pass; each letter does one batch and writes the next one, so a worker that dies costs a
batch. Orders are no events and stay. What would be deleted at once is not taken in (enrichment.behaviour.intake),
so a message that is sent again after its time does not count twice.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.settings import settings
from enrichment.behaviour import declared
from enrichment.behaviour.models import TrackEvent
from enrichment.behaviour.who import alone

TOPIC = "behaviour.due"
BATCH = 2_000
"""Events of one letter."""
WORDS = 500
"""Descriptions of themselves of one letter."""
EVERY_SECONDS = 86_400.0
START = datetime(1970, 1, 1, tzinfo=UTC)
_begun = {"at": float("-inf")}


def reaches(moment: datetime) -> datetime | None:
    """From when on events are kept; None when they are kept for good."""
    days = settings().behaviour_days
    return moment - timedelta(days=days) if days else None


def due() -> None:
    """Clock job: begin a pass when this process has not for a day."""
    if time.monotonic() - _begun["at"] < EVERY_SECONDS:
        return
    _begun["at"] = time.monotonic()
    if reaches(db.now()) is not None:
        with db.write() as session:
            outbox.emit(session, TOPIC, [("events", {})])


def step(session: Session, mark: Mapping[str, Any]) -> None:
    """One batch of a pass, and the letter for the next: events first, then what people said of themselves."""
    before = reaches(db.now())
    if before is None:
        return
    alone(session)
    gone, place = int(mark.get("gone", 0)), mark.get("at")
    if place is None:
        deleted = _events(session, before)
        gone += deleted
        follow: dict[str, Any] = {} if deleted == BATCH else {"at": START.isoformat(), "id": 0}
    else:
        rows = _words(session, before, datetime.fromisoformat(place), int(mark["id"]))
        gone += _outdated(session, rows)
        if len(rows) < WORDS:
            if gone:
                detail = {"events": gone, "before": before.isoformat()}
                audit.record(session, "system", "behaviour.expired", "behaviour", detail)
            return
        follow = {"at": rows[-1].at.isoformat(), "id": rows[-1].id}
    outbox.emit(session, TOPIC, [("events", {"gone": gone, **follow})])


def _events(session: Session, before: datetime) -> int:
    e = db.table(TrackEvent)
    oldest = sa.select(e.c.id).where(e.c.kind == "track", e.c.at < before).order_by(e.c.at).limit(BATCH)
    ids = session.scalars(oldest).all()
    session.execute(sa.delete(e).where(e.c.id.in_(ids)))
    return len(ids)


def _words(session: Session, before: datetime, at: datetime, number: int) -> Sequence[Any]:
    """Descriptions of themselves from a place on, the oldest first."""
    e = db.table(TrackEvent)
    further = sa.and_(e.c.at >= at, sa.or_(e.c.at > at, e.c.id > number))
    query = sa.select(e).where(e.c.kind == "identify", e.c.at < before, further)
    return session.execute(query.order_by(e.c.at, e.c.id).limit(WORDS)).all()


def _outdated(session: Session, rows: Sequence[Any]) -> int:
    """Delete those on whose every subject the customer spoke later; of the others, keep only what is shown."""
    e = db.table(TrackEvent)
    contacts = sorted({row.contact_id for row in rows if row.contact_id})
    spoken = sa.select(e.c.id, e.c.contact_id, e.c.properties).where(
        e.c.kind == "identify", e.c.contact_id.in_(contacts)
    )
    newest: dict[tuple[str, str], int] = {}
    for row in session.execute(spoken.order_by(e.c.at.desc(), e.c.id.desc())):
        for subject in declared.subjects(row.properties):
            newest.setdefault((row.contact_id, subject), row.id)
    kept = set(newest.values())
    gone = [row.id for row in rows if row.id not in kept]
    session.execute(sa.delete(e).where(e.c.id.in_(gone)))
    for row in rows:
        values = {"properties": declared.bare(row.properties), "context": {}}
        if row.id in kept and (row.properties, row.context) != (values["properties"], {}):
            session.execute(sa.update(e).where(e.c.id == row.id).values(**values))
    return len(gone)
