"""What rules are asked about: messages that came, and what people or the clock did to conversations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.event import MESSAGE_KINDS
from inbox import activities
from inbox.models import Activity, Message

ABOUT_MESSAGES = ("message", "opened")
"""Triggers that a message pulls; the others are pulled by deeds."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that rules are asked about."""

    key: str
    conversation_id: int
    at: datetime
    triggers: Collection[str]
    heard: bool = True
    """Which subjects a message is about has been decided."""


def received(
    session: Session, *wanted: sa.ColumnElement[bool], heard: bool = True, newest: int | None = None
) -> list[Happened]:
    """Messages of customers that came, in their order; out of so many of the newest."""
    m = db.table(Message)
    earlier = m.alias()
    asked = (earlier.c.conversation_id == m.c.conversation_id, earlier.c.direction == "inbound")
    first = ~sa.exists().where(*asked, earlier.c.kind.in_(sorted(MESSAGE_KINDS)), earlier.c.id < m.c.id)
    query = (
        sa.select(m.c.id, m.c.conversation_id, m.c.stored_at, m.c.posted_at, first.label("first"))
        .where(*wanted, m.c.direction == "inbound", m.c.origin == "inbox")
        .where(m.c.kind.in_(sorted(MESSAGE_KINDS)), m.c.deleted_at.is_(None))
        .order_by(m.c.id.desc())
        .limit(newest)
    )
    return [
        Happened(
            f"message:{row.id}",
            row.conversation_id,
            row.stored_at,
            ABOUT_MESSAGES if row.first else ("message",),
            heard,
        )
        for row in sorted(session.execute(query), key=lambda row: (row.posted_at, row.id))
    ]


def done(session: Session, *wanted: sa.ColumnElement[bool], newest: int | None = None) -> list[Happened]:
    """Deeds of people and of the clock, in their order, without those of rules; out of so many of the newest."""
    a = db.table(Activity)
    query = sa.select(a.c.id, a.c.conversation_id, a.c.at, a.c.what, a.c.actor).where(*wanted)
    return [
        Happened(f"activity:{row.id}", row.conversation_id, row.at, _triggers(row.what))
        for row in sorted(session.execute(query.order_by(a.c.id.desc()).limit(newest)), key=lambda row: row.id)
        if activities.asks_rules(row.actor)
    ]


def _triggers(what: str) -> Sequence[str]:
    if what.startswith("sla"):
        return ("sla",)
    if what.startswith("survey"):
        return ("survey",) if what == "surveyed" else ()
    return (what, "updated") if what in ("tagged", "assigned", "closed") else ("updated",)
