"""What a reply does to its conversation: it is closed or snoozed as the reply is queued, and stands as before again
when that is taken back or does not leave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import desk, stood
from inbox.fields import values
from inbox.models import Conversation, ReplyRow

NOT_LATER = "What leaves later cannot close the conversation now. Send it at once, or do not close."
NOT_SNOOZED_LATER = "What leaves later cannot snooze the conversation now. Send it at once, or do not snooze."
NOT_BOTH = "A reply closes the conversation or snoozes it, not both."


def fits(*, close: bool, snooze_until: datetime | None, later: bool) -> None:
    """Rejected when a reply cannot do that to its conversation."""
    if close and snooze_until is not None:
        raise Rejected(NOT_BOTH)
    if later and (close or snooze_until is not None):
        raise Rejected(NOT_LATER if close else NOT_SNOOZED_LATER)
    if snooze_until is not None:
        desk.ahead(snooze_until)


def check(session: Session, reply: ReplyRow) -> None:
    """Rejected when a reply that has to be approved is to close what lacks a field that is needed to close."""
    if reply.closes and _stands(session, reply).state != "closed" and values.missing(session, reply.conversation_id):
        raise Rejected(values.MISSING)


def do(session: Session, reply: ReplyRow) -> None:
    """Close or snooze the conversation of a reply that is queued, once; Rejected where a field is needed to close.

    A conversation that would have come back by now, as the reply waited for its approval, is not snoozed.
    """
    late = reply.snooze_until is not None and reply.snooze_until <= db.now()
    if reply.stood or late or not (reply.closes or reply.snooze_until):
        return
    row = session.get(Conversation, reply.conversation_id, populate_existing=True, with_for_update=True)
    was, number = stood.written(row), reply.conversation_id
    if reply.snooze_until is not None:
        done = desk.snooze(session, number, reply.snooze_until, reply.author)
    else:
        done = desk.close(session, number, reply.author)
    if done:
        reply.stood, reply.closed_at = was, _stands(session, reply).closed_at
        session.add(reply)
        session.flush()


def take_back(session: Session, reply: ReplyRow, actor: str) -> None:
    """The conversation stands as before this reply closed or snoozed it, unless somebody changed that since."""
    if not reply.stood:
        return
    if _as_left(reply, _stands(session, reply)):
        state, until = stood.read(reply.stood)
        try:
            desk.restore(session, reply.conversation_id, state, until, actor)
        except Rejected:  # it was closed, and a field is needed to close by now
            desk.reopen(session, reply.conversation_id, actor)
    reply.stood, reply.closed_at = "", None
    session.add(reply)
    session.flush()


def _as_left(reply: ReplyRow, row: Any) -> bool:
    if reply.snooze_until is not None:
        return bool(row.state == "snoozed" and row.snoozed_until == reply.snooze_until)
    return bool(row.state == "closed" and row.closed_at == reply.closed_at)


def _stands(session: Session, reply: ReplyRow) -> Any:
    c = db.table(Conversation)
    query = sa.select(c.c.state, c.c.closed_at, c.c.snoozed_until).where(c.c.id == reply.conversation_id)
    return session.execute(query.with_for_update()).one()
