"""Authors as they stand on their platforms: one row per immutable id, refreshed with every page."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import repeat
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from core.event import Author, Event
from inbox import attributes
from inbox.models import Identity

FACTS = (
    "handle", "name", "url", "avatar_url", "bio", "location", "language", "followers", "following", "bot",
    "domain_handle", "links",
)  # fmt: skip
"""Columns that come from the platform's description of a person."""

MATCHING = frozenset({"handle", "name", "url", "bio", "links", "location", "domain_handle"})
"""A change of one of these may change who the person is matched to."""

Key = tuple[str, str]
Seen = tuple[Author, datetime, bool]
"""An author as the newest event describes them, its moment, and whether they wrote to us."""


def digest(author: Author) -> str:
    """A hash of a description: the same one again is recognised without reading the row."""
    return hashlib.blake2b(bulk.json_text(author).encode(), digest_size=16).hexdigest()


def store(session: Session, events: Sequence[Event]) -> tuple[dict[Key, int], set[int]]:
    """Write the authors of a page; returns their row ids and the ids whose match is to be (re)decided."""
    newest = _newest(events)
    if not newest:
        return {}, set()
    known = _known(session, newest)
    fresh = sorted(newest.keys() - known.keys())
    found = {key: row_id for key, (_, row_id, _, _, _) in known.items()}
    new = dict(zip(fresh, db.allocate(session, Identity, len(fresh)), strict=True))
    bulk.insert(session, Identity, _columns(new, [newest[key] for key in fresh]))
    found |= new
    changed = _refresh(session, newest, known)
    writers = {found[key] for key, (_, _, writes) in newest.items() if writes}
    ours = {row_id for _, row_id, _, is_ours, _ in known.values() if is_ours}
    return found, (({*new.values()} & writers) | changed) - ours


def _known(session: Session, newest: Iterable[Key]) -> dict[Key, Any]:
    """What stored authors are recognised by; moments are in the driver's form."""
    by_platform: dict[str, list[str]] = defaultdict(list)
    for platform, external_id in newest:
        by_platform[platform].append(external_id)
    query = (
        "SELECT external_id, id, last_seen, ours, digest FROM identity "  # noqa: S608  # constants
        f"WHERE platform = ? AND {bulk.among('external_id')}"
    )
    return {
        (platform, row[0]): row
        for platform, ids in by_platform.items()
        for row in bulk.fetch(session, query, platform, bulk.listed(ids))
    }


def _columns(new: dict[Key, int], seen: Sequence[Seen]) -> dict[str, Iterable[Any]]:
    people, stamp = [author for author, _, _ in seen], bulk.stamp()
    moments = [stamp(at) for _, at, _ in seen]
    return {
        "id": new.values(),
        "platform": [platform for platform, _ in new],
        "external_id": [external_id for _, external_id in new],
        "ours": repeat(False),
        "first_seen": moments,
        "last_seen": moments,
        "digest": map(digest, people),
        **{name: map(attrgetter(name), people) for name in FACTS if name != "links"},
        "links": [bulk.json_text(author.links) for author in people],
    }


def _newest(events: Sequence[Event]) -> dict[Key, Seen]:
    """Each author of a page once."""
    newest: dict[Key, Seen] = {}
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


def _refresh(session: Session, newest: dict[Key, Seen], known: dict[Key, Any]) -> set[int]:
    """Update what changed since; an older description never overwrites a newer one."""
    stamp = bulk.stamp()
    seen: list[bulk.Row] = []
    differs: dict[int, tuple[Author, str]] = {}
    for key, (_, row_id, last_seen, _, before) in known.items():
        author, at, _ = newest[key]
        if (moment := stamp(at)) < last_seen:
            continue
        if moment > last_seen:
            seen.append((moment, row_id))
        if (now := digest(author)) != before:
            differs[row_id] = (author, now)
    bulk.update(session, Identity, ("last_seen",), seen)
    return _describe(session, differs)


def _describe(session: Session, differs: dict[int, tuple[Author, str]]) -> set[int]:
    """Write new descriptions; returns the ids in which something changed that people are matched by."""
    if not differs:
        return set()
    i = db.table(Identity)
    changed: set[int] = set()
    columns = [i.c[name] for name in ("id", *FACTS)]
    for row in session.execute(sa.select(*columns).where(i.c.id.in_(sorted(differs)))).all():
        author, now = differs[row.id]
        values = {name: value for name, value in facts(author).items() if _better(value, getattr(row, name))}
        session.execute(sa.update(i).where(i.c.id == row.id).values(digest=now, **values))
        if MATCHING & values.keys():
            changed.add(row.id)
    attributes.hear(session, differs)
    return changed


def facts(author: Author) -> dict[str, Any]:
    """The columns of an author, by name."""
    values = {name: getattr(author, name) for name in FACTS}
    return values | {"links": [link.model_dump() for link in author.links]}


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
