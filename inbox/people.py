"""Contacts and the identities behind which they stand."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session
from ulid import ULID

from core import audit, db, outbox, rows
from core.errors import Rejected
from inbox import attributes, consent
from inbox.models import Contact, Identity


def create_contact(session: Session, name: str, *, made_for_merge: bool = False) -> str:
    """A new contact; returns its id, which never changes."""
    contact = Contact(id=str(ULID()), name=name, created_at=db.now(), made_for_merge=made_for_merge)
    session.add(contact)
    session.flush()
    return contact.id


def survivor(session: Session, contact_id: str) -> str:
    """The person a contact is by now: itself, or what it was merged into."""
    c = db.table(Contact)
    return session.execute(sa.select(c.c.survivor_id).where(c.c.id == contact_id)).scalar() or contact_id


def members(session: Session, contact_id: str) -> list[str]:
    """Every contact that is the same person as this one, itself among them, the oldest first."""
    return [one for (one,) in rows.run(session, _members(db.dialect()), contact=contact_id)]


@lru_cache(maxsize=2)
def _members(dialect: str) -> rows.Prepared:
    return rows.prepare(whole(rows.asked("contact")).order_by(db.table(Contact).c.id))


def whole(contact_id: Any) -> sa.Select[tuple[str]]:
    """The same as a query, for conditions on rows that keep the contact they were given."""
    c = db.table(Contact)
    same = sa.select(sa.func.coalesce(c.c.survivor_id, c.c.id)).where(c.c.id == contact_id).correlate(None)
    person = same.scalar_subquery()
    return sa.select(c.c.id).where((c.c.id == person) | (c.c.survivor_id == person))


def home(row: Identity) -> str | None:
    """The contact an identity was linked to, whatever that one is merged into."""
    return row.home_id or row.contact_id


def link(session: Session, identity_id: int, contact_id: str, actor: str, why: str) -> bool:
    """Say that an identity is this contact's, or the survivor's when it is merged; False when it is so already.

    Rejected when the identity belongs to another contact: unlink it first, so that nothing moves silently.
    """
    identity = session.get(Identity, identity_id)
    if identity is None:
        raise Rejected(f"There is no identity {identity_id}.")
    c = db.table(Contact)
    locked = sa.select(c.c.survivor_id).where(c.c.id == contact_id).with_for_update()  # a merge waits, or is seen
    survivor = session.execute(locked).scalar() or contact_id
    if identity.contact_id == survivor:
        return False
    if identity.contact_id is not None:
        raise Rejected("This identity is linked to somebody else already. Unlink it there first.")
    identity.contact_id, identity.home_id = survivor, contact_id if survivor != contact_id else None
    session.add(identity)
    session.flush()
    attributes.hear(session, [identity_id])
    payload = {"identity_id": identity_id, "contact_id": survivor}
    outbox.emit(session, "person.linked", [(str(identity_id), payload)])
    consent.moved(session, identity_id, survivor)
    audit.record(session, actor, "identity.linked", f"identity:{identity_id}", {"contact": contact_id, "why": why})
    return True


def unlink(session: Session, identity_id: int, actor: str, why: str) -> bool:
    """Take an identity away from its contact; the sync removes the link in the CRM too."""
    identity = session.get(Identity, identity_id)
    if identity is None or identity.contact_id is None:
        return False
    contact_id, whole = home(identity), identity.contact_id
    identity.contact_id = identity.home_id = None
    session.add(identity)
    session.flush()
    attributes.unsay(session, identity_id)
    payload = {"identity_id": identity_id, "contact_id": None}
    outbox.emit(session, "person.linked", [(str(identity_id), payload)])
    consent.moved(session, identity_id, whole)
    audit.record(session, actor, "identity.unlinked", f"identity:{identity_id}", {"contact": contact_id, "why": why})
    return True


def accounts(session: Session, identity: Identity) -> list[int]:
    """The accounts of the person behind an account, itself among them; merges are followed."""
    i = db.table(Identity)
    if identity.contact_id is None:
        return [identity.id or 0]
    return list(session.scalars(sa.select(i.c.id).where(i.c.contact_id == identity.contact_id).order_by(i.c.id)))


def identities_of(session: Session, contact_id: str) -> list[Identity]:
    """Everybody a contact is on the platforms, as it was linked: merges are not followed."""
    i = db.table(Identity)
    whose = sa.func.coalesce(i.c.home_id, i.c.contact_id) == contact_id
    return list(session.scalars(sa.select(Identity).where(whose, _either(i, contact_id)).order_by(i.c.id)))


def _either(i: sa.Table, contact_id: str) -> sa.ColumnElement[bool]:
    """What the indices know."""
    return sa.or_(i.c.contact_id == contact_id, i.c.home_id == contact_id)
