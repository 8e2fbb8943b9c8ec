"""What is due by the clock: pulls of feeds and look-ups of recent messages."""

from __future__ import annotations

from datetime import timedelta

import redis
import sqlalchemy as sa

from connectors.capabilities import BY_NAME
from core import broker, db, outbox
from core.queue import SWEEP_SECONDS
from core.settings import settings
from inbox.models import Account, Feed

STREAMED_EVERY = 300.0
"""Seconds between pulls of an account whose stream stands: only a net under it."""


def due() -> None:
    """Emit the feeds and look-ups whose time has come; called by every sweep."""
    moment = db.now()
    near = moment + timedelta(seconds=SWEEP_SECONDS / 2)  # the nearest sweep, not the first one after
    f, a = db.table(Feed), db.table(Account)
    query = (
        sa.select(f.c.id, f.c.name, a.c.id.label("account_id"), a.c.platform)
        .join(a, a.c.id == f.c.account_id)
        .where(f.c.enabled, f.c.due_at <= near, a.c.state == "active")
        .order_by(f.c.id)
    )
    checks = sa.select(a.c.id, a.c.platform).where(a.c.state == "active", a.c.recheck_at <= moment).order_by(a.c.id)
    with db.read() as session:
        feeds, accounts = session.execute(query).all(), session.execute(checks).all()
    if not feeds and not accounts:
        return
    waits = {row.id: timedelta(seconds=interval(row.platform, row.account_id)) for row in feeds}
    with db.write() as session:
        later = moment + timedelta(seconds=settings().recheck_seconds)
        for row in accounts:  # accounts before feeds, in order: as everybody locks them
            session.execute(sa.update(a).where(a.c.id == row.id).values(recheck_at=later))
        for row in feeds:
            session.execute(sa.update(f).where(f.c.id == row.id).values(due_at=moment + waits[row.id]))
        outbox.emit(session, "feed.due", [(str(row.id), {"feed_id": row.id}) for row in feeds])
        able = [row.id for row in accounts if row.platform in BY_NAME and BY_NAME[row.platform].recheck]
        outbox.emit(session, "recheck.due", [(str(one), {"account_id": one}) for one in able])


def interval(platform: str, account_id: int) -> float:
    """Seconds until the next pull of a feed of this account."""
    row = BY_NAME.get(platform)
    polled = settings().poll_seconds or (row.poll_seconds if row is not None else 60.0)
    if row is not None and row.stream and streaming(account_id):
        return max(polled, STREAMED_EVERY)
    return polled


def streaming(account_id: int) -> bool:
    """The stream process holds a live line for this account."""
    try:
        return bool(broker.client().exists(f"{broker.prefix()}streaming:{account_id}"))
    except redis.RedisError:
        return False
