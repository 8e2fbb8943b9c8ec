"""A hub in which something is said about two brands, in three languages, in public and in private."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core import db
from core.event import Author
from core.outbox import Item
from inbox import facts, ingest
from inbox.models import Message
from listening import subjects, tasks
from tests.web.conftest import account, event

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
QUERY = "from=2026-11-01&to=2026-11-10"
SENTIMENTS = ("negative", "neutral", "positive", "unsure", "")
TEXTS = ("Acme ist gut #Sale", "acme と globex の返品", "Globex is late #help", "acme again #sale")


def said() -> None:
    """Forty messages by seven authors; every fifth is private, every sixth has no author."""
    account_id = account()
    for n in range(40):
        private = {"kind": "dm", "visibility": "private", "thread_key": f"t{n}"} if n % 5 == 0 else {}
        changes: dict[str, Any] = {"author": None} if n % 6 == 0 else {"author": _author(n % 7)}
        made = event(
            f"mastodon:{n}", TEXTS[n % 4], hashtags=("Sale",) if n % 4 in (0, 3) else (), counts={"likes": n % 3},
            **(private | changes),
        )  # fmt: skip
        moment = START + timedelta(hours=5 * n)
        ingest.store_page(account_id, ingest.Page(events=(made.model_copy(update={"posted_at": moment}),)))
    with db.read() as session:
        ids = [row.id for row in session.execute(db.table(Message).select().order_by(db.table(Message).c.posted_at))]
    with db.write() as session:
        facts.set(session, {one: _facts(n) for n, one in enumerate(ids)})
    with db.write() as session:
        for name, kind in (("Acme", "brand"), ("Globex", "competitor")):
            subjects.add_query(session, subjects.create(session, name, kind), "q", name.lower())
    outcome = tasks.match([Item(one, "message.annotated", str(one), {"message_id": one, "version": 1}) for one in ids])
    assert outcome.write is not None
    with db.write() as session:
        outcome.write(session)


def _author(number: int) -> Author:
    return Author(
        platform="mastodon", id=f"https://a.example/{number}", handle=f"@p{number}@a.example", name=f"名前 {number}",
        followers=100 * number,
    )  # fmt: skip


def _facts(number: int) -> dict[str, Any]:
    return {
        "language": ("de", "ja", "en", "")[number % 4],
        "sentiment": SENTIMENTS[number % 5],
        "intent": ("praise", "")[number % 2],
        "labels": ["Preis"] if number % 3 == 0 else [],
    }


@pytest.fixture
def heard(database: str) -> None:
    said()
