"""The handler of deeds on many conversations: batch after batch, in turn with the jobs of others."""

from __future__ import annotations

import time

from sqlmodel import Session

from core import outbox
from core.outbox import Item, Outcome
from inbox.many import work as bulk
from inbox.visibility import Sight
from inbox.worker_models import User
from web import roles

AT_ONCE = 50
"""So many conversations are treated while their author waits; more are left to the worker."""
SECONDS = 3.0
"""So long one job is worked at before the next one has its turn."""
REST = 0.02
"""Seconds between two batches in which whoever waits to write has their turn."""


def work(items: list[Item]) -> Outcome:
    """Outbox handler of `list.due`: what is left after a while goes on with a letter of its own."""
    left = [item for item in items if _goes_on(int(item.payload["job_id"]))]

    def write(session: Session) -> None:
        outbox.emit(session, "list.due", [(item.key, item.payload) for item in left])

    return Outcome(write=write if left else None)


def _goes_on(job_id: int) -> bool:
    end = time.monotonic() + SECONDS
    while bulk.step(job_id, may):
        if time.monotonic() > end:
            return True
        outbox.keep_alive()
        time.sleep(REST)
    return False


def may(session: Session, actor: str) -> Sight | None:
    """What somebody sees who may change conversations at present; None for who may not, or is gone."""
    number = actor.removeprefix("user:")
    user = session.get(User, int(number)) if number.isdecimal() else None
    if user is None or user.disabled or "conversations.manage" not in roles.granted_to(session, user.role):
        return None
    return roles.sight(session, user)
