"""Behaviour's subscribers of the outbox: forgetting people, and what is too old."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.outbox import Item, Outcome
from enrichment.behaviour import customers, retention
from enrichment.behaviour.models import CustomerKey, CustomerOrder, TrackEvent
from inbox import tombstones


def expire(items: list[Item]) -> Outcome:
    """Handler of `behaviour.due`: one batch of events that are too old."""
    (item,) = items
    return Outcome(lambda session: retention.step(session, item.payload))


def forget(items: list[Item]) -> Outcome:
    """Handler of `person.erased`: events, orders and keys go, and the keys do not bring the person back."""
    contacts = sorted({str(one) for item in items for one in item.payload.get("contact_ids") or ()})

    def write(session: Session) -> None:
        found = customers.keys_of(session, contacts)
        tombstones.bury(session, customers.BURIED, map(customers.word, found))
        visits = [value for kind, value in found if kind == "anonymous"]
        for table in (db.table(TrackEvent), db.table(CustomerOrder)):
            mine = table.c.contact_id.in_(contacts)
            unknown = sa.and_(table.c.contact_id.is_(None), table.c.anonymous_id.in_(visits))
            session.execute(sa.delete(table).where(mine | unknown))
        k = db.table(CustomerKey)
        session.execute(sa.delete(k).where(k.c.contact_id.in_(contacts)))

    return Outcome(write)
