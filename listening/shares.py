"""Links to one report for people of chosen roles: made, opened, taken back."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import BadPayload
from listening.models import SharedReport

_BYTES = 24


def share(session: Session, subject_id: int, parameters: Mapping[str, Any], roles: Collection[str], actor: str) -> str:
    """A new link for these roles; returns its token, which is not kept. BadPayload without a role."""
    if not roles:
        raise BadPayload("A link needs at least one role that may open it.")
    token = secrets.token_urlsafe(_BYTES)
    row = SharedReport(
        digest=_digest(token),
        subject_id=subject_id,
        parameters={name: value for name, value in parameters.items() if value},
        roles=sorted(roles),
        created_by=actor,
        at=db.now(),
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "report.shared", f"share:{row.id}", {"subject": subject_id, "roles": sorted(roles)})
    return token


def find(session: Session, token: str, role: str) -> SharedReport | None:
    """The link behind a token; None when there is none, it was taken back, or this role may not open it."""
    t = db.table(SharedReport)
    query = sa.select(SharedReport).where(t.c.digest == _digest(token), t.c.revoked.is_(None))
    found = session.scalars(query).first()
    return found if found is not None and role in found.roles else None


def links(session: Session, subject_id: int) -> Sequence[SharedReport]:
    """The links of a subject's reports that still open, newest first."""
    t = db.table(SharedReport)
    query = sa.select(SharedReport).where(t.c.subject_id == subject_id, t.c.revoked.is_(None))
    return session.scalars(query.order_by(t.c.id.desc())).all()


def revoke(session: Session, share_id: int, actor: str) -> int:
    """Take a link back; the subject it was about. BadPayload when there is none."""
    row = session.get(SharedReport, share_id)
    if row is None:
        raise BadPayload("There is no such link.")
    if row.revoked is None:
        row.revoked = db.now()
        session.add(row)
        audit.record(session, actor, "report.unshared", f"share:{share_id}")
    return row.subject_id


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
