"""What webhooks do by the clock: old deliveries go."""

from __future__ import annotations

import time

import sqlalchemy as sa

from core import db
from web.outgoing.models import Told
from web.outgoing.tasks import KEPT

EVERY = 3600.0
AT_ONCE = 5_000
_looked = {"at": float("-inf")}


def due() -> int:
    """Clock job: forget deliveries that are older than KEPT, some at a time, the oldest first; returns how many."""
    if time.monotonic() - _looked["at"] < EVERY:
        return 0
    gone = expire()
    if gone < AT_ONCE:
        _looked["at"] = time.monotonic()
    return gone


def expire() -> int:
    """Forget some of them now; whether they arrived or not."""
    t = db.table(Told)
    old = sa.select(t.c.id).where(t.c.at < db.now() - KEPT).order_by(t.c.at).limit(AT_ONCE)
    with db.read() as session:
        ids = list(session.scalars(old))
    if not ids:
        return 0
    with db.write() as session:
        session.execute(sa.delete(t).where(t.c.id.in_(old)))
    return len(ids)
