"""Storing a page: people, conversations, messages, search, the cursor and the follow-up work in ONE transaction.

Everything here may happen twice: a page that comes again changes nothing, and a worker that dies leaves
either all of a page or none of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, metrics, outbox
from core.errors import TryLater
from core.event import MESSAGE_KINDS, Bad, Event, Page
from inbox import (
    albums,
    attachments,
    conversations,
    copies,
    identities,
    incoming,
    search,
    threading,
    tombstones,
    translations,
)
from inbox.models import BadItem, Feed, Message, MessageAccount, MessageVersion


class CursorMoved(Exception):
    """Another worker stored this feed's next page meanwhile: start again from the stored cursor."""


@dataclass
class Stored:
    """What a page changed: `new` maps event keys to message ids."""

    new: dict[str, int] = field(default_factory=dict)
    edited: int = 0
    deleted: int = 0
    repeated: int = 0
    bad: int = 0

    def __iadd__(self, other: Stored) -> Stored:
        self.new |= other.new
        self.edited += other.edited
        self.deleted += other.deleted
        self.repeated += other.repeated
        self.bad += other.bad
        return self


@dataclass(frozen=True)
class FeedStep:
    """The feed a page belongs to and the cursor it was read from: the fence against two workers."""

    feed_id: int
    read_from: str | None


def store_page(
    account_id: int,
    page: Page,
    *,
    step: FeedStep | None = None,
    also: Callable[[Session], None] | None = None,
) -> Stored:
    """Store one page of an account in one transaction.

    `also` writes more in the same transaction (a handled delivery, a sent reply). Raises CursorMoved when
    the feed has moved on, and lets a database error through with nothing stored.
    """
    events = incoming.prepared(page.events)

    def write() -> Stored:
        with db.write() as session:
            stored = store_events(session, account_id, events)
            stored.bad = _store_bad(session, account_id, page.bad)
            if step is not None:
                _move_cursor(session, step, page.cursor)
            if also is not None:
                also(session)
            return stored

    stored = db.again(write)  # two accounts may meet the same new person at the same moment
    platform = events[0].platform if events else ""
    if stored.bad:
        metrics.BAD.labels(page.bad[0].source.partition(" ")[0]).inc(stored.bad)
    if stored.new:
        metrics.STORED.labels(platform).inc(len(stored.new))
    if stored.repeated:
        metrics.REPEATED.labels(platform).inc(stored.repeated)
    return stored


def store_events(session: Session, account_id: int, events: Sequence[Event]) -> Stored:
    """The same within a transaction of the caller's; `events` are as `incoming.merged` makes them."""
    if db.dialect() == "postgresql":  # pages of an account take turns
        bulk.fetch(session, "SELECT 1 FROM account WHERE id = ? FOR NO KEY UPDATE", account_id)
    folded = albums.folded(session, tombstones.spared(session, events))
    events = folded.events
    known = _known(session, events)
    rows = _rows(session, [known[event.key][0] for event in events if event.key in known])
    gone = {event.key: event for event in events if event.action == "delete"}
    stored = Stored()
    fresh = []
    for event in events:
        row = rows.get(event.key)
        if row is not None:
            if event.action == "delete" or event.key not in gone:
                _repeat(session, account_id, row, event, stored)
        elif event.action == "upsert":
            fresh.append(event)
    if fresh:
        _insert(session, account_id, fresh, known, stored)
        _gone_again(session, {key: gone[key] for key in gone.keys() & stored.new.keys()}, stored)
    copies.join(session, fresh, stored.new)
    albums.keep(session, events, {key: known[key][0] for key in known} | stored.new)
    albums.forget(session, folded.shortened)
    return stored


def _gone_again(session: Session, gone: Mapping[str, Event], stored: Stored) -> None:
    """Written and deleted within one page: the message keeps its place in the thread, without its text."""
    for key, row in _rows(session, [stored.new[key] for key in gone]).items():
        wipe(session, row, gone[key])
        stored.deleted += 1


# --- what is known already -------------------------------------------------------------------------


def _known(session: Session, events: Sequence[Event]) -> dict[str, tuple[int, int]]:
    """Message and conversation of every key that the events name and that is stored."""
    keys = {key for event in events for key in threading.references(event)}
    query = f"SELECT key, id, coalesce(home_id, conversation_id) FROM message WHERE {bulk.among('key')}"  # noqa: S608  # constants
    return {key: (row_id, conversation) for key, row_id, conversation in bulk.fetch(session, query, bulk.listed(keys))}


def _rows(session: Session, ids: Sequence[int]) -> dict[str, Any]:
    """Stored messages by key, with what a repeat is compared with."""
    if not ids:
        return {}
    m = db.table(Message)
    columns = (
        m.c.id, m.c.key, m.c.account_id, m.c.conversation_id, m.c.text, m.c.subject, m.c.version, m.c.origin,
        m.c.posted_at, m.c.edited_at, m.c.deleted_at, m.c.counts, m.c.ref, m.c.direction, m.c.kind, m.c.erased,
    )  # fmt: skip
    return {row.key: row for row in session.execute(sa.select(*columns).where(m.c.id.in_(ids)))}


def _repeat(session: Session, account_id: int, row: Any, event: Event, stored: Stored) -> None:
    """An event whose message is stored: an edit, a deletion, or simply the same again."""
    stored.repeated += 1
    if row.account_id != account_id and event.origin != "context":
        pair = {"message_id": row.id, "account_id": account_id}
        session.execute(db.upsert(MessageAccount).on_conflict_do_nothing(), [pair])
    if row.deleted_at is not None or row.erased:
        return
    if event.action == "delete":
        wipe(session, row, event)
        stored.deleted += 1
        return
    if _stale(row, event):
        return
    if event.text != row.text or event.subject != row.subject or event.parts:
        _edit(session, row, event)
        stored.edited += 1
    elif event.counts and event.counts != row.counts:
        m = db.table(Message)
        session.execute(sa.update(m).where(m.c.id == row.id).values(counts=event.counts))
    if row.origin in ("context", "listening") and event.origin == "inbox":
        _promote(session, account_id, row, event)


def _stale(row: Any, event: Event) -> bool:
    """An older wording that arrives late."""
    return row.edited_at is not None and (event.edited_at or event.posted_at) < row.edited_at


def _edit(session: Session, row: Any, event: Event) -> None:
    m = db.table(Message)
    moment = db.now()
    old = {"message_id": row.id, "version": row.version, "text": row.text, "seen_at": moment}
    grown = bool(event.album) and event.edited_at == row.edited_at  # further posts of an album: nobody has edited it
    if not grown and (event.text, event.subject) != (row.text, row.subject):
        session.execute(db.upsert(MessageVersion).on_conflict_do_nothing(), [old])
    translations.forget(session, [row.id])
    attachments.forget(session, "message_id", [row.id])
    session.execute(
        sa.update(m)
        .where(m.c.id == row.id)
        .values(
            text=event.text,
            subject=event.subject,
            version=row.version + 1,
            edited_at=event.edited_at if grown else event.edited_at or moment,
            hashtags=list(event.hashtags),
            attachments=[one.model_dump() for one in event.attachments],
            counts=event.counts or row.counts,
            raw=json.loads(incoming.raw(event)),
        )
    )
    search.remove(session, [(row.id, search.body(row.text, row.subject))])
    search.add(session, [(row.id, search.body(event.text, event.subject))])
    conversations.refresh_excerpt(session, row.conversation_id)
    _announce(session, "message.stored", row.id, row.version + 1)


def wipe(session: Session, row: Any, event: Event) -> None:
    """Text that is deleted there is deleted here: wording, older wordings, raw words and search."""
    m, v = db.table(Message), db.table(MessageVersion)
    search.remove(session, [(row.id, search.body(row.text, row.subject))])
    session.execute(sa.delete(v).where(v.c.message_id == row.id))
    translations.forget(session, [row.id])
    session.execute(
        sa.update(m)
        .where(m.c.id == row.id)
        .values(
            text="", subject="", hashtags=[], attachments=[], raw={}, labels=[], hits=[], queries=[], theme=0,
            deleted_at=event.posted_at, version=row.version + 1,
        )
    )  # fmt: skip
    conversations.forget_reply_text(session, row.id)
    conversations.refresh_excerpt(session, row.conversation_id)
    _announce(session, "message.deleted", row.id, row.version + 1)


def _promote(session: Session, account_id: int, row: Any, event: Event) -> None:
    """Something found by listening or as a parent turns out to be addressed to us."""
    m = db.table(Message)
    session.execute(
        sa.update(m)
        .where(m.c.id == row.id)
        .values(
            origin="inbox", kind=event.kind, account_id=account_id, ref=event.ref or row.ref,
            version=row.version + 1,
        )
    )  # fmt: skip
    conversations.advance(session, {row.conversation_id: [event]}, counted=True)
    _announce(session, "message.stored", row.id, row.version + 1)


# --- what is new -----------------------------------------------------------------------------------


_AS_THEY_COME = (
    "key", "platform", "kind", "direction", "origin", "parent_key", "text", "subject", "url", "ref", "visibility",
    "language",
)  # fmt: skip


def _insert(
    session: Session, account_id: int, events: list[Event], known: Mapping[str, tuple[int, int]], stored: Stored
) -> None:
    authors, to_match = identities.store(session, events)
    albums.claim(session, events)
    ids = db.allocate(session, Message, len(events))
    stored.new.update(zip((event.key for event in events), ids, strict=True))
    placed, shown = conversations.place(
        session, account_id, events, authors, {key: row[1] for key, row in known.items()}, stored.new
    )
    bulk.insert(session, Message, _columns(account_id, events, ids, placed, shown, authors))
    search.add(session, [(row_id, search.body(e.text, e.subject)) for row_id, e in zip(ids, events, strict=True)])
    outbox.emit(session, "message.stored", [(f"{row_id}:1", {"message_id": row_id, "version": 1}) for row_id in ids])
    outbox.emit(session, "identity.seen", [(str(one), {"identity_id": one}) for one in sorted(to_match)])
    _ask_for_parents(session, account_id, events, known, stored.new)


def _columns(
    account_id: int,
    events: Sequence[Event],
    ids: Sequence[int],
    placed: Mapping[str, int],
    shown: Mapping[int, int],
    authors: Mapping[identities.Key, int],
) -> dict[str, Iterable[Any]]:
    stamp, json_text = bulk.stamp(), bulk.json_text
    facts = [vars(event) for event in events]  # a model's attributes are three times as slow
    people = [one["author"] for one in facts]
    return {
        "id": ids,
        "account_id": repeat(account_id),
        "conversation_id": [shown.get(home := placed[one["key"]], home) for one in facts],
        **({"home_id": [home if (home := placed[one["key"]]) in shown else None for one in facts]} if shown else {}),
        "identity_id": [None if one is None else authors[one.platform, one.id] for one in people],
        "stored_at": repeat(stamp(db.now())),
        "posted_at": [stamp(one["posted_at"]) for one in facts],
        "edited_at": [stamp(one["edited_at"]) for one in facts],
        **{name: map(itemgetter(name), facts) for name in _AS_THEY_COME},
        **{name: [json_text(one[name]) for one in facts] for name in ("hashtags", "attachments", "counts")},
        "raw": map(incoming.raw, events),
        "version": repeat(1),
        **dict.fromkeys(("sentiment", "intent", "urgency"), repeat("")),
        **dict.fromkeys(("labels", "hits", "queries"), repeat("[]")),
        "erased": repeat(False),
    }


def _ask_for_parents(
    session: Session, account_id: int, events: list[Event], known: Container[str], new: Mapping[str, int]
) -> None:
    """Have the missing parents of new answers fetched; asked once per message."""
    wanted = {
        event.parent_key: new[event.key]
        for event in events
        if event.parent_key
        and event.parent_key not in known
        and event.parent_key not in new
        and event.ref
        and event.kind in MESSAGE_KINDS | {"post"}
        and event.origin != "context"
    }
    payloads = [{"account_id": account_id, "message_id": one} for one in wanted.values()]
    outbox.emit(session, "parent.missing", [(f"{account_id}:{one['message_id']}", one) for one in payloads])


def _announce(session: Session, topic: str, message_id: int, version: int) -> None:
    payload = {"message_id": message_id, "version": version}
    outbox.emit(session, topic, [(f"{message_id}:{version}", payload)])


# --- beside the messages ---------------------------------------------------------------------------


def _store_bad(session: Session, account_id: int, bad: Sequence[Bad]) -> int:
    rows = [
        {
            "account_id": account_id,
            "source": one.source,
            "reason": db.sound(one.reason)[:1000],
            "raw": db.sound(one.raw)[: incoming.RAW_LIMIT],
            "digest": hashlib.sha256(one.raw.encode(errors="replace")).hexdigest(),
            "seen_at": db.now(),
        }
        for one in bad
    ]
    if not rows:
        return 0
    unique = list({(row["source"], row["digest"]): row for row in rows}.values())
    session.execute(db.upsert(BadItem).on_conflict_do_nothing(), unique)
    return len(unique)


def _move_cursor(session: Session, step: FeedStep, cursor: str | None) -> None:
    f = db.table(Feed)
    values: dict[str, Any] = {"pulled_at": db.now(), "error": ""}
    if cursor is not None:
        values["cursor"] = cursor
    same = f.c.cursor.is_(None) if step.read_from is None else f.c.cursor == step.read_from
    result = session.execute(sa.update(f).where(f.c.id == step.feed_id, same).values(**values))
    if result.rowcount != 1:  # type: ignore[attr-defined]  # a cursor result
        raise CursorMoved(step.feed_id)


def in_store_trouble(error: sa.exc.DBAPIError) -> TryLater:
    """A full disk or a database that is away, in words; nothing was stored and nothing is lost."""
    if "full" in str(error.orig).lower():
        return TryLater("The disk or the database file is full. Free space or raise the limit; work goes on then.", 60)
    return TryLater("The database is away. Work goes on when it is back.", 5)
