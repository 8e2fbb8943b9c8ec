"""Passes over what is stored: one is under way at most, and how far it has come stands in its row."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from sentiment.upkeep import AnnotationPass

TOPIC = "annotation.stale"


def begin(
    session: Session, actor: str, since: datetime | None = None, rated_since: datetime | None = None
) -> AnnotationPass:
    """Have stored messages annotated again in the background, the newest first; a pass under way goes on in this one.

    `since`: only messages written from then on; `rated_since`: only those annotated from then on.
    """
    before = running(session)
    if before is not None:
        since = min(since, before.since) if since and before.since else None
        rated_since = min(rated_since, before.rated_since) if rated_since and before.rated_since else None
        before.ended_at = db.now()
        session.add(before)
    row = AnnotationPass(actor=actor, since=since, rated_since=rated_since, started_at=db.now())
    session.add(row)
    session.flush()
    announce(session, int(row.id or 0))
    audit.record(session, actor, "annotation.again", f"pass:{row.id}")
    return row


def announce(session: Session, number: int) -> None:
    """Have the next step of a pass done."""
    outbox.emit(session, TOPIC, [(f"pass:{number}", {"pass_id": number})])


def running(session: Session) -> AnnotationPass | None:
    """The pass under way."""
    p = db.table(AnnotationPass)
    query = sa.select(AnnotationPass).where(p.c.ended_at.is_(None)).order_by(p.c.id.desc()).limit(1)
    return session.scalars(query).first()


def newest(session: Session) -> AnnotationPass | None:
    """The pass under way, or the last one."""
    p = db.table(AnnotationPass)
    return session.scalars(sa.select(AnnotationPass).order_by(p.c.id.desc()).limit(1)).first()
