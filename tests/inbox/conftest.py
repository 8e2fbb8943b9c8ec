"""A connected account and events to store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import db
from core.event import Author, Event, Profile
from inbox import accounts

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
BRAND = Author(
    platform="mastodon", id="https://social.example/users/brand", handle="brand@social.example", name="Brand"
)


def person(name: str = "anna", **changes: Any) -> Author:
    return Author(
        platform="mastodon", id=f"https://social.example/users/{name}", handle=f"{name}@social.example",
        name=name.title(), **changes,
    )  # fmt: skip


def event(number: int, **changes: Any) -> Event:
    """A mention, `number` minutes after the start."""
    values: dict[str, Any] = {
        "key": f"mastodon:https://social.example/statuses/{number}",
        "platform": "mastodon",
        "kind": "mention",
        "author": person(),
        "text": f"@brand message {number}",
        "posted_at": START + timedelta(minutes=number),
        "ref": str(number),
    }
    return Event(**{**values, **changes})


@pytest.fixture
def account(database: str) -> int:
    with db.write() as session:
        return accounts.add(
            session, platform="mastodon", profile=Profile(author=BRAND), base_url="https://social.example",
            secrets={"token": "t"}, feeds=["notifications"],
        )  # fmt: skip


@pytest.fixture
def make() -> Callable[..., Event]:
    return event
