"""Importing an archive: pages of a file through the same `store_page`, resumable and idempotent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from connectors.platforms.archive import Format, Reader, open_archive
from core import db
from core.event import Author, Page, Profile
from inbox import accounts, ingest
from inbox.ingest import FeedStep
from inbox.models import Feed


@dataclass
class Import:
    """What an import did; `read` rows counted from where it began."""

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    resumed_at: int = 0
    """Rows read by an earlier run that was interrupted."""


def run(
    path: Path, shape: Format, *, account: str = "", progress: Callable[[int, int], None] = lambda *_: None
) -> Import:
    """Import a file; an interrupted import goes on after its last stored page.

    `progress` is told (bytes read, bytes in all). NotConfigured before the first row when a column is missing.
    """
    reader = open_archive(path, shape)  # checks the file and its columns before anything is written
    with db.write() as session:
        account_id, feed_id, cursor = _place(session, account or shape.source, path)
    if cursor is not None:
        reader = open_archive(path, shape, cursor)
    result = Import(resumed_at=reader.rows)
    for page in reader:
        _store(account_id, feed_id, cursor, page, result)
        cursor = page.cursor
        progress(reader.read, reader.total)
    result.read = _rows(reader) - result.resumed_at
    result.duplicates = result.read - result.stored - result.rejected
    with db.write() as session:  # done: the next run reads from the start again
        f = db.table(Feed)
        session.execute(sa.update(f).where(f.c.id == feed_id).values(cursor=None))
    return result


def _rows(reader: Reader) -> int:
    return reader.rows


def _store(account_id: int, feed_id: int, cursor: str | None, page: Page, result: Import) -> None:
    stored = ingest.store_page(account_id, page, step=FeedStep(feed_id, cursor))
    result.stored += len(stored.new)
    result.rejected += len(page.bad)


def _place(session: Session, source: str, path: Path) -> tuple[int, int, str | None]:
    """The archive's account and the feed that remembers how far this very file was read."""
    profile = Profile(author=Author(platform="archive", id=source, handle=source, name=source))
    account_id = accounts.add(session, platform="archive", profile=profile, base_url="", secrets={}, feeds=[])
    with path.open("rb") as file:
        mark = hashlib.sha256(file.read(1 << 20) + str(path.stat().st_size).encode()).hexdigest()[:24]
    name = f"file:{mark}"
    accounts.follow(session, account_id, name)
    accounts.unfollow(session, account_id, name)  # nobody pulls it by the clock
    feed = next(one for one in accounts.feeds(session, account_id) if one.name == name)
    assert feed.id is not None  # noqa: S101  # it comes from the store
    return account_id, feed.id, feed.cursor
