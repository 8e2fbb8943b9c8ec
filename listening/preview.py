"""What a query would find before it is saved: decided by the very code that decides saved ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox import visibility
from inbox.models import Identity, Message
from inbox.visibility import Sight
from listening import hits, subjects
from listening.figures.posts import excerpt
from listening.query import compile_query, parse
from listening.query.marks import cut, marks

DAYS = 30
LOOKED_AT = 5_000
"""The newest messages of these days that are decided."""
SAMPLE = 8


@dataclass(frozen=True)
class Found:
    """A message that would match; `text` in pieces, True where a word of the query stands."""

    message_id: int
    conversation_id: int
    author: str
    platform: str
    language: str
    sentiment: str
    posted_at: Any
    text: list[tuple[str, bool]]


@dataclass(frozen=True)
class Preview:
    """Hits among the newest messages of the last days; `all_days` when these were all there are."""

    hits: int
    looked_at: int
    all_days: bool
    languages: list[tuple[str, int]]
    sample: list[Found]


def preview(session: Session, text: str, *, sight: Sight) -> Preview:
    """QueryError or BadPayload when it cannot be saved as it is; nothing is stored."""
    subjects.checked(text)
    node = parse(text)
    test, found = compile_query(node), _newest(session, sight)
    matching = [message_id for (message_id, _), doc in found if test(doc)]
    chosen = set(matching)
    languages = Counter(doc.language or "und" for (message_id, _), doc in found if message_id in chosen)
    sample = _sample(session, matching[-SAMPLE:])
    return Preview(
        hits=len(matching),
        looked_at=len(found),
        all_days=len(found) < LOOKED_AT,
        languages=languages.most_common(),
        sample=[_found(row, cut(line, marks(node, line))) for row in sample for line in [excerpt(row.text)]],
    )


def _newest(session: Session, sight: Sight) -> list[Any]:
    m = db.table(Message)
    where = [m.c.posted_at >= db.now() - timedelta(days=DAYS), *visibility.messages(sight)]
    newest = (
        sa.select(m.c.id)
        .where(*hits.counted(), m.c.deleted_at.is_(None), *where)
        .order_by(m.c.posted_at.desc(), m.c.id.desc())
        .limit(LOOKED_AT)
    )
    return hits.docs(session, m.c.id.in_(newest.scalar_subquery()))


def _sample(session: Session, ids: list[int]) -> list[Any]:
    m, i = db.table(Message), db.table(Identity)
    names = ("id", "conversation_id", "platform", "language", "sentiment", "posted_at", "text")
    query = sa.select(*(m.c[name] for name in names), i.c.name, i.c.handle).outerjoin(i, i.c.id == m.c.identity_id)
    return list(session.execute(query.where(m.c.id.in_(ids)).order_by(m.c.posted_at.desc(), m.c.id.desc())))


def _found(row: Any, pieces: list[tuple[str, bool]]) -> Found:
    author = row.name or row.handle or ""
    return Found(row.id, row.conversation_id, author, row.platform, row.language, row.sentiment, row.posted_at, pieces)
