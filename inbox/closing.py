"""Closing by a reply: done as the reply is queued, and taken back when it is taken back or does not leave."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import desk, stood
from inbox.fields import values
from inbox.models import Conversation, ReplyRow

NOT_LATER = "What leaves later cannot close the conversation now. Send it at once, or do not close."


def check(session: Session, reply: ReplyRow) -> None:
    """Rejected when a reply that has to be approved is to close what lacks a field that is needed to close."""
    state, _ = _stands(session, reply)
    if reply.closes and state != "closed" and values.missing(session, reply.conversation_id):
        raise Rejected(values.MISSING)


def close(session: Session, reply: ReplyRow) -> None:
    """Close the conversation of a reply that is queued, once; Rejected while a needed field is empty."""
    if not reply.closes or reply.closed_at is not None:
        return
    row = session.get(Conversation, reply.conversation_id, populate_existing=True, with_for_update=True)
    was = stood.written(row)
    if desk.close(session, reply.conversation_id, reply.author):
        reply.stood, reply.closed_at = was, _stands(session, reply)[1]
        session.add(reply)
        session.flush()


def take_back(session: Session, reply: ReplyRow, actor: str) -> None:
    """The conversation stands as before this reply closed it, unless it was opened, or closed again, since."""
    if reply.closed_at is None:
        return
    if _stands(session, reply) == ("closed", reply.closed_at):
        desk.restore(session, reply.conversation_id, *stood.read(reply.stood), actor)
    reply.stood, reply.closed_at = "", None
    session.add(reply)
    session.flush()


def _stands(session: Session, reply: ReplyRow) -> tuple[str, datetime | None]:
    c = db.table(Conversation)
    query = sa.select(c.c.state, c.c.closed_at).where(c.c.id == reply.conversation_id).with_for_update()
    state, closed_at = session.execute(query).one()
    return state, closed_at
