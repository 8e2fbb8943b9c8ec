"""Notifications as a page or a mail shows them: with the conversation, as far as the reader may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox import visibility
from inbox.models import Conversation, Identity
from inbox.notice_models import Notification
from web import actors
from web.notices import words
from web.reader import Reader


@dataclass(frozen=True)
class Shown:
    """One notification; `name`, `excerpt` and `platform` are empty where the reader may not see the conversation."""

    id: int
    kind: str
    icon: str
    said: str
    at: datetime
    read: bool
    conversation_id: int
    name: str
    excerpt: str
    language: str
    platform: str
    identity_id: int | None


def shown(session: Session, rows: Sequence[Notification], reader: Reader) -> list[Shown]:
    """The same in the reader's words."""
    c, i = db.table(Conversation), db.table(Identity)
    query = (
        sa.select(c.c.id, c.c.excerpt, c.c.language, c.c.platform, i.c.name, i.c.handle, c.c.identity_id)
        .outerjoin(i, i.c.id == c.c.identity_id)
        .where(c.c.id.in_(sorted({one.conversation_id for one in rows})), *visibility.seen(reader.sight))
    )
    talks = {row.id: row for row in session.execute(query)}
    names = actors.names(session, {one.actor for one in rows})
    found = []
    for one in rows:
        talk = talks.get(one.conversation_id)
        found.append(
            Shown(
                id=one.id or 0,
                kind=one.kind,
                icon=words.KINDS[one.kind][0],
                said=words.sentence(one.kind, one.reason, actors.named(one.actor, names, reader), reader),
                at=one.at,
                read=one.read_at is not None,
                conversation_id=one.conversation_id,
                name=(talk.name or talk.handle or "") if talk is not None else "",
                excerpt=talk.excerpt if talk is not None else "",
                language=talk.language if talk is not None else "",
                platform=talk.platform if talk is not None else "",
                identity_id=talk.identity_id if talk is not None else None,
            )
        )
    return found
