"""The demo's survey: made and switched on once, and some conversations closed, so that customers are asked."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from core import db
from inbox import consent, desk
from inbox.models import Conversation
from inbox.surveys import sending, store
from web import survey_form

NAME = "How was it?"
CLOSED = 24
"""Conversations that are closed, so that reports have something to show."""
BETWEEN = 5.0


def begin() -> bool:
    """Ask how it was, unless the demo asks something already."""
    with db.write() as session:
        if store.every(session):
            return False
        consent.switch(session, sending.PURPOSE, enabled=True, basis="consent", actor="demo")
        wanted = survey_form.begun("csat", NAME)
        number = store.save(session, None, "csat", wanted, "demo")
        row = store.get(session, number)
        row.delay = 0
        session.add(row)
        store.switch(session, number, "demo", on=True)
    return True


def close_one() -> int | None:
    """Close a conversation that somebody answered, else the oldest open one that is private; its number."""
    c = db.table(Conversation)
    query = (
        sa.select(c.c.id)
        .where(c.c.inbox == sa.true(), c.c.state.in_(("open", "pending")), c.c.platform != "telegram")
        .order_by(c.c.state.desc(), c.c.private.desc(), c.c.id)
    )
    with db.write() as session:
        number: int | None = session.scalars(query.limit(1)).first()
        if number is not None:
            desk.close(session, number, "user:1")
    return number


def play() -> threading.Thread:
    """Close some conversations beside everything else, one every few seconds."""

    def work() -> None:
        pause = threading.Event()
        for _ in range(CLOSED):
            pause.wait(BETWEEN)
            close_one()

    thread = threading.Thread(target=work, name="demo-closes", daemon=True)
    thread.start()
    return thread
