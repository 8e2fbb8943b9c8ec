"""Authors as they stand on their platforms: one row per immutable id, refreshed with every page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from core.event import Author, Event
from inbox.models import Identity

FACTS = (
    "handle", "name", "url", "avatar_url", "bio", "links", "location", "language",
    "followers", "following", "bot", "domain_handle",
)  # fmt: skip
"""Columns that come from the platform's description of a person."""

MATCHING = frozenset({"handle", "name", "url", "bio", "links", "location", "domain_handle"})
"""A change of one of these may change who the person is matched to."""

Key = tuple[str, str]


def facts(author: Author) -> dict[str, Any]:
    """The columns of an author, in the order of FACTS."""
    values = {name: getattr(author, name) for name in FACTS if name != "links"}
    values["links"] = [link.model_dump() for link in author.links]
    return values


def store(session: Session, events: Sequence[Event]) -> tuple[dict[Key, int], set[int]]:
    """Write the authors of a page; returns their row ids and the ids whose match is to be (re)decided."""
    newest = _newest(events)
    if not newest:
        return {}, set()
    table = db.table(Identity)
    columns = [table.c[name] for name in ("id", "platform", "external_id", "last_seen", "ours", *FACTS)]
    ids = sorted({external for _, external in newest})
    known = {
        (row.platform, row.external_id): row
        for row in session.execute(sa.select(*columns).where(table.c.external_id.in_(ids)))
        if (row.platform, row.external_id) in newest
    }
    found: dict[Key, int] = {key: row.id for key, row in known.items()}
    fresh = sorted(key for key in newest if key not in known)
    inserts = []
    for row_id, key in zip(db.allocate(session, Identity, len(fresh)), fresh, strict=True):
        author, at, _ = newest[key]
        found[key] = row_id
        inserts.append(
            {"id": row_id, "platform": key[0], "external_id": key[1], "ours": False, "contact_id": None,
             "first_seen": at, "last_seen": at, **facts(author)}
        )  # fmt: skip
    bulk.insert(session, Identity, inserts)
    changed = _refresh(session, newest, known)
    writers = {found[key] for key, (_, _, writes) in newest.items() if writes}
    ours = {row.id for row in known.values() if row.ours}
    return found, (({row["id"] for row in inserts} & writers) | changed) - ours


def _newest(events: Sequence[Event]) -> dict[Key, tuple[Author, datetime, bool]]:
    """Each author once, as the newest event describes them, and whether one of the events is inbound."""
    newest: dict[Key, tuple[Author, datetime, bool]] = {}
    for event in events:
        author = event.author
        if author is None:
            continue
        key = (author.platform, author.id)
        inbound = event.direction == "inbound" and event.origin != "context"
        before = newest.get(key)
        if before is None or event.posted_at > before[1]:
            newest[key] = (author, event.posted_at, inbound or (before is not None and before[2]))
        elif inbound and not before[2]:
            newest[key] = (before[0], before[1], True)
    return newest


def _refresh(session: Session, newest: dict[Key, tuple[Author, datetime, bool]], known: dict[Key, Any]) -> set[int]:
    """Update what changed since; an older description never overwrites a newer one."""
    table = db.table(Identity)
    changed: set[int] = set()
    seen: list[tuple[datetime, int]] = []
    for key, row in known.items():
        author, at, _ = newest[key]
        if at < row.last_seen:
            continue
        if at > row.last_seen:
            seen.append((at, row.id))
        values = {name: value for name, value in facts(author).items() if _better(value, getattr(row, name))}
        if values:
            session.execute(sa.update(table).where(table.c.id == row.id).values(**values))
            if MATCHING & values.keys():
                changed.add(row.id)
    bulk.update(session, Identity, ("last_seen",), seen)
    return changed


def _better(new: Any, old: Any) -> bool:
    """Some answers of a platform describe people only in part: an empty value is no news."""
    return new != old and new not in ("", None, [], ())


def mark_ours(session: Session, platform: str, author: Author) -> int:
    """The identity of one of our own accounts; created when it was never seen."""
    event = Event(key="-", platform=platform, kind="system", author=author, posted_at=db.now(), direction="outbound")
    found, _ = store(session, [event])
    row_id = found[(author.platform, author.id)]
    table = db.table(Identity)
    session.execute(sa.update(table).where(table.c.id == row_id).values(ours=True))
    return row_id
