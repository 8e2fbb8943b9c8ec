"""A contact out of a file gives way to the CRM's own record of the same person, found by e-mail address."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment import filling, index
from enrichment.keys import Key
from enrichment.models import CrmRecord, MatchKey

CSV = "csv"


def give_way(session: Session, record_ids: Collection[str]) -> dict[int, set[Key]]:
    """Of these CRM records, just stored: contacts out of files with the same e-mail address end in them.

    Returns the rows that ended, with the keys they had. An address on several records decides nothing.
    """
    r, mine, theirs = db.table(CrmRecord), db.table(MatchKey), db.table(MatchKey).alias()
    old = r.alias()
    query = (
        sa.select(old.c.id, r.c.record_id)
        .select_from(r)
        .join(mine, sa.and_(mine.c.crm_record_id == r.c.id, mine.c.kind == "email"))
        .join(theirs, sa.and_(theirs.c.value == mine.c.value, theirs.c.kind == "email"))
        .join(old, sa.and_(old.c.id == theirs.c.crm_record_id, old.c.object == CSV, ~old.c.deleted))
        .where(r.c.record_id.in_(sorted(record_ids)), r.c.object != CSV, ~r.c.deleted)
        .distinct()
    )
    heirs: dict[int, set[str]] = {}
    for row_id, record_id in session.execute(query):
        heirs.setdefault(row_id, set()).add(record_id)
    ended = {row_id: names.pop() for row_id, names in heirs.items() if len(names) == 1}
    keys = index.stored_keys(session, ended) if ended else {}
    for row_id, heir in sorted(ended.items()):
        session.execute(sa.update(r).where(r.c.id == row_id).values(deleted=True, successor=heir))
    if ended:
        session.expire_all()
        for row_id, heir in sorted(ended.items()):
            filling.inherit(session, row_id, heir)
        index.put_records(session, {row_id: set() for row_id in ended})
    return {row_id: keys.get(row_id, set()) for row_id in ended}


def known(session: Session, addresses: Collection[str]) -> set[str]:
    """Those of the canonical e-mail addresses that stand on a living record of the CRM."""
    r, k = db.table(CrmRecord), db.table(MatchKey)
    query = (
        sa.select(k.c.value)
        .join(r, r.c.id == k.c.crm_record_id)
        .where(k.c.value.in_(sorted(addresses)), k.c.kind == "email", r.c.object != CSV, ~r.c.deleted)
    )
    return set(session.scalars(query))
