"""Wanting a lead or contact in the CRM, taking that back, and what is shown of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db, outbox
from core.errors import Rejected
from enrichment import connection, views
from enrichment.crm import Kind
from enrichment.making import form
from enrichment.making.models import CrmMade
from enrichment.models import CrmRecord
from enrichment.profile import hub_id
from inbox import people, telling
from inbox.models import Identity

NO_CRM = "No CRM is connected and switched on."
KNOWN = "This person stands in the CRM already."
PENDING = "This is on its way already."
AGAINST = "This person objects to standing in the CRM, or profiles there are switched off."
NOBODY = "This account is gone."
MADE = "It was made from here before and is not linked any more. Find it in the CRM and link it."
SENTENCES = (NO_CRM, KNOWN, PENDING, AGAINST, NOBODY, MADE)


def may_make(session: Session, identity_id: int) -> str:
    """Why nothing can be made for this account, as a sentence; empty when it can."""
    identity = session.get(Identity, identity_id)
    if identity is None or identity.ours:
        return NOBODY
    if not connection.standing(session).usable:
        return NO_CRM
    if views.stands_against(session, identity_id):
        return AGAINST
    return KNOWN if identity.contact_id is not None and _living(session, identity.contact_id) else ""


def _living(session: Session, contact_id: str) -> bool:
    r = db.table(CrmRecord)
    there = (r.c.contact_id == contact_id, ~r.c.deleted, r.c.successor == "", r.c.object != "csv")
    return session.execute(sa.select(r.c.id).where(*there).limit(1)).first() is not None


def want(session: Session, identity_id: int, object_: str, values: Mapping[str, str], actor: str) -> str:
    """Have it made with these fields; returns its key. A second click finds the one that waits."""
    identity = session.get(Identity, identity_id, with_for_update=True)
    why = may_make(session, identity_id)
    if why or identity is None:
        raise Rejected(why or NOBODY)
    if object_ not in form.OBJECTS:
        raise Rejected(NOBODY)
    kind: Kind = "lead" if object_ == "Lead" else "contact"
    key = hub_id(kind, f"{identity.platform}:{identity.external_id}")
    row = session.get(CrmMade, key, with_for_update=True)
    if row is not None and row.state == "pending":
        return key
    waits = shown(session, people.accounts(session, identity))
    if waits is not None and waits.state == "pending":
        raise Rejected(PENDING)
    if row is not None and row.state == "made" and _there(session, row.record_id):
        raise Rejected(MADE)
    if row is None:
        row = CrmMade(hub_id=key, object=object_, identity_id=identity_id, state="", actor=actor, at=db.now())
    row.values = {name: db.sound(value) for name, value in values.items() if value}
    row.state, row.code, row.message, row.record_id, row.actor, row.at = "pending", "", "", "", actor, db.now()
    session.add(row)
    session.flush()
    outbox.emit(session, "record.wanted", [(key, {"hub_id": key})])
    telling.person(session, [identity_id])
    audit.record(session, actor, "crm.record_wanted", f"identity:{identity_id}", {"object": object_, "key": key})
    return key


def _there(session: Session, record_id: str) -> bool:
    """Our mirror knows of it as living."""
    r = db.table(CrmRecord)
    query = sa.select(r.c.id).where(r.c.record_id == record_id, ~r.c.deleted, r.c.successor == "")
    return session.execute(query.limit(1)).first() is not None


def take_back(session: Session, identity_id: int, actor: str) -> bool:
    """What waits, or was refused, is no longer wanted; False when there is none."""
    m = db.table(CrmMade)
    change = sa.update(m).where(m.c.identity_id == identity_id, m.c.state.in_(("pending", "refused")))
    done = session.execute(
        change.values(state="undone", values={}, code="", message="", at=db.now()).returning(m.c.hub_id)
    )
    keys = [row.hub_id for row in done]
    for key in keys:
        audit.record(session, actor, "crm.record_taken_back", f"identity:{identity_id}", {"key": key})
    if keys:
        telling.person(session, [identity_id])
    return bool(keys)


def shown(session: Session, identity_ids: Sequence[int]) -> CrmMade | None:
    """What is on its way, or was refused, for these accounts of one person; what is on its way first."""
    m = db.table(CrmMade)
    sql = f"SELECT 1 FROM crm_made WHERE {bulk.among('identity_id')} LIMIT 1"  # noqa: S608  # our own names
    if not bulk.fetch(session, sql, bulk.listed(identity_ids), prepared=True):
        return None  # as for nearly everybody: pages ask each time
    query = sa.select(CrmMade).where(m.c.identity_id.in_(identity_ids), m.c.state.in_(("pending", "refused")))
    return session.scalars(query.order_by(m.c.state, m.c.at.desc()).limit(1)).first()
