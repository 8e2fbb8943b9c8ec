"""Replies that have not left: put off, to be approved, held, stopped or failed; soonest first, by sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox import submitted, visibility
from inbox.approval_models import Approval
from inbox.models import Conversation, Identity, ReplyRow
from inbox.visibility import Sight

PAGE = 50
SHOWS: dict[str, tuple[str, ...]] = {
    "all": ("queued", "sending", "submitted", "held", "stopped", "failed", "unknown", "rejected"),
    "approve": ("submitted",),
    "later": ("queued", "sending"),
    "look": ("held", "stopped", "failed", "unknown", "rejected"),
}
"""What is shown → states; what waits for something that went wrong needs a look, too."""
_INDEXED = sa.text("reply.state <> 'sent' AND reply.state <> 'cancelled'")  # as the index has it


@dataclass(frozen=True)
class Waiting:
    """One reply with its conversation."""

    reply: ReplyRow
    platform: str
    name: str
    identity_id: int | None
    approval: Approval | None


@dataclass(frozen=True)
class Wanted:
    """Whose replies, and which: `decide` those that this person may approve, `author` those of one person."""

    show: str = "all"
    author: str = ""
    decide: bool = False


def page(
    session: Session, sight: Sight, wanted: Wanted, after: tuple[datetime, int] | None = None, limit: int = PAGE
) -> Sequence[Waiting]:
    """Those after a place (moment and number), soonest first."""
    r, a, c, i = (db.table(one) for one in (ReplyRow, Approval, Conversation, Identity))
    query = (
        sa.select(ReplyRow, Approval, c.c.platform, i.c.name, i.c.handle, c.c.identity_id)
        .join(c, c.c.id == r.c.conversation_id)
        .outerjoin(i, i.c.id == c.c.identity_id)
        .outerjoin(a, a.c.reply_id == r.c.id)
        .where(_INDEXED, _shown(wanted.show), *visibility.seen(sight, c))
    )
    if wanted.author:
        query = query.where(r.c.author == wanted.author)
    if wanted.decide:
        query = query.where(a.c.state == "submitted", *submitted.mine(sight))
    if after is not None:
        query = query.where(
            sa.tuple_(r.c.send_at, r.c.id) > sa.tuple_(sa.literal(after[0], r.c.send_at.type), after[1])
        )
    rows = session.execute(query.order_by(r.c.send_at, r.c.id).limit(limit)).all()
    return [Waiting(row[0], row.platform, row.name or row.handle or "", row.identity_id, row[1]) for row in rows]


def _shown(show: str) -> sa.ColumnElement[bool]:
    r = db.table(ReplyRow)
    found = r.c.state.in_(SHOWS[show])
    return sa.or_(found, sa.and_(r.c.state == "queued", r.c.error != "")) if show == "look" else found
