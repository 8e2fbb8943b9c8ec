"""Which contacts' data may be used for a purpose: the inbox's word (inbox.consent) and the CRM's privacy records."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment.models import CrmRecord
from inbox import consent
from inbox.models import Contact


def contacts(session: Session, contact_ids: Iterable[str], purpose: str) -> set[str]:
    """Those of the contacts that neither objected, in person or by an account of theirs, nor say no in the CRM."""
    may = consent.may_contacts(session, contact_ids, purpose)
    if not may:
        return set()
    r = db.table(CrmRecord)
    c = db.table(Contact)
    whole = sa.func.coalesce(c.c.survivor_id, c.c.id)
    query = (
        sa.select(c.c.id)
        .join(r, sa.and_(r.c.contact_id == whole, r.c.objects, ~r.c.deleted))
        .where(c.c.id.in_(sorted(may)))
    )
    return may - set(session.scalars(query))
