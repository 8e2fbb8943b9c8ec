"""A small hub for tests: an account of ours, people who write, and the enrichment subscribers run inline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core import db, outbox
from core.event import Author, Event, Page
from core.outbox import OutboxRow
from core.queue import handler
from core.topics import SUBSCRIBERS
from enrichment.crm import CrmPerson
from enrichment.models import CannotLink, CrmRecord, IdentityKey, MatchKey, MatchLink, SyncState
from inbox import ingest
from inbox.identities import mark_ours
from inbox.models import Account, Identity, Message

AT = datetime(2026, 11, 20, 12, 0, 30, 500_000, tzinfo=UTC)
ROOM = [name for name in SUBSCRIBERS if name.startswith("enrichment.")]

ANNA = Author(
    platform="mastodon",
    id="https://troet.example/users/annab",
    handle="annab@troet.example",
    name="Anna Bergmann",
    url="https://troet.example/@annab",
)
US = Author(platform="mastodon", id="https://social.example/users/shop", handle="shop@social.example")
CRM_ANNA = CrmPerson(
    "Contact",
    "003A",
    "Anna",
    "Bergmann",
    "Anna Bergmann",
    emails=("anna@post.example",),
    handles={"mastodon": "@annab@troet.example"},
    company="Chor",
    company_id="001A",
)


def account() -> int:
    with db.write() as session:
        row = Account(platform="mastodon", external_id=US.id, handle=US.handle, created_at=AT)
        session.add(row)
        session.flush()
        mark_ours(session, "mastodon", US)
        return row.id or 0


def event(key: str, author: Author = ANNA, **values: Any) -> Event:
    number = int("".join(filter(str.isdigit, key)) or 0)
    base = {"key": f"mastodon:{key}", "platform": "mastodon", "kind": "mention", "author": author,
            "text": f"text {key}", "posted_at": AT + timedelta(minutes=number),
            "url": f"https://x.example/{key}"}  # fmt: skip
    return Event.model_validate({**base, **values})


def store(account_id: int, *events: Event, sentiment: str = "") -> None:
    """Store a page and say of its messages that they are annotated."""
    ingest.store_page(account_id, Page(events=events))
    with db.write() as session:
        m, o = db.table(Message), db.table(OutboxRow)
        if sentiment:
            session.execute(sa.update(m).where(m.c.sentiment == "").values(sentiment=sentiment))
        waiting = session.scalars(sa.select(OutboxRow).where(o.c.subscriber == "sentiment.tasks.annotate")).all()
        letters = [(row.key, row.payload) for row in waiting]
        session.execute(sa.delete(o).where(o.c.subscriber == "sentiment.tasks.annotate"))
        outbox.emit(session, "message.annotated", letters)


def work(*, waits: int = 3) -> int:
    """Run the room until nothing is due; what waits for later is brought forward `waits` times."""
    worked = 0
    for turn in range(waits + 1):
        while step := sum(outbox.step(SUBSCRIBERS[name], handler(name)) for name in ROOM):
            worked += step
        if turn < waits:
            with db.write() as session:
                o = db.table(OutboxRow)
                session.execute(sa.update(o).where(o.c.lease.is_(None)).values(due_at=0.0))
    return worked


def waiting() -> list[str]:
    """Subscribers of the room that still have letters, dead ones too."""
    with db.read() as session:
        o = db.table(OutboxRow)
        return list(session.scalars(sa.select(o.c.subscriber).where(o.c.subscriber.in_(ROOM))))


def identity(author: Author = ANNA) -> Identity:
    with db.read() as session:
        i = db.table(Identity)
        query = sa.select(Identity).where(i.c.platform == author.platform, i.c.external_id == author.id)
        return session.scalars(query).one()


def states() -> dict[str, str]:
    """Hub id → state."""
    with db.read() as session:
        s = db.table(SyncState)
        return dict(session.execute(sa.select(s.c.hub_id, s.c.state)).all())


def everything() -> dict[str, list[str]]:
    """All rows of the room's tables, to see that nothing changed."""
    kinds = (CrmRecord, MatchKey, IdentityKey, MatchLink, CannotLink, SyncState)
    with db.read() as session:
        return {
            kind.__name__: sorted(str(tuple(row)) for row in session.execute(sa.select(db.table(kind))))
            for kind in kinds
        }
