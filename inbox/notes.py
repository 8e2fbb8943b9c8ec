"""Internal notes, on a conversation or on a person: for the people who work here alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db, rows
from core.errors import Rejected
from inbox import activities, attachments, notices, telling, watching
from inbox.models import Conversation, Identity, Note
from inbox.notice_models import NoteMention
from inbox.notices import Notice

LIMIT = 10_000
"""Characters of a note."""
TOO_LONG = "The note is too long: 10,000 characters at most."
GONE = "This note is gone."
NOT_YOURS = "Only who wrote a note can change it."


def add(
    session: Session,
    *,
    conversation_id: int | None = None,
    identity_id: int | None = None,
    author: str,
    text: str,
    mentions: Mapping[str, str] | None = None,
    attached: Sequence[int] = (),
) -> int:
    """Write a note on one conversation or one person; returns its id. Rejected when empty, too long or on nothing.

    `mentions` of a conversation's note are {`user:3` or `team:2`: the name that stands after an @ in the text}; they
    are told. `attached` are files beside the author's draft in that conversation.
    """
    words = _sound(text)
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
    if conversation_id is not None:
        _mention(session, note, mentions or {}, watching.of(session, conversation_id))
        if attached:
            attachments.give(session, conversation_id, author, attached, note_id=note.id)
    _tell(session, note, author, "note.added")
    return note.id


def change(session: Session, note_id: int, text: str, mentions: Mapping[str, str], actor: str) -> bool:
    """Write a note of one's own anew: who is mentioned for the first time is told, who is not any more is not.

    False when it says the same; Rejected when it is gone, somebody else's, empty or too long.
    """
    note, words = _own(session, note_id, actor), _sound(text)
    if note.text == words:
        return False
    note.text, note.edited_at = words, db.now()
    session.add(note)
    session.flush()
    if note.conversation_id is not None:
        _mention(session, note, mentions)
    _tell(session, note, actor, "note.changed")
    return True


def mentions(session: Session, note_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """{note: {target: name}} of these notes."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    sql = f"SELECT note_id, target, name FROM note_mention WHERE {bulk.among('note_id')} ORDER BY target"  # noqa: S608  # our own names
    for note_id, target, name in bulk.fetch(session, sql, bulk.listed(note_ids), prepared=True):
        found[note_id][target] = name
    return found


def split(text: str, names: Iterable[str]) -> list[tuple[str, bool]]:
    """A text in pieces, those that mention somebody marked."""
    known = sorted({f"@{one}" for one in names if one}, key=len, reverse=True)
    if not known:
        return [(text, False)]
    parts = re.split(f"({'|'.join(map(re.escape, known))})", text)
    return [(part, place % 2 == 1) for place, part in enumerate(parts) if part]


def _mention(session: Session, note: Note, wanted: Mapping[str, str], watchers: Collection[str] = ()) -> None:
    """Keep whom the text really names, and tell them, and of a new one the watchers."""
    t, number = db.table(NoteMention), note.id or 0
    before = set(mentions(session, [number]).get(number, {}))
    kept = {target: name for target, name in wanted.items() if name and f"@{name}" in note.text}
    session.execute(sa.delete(t).where(t.c.note_id == number, t.c.target.not_in(sorted(kept))))
    rows = [{"note_id": number, "target": one, "name": kept[one]} for one in sorted(kept) if one not in before]
    if rows:
        session.execute(sa.insert(t), rows)
    conversation_id = note.conversation_id or 0
    people = {who for target in kept for who in notices.people(session, target, conversation_id)}
    reason = f"note:{number}"
    notices.forget(session, reason, people, "mention")
    named = [Notice(who, "mention", conversation_id, reason, note.author) for who in sorted(people)]
    others = sorted(set(watchers) - people)
    notices.add(session, named + [Notice(who, "watched", conversation_id, reason, note.author) for who in others])


def _sound(text: str) -> str:
    words = db.sound(text).strip()
    if not words:
        raise Rejected("The note is empty. Write something first.")
    if len(words) > LIMIT:
        raise Rejected(TOO_LONG)
    return words


def _own(session: Session, note_id: int, actor: str) -> Note:
    note = session.get(Note, note_id)
    if note is None:
        raise Rejected(GONE)
    if note.author != actor:
        raise Rejected(NOT_YOURS)
    return note


def of_conversation(session: Session, conversation_id: int) -> list[Note]:
    """The notes of a conversation, oldest first."""
    return rows.where(session, Note, "conversation_id = ? ORDER BY at, id", conversation_id)


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
    notices.forget(session, f"note:{note_id}")
    _tell(session, note, actor, "note.removed")
    attachments.forget(session, "note_id", [note_id])
    session.delete(note)
    session.flush()
    return True


def _tell(session: Session, note: Note, actor: str, action: str) -> None:
    if note.conversation_id is not None:
        activities.changed(session, [note.conversation_id])
        audit.record(session, actor, action, f"conversation:{note.conversation_id}", {"note": note.id})
    else:
        telling.person(session, [note.identity_id or 0])
        audit.record(session, actor, action, f"identity:{note.identity_id}", {"note": note.id})
