"""Which records of a conversation are due when its Salesforce Case came, changed or went."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.settings import settings
from enrichment import connection
from enrichment.models import CrmCase, SyncState
from inbox.models import Message


def letters(session: Session, conversation_ids: Collection[int]) -> int:
    """Put the cases of these conversations on the list, and the interactions that hang from them."""
    k, m = db.table(CrmCase), db.table(Message)
    keys = session.scalars(
        sa.select(k.c.hub_id).join(m, m.c.id == k.c.message_id).where(m.c.conversation_id.in_(sorted(conversation_ids)))
    ).all()
    return connection.announce(session, [connection.letter("case", one) for one in keys]) + attach(session, keys)


def acknowledged(session: Session, status_of: Mapping[str, str]) -> None:
    """The CRM took these statuses, by the keys of their cases."""
    k = db.table(CrmCase)
    for key, status in sorted(status_of.items()):
        values = {"status": status, "closed": status == settings().crm_case_closed, "sent_at": db.now()}
        session.execute(sa.update(k).where(k.c.hub_id == key).values(**values))


def attach(session: Session, hub_ids: Collection[str]) -> int:
    """Put the interactions of these cases' conversations on the list: they get, or lose, their case."""
    k, s, m, first = db.table(CrmCase), db.table(SyncState), db.table(Message), db.table(Message).alias()
    query = (
        sa.select(s.c.hub_id)
        .join(m, m.c.id == s.c.message_id)
        .join(first, first.c.conversation_id == m.c.conversation_id)
        .join(k, k.c.message_id == first.c.id)
        .where(k.c.hub_id.in_(sorted(hub_ids)), s.c.kind == "interaction")
    )
    found = sorted(set(session.scalars(query)))
    return connection.announce(session, [connection.letter("interaction", one) for one in found])
