"""The people of this installation for learning weights without labels: who may be matched, in comparable forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment import linking, mirror
from enrichment.keys import profile
from enrichment.matching import learn
from enrichment.matching.people import Account, Person, account, person
from enrichment.models import CrmRecord
from inbox import consent
from inbox.models import Identity

CHUNK = 1000


def learned(engine: str) -> learn.Learned:
    """Learn from the mirror of the CRM and the accounts that may be matched; Rejected when they are too few."""
    with db.read() as session:
        people, accounts = list(_people(session)), list(_accounts(session))
    return learn.learned(people, accounts, engine)


def _people(session: Session) -> Iterator[Person]:
    """Living records, but for people who object."""
    r = db.table(CrmRecord)
    query = sa.select(CrmRecord).where(~r.c.deleted, r.c.successor == "", ~r.c.objects).order_by(r.c.id)
    for row in session.scalars(query).yield_per(CHUNK):
        values: dict[str, Any] = row.model_dump()
        yield person(mirror.typed(row.record_id, values))


def _accounts(session: Session) -> Iterator[Account]:
    i = db.table(Identity)
    ids = list(session.scalars(sa.select(i.c.id).where(~i.c.ours).order_by(i.c.id)))
    for start in range(0, len(ids), CHUNK):
        allowed = consent.may_many(session, ids[start : start + CHUNK], "match")
        for view in linking.views(session, allowed):
            yield account(profile(view))
