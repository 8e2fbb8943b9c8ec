"""Ids and e-mail addresses by which customers are recognised."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment.behaviour.models import CustomerKey, CustomerOrder, TrackEvent
from enrichment.models import CrmRecord, MatchKey

Key = tuple[str, str]
"""(user, email or anonymous; value)."""
BURIED = "customer"
"""Kind of tombstone of an erased key."""


def known(session: Session, keys: Collection[Key]) -> dict[Key, str | None]:
    """Whose each key is; None for one that several people used."""
    k = db.table(CustomerKey)
    found: dict[Key, str | None] = {}
    for kind in sorted({kind for kind, _ in keys}):
        values = sorted({value for one, value in keys if one == kind})
        query = sa.select(k.c.value, k.c.contact_id).where(k.c.kind == kind, k.c.value.in_(values))
        found |= {(kind, value): contact for value, contact in session.execute(query)}
    return found


def word(key: Key) -> str:
    """A key as tombstones name it."""
    return f"{key[0]}:{key[1]}"


def keys_of(session: Session, contact_ids: Collection[str]) -> list[Key]:
    """Every key of these contacts."""
    k = db.table(CustomerKey)
    query = sa.select(k.c.kind, k.c.value).where(k.c.contact_id.in_(sorted(contact_ids)))
    return [(kind, value) for kind, value in session.execute(query.order_by(k.c.kind, k.c.value))]


def records_with(session: Session, addresses: Iterable[str]) -> dict[str, list[CrmRecord]]:
    """Canonical address → living records that carry it."""
    r, k = db.table(CrmRecord), db.table(MatchKey)
    query = (
        sa.select(k.c.value, CrmRecord)
        .join(r, r.c.id == k.c.crm_record_id)
        .where(k.c.kind == "email", k.c.value.in_(sorted(set(addresses))), ~r.c.deleted, r.c.successor == "")
        .order_by(r.c.id)
    )
    found: dict[str, list[CrmRecord]] = {}
    for value, record in session.execute(query):
        found.setdefault(value, []).append(record)
    return found


def of_record(session: Session, addresses: Collection[str]) -> str | None:
    """The one customer with one of these canonical addresses, when no CRM record stands for them yet."""
    owners = {owner for owner in known(session, [("email", one) for one in addresses]).values() if owner}
    if len(owners) != 1:
        return None
    (owner,) = owners
    r = db.table(CrmRecord)
    taken = (
        sa.select(r.c.id)
        .where(sa.func.coalesce(r.c.home_id, r.c.contact_id) == owner, ~r.c.deleted, r.c.successor == "")
        .limit(1)
    )
    return None if session.execute(taken).first() else owner


def adopt(session: Session, anonymous: str, contact_id: str) -> None:
    """What an unknown visitor did is this contact's from now on."""
    for table in (db.table(TrackEvent), db.table(CustomerOrder)):
        mine = sa.and_(table.c.anonymous_id == anonymous, table.c.contact_id.is_(None))
        session.execute(sa.update(table).where(mine).values(contact_id=contact_id, anonymous_id=""))
