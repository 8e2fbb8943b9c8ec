"""Internal notes, on a conversation or on a person: for the people who work here alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db, rows
from core.errors import Rejected
from inbox import activities
from inbox.models import Conversation, Identity, Note

LIMIT = 10_000
"""Characters of a note."""


def add(
    session: Session,
    *,
    conversation_id: int | None = None,
    identity_id: int | None = None,
    author: str,
    text: str,
) -> int:
    """Write a note on one conversation or one person; returns its id. Rejected when empty, too long or on nothing."""
    words = db.sound(text).strip()
    if not words:
        raise Rejected("The note is empty. Write something first.")
    if len(words) > LIMIT:
        raise Rejected(f"The note is too long: {LIMIT} characters at most.")
    if (conversation_id is None) == (identity_id is None):
        raise Rejected("A note belongs to a conversation or to a person, and to one of them only.")
    if conversation_id is not None and session.get(Conversation, conversation_id) is None:
        raise Rejected(f"There is no conversation {conversation_id}.")
    if identity_id is not None and session.get(Identity, identity_id) is None:
        raise Rejected(f"There is no person {identity_id}.")
    note = Note(conversation_id=conversation_id, identity_id=identity_id, author=author, text=words, at=db.now())
    session.add(note)
    session.flush()
    assert note.id is not None  # noqa: S101  # flushed
    _tell(session, note, author, "note.added")
    return note.id


def of_conversation(session: Session, conversation_id: int) -> list[Note]:
    """The notes of a conversation, oldest first."""
    n = db.table(Note)
    return list(session.scalars(sa.select(Note).where(n.c.conversation_id == conversation_id).order_by(n.c.at, n.c.id)))


@dataclass(frozen=True, slots=True)
class Written:
    """A note as a page shows it."""

    id: int
    author: str
    text: str
    at: datetime


def of_people(session: Session, identity_ids: Sequence[int]) -> list[Written]:
    """The notes on these identities, newest first."""
    sql = f"SELECT {rows.columns(Written)} FROM note WHERE {bulk.among('identity_id')} ORDER BY at DESC, id DESC"  # noqa: S608  # our own names
    return rows.read(session, Written, sql, bulk.listed(identity_ids))


def remove(session: Session, note_id: int, actor: str) -> bool:
    """Take a note of one's own away; False when it is gone already, Rejected when somebody else wrote it."""
    note = session.get(Note, note_id)
    if note is None:
        return False
    if note.author != actor:
        raise Rejected("Only who wrote a note can take it away.")
    _tell(session, note, actor, "note.removed")
    session.delete(note)
    session.flush()
    return True


def _tell(session: Session, note: Note, actor: str, action: str) -> None:
    if note.conversation_id is not None:
        activities.changed(session, [note.conversation_id])
        audit.record(session, actor, action, f"conversation:{note.conversation_id}", {"note": note.id})
    else:
        audit.record(session, actor, action, f"identity:{note.identity_id}", {"note": note.id})
