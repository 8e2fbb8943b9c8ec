"""The audit trail: who did what to what, append-only, each entry chained to the one before by its hash."""

from __future__ import annotations

import hashlib
import json
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlmodel import Field, Session, SQLModel

from core import db, turns
from core.turns import Turn

through: ContextVar[str] = ContextVar("audit_through", default="")
"""By what the actor acts now, when not by a page: `api_token:3`; stands in the detail of what is recorded."""


class AuditEntry(SQLModel, table=True):
    """One deed. `detail` holds ids and plain values, never texts or secrets."""

    __tablename__ = "audit"
    id: int | None = Field(default=None, sa_column=Column(db.BigId, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_column=Column(db.UtcDateTime, nullable=False))
    actor: str
    """`user:3`, `cli`, `rule:7` or `system`."""
    action: str
    target: str
    detail: dict[str, Any] = Field(sa_column=Column(sa.JSON, nullable=False))
    previous: str = ""
    digest: str = ""


def record(session: Session, actor: str, action: str, target: str, detail: dict[str, Any] | None = None) -> None:
    """Append an entry in the caller's transaction."""
    table = db.table(AuditEntry)
    turns.take(session, Turn.AUDIT)  # one chain
    previous = session.execute(sa.select(table.c.digest).order_by(table.c.id.desc()).limit(1)).scalar() or ""
    told = {**(detail or {}), **({"through": through.get()} if through.get() else {})}
    entry = AuditEntry(at=db.now(), actor=actor, action=action, target=target, detail=told, previous=previous)
    entry.digest = _digest(entry)
    session.add(entry)
    session.flush()


def _digest(entry: AuditEntry) -> str:
    words = [entry.previous, entry.at.isoformat(), entry.actor, entry.action, entry.target]
    text = json.dumps([*words, entry.detail], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def broken_at(session: Session) -> int | None:
    """The id of the first entry that was changed or whose predecessor is missing; None when all is whole."""
    previous = ""
    for entry in session.scalars(sa.select(AuditEntry).order_by(db.table(AuditEntry).c.id)):
        if entry.previous != previous or entry.digest != _digest(entry):
            return entry.id
        previous = entry.digest
    return None
