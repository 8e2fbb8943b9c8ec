"""What platforms sent that nobody could read, and webhooks' bodies that could not be handled: looked at, dropped."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from inbox.models import BadItem, Delivery


def items(session: Session, limit: int, before: int = 0) -> Sequence[BadItem]:
    """Items, newest first; `before` goes on after the last one of the page before."""
    b = db.table(BadItem)
    query = sa.select(BadItem).order_by(b.c.id.desc()).limit(limit)
    return session.scalars(query.where(b.c.id < before) if before else query).all()


def deliveries(session: Session, limit: int, before: int = 0) -> Sequence[Delivery]:
    """Bodies that failed, newest first."""
    d = db.table(Delivery)
    query = sa.select(Delivery).where(d.c.error != "").order_by(d.c.id.desc()).limit(limit)
    return session.scalars(query.where(d.c.id < before) if before else query).all()


def drop(session: Session, item_id: int, actor: str) -> bool:
    """Remove an item for good; False when there is none."""
    b = db.table(BadItem)
    gone = session.execute(sa.delete(b).where(b.c.id == item_id).returning(b.c.id)).first() is not None
    if gone:
        audit.record(session, actor, "bad_item.dropped", f"bad_item:{item_id}")
    return gone
