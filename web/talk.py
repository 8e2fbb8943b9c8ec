"""One conversation as its page shows it: messages and waiting replies in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.event import MESSAGE_KINDS
from inbox import replies
from inbox.models import Account, Conversation, Identity, Message, MessageVersion, ReplyRow
from web.models import User
from web.reader import Reader

MOST = 300
"""Messages shown; of a longer thread the newest."""


@dataclass(frozen=True)
class Parent:
    """What a message answers; `text` is empty when it is not stored here."""

    author: str
    text: str
    anchor: str


@dataclass(frozen=True)
class Entry:
    """One message or waiting reply. `version` changes when anything that is shown changes."""

    key: str
    version: str
    at: datetime
    ours: bool
    private: bool
    author: str
    person: Identity | None
    message: Message | None
    reply: ReplyRow | None
    parent: Parent | None
    versions: Sequence[MessageVersion]
    new_day: bool
    turns_private: bool
    turns_public: bool


@dataclass(frozen=True)
class Talk:
    """A conversation with what its page needs."""

    conversation: Conversation
    account: Account
    person: Identity | None
    entries: list[Entry]
    cut: bool
    """Older messages are left out."""
    answers: Message | None
    """What a reply would answer."""


@dataclass(frozen=True)
class _Bare:
    """A message or reply before its neighbours are known."""

    at: datetime
    order: int
    message: Message | None
    reply: ReplyRow | None

    @property
    def private(self) -> bool:
        one = self.message or self.reply
        return one is not None and one.visibility == "private"


def load(session: Session, conversation_id: int, reader: Reader) -> Talk | None:
    """The conversation; None when there is none."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        return None
    account = session.get(Account, conversation.account_id)
    assert account is not None  # noqa: S101  # a foreign key
    messages, cut = _messages(session, conversation_id)
    waiting = replies.of_conversation(session, conversation_id)
    person = session.get(Identity, conversation.identity_id) if conversation.identity_id is not None else None
    entries = _entries(session, messages, waiting, account, reader)
    return Talk(conversation, account, person, entries, cut, replies.answerable(session, conversation_id))


def _messages(session: Session, conversation_id: int) -> tuple[list[Message], bool]:
    m = db.table(Message)
    query = sa.select(Message).where(m.c.conversation_id == conversation_id)
    found = list(session.scalars(query.order_by(m.c.posted_at.desc(), m.c.id.desc()).limit(MOST + 1)))
    return found[:MOST][::-1], len(found) > MOST


def _entries(
    session: Session, messages: list[Message], waiting: list[ReplyRow], account: Account, reader: Reader
) -> list[Entry]:
    people = _people(session, messages)
    parents = _parents(session, messages, people, account)
    wordings = _wordings(session, messages)
    authors = _authors(session, messages, waiting)
    bare = [_Bare(one.posted_at, one.id or 0, one, None) for one in messages]
    bare += [_Bare(one.created_at, one.id or 0, None, one) for one in waiting]
    bare.sort(key=lambda one: (one.at, one.order))
    entries: list[Entry] = []
    before: _Bare | None = None
    for one in bare:
        message, reply = one.message, one.reply
        row_id = (message.id if message is not None else reply.id if reply is not None else 0) or 0
        person = people.get(message.identity_id or 0) if message is not None else None
        ours = message is None or message.direction == "outbound"
        entries.append(
            Entry(
                key=f"m{row_id}" if message is not None else f"r{row_id}",
                version=_version(message, reply),
                at=one.at,
                ours=ours,
                private=one.private,
                author=_name(ours, person, authors.get(one_key(message, reply)), account),
                person=person,
                message=message,
                reply=reply,
                parent=_parent(message, before, parents),
                versions=wordings[row_id] if message is not None else (),
                new_day=before is None or _day(one.at, reader) != _day(before.at, reader),
                turns_private=one.private and (before is None or not before.private),
                turns_public=not one.private and before is not None and before.private,
            )
        )
        before = one
    return entries


def one_key(message: Message | None, reply: ReplyRow | None) -> str:
    """The name of an entry."""
    return f"m{message.id}" if message is not None else f"r{reply.id}" if reply is not None else ""


def _day(at: datetime, reader: Reader) -> object:
    return at.astimezone(reader.zone).date()


def _version(message: Message | None, reply: ReplyRow | None) -> str:
    if message is not None:
        return f"{message.version}-{message.sentiment}-{message.language}"
    return f"{reply.state}-{reply.attempts}-{reply.error}" if reply is not None else ""


def _name(ours: bool, person: Identity | None, author: str | None, account: Account) -> str:
    if ours:
        return author or account.name or account.handle
    return (person.name or person.handle) if person is not None else ""


def _people(session: Session, messages: Iterable[Message]) -> dict[int, Identity]:
    ids = sorted({one.identity_id for one in messages if one.identity_id is not None})
    i = db.table(Identity)
    return {one.id or 0: one for one in session.scalars(sa.select(Identity).where(i.c.id.in_(ids)))}


def _wordings(session: Session, messages: Iterable[Message]) -> dict[int, list[MessageVersion]]:
    ids = [one.id for one in messages if one.edited_at is not None and one.deleted_at is None]
    v = db.table(MessageVersion)
    found: dict[int, list[MessageVersion]] = defaultdict(list)
    for row in session.scalars(sa.select(MessageVersion).where(v.c.message_id.in_(ids)).order_by(v.c.version)):
        found[row.message_id].append(row)
    return found


def _parents(
    session: Session, messages: Iterable[Message], people: dict[int, Identity], account: Account
) -> dict[str, Parent]:
    """What is answered, by event key: from this conversation, or from another one it came from."""
    here = {one.key: one for one in messages}
    wanted = {one.parent_key for one in here.values() if one.parent_key}
    m = db.table(Message)
    missing = sorted(wanted - here.keys())
    for one in session.scalars(sa.select(Message).where(m.c.key.in_(missing))):
        here[one.key] = one
    found = {}
    for key in wanted & here.keys():
        one = here[key]
        name = _name(one.direction == "outbound", people.get(one.identity_id or 0), None, account)
        found[key] = Parent(name, one.text[:200], f"m{one.id}")
    return found


def _parent(message: Message | None, before: _Bare | None, parents: dict[str, Parent]) -> Parent | None:
    """Shown unless it is the very message above."""
    if message is None or not message.parent_key or message.kind not in {*MESSAGE_KINDS, "post"}:
        return None
    if before is not None and before.message is not None and before.message.key == message.parent_key:
        return None
    return parents.get(message.parent_key)


def _authors(session: Session, messages: Iterable[Message], waiting: Iterable[ReplyRow]) -> dict[str, str]:
    """Who of us wrote what: the name of the user behind each reply, by entry."""
    ids = [one.id for one in messages if one.direction == "outbound"]
    r, u = db.table(ReplyRow), db.table(User)
    written = [
        (f"m{row.message_id}", row.author)
        for row in session.execute(sa.select(r.c.message_id, r.c.author).where(r.c.message_id.in_(ids)))
    ]
    written += [(f"r{one.id}", one.author) for one in waiting]
    numbers = {key: int(author[5:]) for key, author in written if author.startswith("user:") and author[5:].isdigit()}
    names = dict(session.execute(sa.select(u.c.id, u.c.name).where(u.c.id.in_(sorted(set(numbers.values()))))).all())
    return {key: names[number] for key, number in numbers.items() if number in names}
