"""Files that people attach to replies and notes, and pictures of customers that are kept here for a while.

A file lies beside its author's draft until it is sent or taken away; then it belongs to the reply or the note, and goes
with it. Rows and contents go in one transaction: `inbox.files` throws away what nothing names any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, rows
from core.errors import Rejected
from core.event import File
from core.settings import settings
from inbox import files, filetypes, films, metadata
from inbox.file_models import Attached
from inbox.models import Conversation, Message, Note, ReplyRow

MOST = 10
"""Files beside one draft."""
BEGUN = timedelta(days=30)
"""So long a file lies beside a draft that nobody sends."""
PICTURES = timedelta(days=30)
"""So long a customer's picture is kept; then it is fetched again when somebody looks."""
NAME, ALT = 200, 1500
HEAD = 4096
"""Bytes by which a file's kind is told."""
EMPTY = "The file is empty."
LARGE = "The file is larger than this hub takes. Its operator can raise the limit."
MANY = "Ten files at most can be attached at once."
GONE = "This file is gone."


def add(session: Session, conversation_id: int, author: str, name: str, data: files.Content) -> int:
    """Put a file beside somebody's draft; its number. Rejected when empty, damaged, too large or one too many.

    Pictures are kept without what they tell beside the picture (inbox.metadata).
    """
    if session.get(Conversation, conversation_id) is None:
        raise Rejected(f"There is no conversation {conversation_id}.")
    if not data:
        raise Rejected(EMPTY)
    if len(data) > settings().attachment_mb * 1_000_000:
        raise Rejected(LARGE)
    if len(begun(session, conversation_id, author)) >= MOST:
        raise Rejected(MANY)
    _tidy(session)
    kind, mime = filetypes.told(data[:HEAD], name)
    content = metadata.bare(data[:], mime) if kind == "image" else data
    return _attach(session, conversation_id, name, content, author=author)


def _attach(session: Session, conversation_id: int, name: str, data: files.Content, **where: Any) -> int:
    kind, mime = filetypes.told(data[:HEAD], name)
    film = films.told(data) if kind == "video" else films.Film()
    row = Attached(
        digest=files.store(session, data), conversation_id=conversation_id, name=_named(name), mime=mime, kind=kind,
        size=len(data), at=db.now(), seconds=film.seconds, width=film.width, height=film.height, **where,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id or 0


def _named(name: str) -> str:
    """A name without folders and signs that no file system knows."""
    bare = db.sound(name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(sign for sign in bare if sign.isprintable() and sign not in '"<>|:*?')
    return kept.strip(". ")[-NAME:] or "file"


def _tidy(session: Session) -> None:
    """What lies beside drafts for a month is not sent any more; pictures are fetched again when they are looked at."""
    a, moment = db.table(Attached), db.now()
    old = a.c.message_id.is_(None) & (a.c.at < moment - BEGUN)
    _remove(
        session,
        a.c.reply_id.is_(None),
        a.c.note_id.is_(None),
        old | (a.c.message_id.is_not(None) & (a.c.at < moment - PICTURES)),
    )


def begun(session: Session, conversation_id: int, author: str) -> list[Attached]:
    """What lies beside somebody's draft, in the order in which it came."""
    return rows.where(session, Attached, _BEGUN, conversation_id, author)


_BEGUN = (
    "conversation_id = ? AND author = ? AND reply_id IS NULL AND note_id IS NULL AND message_id IS NULL ORDER BY id"
)


def _beside(conversation_id: int, author: str) -> tuple[Any, ...]:
    a = db.table(Attached)
    loose = (a.c.reply_id.is_(None), a.c.note_id.is_(None), a.c.message_id.is_(None))
    return (a.c.conversation_id == conversation_id, a.c.author == author, *loose)


def describe(session: Session, conversation_id: int, author: str, texts: Mapping[int, str]) -> None:
    """What pictures and videos show, in words, by file."""
    a = db.table(Attached)
    for number, text in texts.items():
        words = " ".join(db.sound(text).split())[:ALT]
        session.execute(sa.update(a).where(a.c.id == number, *_beside(conversation_id, author)).values(alt=words))


def remove(session: Session, conversation_id: int, author: str, number: int) -> bool:
    """Take a file away from beside one's draft; False when it is not there."""
    return bool(_remove(session, db.table(Attached).c.id == number, *_beside(conversation_id, author)))


def drop(session: Session, numbers: Sequence[int]) -> None:
    """These files go."""
    _remove(session, db.table(Attached).c.id.in_(numbers))


def give(
    session: Session,
    conversation_id: int,
    author: str,
    numbers: Sequence[int],
    *,
    reply_id: int | None = None,
    note_id: int | None = None,
) -> None:
    """Make these files of a draft those of a reply or a note; Rejected when one is not there any more."""
    a = db.table(Attached)
    where = (a.c.id.in_(sorted(set(numbers))), *_beside(conversation_id, author))
    done = session.execute(
        sa.update(a).where(*where).values(reply_id=reply_id, note_id=note_id).returning(a.c.id)
    ).all()
    if len(done) != len(set(numbers)):
        raise Rejected(GONE)


def back(session: Session, reply_id: int, author: str) -> None:
    """The reply was taken back: its files lie beside this person's draft, as if never uploaded."""
    a = db.table(Attached)
    values = {"reply_id": None, "author": author, "at": db.now(), "uploaded": ""}
    session.execute(sa.update(a).where(a.c.reply_id == reply_id).values(values))


def some(session: Session, reply_id: int) -> bool:
    """A reply has files: its text may be empty."""
    a = db.table(Attached)
    return session.execute(sa.select(a.c.id).where(a.c.reply_id == reply_id).limit(1)).first() is not None


def of(session: Session, column: str, numbers: Iterable[int]) -> dict[int, list[Attached]]:
    """The files of replies (`reply_id`) or notes (`note_id`), by these."""
    found: dict[int, list[Attached]] = defaultdict(list)
    for row in rows.where(session, Attached, f"{bulk.among(column)} ORDER BY id", bulk.listed(numbers)):
        found[int(getattr(row, column))].append(row)
    return found


def of_conversation(session: Session, conversation_id: int, author: str) -> list[Attached]:
    """The files of its replies and notes, and those beside somebody's draft, in the order in which they came."""
    a = db.table(Attached)
    belongs = a.c.reply_id.is_not(None) | a.c.note_id.is_not(None) | (a.c.author == author)
    query = sa.select(Attached).where(a.c.conversation_id == conversation_id, a.c.message_id.is_(None), belongs)
    return list(session.scalars(query.order_by(a.c.id)))


def outgoing(session: Session, reply_id: int) -> tuple[File, ...]:
    """What a connector sends with a reply."""
    return tuple(
        File(
            name=one.name,
            mime=one.mime,
            kind=one.kind,
            alt=one.alt,
            size=one.size,
            path=str(files.path(one.digest)),
            id=one.id or 0,
            seconds=one.seconds,
            width=one.width,
            height=one.height,
            uploaded=one.uploaded,
        )
        for one in of(session, "reply_id", [reply_id]).get(reply_id, [])
    )


def remember(session: Session, number: int, uploaded: str) -> None:
    """Keep what the platform said when it took a file of a reply; empty: it has to be uploaded anew."""
    a = db.table(Attached)
    session.execute(sa.update(a).where(a.c.id == number).values(uploaded=db.sound(uploaded)))


def moved(session: Session, from_id: int, to_id: int) -> None:
    """Everything of a conversation goes on in another one."""
    a = db.table(Attached)
    session.execute(sa.update(a).where(a.c.conversation_id == from_id).values(conversation_id=to_id))


def follow(session: Session, from_id: int, to_id: int) -> None:
    """What was attached in a conversation stands where its reply, note or message stands now."""
    a = db.table(Attached)
    for column, model in (("reply_id", ReplyRow), ("note_id", Note), ("message_id", Message)):
        t = db.table(model)
        there = a.c[column].in_(sa.select(t.c.id).where(t.c.conversation_id == to_id))
        session.execute(sa.update(a).where(a.c.conversation_id == from_id, there).values(conversation_id=to_id))


# --- pictures of customers -----------------------------------------------------------------------------


def picture(session: Session, message_id: int, place: int) -> Attached | None:
    """What is kept of a message's attachment."""
    a = db.table(Attached)
    return session.scalars(sa.select(Attached).where(a.c.message_id == message_id, a.c.place == place)).first()


def keep_picture(session: Session, conversation_id: int, message_id: int, place: int, data: bytes) -> Attached:
    """Keep a picture that was fetched; the one that is there, when somebody was faster."""
    found = picture(session, message_id, place)
    if found is not None and files.path(found.digest).exists():
        return found
    if found is not None:
        session.delete(found)
    number = _attach(session, conversation_id, f"{message_id}-{place}", data, message_id=message_id, place=place)
    made = session.get(Attached, number)
    assert made is not None  # noqa: S101  # just made
    return made


# --- forgetting ----------------------------------------------------------------------------------------


def forget(session: Session, column: str, numbers: Iterable[int]) -> None:
    """Everything attached to these conversations, replies, notes or messages goes."""
    _remove(session, db.table(Attached).c[column].in_(sorted(numbers)))


def _remove(session: Session, *where: Any) -> int:
    a = db.table(Attached)
    gone = session.scalars(sa.delete(a).where(*where).returning(a.c.digest)).all()
    files.unused(session, gone)
    return len(gone)
