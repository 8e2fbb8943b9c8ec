"""Stored messages to annotate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import db
from core.event import Author, Event, Page, Profile
from core.outbox import Item
from inbox import accounts
from inbox.ingest import store_page

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
ANNA = Author(platform="mastodon", id="https://social.example/users/anna", handle="anna@social.example")


@pytest.fixture
def store(database: str) -> Callable[..., list[int]]:
    """Store texts as mentions of one account; returns the message ids in order."""
    brand = Author(platform="mastodon", id="https://social.example/users/brand", handle="brand@social.example")
    with db.write() as session:
        account_id = accounts.add(
            session, platform="mastodon", profile=Profile(author=brand), base_url="", secrets={}, feeds=[]
        )

    def put(*texts: str, **changes: Any) -> list[int]:
        events = []
        for number, text in enumerate(texts):
            values: dict[str, Any] = {
                "key": f"mastodon:https://social.example/{abs(hash((text, number, changes.get('kind'))))}",
                "platform": "mastodon", "kind": "mention", "author": ANNA, "text": text,
                "posted_at": START + timedelta(minutes=number),
            }  # fmt: skip
            events.append(Event(**{**values, **changes}))
        new = store_page(account_id, Page(events=tuple(events))).new
        return [new[event.key] for event in events]

    return put


def letter(message_id: int, version: int = 1) -> Item:
    payload = {"message_id": message_id, "version": version}
    return Item(message_id, "message.stored", f"message:{message_id}", payload)
