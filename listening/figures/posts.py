"""The posts people reacted to most: public, and still there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.models import Identity, Message
from listening.figures.scope import Scope, conditions, engagement

EXCERPT = 280
"""Characters of a post's text that a report shows."""


@dataclass(frozen=True)
class Post:
    """One message with what a report says about it; `author` is empty when the source names none."""

    message_id: int
    conversation_id: int
    key: str
    platform: str
    kind: str
    identity_id: int | None
    author: str
    """The handle."""
    name: str
    followers: int | None
    text: str
    url: str
    posted_at: datetime
    sentiment: str
    language: str
    engagement: int


def posts(session: Session, scope: Scope, top: int) -> list[Post]:
    """By likes + reposts + replies, the newest first among equals."""
    m, i = db.table(Message), db.table(Identity)
    best = (
        sa.select(m.c.id, engagement().label("engagement"))
        .where(*conditions(scope.of(public=True)), m.c.deleted_at.is_(None))
        .order_by(sa.text("engagement DESC"), m.c.posted_at.desc(), m.c.id.desc())
        .limit(top)
        .subquery("best")
    )
    names = (
        "id",
        "conversation_id",
        "key",
        "platform",
        "kind",
        "identity_id",
        "text",
        "url",
        "posted_at",
        "sentiment",
        "language",
    )
    query = (
        sa.select(*(m.c[name] for name in names), i.c.handle, i.c.name, i.c.followers, best.c.engagement)
        .select_from(best.join(m, m.c.id == best.c.id).outerjoin(i, i.c.id == m.c.identity_id))
        .order_by(best.c.engagement.desc(), m.c.posted_at.desc(), m.c.id.desc())
    )
    return [_post(row) for row in session.execute(query)]


def _post(row: sa.Row[Any]) -> Post:
    return Post(
        message_id=row.id,
        conversation_id=row.conversation_id,
        key=row.key,
        platform=row.platform,
        kind=row.kind,
        identity_id=row.identity_id,
        author=row.handle or "",
        name=row.name or row.handle or "",
        followers=row.followers,
        text=excerpt(row.text),
        url=row.url,
        posted_at=row.posted_at,
        sentiment=row.sentiment,
        language=row.language,
        engagement=int(row.engagement or 0),
    )


def excerpt(text: str) -> str:
    """One line, cut where a report has no more room."""
    line = " ".join(text[: EXCERPT * 8].split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"
