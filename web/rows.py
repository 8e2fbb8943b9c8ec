"""What the list shows: one row per message, with its author, account and conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox import search
from inbox.models import Account, Conversation, Identity, Message, MessageAccount
from inbox.states import STATES

PAGE = 50
EXCERPT = 600
"""Characters of a text that a row shows."""


@dataclass(frozen=True)
class Filter:
    """What the reader wants to see; empty values do not filter."""

    words: str = ""
    account: int = 0
    platform: str = ""
    state: str = ""
    private: bool = True
    """False leaves out what only the parties of a conversation can read."""

    @property
    def active(self) -> bool:
        """Something is filtered."""
        return bool(self.words or self.account or self.platform or self.state)


@dataclass(frozen=True)
class Row:
    """A message as the list shows it. `at` orders; `author` is empty when the source names none."""

    id: int
    version: int
    conversation_id: int
    platform: str
    kind: str
    text: str
    subject: str
    language: str
    sentiment: str
    private: bool
    state: str
    at: datetime
    edited: bool
    deleted: bool
    url: str
    identity_id: int | None
    author: str
    handle: str
    account: str
    labels: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where the row stands in the list: what comes next begins after it."""
        return f"{round(self.at.timestamp() * 1_000_000)}-{self.id}"


def place(text: str) -> tuple[datetime, int] | None:
    """The other way round; None for what is no place."""
    left, _, right = text.partition("-")
    if not (left.isascii() and left.isdigit() and right.isascii() and right.isdigit() and len(text) < 40):
        return None
    seconds, micro = divmod(int(left), 1_000_000)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro), int(right)
    except (ValueError, OverflowError, OSError):
        return None


def page(session: Session, wanted: Filter, before: tuple[datetime, int] | None = None) -> list[Row]:
    """Up to PAGE + 1 rows, newest first: one more than is shown tells that there are older ones."""
    m = db.table(Message)
    query = _query(wanted)
    if before is not None:
        query = query.where(
            sa.tuple_(m.c.posted_at, m.c.id) < sa.tuple_(sa.literal(before[0], m.c.posted_at.type), before[1])
        )
    return _rows(session, query.order_by(m.c.posted_at.desc(), m.c.id.desc()).limit(PAGE + 1))


def some(session: Session, wanted: Filter, ids: Sequence[int]) -> list[Row]:
    """Those of the messages that fit the filter, newest first."""
    m = db.table(Message)
    query = _query(wanted).where(m.c.id.in_(ids))
    return _rows(session, query.order_by(m.c.posted_at.desc(), m.c.id.desc()))


def anything(session: Session) -> bool:
    """There is a message at all."""
    return session.execute(sa.select(db.table(Message).c.id).limit(1)).first() is not None


def _query(wanted: Filter) -> sa.Select[Any]:
    m, c, i, a = db.table(Message), db.table(Conversation), db.table(Identity), db.table(Account)
    query = (
        sa.select(
            m,
            c.c.state,
            i.c.name.label("author"),
            i.c.handle.label("author_handle"),
            a.c.handle.label("account_handle"),
        )
        .select_from(m)
        .join(c, c.c.id == m.c.conversation_id)
        .join(a, a.c.id == m.c.account_id)
        .outerjoin(i, i.c.id == m.c.identity_id)
        .where(m.c.direction == "inbound", m.c.origin != "context")
    )
    if wanted.words:
        condition = search.matches(wanted.words)
        query = query.where(sa.false() if condition is None else condition)
    if wanted.account:
        also = sa.select(db.table(MessageAccount).c.message_id).where(
            db.table(MessageAccount).c.account_id == wanted.account
        )
        query = query.where(sa.or_(m.c.account_id == wanted.account, m.c.id.in_(also)))
    if wanted.platform:
        query = query.where(m.c.platform == wanted.platform)
    if wanted.state in STATES:
        query = query.where(c.c.state == wanted.state)
    if not wanted.private:
        query = query.where(m.c.visibility != "private")
    return query


def _rows(session: Session, query: sa.Select[Any]) -> list[Row]:
    return [
        Row(
            id=row["id"],
            version=row["version"],
            conversation_id=row["conversation_id"],
            platform=row["platform"],
            kind=row["kind"],
            text=row["text"][:EXCERPT],
            subject=row["subject"],
            language=row["language"],
            sentiment=row["sentiment"],
            private=row["visibility"] == "private",
            state=row["state"],
            at=row["posted_at"],
            edited=row["edited_at"] is not None,
            deleted=row["deleted_at"] is not None,
            url=row["url"],
            identity_id=row["identity_id"],
            author=row["author"] or row["author_handle"] or "",
            handle=row["author_handle"] or "",
            account=row["account_handle"],
            labels=tuple(row["labels"] or ()),
        )
        for row in session.execute(query).mappings()
    ]
