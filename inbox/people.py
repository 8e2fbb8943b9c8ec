"""Contacts and the identities behind which they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session
from ulid import ULID

from core import audit, db, outbox
from core.errors import Rejected
from inbox.models import Contact, Identity


def attribute(
    name: str, value: Any, source: str, confidence: float = 1.0, at: datetime | None = None
) -> dict[str, Any]:
    """One known fact with where it comes from; purpose and basis are those of profile building."""
    return {
        "name": name,
        "value": value,
        "source": source,
        "at": (at or db.now()).isoformat(),
        "confidence": confidence,
        "purpose": "profile",
        "basis": "legitimate_interest",
    }


def create_contact(session: Session, name: str, attributes: Sequence[dict[str, Any]] = ()) -> str:
    """A new contact; returns its id, which never changes."""
    contact = Contact(id=str(ULID()), name=name, attributes=list(attributes), created_at=db.now())
    session.add(contact)
    session.flush()
    return contact.id


def link(session: Session, identity_id: int, contact_id: str, actor: str, why: str) -> bool:
    """Say that an identity is this contact's; False when it is so already.

    Rejected when the identity belongs to another contact: unlink it first, so that nothing moves silently.
    """
    identity = session.get(Identity, identity_id)
    if identity is None:
        raise Rejected(f"There is no identity {identity_id}.")
    if identity.contact_id == contact_id:
        return False
    if identity.contact_id is not None:
        raise Rejected("This identity is linked to somebody else already. Unlink it there first.")
    identity.contact_id = contact_id
    session.add(identity)
    session.flush()
    payload = {"identity_id": identity_id, "contact_id": contact_id}
    outbox.emit(session, "person.linked", [(str(identity_id), payload)])
    audit.record(session, actor, "identity.linked", f"identity:{identity_id}", {"contact": contact_id, "why": why})
    return True


def unlink(session: Session, identity_id: int, actor: str, why: str) -> bool:
    """Take an identity away from its contact; the sync removes the link in the CRM too."""
    identity = session.get(Identity, identity_id)
    if identity is None or identity.contact_id is None:
        return False
    contact_id, identity.contact_id = identity.contact_id, None
    session.add(identity)
    session.flush()
    payload = {"identity_id": identity_id, "contact_id": None}
    outbox.emit(session, "person.linked", [(str(identity_id), payload)])
    audit.record(session, actor, "identity.unlinked", f"identity:{identity_id}", {"contact": contact_id, "why": why})
    return True


def identities_of(session: Session, contact_id: str) -> list[Identity]:
    """Everybody a contact is on the platforms."""
    i = db.table(Identity)
    return list(session.scalars(sa.select(Identity).where(i.c.contact_id == contact_id).order_by(i.c.id)))
