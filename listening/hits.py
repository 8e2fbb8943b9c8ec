"""Deciding stored messages against saved queries, and keeping the hits true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from core.event import MESSAGE_KINDS
from inbox import facts
from inbox.models import Identity, Message
from listening.models import Hit, Query
from listening.query import Doc, QueryError, QuerySet, parse

COUNTED_KINDS = frozenset({*MESSAGE_KINDS, "post"})
"""What people write; likes, follows and the like are not listened to."""

_INSERT = (
    "INSERT INTO hit (query_id, message_id, query_version) VALUES (?, ?, ?) "
    "ON CONFLICT (query_id, message_id) DO UPDATE SET query_version = excluded.query_version"
)
_DELETE = "DELETE FROM hit WHERE query_id = ? AND message_id = ?"
_MANY = 500

Versions = dict[int, int]
"""Query id to the version that was decided."""


@dataclass(frozen=True)
class Decided:
    """Which of some queries match some messages: {(message id, version): query ids}."""

    versions: Versions
    matches: Mapping[tuple[int, int], Sequence[int]]


def counted() -> list[Any]:
    """The conditions on `message` for what listening looks at: what others wrote, still there."""
    m = db.table(Message)
    return [
        m.c.direction == "inbound",
        m.c.origin != "context",
        m.c.kind.in_(sorted(COUNTED_KINDS)),
        ~m.c.erased,
    ]


def docs(session: Session, *where: Any, limit: int | None = None) -> list[tuple[tuple[int, int], Doc]]:
    """Messages as the matcher sees them, by ascending id: ((message id, version), Doc)."""
    m, i = db.table(Message), db.table(Identity)
    names = (
        "id", "version", "text", "subject", "posted_at", "hashtags", "platform", "language", "kind",
        "sentiment", "intent", "labels", "theme", "url", "edited_at", "attachments",
    )  # fmt: skip
    query = (
        sa.select(*(m.c[name] for name in names), i.c.handle, i.c.links)
        .outerjoin(i, i.c.id == m.c.identity_id)
        .where(*counted(), m.c.deleted_at.is_(None), *where)
        .order_by(m.c.id)
        .limit(limit)
    )
    return [((row.id, row.version), doc_of(row)) for row in session.execute(query)]


def doc_of(row: sa.Row[Any]) -> Doc:
    """One row of a message with its author's handle and links."""
    return Doc(
        text=f"{row.subject}\n{row.text}" if row.subject else row.text,
        posted_at=row.posted_at,
        hashtags=tuple(row.hashtags),
        author=row.handle or "",
        platform=row.platform,
        language=row.language,
        kind=row.kind,
        sentiment=row.sentiment,
        intent=row.intent,
        labels=(*row.labels, *([f"theme-{row.theme}"] if row.theme else ())),
        url=row.url,
        verified=any(link.get("verified") for link in row.links or ()),
        has_media=any(one.get("kind") in {"image", "video", "audio"} for one in row.attachments),
        edited=row.edited_at is not None,
    )


_made: dict[tuple[tuple[int, str], ...], QuerySet] = {}


def enabled(session: Session) -> tuple[QuerySet, Versions]:
    """All enabled queries, compiled once per state of the table, with their versions."""
    q = db.table(Query)
    rows = session.execute(sa.select(q.c.id, q.c.version, q.c.text).where(q.c.enabled).order_by(q.c.id)).all()
    state = tuple((int(row.id), str(row.text)) for row in rows)
    found = _made.get(state)
    if found is None:
        found = query_set(state)
        _made.clear()
        _made[state] = found
    return found, {int(row.id): int(row.version) for row in rows}


def query_set(texts: Iterable[tuple[int, str]]) -> QuerySet:
    """Compile saved texts; one that the language no longer knows matches nothing."""
    trees = []
    for query_id, text in texts:
        try:
            trees.append((query_id, parse(text)))
        except QueryError:
            continue
    return QuerySet(trees)


def decide(queries: QuerySet, versions: Versions, found: list[tuple[tuple[int, int], Doc]]) -> Decided:
    """Every query against every message."""
    return Decided(versions, {message: queries.matching(doc) for message, doc in found})


def keep(session: Session, decided: Decided) -> int:
    """Store what was decided, unless message or query changed meanwhile; returns the number of hits.

    A changed message and a changed query are decided again by letters of their own.
    """
    q, m = db.table(Query), db.table(Message)
    ids = [message_id for message_id, _ in decided.matches]
    if not ids or not decided.versions:
        return 0
    current = session.execute(sa.select(q.c.id, q.c.version).where(q.c.id.in_(list(decided.versions))))
    valid = sorted(row.id for row in current if decided.versions[row.id] == row.version)
    rows = session.execute(sa.select(m.c.id, m.c.version).where(m.c.id.in_(ids), ~m.c.erased))
    stands = {(row.id, row.version) for row in rows}
    fresh = {
        message_id: hits for (message_id, version), hits in decided.matches.items() if (message_id, version) in stands
    }
    chosen = set(valid)
    wanted = {(query_id, message_id) for message_id, hits in fresh.items() for query_id in hits if query_id in chosen}
    h = db.table(Hit)
    had = session.execute(
        sa.select(h.c.query_id, h.c.message_id).where(h.c.message_id.in_(list(fresh)), h.c.query_id.in_(valid))
    )
    stale = {(row.query_id, row.message_id) for row in had} - wanted
    bulk.run(session, _DELETE, sorted(stale))
    bulk.run(
        session,
        _INSERT,
        [(query_id, message_id, decided.versions[query_id]) for query_id, message_id in sorted(wanted)],
    )
    show(session, {message_id for _, message_id in wanted | stale})
    return len(wanted)


def show(session: Session, message_ids: Iterable[int]) -> None:
    """Put the subjects and queries of a message's hits into the inbox's columns."""
    ids = sorted(message_ids)
    h, q = db.table(Hit), db.table(Query)
    for start in range(0, len(ids), _MANY):
        part = ids[start : start + _MANY]
        subjects: dict[int, set[int]] = {message_id: set() for message_id in part}
        queries: dict[int, set[int]] = {message_id: set() for message_id in part}
        query = sa.select(h.c.message_id, q.c.subject_id, h.c.query_id).join(q, q.c.id == h.c.query_id)
        for row in session.execute(query.where(h.c.message_id.in_(part))):
            subjects[row.message_id].add(row.subject_id)
            queries[row.message_id].add(row.query_id)
        found = {one: {"hits": sorted(subjects[one]), "queries": sorted(queries[one])} for one in part}
        facts.set(session, found)
