"""Looking at the outbox and mending it: what waits, what was given up, retry, drop, resume."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.outbox import OutboxRow, SubscriberState
from core.topics import SUBSCRIBERS


@dataclass(frozen=True)
class Backlog:
    """One subscriber's letters: how many are due, leased, waiting for later and given up."""

    subscriber: str
    due: int
    leased: int
    later: int
    dead: int
    next_at: float | None
    """Epoch seconds of the earliest row that waits for later."""
    paused: str
    """Why it is paused; empty when it runs."""


def overview() -> list[Backlog]:
    """Every subscriber with its letters, in the order of the table of subscribers."""
    t = db.table(OutboxRow)
    moment = time.time()
    alive = t.c.dead == 0
    free = alive & t.c.lease.is_(None)

    def total(condition: Any) -> Any:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    query = sa.select(
        t.c.subscriber,
        total(alive & (t.c.due_at <= moment)),
        total(alive & t.c.lease.is_not(None) & (t.c.due_at > moment)),
        total(free & (t.c.due_at > moment)),
        total(t.c.dead == 1),
        sa.func.min(sa.case((free & (t.c.due_at > moment), t.c.due_at))),
    ).group_by(t.c.subscriber)
    with db.read() as session:
        rows = {row[0]: row for row in session.execute(query)}
        states = {state.name: state for state in session.scalars(sa.select(SubscriberState))}
    result = []
    for name in SUBSCRIBERS:
        row = rows.get(name, (name, 0, 0, 0, 0, None))
        state = states.get(name)
        paused = (state.reason or "paused") if state is not None and state.paused else ""
        result.append(Backlog(name, row[1], row[2], row[3], row[4], row[5], paused))
    return result


def due_subscribers() -> set[str]:
    """Subscribers that have work now."""
    with db.read() as session:
        return {name for name in SUBSCRIBERS if waits(session, name)}


def waits(session: Session, name: str) -> bool:
    """A subscriber has work now."""
    t = db.table(OutboxRow)
    query = sa.select(t.c.id).where(t.c.subscriber == name, t.c.dead == 0, t.c.due_at <= time.time()).limit(1)
    return session.execute(query).first() is not None


def resume(session: Session, name: str) -> None:
    """Let a paused subscriber go on at once."""
    session.execute(sa.delete(SubscriberState).where(SubscriberState.name == name))  # type: ignore[arg-type]  # a column
    session.info.setdefault("rung", set()).add(name)


def dead_letters(session: Session, limit: int = 100, subscriber: str = "") -> Sequence[OutboxRow]:
    """Rows that were given up, of one subscriber or of all, newest first, with reason and payload."""
    t = db.table(OutboxRow)
    query = sa.select(OutboxRow).where(t.c.dead == 1)
    if subscriber:
        query = query.where(t.c.subscriber == subscriber)
    return session.scalars(query.order_by(t.c.id.desc()).limit(limit)).all()


def dead_ids(session: Session, subscriber: str, limit: int = 10_000) -> list[int]:
    """The numbers of a subscriber's rows that were given up, oldest first: for `retry_dead` and `drop_dead`."""
    t = db.table(OutboxRow)
    query = sa.select(t.c.id).where(t.c.dead == 1, t.c.subscriber == subscriber).order_by(t.c.id).limit(limit)
    return list(session.scalars(query))


def retry_dead(session: Session, row_ids: Sequence[int]) -> int:
    """Give dead rows another run; one whose key is announced again already is simply dropped. Returns how many."""
    t = db.table(OutboxRow)
    rows = session.execute(sa.select(t).where(t.c.id.in_(row_ids), t.c.dead == 1)).all()
    for row in rows:
        session.execute(sa.delete(t).where(t.c.id == row.id))
        session.info.setdefault("rung", set()).add(row.subscriber)
        insert = db.upsert(OutboxRow).on_conflict_do_nothing()
        session.execute(
            insert,
            [{"subscriber": row.subscriber, "topic": row.topic, "key": row.key, "payload": row.payload,
              "due_at": time.time(), "crashes": 0, "tries": 0, "dead": 0, "reason": ""}],
        )  # fmt: skip
    return len(rows)


def drop_dead(session: Session, row_ids: Sequence[int]) -> int:
    """Remove dead rows for good; the caller records who decided it."""
    t = db.table(OutboxRow)
    result = session.execute(sa.delete(t).where(t.c.id.in_(row_ids), t.c.dead == 1))
    return int(result.rowcount)  # type: ignore[attr-defined]  # a cursor result


def clear(session: Session, subscriber: str, actor: str, *, again: bool) -> int:
    """Give every letter that a subscriber gave up another run, or drop them all; returns how many."""
    number = (retry_dead if again else drop_dead)(session, dead_ids(session, subscriber))
    word = "outbox.retried" if again else "outbox.dropped"
    audit.record(session, actor, word, f"subscriber:{subscriber}", {"rows": number})
    return number
