"""The platform's own copy of a reply whose fate was unclear: it says that the reply arrived, and stands once.

A copy has the reply's words, in its conversation, at about the moment of the attempt. It settles what is unclear and
what is sent again but has not left, and takes the place of the message that somebody's word had made (inbox.declared).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.event import MESSAGE_KINDS, Event
from inbox import activities, replies, search
from inbox.cuts import counting
from inbox.models import Message, ReplyRow

APART = timedelta(minutes=15)
"""So far apart the platform and we may put the same moment."""
MADE = ":declared:"
"""Stands in the key of a message that somebody's word made; no platform has it."""


def join(session: Session, events: Iterable[Event], new: Mapping[str, int]) -> None:
    """Give the replies whose fate is unclear those of the messages that just came which are their copies.

    `new` are the ids of the messages by their keys.
    """
    keys = [
        one.key
        for one in events
        if one.direction == "outbound" and one.origin == "inbox" and one.kind in MESSAGE_KINDS
        and one.text.strip() and MADE not in one.key and one.key in new
    ]  # fmt: skip
    if not keys:
        return
    r = db.table(ReplyRow)
    waits = sa.and_(r.c.state == "queued", r.c.attempts == 0)
    open_still = sa.or_(r.c.state == "unknown", waits, r.c.declared_by != "")
    taken: set[int] = set()
    for row in _pairs(session, db.table(Message).c.id.in_([new[key] for key in keys]), open_still):
        if row.id in taken or row.message_id in taken or _on_its_way(session, row):
            continue
        taken |= {row.id, row.message_id}
        _settle(session, row)


def found(session: Session, reply_id: int) -> bool:
    """Whether the copy of a reply had come before anybody knew that its fate is unclear; it is settled then."""
    r, m = db.table(ReplyRow), db.table(Message)
    nobodys = ~sa.exists().where(r.c.message_id == m.c.id).correlate(m)
    for row in _pairs(session, nobodys, r.c.id == reply_id):
        _settle(session, row)
        return True
    return False


def _pairs(session: Session, *which: sa.ColumnElement[bool]) -> list[sa.Row[Any]]:
    """Replies with messages of the same words and about the same moment, the nearest first."""
    r, m = db.table(ReplyRow), db.table(Message)
    query = (
        sa.select(
            r.c.id, r.c.conversation_id, r.c.text, r.c.tried_at, r.c.message_id.label("made"),
            m.c.id.label("message_id"), m.c.key, m.c.posted_at, m.c.text.label("words"),
        )
        .join(m, m.c.conversation_id == r.c.conversation_id)
        .where(r.c.tried_at.is_not(None), m.c.direction == "outbound", m.c.deleted_at.is_(None), *which)
        .order_by(r.c.id, m.c.id)
    )  # fmt: skip
    rows = [
        row for row in session.execute(query) if row.text.strip() == row.words.strip() and row.made != row.message_id
    ]
    near = [row for row in rows if abs(row.posted_at - row.tried_at) <= APART]
    return sorted(near, key=lambda row: abs(row.posted_at - row.tried_at))


def _on_its_way(session: Session, row: sa.Row[Any]) -> bool:
    """Another reply of these very words is being sent: the copy may be its own."""
    r = db.table(ReplyRow)
    query = sa.select(r.c.text).where(r.c.conversation_id == row.conversation_id, r.c.state == "sending")
    return any(text.strip() == row.text.strip() for text in session.scalars(query))


def _settle(session: Session, row: sa.Row[Any]) -> None:
    if row.made is not None:
        drop(session, row.id)
    replies.mark_sent(session, row.id, row.key, row.posted_at)


def drop(session: Session, reply_id: int) -> None:
    """Take the message away that somebody's word made of a reply; its conversation is counted without it."""
    r, m = db.table(ReplyRow), db.table(Message)
    made = session.execute(
        sa.select(m.c.id, m.c.conversation_id, m.c.text).join(r, r.c.message_id == m.c.id).where(r.c.id == reply_id)
    ).one()
    ((number, before),) = counting.rows(session, [made.conversation_id]).items()
    trusted = counting.told(session, before)
    none = {"message_id": None, "declared_by": "", "declared_at": None}
    session.execute(sa.update(r).where(r.c.id == reply_id).values(**none))
    search.remove(session, [(made.id, search.body(made.text))])
    session.execute(sa.delete(m).where(m.c.id == made.id))
    counting.recount(session, before, state_too=trusted)
    activities.changed(session, [number])
