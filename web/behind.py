"""The rows of `/messages`: single messages as they are listed behind a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.models import Account, Identity, Message
from web import place

PAGE = 50
EXCERPT = 600
"""Characters of a text that a row shows."""


@dataclass(frozen=True)
class Row:
    """A message; `author` is empty when the source names none."""

    id: int
    conversation_id: int
    platform: str
    kind: str
    text: str
    subject: str
    language: str
    sentiment: str
    private: bool
    at: datetime
    deleted: bool
    identity_id: int | None
    author: str
    handle: str
    account: str
    labels: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where it stands in the list: what comes next begins after it."""
        return place.mark(self.at, self.id)


def rows(session: Session, ids: Sequence[int]) -> list[Row]:
    """These messages, newest first."""
    m, i, a = db.table(Message), db.table(Identity), db.table(Account)
    names = (
        "id", "conversation_id", "platform", "kind", "text", "subject", "language", "sentiment", "visibility",
        "posted_at", "deleted_at", "identity_id", "labels",
    )  # fmt: skip
    query = (
        sa.select(*(m.c[name] for name in names), i.c.name.label("author"), i.c.handle, a.c.handle.label("account"))
        .select_from(m.join(a, a.c.id == m.c.account_id).outerjoin(i, i.c.id == m.c.identity_id))
        .where(m.c.id.in_(ids))
        .order_by(m.c.posted_at.desc(), m.c.id.desc())
    )
    return [
        Row(
            id=row.id,
            conversation_id=row.conversation_id,
            platform=row.platform,
            kind=row.kind,
            text=row.text[:EXCERPT],
            subject=row.subject,
            language=row.language,
            sentiment=row.sentiment,
            private=row.visibility == "private",
            at=row.posted_at,
            deleted=row.deleted_at is not None,
            identity_id=row.identity_id,
            author=row.author or row.handle or "",
            handle=row.handle or "",
            account=row.account,
            labels=tuple(row.labels or ()),
        )
        for row in session.execute(query)
    ]
