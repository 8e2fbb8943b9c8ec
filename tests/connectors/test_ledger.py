"""The ledger: what a platform has against what is stored; one feed's trouble does not hide the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import ledger
from connectors.base import Unable
from core import db
from core.errors import TryLater
from core.event import Author, Count, Event, Page, Profile
from inbox import accounts, ingest
from inbox.models import Account, Feed, Message

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)
ANNA = Author(platform="mastodon", id="https://social.example/users/anna")


def event(number: int) -> Event:
    key = f"mastodon:{number}"
    return Event(key=key, platform="mastodon", kind="mention", author=ANNA, text=key, posted_at=NOW, ref=key)


class Book(Unable):
    """A platform that has four events in a feed, and another feed that is away."""

    title = "Book"

    def count(self, feed: str, since: datetime, until: datetime) -> Count:
        if feed == "own":
            raise TryLater("the platform is away")
        keys = ("mastodon:1", "mastodon:2", "mastodon:2", "mastodon:3", "mastodon:4")
        return Count(feed=feed, since=since, until=until, keys=keys, complete=feed == "notifications")

    def pull(self, feed: str, cursor: str | None) -> Iterator[Page]:
        assert cursor is None
        yield Page(events=tuple(map(event, (1, 2, 3, 4))), cursor="far ahead")


@pytest.fixture
def account(database: str, monkeypatch: pytest.MonkeyPatch) -> int:
    us = Profile(author=Author(platform="mastodon", id="us", handle="us@social.example"))
    feeds = ["conversations", "notifications", "own"]
    with db.write() as session:
        number = accounts.add(session, platform="mastodon", profile=us, base_url="", secrets={}, feeds=feeds)
        session.execute(sa.update(db.table(Feed)).values(cursor="here"))
        accounts.follow(session, number, "tag:off")
        accounts.unfollow(session, number, "tag:off")
    ingest.store_page(number, Page(events=(event(1), event(3))))

    def opened(account_id: int, override: Any = None) -> tuple[Account, Book]:
        opened.override = override  # type: ignore[attr-defined]  # what the test asks for
        with db.read() as session:
            return accounts.get(session, account_id), Book()

    monkeypatch.setattr(ledger, "open_account", opened)
    return number


def test_each_feed_says_what_is_missing(account: int) -> None:
    entries = {entry.feed: entry for entry in ledger.compare(account, SINCE, NOW)}
    assert set(entries) == {"conversations", "notifications", "own"}
    found = entries["notifications"]
    assert (found.platform_has, found.stored, found.missing) == (4, 2, ("mastodon:2", "mastodon:4"))
    assert (found.complete, entries["conversations"].complete) == (True, False)
    assert found.account == "mastodon:us@social.example"


def test_a_feed_that_cannot_be_asked_says_so(account: int) -> None:
    (entry,) = [one for one in ledger.compare(account, SINCE, NOW) if one.feed == "own"]
    assert (entry.error, entry.complete) == ("the platform is away", False)


def test_filling_stores_what_is_missing_and_moves_no_cursor(account: int) -> None:
    filled = ledger.fill(account, NOW - timedelta(days=3))
    assert set(filled.new) == {"mastodon:2", "mastodon:4"}
    with db.read() as session:
        assert set(session.scalars(sa.select(db.table(Message).c.key))) == {f"mastodon:{n}" for n in (1, 2, 3, 4)}
        assert {feed.cursor for feed in session.scalars(sa.select(Feed)) if feed.enabled} == {"here"}
    assert ledger.fill(account, NOW - timedelta(days=3)).new == {}


def test_filling_asks_as_far_back_as_the_window(account: int) -> None:
    ledger.fill(account, db.now() - timedelta(days=10, hours=1))
    assert ledger.open_account.override == {"history_days": 11}  # type: ignore[attr-defined]  # set by the stand-in
