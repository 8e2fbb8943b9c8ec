"""What people have begun to write: one draft per person and conversation, kept until it is sent or emptied."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from core import db, rows
from core.errors import Rejected
from inbox.models import Conversation, Draft

KINDS = ("public", "private", "note")
LIMIT = 50_000
"""Characters of a draft."""


def save(session: Session, author: str, conversation_id: int, kind: str, text: str) -> None:
    """Keep what is written so far, in place of what was kept before; an empty text drops it."""
    if kind not in KINDS:
        raise Rejected(f"There is no kind {kind!r} of answer. Use one of: {', '.join(KINDS)}.")
    if len(text) > LIMIT:
        raise Rejected(f"The draft is too long: {LIMIT} characters at most.")
    if not text.strip():
        drop(session, author, conversation_id)
        return
    if session.get(Conversation, conversation_id) is None:
        raise Rejected(f"There is no conversation {conversation_id}.")
    values = {"kind": kind, "text": db.sound(text), "saved_at": db.now()}
    session.execute(
        db.upsert(Draft).on_conflict_do_update(index_elements=["conversation_id", "author"], set_=values),
        {"conversation_id": conversation_id, "author": author, **values},
    )


def of(session: Session, author: str, conversation_id: int) -> Draft | None:
    """What this person has begun to write there; None when nothing."""
    found = rows.where(session, Draft, "conversation_id = ? AND author = ?", conversation_id, author)
    return found[0] if found else None


def drop(session: Session, author: str, conversation_id: int) -> None:
    """It was sent, or is not wanted any more."""
    d = db.table(Draft)
    session.execute(sa.delete(d).where(d.c.conversation_id == conversation_id, d.c.author == author))
