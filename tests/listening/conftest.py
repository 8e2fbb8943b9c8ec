"""Stored, annotated messages to listen to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import db
from core.event import Author, Event, Page, Profile
from core.outbox import Item, step
from core.topics import SUBSCRIBERS
from inbox import accounts, facts
from inbox.ingest import store_page
from listening import tasks

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
Store = Callable[..., list[int]]


def author(name: str) -> Author:
    return Author(platform="mastodon", id=f"https://social.example/users/{name}", handle=f"{name}@social.example")


@pytest.fixture
def account(database: str) -> int:
    with db.write() as session:
        return accounts.add(
            session,
            platform="mastodon",
            profile=Profile(author=author("brand")),
            base_url="",
            secrets={},
            feeds=[],
        )


@pytest.fixture
def store(account: int) -> Store:
    """Store texts as posts an hour apart, annotated as told; returns the message ids in order."""
    counter = iter(range(1_000_000))

    def put(*texts: str, annotated: Mapping[str, Any] | None = None, **changes: Any) -> list[int]:
        events = []
        for text in texts:
            number = next(counter)
            values: dict[str, Any] = {
                "key": f"mastodon:https://social.example/{number}", "platform": "mastodon", "kind": "mention",
                "author": author("anna"), "text": text, "posted_at": START + timedelta(hours=number),
                "url": f"https://social.example/{number}",
            }  # fmt: skip
            events.append(Event(**{**values, **changes}))
        new = store_page(account, Page(events=tuple(events))).new
        ids = [new[event.key] for event in events]
        with db.write() as session:
            facts.set(session, {one: dict(annotated or {"language": "en"}) for one in ids})
        return ids

    return put


def letter(message_id: int, version: int = 1) -> Item:
    return Item(
        message_id,
        "message.annotated",
        f"message:{message_id}",
        {"message_id": message_id, "version": version},
    )


def live(*ids: int, version: int = 1) -> None:
    """What the outbox does with message.annotated."""
    outcome = tasks.match([letter(one, version) for one in ids])
    if outcome.write is not None:
        with db.write() as session:
            outcome.write(session)


def backwards() -> int:
    """Run query.changed until nothing is due; returns the number of steps."""
    steps = 0
    while step(SUBSCRIBERS["listening.tasks.rematch"], tasks.rematch):
        steps += 1
    return steps
