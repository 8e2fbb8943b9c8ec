"""Storing a page: people, conversations, messages, search, the cursor and the follow-up work in ONE transaction.

Everything here may happen twice: a page that comes again changes nothing, and a worker that dies leaves
either all of a page or none of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, metrics, outbox
from core.errors import TryLater
from core.event import MESSAGE_KINDS, Bad, Event, Page
from core.settings import settings
from inbox import conversations, identities, search, tombstones
from inbox.models import Account, BadItem, Feed, Message, MessageAccount, MessageVersion

RAW_LIMIT = 65_536
"""Characters of the platform's own words kept per message."""


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
    events = [clean(event) for event in merged(page.events)]
    with db.write() as session:
        stored = store_events(session, account_id, events)
        stored.bad = _store_bad(session, account_id, page.bad)
        if step is not None:
            _move_cursor(session, step, page.cursor)
        if also is not None:
            also(session)
    platform = events[0].platform if events else ""
    if stored.new:
        metrics.STORED.labels(platform).inc(len(stored.new))
    if stored.repeated:
        metrics.REPEATED.labels(platform).inc(stored.repeated)
    return stored


def store_events(session: Session, account_id: int, events: Sequence[Event]) -> Stored:
    """The same within a transaction of the caller's; `events` are clean and distinct by key."""
    account = db.table(Account)
    query = sa.select(account.c.platform).where(account.c.id == account_id)
    session.execute(query.with_for_update()).first()  # PostgreSQL: pages of an account take turns
    events = tombstones.spared(session, events)
    known = _known(session, events)
    stored = Stored()
    fresh = []
    for event in events:
        row = known.get(event.key)
        if row is not None:
            _repeat(session, account_id, row, event, stored)
        elif event.action == "upsert":
            fresh.append(event)
    if fresh:
        _insert(session, account_id, fresh, stored)
    return stored


# --- preparing -------------------------------------------------------------------------------------


def merged(events: Sequence[Event]) -> list[Event]:
    """Each key once, as the page's newest word about it; a deletion is the last word."""
    latest: dict[str, Event] = {}
    for event in events:
        before = latest.get(event.key)
        if before is not None and _supersedes(before, event):
            continue
        latest[event.key] = event
    return sorted(latest.values(), key=lambda event: event.key)


def _supersedes(before: Event, event: Event) -> bool:
    if before.action == "delete":
        return True
    if event.action == "delete":
        return False
    if before.origin == "inbox" and event.origin in ("context", "listening"):
        return True  # addressed to us weighs more than found
    return (before.edited_at or before.posted_at) > (event.edited_at or event.posted_at)


def clean(event: Event) -> Event:
    """Without what a store refuses (NUL, lone surrogates), and no longer than the settings allow."""
    limit = settings().max_text
    changes: dict[str, Any] = {}
    for name in ("text", "subject", "url", "ref"):
        value = getattr(event, name)
        sound = db.sound(value)[:limit]
        if sound != value:
            changes[name] = sound
    if len(event.text) > limit:
        changes["text"] = event.text[:limit] + "…"
        changes["raw"] = {**event.raw, "widerhall_cut": len(event.text)}
    if event.author is not None:
        words = {name: db.sound(getattr(event.author, name)) for name in ("handle", "name", "bio", "location")}
        if any(getattr(event.author, name) != value for name, value in words.items()):
            changes["author"] = event.author.model_copy(update=words)
    return event.model_copy(update=changes) if changes else event


def _raw(event: Event) -> dict[str, Any]:
    raw = event.raw
    if not raw:
        return raw
    text = json.dumps(raw)
    if len(text) > RAW_LIMIT:
        return {"widerhall_cut": len(text), "start": db.sound(text[:1000])}
    if "\\u0000" in text:
        loaded: dict[str, Any] = json.loads(text.replace("\\u0000", ""))
        return loaded
    return raw


# --- what is known already -------------------------------------------------------------------------


def _known(session: Session, events: Sequence[Event]) -> dict[str, Any]:
    keys = sorted(event.key for event in events)
    if not keys:
        return {}
    m = db.table(Message)
    columns = (
        m.c.id, m.c.key, m.c.account_id, m.c.conversation_id, m.c.text, m.c.subject, m.c.version, m.c.origin,
        m.c.posted_at, m.c.edited_at, m.c.deleted_at, m.c.counts, m.c.ref, m.c.direction, m.c.kind, m.c.erased,
    )  # fmt: skip
    return {row.key: row for row in session.execute(sa.select(*columns).where(m.c.key.in_(keys)))}


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
    if event.text != row.text or event.subject != row.subject:
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
    session.execute(db.upsert(MessageVersion).on_conflict_do_nothing(), [old])
    search.remove(session, [(row.id, search.body(row.text, row.subject))])
    search.add(session, [(row.id, search.body(event.text, event.subject))])
    session.execute(
        sa.update(m)
        .where(m.c.id == row.id)
        .values(
            text=event.text,
            subject=event.subject,
            version=row.version + 1,
            edited_at=event.edited_at or moment,
            hashtags=list(event.hashtags),
            attachments=[one.model_dump() for one in event.attachments],
            counts=event.counts or row.counts,
            raw=_raw(event),
        )
    )
    conversations.refresh_excerpt(session, row.conversation_id)
    _announce(session, "message.stored", row.id, row.version + 1)


def wipe(session: Session, row: Any, event: Event) -> None:
    """Text that is deleted there is deleted here: wording, older wordings, raw words and search."""
    m, v = db.table(Message), db.table(MessageVersion)
    search.remove(session, [(row.id, search.body(row.text, row.subject))])
    session.execute(sa.delete(v).where(v.c.message_id == row.id))
    session.execute(
        sa.update(m)
        .where(m.c.id == row.id)
        .values(
            text="", subject="", hashtags=[], attachments=[], raw={}, labels=[], hits=[],
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
        .values(origin="inbox", kind=event.kind, account_id=account_id, ref=event.ref or row.ref, version=row.version + 1)
    )
    conversations.advance(session, {row.conversation_id: [event]}, counted=True)
    _announce(session, "message.stored", row.id, row.version + 1)


# --- what is new -----------------------------------------------------------------------------------


def _insert(session: Session, account_id: int, events: list[Event], stored: Stored) -> None:
    authors, to_match = identities.store(session, events)
    placed = conversations.place(session, account_id, events, authors)
    ids = db.allocate(session, Message, len(events))
    moment = db.now()
    rows = [
        _row(row_id, account_id, event, placed[event.key], authors, moment)
        for row_id, event in zip(ids, events, strict=True)
    ]
    bulk.insert(session, Message, rows)
    search.add(session, [(row["id"], search.body(row["text"], row["subject"])) for row in rows])
    stored.new.update((event.key, row_id) for row_id, event in zip(ids, events, strict=True))
    outbox.emit(
        session, "message.stored", [(f"{row['id']}:1", {"message_id": row["id"], "version": 1}) for row in rows]
    )
    outbox.emit(session, "identity.seen", [(str(one), {"identity_id": one}) for one in sorted(to_match)])
    _ask_for_parents(session, account_id, events, stored.new)


def _row(
    row_id: int, account_id: int, event: Event, conversation_id: int, authors: dict[identities.Key, int], moment: Any
) -> dict[str, Any]:
    author = event.author
    return {
        "id": row_id,
        "key": event.key,
        "account_id": account_id,
        "platform": event.platform,
        "kind": event.kind,
        "direction": event.direction,
        "origin": event.origin,
        "conversation_id": conversation_id,
        "identity_id": authors[(author.platform, author.id)] if author is not None else None,
        "parent_key": event.parent_key,
        "text": event.text,
        "subject": event.subject,
        "url": event.url,
        "ref": event.ref,
        "visibility": event.visibility,
        "posted_at": event.posted_at,
        "stored_at": moment,
        "edited_at": event.edited_at,
        "deleted_at": None,
        "version": 1,
        "hashtags": list(event.hashtags),
        "attachments": [one.model_dump() for one in event.attachments],
        "counts": event.counts,
        "raw": _raw(event),
        "language": event.language,
        "sentiment": "",
        "intent": "",
        "urgency": "",
        "labels": [],
        "hits": [],
        "erased": False,
    }


def _ask_for_parents(session: Session, account_id: int, events: list[Event], new: dict[str, int]) -> None:
    """Have the missing parents of new answers fetched; asked once per message."""
    wanted = {
        event.parent_key: new[event.key]
        for event in events
        if event.parent_key
        and event.ref
        and event.kind in MESSAGE_KINDS | {"post"}
        and event.origin != "context"
        and event.parent_key not in new
    }
    if not wanted:
        return
    m = db.table(Message)
    have = set(session.scalars(sa.select(m.c.key).where(m.c.key.in_(sorted(wanted)))))
    outbox.emit(
        session,
        "parent.missing",
        [
            (f"{account_id}:{message_id}", {"account_id": account_id, "message_id": message_id})
            for key, message_id in wanted.items()
            if key not in have
        ],
    )


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
            "raw": db.sound(one.raw)[:RAW_LIMIT],
            "digest": hashlib.sha256(one.raw.encode(errors="replace")).hexdigest(),
            "seen_at": db.now(),
        }
        for one in bad
    ]
    if not rows:
        return 0
    unique = list({(row["source"], row["digest"]): row for row in rows}.values())
    session.execute(db.upsert(BadItem).on_conflict_do_nothing(), unique)
    metrics.BAD.labels("").inc(len(unique))
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
