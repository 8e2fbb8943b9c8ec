"""The outbox: work that follows from a fact, one row per item and subscriber, written in the fact's transaction.

The row is the letter, the broker only the doorbell (docs/decisions/0001-rows-and-leases-beside-celery.md).

    claim    own short transaction: lease the oldest due rows of one `crashes` level, crashes += 1
             (it does not wait for the disk: a lease that a power cut undoes is simply taken again)
    handle   outside any transaction: read, compute, call the network
    settle   one write transaction, fenced by the lease: results, further rows, and these rows gone

A batch narrows 200 -> 25 -> 3 -> 1 with the crashes of its rows, so that a row which kills its worker
dies alone. `crashes` counts deaths of workers, `tries` counts verdicts.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Index
from sqlmodel import Field, Session, SQLModel

from core import bulk, db, log, metrics
from core.errors import TryLater
from core.topics import SUBSCRIBERS, TOPICS, Subscriber

MAX_CRASHES = 5
MAX_TRIES = 12
"""Unexpected errors of one item before it is given up: about an hour of back-off."""

logger = log.get("outbox")
Handler = Callable[[list["Item"]], "Outcome"]


class OutboxRow(SQLModel, table=True):
    """A letter to one subscriber. `due_at` (epoch seconds) is also the end of its lease."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "outbox_due",
            "subscriber",
            "due_at",
            "id",
            sqlite_where=sa.text("dead = 0"),
            postgresql_where=sa.text("dead = 0"),
        ),
        Index(
            "outbox_waiting_key",
            "subscriber",
            "key",
            unique=True,
            sqlite_where=sa.text("lease IS NULL AND dead = 0"),
            postgresql_where=sa.text("lease IS NULL AND dead = 0"),
        ),
    )
    id: int | None = Field(default=None, sa_column=Column(db.BigId, primary_key=True, autoincrement=True))
    subscriber: str
    topic: str
    key: str
    payload: dict[str, Any] = Field(sa_column=Column(sa.JSON, nullable=False))
    due_at: float = Field(sa_column=Column(sa.Double, nullable=False))
    crashes: int = 0
    tries: int = 0
    lease: str | None = None
    dead: int = 0
    reason: str = ""


class SubscriberState(SQLModel, table=True):
    """A subscriber that was paused, by a person or by a batch that died as a whole."""

    __tablename__ = "subscriber"
    name: str = Field(primary_key=True)
    paused: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Item:
    """One claimed letter, as a handler sees it."""

    id: int
    topic: str
    key: str
    payload: dict[str, Any]
    tries: int = 0


@dataclass(frozen=True)
class Outcome:
    """What became of a batch. Items in neither `later` nor `dead` are done.

    `write` runs in the settling transaction and may `emit`; it is dropped with everything else when the
    lease was lost meanwhile, since another worker has the items then.
    """

    write: Callable[[Session], None] | None = None
    later: Mapping[int, TryLater] = field(default_factory=dict)
    dead: Mapping[int, str] = field(default_factory=dict)


DONE = Outcome()


class LeaseLost(Exception):
    """Another worker has these items now."""


@dataclass(frozen=True)
class Claim:
    """Rows leased to this worker."""

    subscriber: Subscriber
    lease: str
    items: list[Item]

    @property
    def ids(self) -> list[int]:
        """The rows' ids."""
        return [item.id for item in self.items]


_ROWS = {  # values: topic, due, subscribers, then the items
    "sqlite": "s.value, ?, i.key, i.value, ?, 0, 0, 0, '' FROM json_each(?) s, json_each(?) i WHERE true",
    "postgresql": "s.name, ?, i.key, i.payload::json, ?, 0, 0, 0, '' FROM unnest(?::text[]) s(name), "
    "unnest(?::text[], ?::text[]) i(key, payload) ORDER BY 1, 3",
}
_EMIT = {
    engine: "INSERT INTO outbox (subscriber, topic, key, payload, due_at, crashes, tries, dead, reason) "  # constants
    f"SELECT {rows} ON CONFLICT (subscriber, key) WHERE lease IS NULL AND dead = 0 DO UPDATE SET "
    "payload = excluded.payload, topic = excluded.topic, "
    "due_at = CASE WHEN outbox.due_at < excluded.due_at THEN outbox.due_at ELSE excluded.due_at END"
    for engine, rows in _ROWS.items()
}
Letters = Mapping[str, Mapping[str, Any]]
"""Payloads by their natural keys."""


# --- writing letters -------------------------------------------------------------------------------


def emit(
    session: Session,
    topic: str,
    items: Iterable[tuple[str, dict[str, Any]]],
    due_at: datetime | None = None,
) -> int:
    """Write one row per item and subscriber in the caller's transaction; returns the number of items.

    `items` are (natural key, payload). Of two unclaimed rows with one key the newer payload stays, at
    the earlier time. A subscriber that gathers gets one row for all. An unknown topic is a KeyError: it
    would be lost.
    """
    subscribers = [SUBSCRIBERS[name] for name in TOPICS[topic]]
    due = time.time() if due_at is None else due_at.timestamp()
    unique = dict(items)
    if not unique:
        return 0
    session.info.setdefault("rung", set()).update(TOPICS[topic])
    _write(session, topic, due, [one.name for one in subscribers if not one.gathers], unique)
    for one in subscribers:
        if one.gathers:
            _write(session, topic, due, [one.name], _gathered(one, unique))
    return len(unique)


def _gathered(subscriber: Subscriber, items: Letters) -> Letters:
    payloads = list(items.values())
    names = [name for name in subscriber.gathers if name in payloads[0]]
    return {secrets.token_hex(8): {name: [payload[name] for payload in payloads] for name in names}}


def _write(session: Session, topic: str, due: float, subscribers: list[str], items: Letters) -> None:
    if not subscribers:
        return
    if db.dialect() == "sqlite":
        values: tuple[Any, ...] = (bulk.json_text(subscribers), bulk.json_text(items))
    else:
        keys = sorted(items)
        values = (subscribers, keys, [bulk.json_text(items[key]) for key in keys])
    bulk.change(session, _EMIT[db.dialect()], topic, due, *values)


# --- letters that somebody else sees to -------------------------------------------------------------


def waiting(
    session: Session, subscriber: str, topic: str, start: str, limit: int, *, hold: bool = True
) -> dict[str, int]:
    """Key → row of due letters that nobody holds, the oldest first; of one topic, with keys beginning so.

    For a handler that does many letters' work at once: it takes them with `withdraw` in the same transaction;
    without `hold` it only counts them.
    """
    skip = " FOR UPDATE SKIP LOCKED" if hold and db.dialect() == "postgresql" else ""
    sql = (
        f"SELECT id, key FROM outbox WHERE {_DUE} AND lease IS NULL AND topic = ? AND key LIKE ? "  # noqa: S608  # constants
        f"ORDER BY due_at, id LIMIT ?{skip}"
    )
    rows = bulk.fetch(session, sql, subscriber, time.time(), topic, f"{start}%", limit)
    return {key: row_id for row_id, key in rows}


def withdraw(session: Session, ids: Iterable[int]) -> int:
    """Take letters back that nobody holds: their work is kept elsewhere in this transaction."""
    rows = list(ids)
    if not rows:
        return 0
    return bulk.change(session, f"DELETE FROM outbox WHERE lease IS NULL AND {bulk.among('id')}", bulk.listed(rows))  # noqa: S608  # constants


def hurry(session: Session, subscriber: str) -> int:
    """Make letters due now that only wait for others to go with them; those put off after a try go on waiting.

    Returns how many untried letters nobody holds yet, none when the subscriber is paused.
    """
    untried = "subscriber = ? AND lease IS NULL AND dead = 0 AND tries = 0"
    moment = time.time()
    session.info.setdefault("rung", set()).add(subscriber)
    bulk.change(session, f"UPDATE outbox SET due_at = ? WHERE {untried} AND due_at > ?", moment, subscriber, moment)  # noqa: S608  # constants
    count = (
        f"SELECT count(*) FROM outbox WHERE {untried} "  # noqa: S608  # constants
        "AND NOT EXISTS (SELECT 1 FROM subscriber WHERE name = ? AND paused)"
    )
    ((left,),) = bulk.fetch(session, count, subscriber, subscriber)
    return int(left)


# --- the three steps -------------------------------------------------------------------------------


_DUE = "subscriber = ? AND dead = 0 AND due_at <= ?"
_LOOK = (
    f"SELECT (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE {_DUE} LIMIT 1) one), "  # noqa: S608  # constants
    "(SELECT count(*) FROM subscriber WHERE name = ? AND paused)"
)
_OLDEST = f"SELECT crashes FROM outbox WHERE {_DUE} ORDER BY due_at, id LIMIT 1"  # noqa: S608  # constants
_CHOOSE = (
    f"SELECT id, topic, key, payload, tries FROM outbox WHERE {_DUE} AND crashes = ? "  # noqa: S608  # constants
    "ORDER BY due_at, id LIMIT ?"
)


def claim(subscriber: Subscriber, limit: int | None = None) -> Claim | None:
    """Lease the oldest due rows; None when nothing is due or the subscriber is paused."""
    moment = time.time()
    due = (subscriber.name, moment)
    with db.read() as session:  # a look first, so that an idle worker takes no write lock
        ((waits, paused),) = bulk.fetch(session, _LOOK, *due, subscriber.name)
    if not waits or paused:
        return None
    with db.write(durable=False) as session:
        oldest = bulk.fetch(session, _OLDEST, *due)
        if not oldest:
            return None
        level = int(oldest[0][0])
        width = max(1, min(limit or subscriber.batch, subscriber.batch) >> (3 * level))
        skip = " FOR UPDATE SKIP LOCKED" if db.dialect() == "postgresql" else ""
        rows = bulk.fetch(session, _CHOOSE + skip, *due, level, width)
        if not rows:
            return None
        held = Claim(subscriber, secrets.token_hex(8), [_item(*row) for row in rows])
        if level >= MAX_CRASHES:
            _bury(session, {item.id: f"Its worker died {level} times while handling it." for item in held.items})
            return Claim(subscriber, held.lease, [])
        take = f"UPDATE outbox SET lease = ?, due_at = ?, crashes = crashes + 1 WHERE {bulk.among('id')}"  # noqa: S608  # constants
        bulk.change(session, take, held.lease, moment + subscriber.lease, bulk.listed(held.ids))
    return held


def _item(row_id: int, topic: str, key: str, payload: Any, tries: int) -> Item:
    return Item(row_id, topic, key, json.loads(payload) if isinstance(payload, str) else payload, tries)


@dataclass
class _Handling:
    """What a handler has in its hands, and when its lease was last prolonged."""

    claim: Claim
    since: float


_current: ContextVar[_Handling | None] = ContextVar("outbox_claim", default=None)


def keep_alive() -> None:
    """Called by a handler between two slow steps: prolongs the lease of what it is handling in good time.

    LeaseLost when another worker has taken over: the handler lets it through and stops.
    """
    held, moment = _current.get(), time.monotonic()
    if held is not None and moment - held.since > held.claim.subscriber.lease / 4:
        renew(held.claim)
        held.since = moment


def in_hand() -> Claim | None:
    """What the handler that runs here has claimed; None outside of one."""
    held = _current.get()
    return held.claim if held is not None else None


def renew(held: Claim) -> None:
    """Prolong a lease during long work; LeaseLost when another worker has taken the rows."""
    sql = f"UPDATE outbox SET due_at = ? WHERE lease = ? AND {bulk.among('id')}"  # noqa: S608  # constants
    with db.write(durable=False) as session:
        until = time.time() + held.subscriber.lease
        if bulk.change(session, sql, until, held.lease, bulk.listed(held.ids)) != len(held.items):
            raise LeaseLost(held.subscriber.name)


def settle(held: Claim, outcome: Outcome) -> None:
    """Write a batch's results and remove its rows, if the lease still holds; else LeaseLost and nothing."""
    rest = [one for one in held.ids if one in outcome.later or one in outcome.dead]
    done = [one for one in held.ids if one not in outcome.later and one not in outcome.dead]
    ours = f"lease = ? AND {bulk.among('id')}"
    with db.write() as session:
        gone = bulk.change(session, f"DELETE FROM outbox WHERE {ours}", held.lease, bulk.listed(done))  # noqa: S608  # constants
        kept = bulk.fetch(session, f"SELECT id FROM outbox WHERE {ours}", held.lease, bulk.listed(rest))  # noqa: S608  # constants
        if gone + len(kept) != len(held.items):
            raise LeaseLost(held.subscriber.name)
        _postpone(session, held, outcome.later)
        _give_up(session, held, outcome.dead)
        if outcome.write is not None:
            outcome.write(session)
    for verdict, number in (("done", len(done)), ("later", len(outcome.later)), ("dead", len(outcome.dead))):
        if number:
            metrics.HANDLED.labels(held.subscriber.name, verdict).inc(number)


def _postpone(session: Session, held: Claim, later: Mapping[int, TryLater]) -> None:
    t = db.table(OutboxRow)
    by_id = {item.id: item for item in held.items}
    for row_id, error in later.items():
        newer = session.execute(
            sa.select(t.c.id).where(
                t.c.subscriber == held.subscriber.name,
                t.c.key == by_id[row_id].key,
                t.c.lease.is_(None),
                t.c.dead == 0,
            )
        ).first()
        if newer is not None:  # the same fact was announced again meanwhile: that letter is enough
            session.execute(sa.delete(t).where(t.c.id == row_id))
            continue
        wait = error.after * random.uniform(1.0, 1.2)  # noqa: S311  # jitter, not a secret
        session.execute(
            sa.update(t)
            .where(t.c.id == row_id)
            .values(lease=None, crashes=0, tries=t.c.tries + 1, due_at=time.time() + wait, reason=str(error)[:500])
        )


def _give_up(session: Session, held: Claim, dead: Mapping[int, str]) -> None:
    if len(dead) >= 10 and len(dead) * 2 >= len(held.items):
        # Half of a batch does not go bad by itself: something else is broken. Stop, say so, lose nothing.
        reason = f"{len(dead)} of {len(held.items)} items failed at once: {next(iter(dead.values()))}"
        pause(session, held.subscriber.name, reason)
        _postpone(session, held, {row_id: TryLater(text, 60.0) for row_id, text in dead.items()})
        logger.error("subscriber paused", subscriber=held.subscriber.name, items=len(dead))
        return
    _bury(session, dead)


def _bury(session: Session, dead: Mapping[int, str]) -> None:
    t = db.table(OutboxRow)
    for row_id, reason in dead.items():
        session.execute(sa.update(t).where(t.c.id == row_id).values(dead=1, lease=None, reason=reason[:2000]))


def pause(session: Session, name: str, reason: str) -> None:
    """Stop handing out a subscriber's rows until `resume`; they wait."""
    insert = db.upsert(SubscriberState).values(name=name, paused=True, reason=reason)
    session.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"paused": True, "reason": reason}))


# --- running handlers ------------------------------------------------------------------------------


def step(subscriber: Subscriber, handler: Handler, limit: int | None = None) -> int:
    """Claim, handle and settle one batch; returns how many rows were claimed."""
    held = claim(subscriber, limit)
    if held is None:
        return 0
    if not held.items:
        return 1
    with metrics.BATCH.labels(subscriber.name).time():
        try:
            outcome = _handle(handler, held)
            db.again(lambda: settle(held, outcome))
        except LeaseLost:
            logger.warning("lease lost", subscriber=subscriber.name, items=len(held.items))
    return len(held.items)


def _handle(handler: Handler, held: Claim) -> Outcome:
    token = _current.set(_Handling(held, time.monotonic()))
    try:
        return _handled(handler, held)
    finally:
        _current.reset(token)


def _handled(handler: Handler, held: Claim) -> Outcome:
    try:
        return handler(held.items)
    except LeaseLost:
        raise
    except TryLater as error:
        return Outcome(later={item.id: error for item in held.items})
    except Exception as error:
        logger.exception("batch failed", subscriber=held.subscriber.name, items=len(held.items))
        if len(held.items) == 1:
            return _failed(held.items[0], error)
        return _one_by_one(handler, held)


def _one_by_one(handler: Handler, held: Claim) -> Outcome:
    """After an unexpected error in a batch: the rest goes on, the bad item is found and kept."""
    writes: list[Callable[[Session], None]] = []
    later: dict[int, TryLater] = {}
    dead: dict[int, str] = {}
    for item in held.items:
        try:
            outcome = handler([item])
        except LeaseLost:
            raise
        except TryLater as error:
            outcome = Outcome(later={item.id: error})
        except Exception as error:
            outcome = _failed(item, error)
        later.update(outcome.later)
        dead.update(outcome.dead)
        if outcome.write is not None:
            writes.append(outcome.write)

    def write(session: Session) -> None:
        for one in writes:
            one(session)

    return Outcome(write, later, dead)


def _failed(item: Item, error: Exception) -> Outcome:
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, sa.exc.OperationalError):  # the database itself: no fault of the item
        return Outcome(later={item.id: TryLater(reason, 2.0)})
    if item.tries + 1 >= MAX_TRIES:
        return Outcome(dead={item.id: reason})
    return Outcome(later={item.id: TryLater(reason, min(600.0, 2.0**item.tries))})
