"""What stands in a thread: messages, waiting replies, notes and what was done, in the order of time, by pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from core import bulk, rows
from core.event import MESSAGE_KINDS
from inbox import activities, attachments, notes, replies, teams, translations, visibility
from inbox.fields import store
from inbox.file_models import Attached
from inbox.models import Account, Activity, Identity, Message, MessageVersion, Note, ReplyRow
from inbox.surveys import answering
from inbox.surveys.models import SurveyAnswer
from inbox.translations import Kept
from inbox.visibility import Sight
from sentiment import corrections
from sentiment.brands.tasks import of as said_of_brands
from sentiment.upkeep import Correction
from web import actors, approving, deeds, place, rating, translating
from web.approving import Card as Approving
from web.approving import Pieces
from web.place import Place
from web.rating import Chip
from web.reader import Reader

PAGE = 40
"""Messages of one page."""
LONG = 200
"""Messages of one on the way to something older."""


@dataclass(frozen=True)
class Parent:
    """What a message answers."""

    author: str
    text: str
    language: str
    anchor: str
    here: bool
    """It stands in this very thread."""


class Entry(NamedTuple):
    """One thing in the thread; exactly one of message, reply, note and activity is set.

    `version` changes when anything that is shown changes. `sent` is the reply a message of ours was made from.
    """

    key: str
    version: str
    at: datetime
    ours: bool
    private: bool
    author: str
    by: str
    """Who of us it is, as an actor; empty for people outside and for what was written on the platform itself."""
    person: Identity | None = None
    message: Message | None = None
    reply: ReplyRow | None = None
    note: Note | None = None
    activity: Activity | None = None
    answer: SurveyAnswer | None = None
    """To a survey: beside the activity that tells of it."""
    parent: Parent | None = None
    versions: Sequence[MessageVersion] = ()
    towards: Sequence[tuple[str, str]] = ()
    """(Brand, sentiment) where a message names several."""
    new_day: bool = False
    icon: str = ""
    said: str = ""
    """What was done, as a sentence with its icon."""
    turns_private: bool = False
    turns_public: bool = False
    chips: Sequence[Chip] = ()
    """What it is rated as."""
    part: Account | None = None
    """The account it came over, in a case of several."""
    pieces: Sequence[tuple[str, bool]] = ()
    """A note's text; those pieces that mention somebody are marked."""
    card: Approving | None = None
    """Of a reply that was submitted."""
    changes: Pieces = ()
    """What an approver changed: beside the activity that tells of it."""
    files: Sequence[Attached] = ()
    """What is attached to our reply or note, as it lies here."""
    translation: Kept | None = None
    """The message in the reader's language."""
    translates: bool = False
    """It can be had in the reader's language."""
    declared: str = ""
    """Who says that it arrived, where only a person does."""


@dataclass(frozen=True)
class Page:
    """Entries, oldest first; `earlier` names the place before which there are more, empty at the beginning."""

    entries: list[Entry]
    earlier: str


Row = Message | ReplyRow | Note | Activity


class _Bare(NamedTuple):
    """A row before its neighbours are known."""

    at: datetime
    rank: int
    """Which comes first of two at one moment: what was done, what was said, a note on it, what waits to be sent."""
    row: Row


DONE, SAID, NOTED, WAITING = range(4)
"""The ranks."""
SPOKEN = (SAID, WAITING)
"""What somebody outside reads: it makes the thread turn private or public."""


def page(
    session: Session, conversation_id: int, account: Account, reader: Reader, before: str = "", size: int = PAGE
) -> Page:
    """The newest page, or the one before the place `before` (`Page.earlier`), with `size` messages at most."""
    edge = place.read(before)
    found = _messages(session, conversation_id, edge, size)
    shown, unseen = found[-size:], found[:-size]
    low = shown[0].posted_at if unseen and shown else None
    others = [
        *[_Bare(one.at, DONE, one) for one in activities.of_conversation(session, conversation_id)],
        *[_Bare(one.at, NOTED, one) for one in notes.of_conversation(session, conversation_id)],
        *[_Bare(one.created_at, WAITING, one) for one in _waiting(session, conversation_id)],
    ]
    bare = [one for one in others if (low is None or one.at >= low) and (edge is None or one.at < edge[0])]
    bare += [_Bare(one.posted_at, SAID, one) for one in shown]
    bare.sort(key=lambda one: (one.at, one.rank, one.row.id or 0))
    above = _Bare(unseen[-1].posted_at, SAID, unseen[-1]) if unseen else None
    entries = _Reading(session, account, reader, [*unseen[-1:], *shown], bare).entries(above)
    return Page(entries, place.mark(shown[0].posted_at, shown[0].id) if unseen else "")


def some(session: Session, conversation_id: int, account: Account, reader: Reader, ids: Sequence[int]) -> list[Entry]:
    """Those of the messages that stand in the thread, for places that show them already."""
    condition = f"conversation_id = ? AND {bulk.among('id')} ORDER BY id"
    found = rows.where(session, Message, condition, conversation_id, bulk.listed(ids))
    bare = [_Bare(one.posted_at, SAID, one) for one in found]
    return _Reading(session, account, reader, found, bare).entries(None)


def _messages(session: Session, conversation_id: int, edge: Place | None, size: int) -> list[Message]:
    """One more than a page, oldest first: the first one tells what stands above."""
    above = " AND (posted_at, id) < (?, ?)" if edge is not None else ""
    condition = f"conversation_id = ?{above} ORDER BY posted_at DESC, id DESC LIMIT {size + 1}"
    place = (bulk.stamp()(edge[0]), edge[1]) if edge is not None else ()
    return rows.where(session, Message, condition, conversation_id, *place)[::-1]


def _waiting(session: Session, conversation_id: int) -> list[ReplyRow]:
    """Replies that are no messages yet; what was taken back is gone."""
    return [one for one in replies.of_conversation(session, conversation_id) if one.state != "cancelled"]


class _Reading:
    """One page being read: what its entries need besides their own rows, a query per table."""

    def __init__(
        self, session: Session, account: Account, reader: Reader, messages: Sequence[Message], bare: Sequence[_Bare]
    ) -> None:
        self._account, self._reader, self._bare = account, reader, bare
        done = [one.row for one in bare if one.rank == DONE and isinstance(one.row, Activity)]
        noted = [one.row for one in bare if one.rank == NOTED and isinstance(one.row, Note)]
        waiting = [one.row for one in bare if one.rank == WAITING and isinstance(one.row, ReplyRow)]
        numbers = [one.id or 0 for one in messages]
        self._parents = _answered(session, messages, reader.sight)
        self._people = _people(session, [*messages, *self._parents.values()])
        self._wordings = _wordings(session, messages)
        self._sent = _sent(session, messages)
        self._translations = translations.shown(session, numbers, reader.language)
        self._towards = said_of_brands(session, numbers)
        self._said = corrections.standing(session, [one.id or 0 for one in messages if one.direction == "inbound"])
        surveyed = next((one.conversation_id for one in done if one.what == "surveyed"), 0)
        self._answers = answering.of_conversation(session, surveyed) if surveyed else {}
        better = {row.author for some in self._said.values() for row in some.values()}
        what = {one.what for one in done}
        self._teams = dict(teams.names(session)) if "teamed" in what else {}
        merged = any(one.home_id is not None or one.account_id != account.id for one in messages)
        self._parts = _accounts(session, messages) if merged else {}
        self._fields = {one.id: one for one in store.every(session, archived=True)} if "filled" in what else {}
        self._cards = approving.cards(session, waiting, account, reader)
        approved = {one.id or 0: one.detail for one in done if one.what == "approved" and one.detail.get("edited")}
        self._changes = approving.decided(session, approved) if approved else {}
        written = [one.id or 0 for one in noted]
        self._mentions = notes.mentions(session, written) if noted else {}
        replied = [one.id or 0 for one in (*self._sent.values(), *waiting)]
        self._files: dict[str, list[Attached]] = {}
        for letter, column, owners in (("r", "reply_id", replied), ("n", "note_id", written)):
            found = attachments.of(session, column, owners) if owners else {}
            self._files |= {f"{letter}{number}": some for number, some in found.items()}
        wrote = {one.author for one in (*self._sent.values(), *waiting)} | {one.author for one in noted}
        wrote |= {one.declared_by for one in self._sent.values() if one.declared_by}
        self._names = actors.names(session, wrote | {one.actor for one in done} | set(_given(done)) | better)

    def entries(self, before: _Bare | None) -> list[Entry]:
        """The entries; `before` is what stands above the first one."""
        made: list[Entry] = []
        day = self._day(before.at) if before is not None else None
        above, was_private = before.row if before is not None else None, before is not None and _private(before.row)
        for at, rank, row in self._bare:
            today = self._day(at)
            if rank not in SPOKEN:
                made.append(self._aside(row, at, day != today))
            else:
                private = _private(row)
                turns = (private and not was_private, above is not None and was_private and not private)
                if isinstance(row, Message):
                    made.append(self._message(row, self._parent(row, above), private, day != today, turns))
                elif isinstance(row, ReplyRow):
                    made.append(self._reply(row, private, day != today, turns))
                above, was_private = row, private
            day = today
        return made

    def _message(
        self, row: Message, parent: Parent | None, private: bool, new_day: bool, turns: tuple[bool, bool]
    ) -> Entry:
        number, ours = row.id or 0, row.direction == "outbound"
        reply, person = self._sent.get(number), self._people.get(row.identity_id or 0)
        standing, part = self._said.get(number, NOTHING_SAID), self._parts.get(row.account_id)
        translation, actor = self._translations.kept.get(number), reply.author if reply is not None else ""
        names = {one.author: self._name(one.author) for one in standing.values()} if standing else {}
        return Entry(
            key=f"m{number}",
            version=_version(row, reply, standing, translation),
            at=row.posted_at,
            ours=ours,
            private=private,
            author=self._author(ours, actor, person, part),
            by=actor,
            person=person,
            message=row,
            reply=reply,
            parent=parent,
            versions=self._wordings.get(number, ()),
            towards=self._towards.get(number, ()),
            new_day=new_day,
            turns_private=turns[0],
            turns_public=turns[1],
            chips=rating.chips(row, standing, names, self._reader),
            part=part,
            files=self._files.get(f"r{reply.id}", ()) if reply is not None else (),
            translation=translation,
            translates=translating.offers(row, self._translations, self._reader),
            declared=self._name(reply.declared_by) if reply is not None and reply.declared_by else "",
        )

    def _reply(self, row: ReplyRow, private: bool, new_day: bool, turns: tuple[bool, bool]) -> Entry:
        card = self._cards.get(row.id or 0)
        state = f"{row.state}-{row.attempts}-{row.send_at.timestamp():.0f}-{row.error}"
        return Entry(
            key=f"r{row.id}",
            version=card.version if card is not None else state,
            at=row.created_at,
            ours=True,
            private=private,
            author=self._author(True, row.author, None),
            by=row.author,
            reply=row,
            new_day=new_day,
            turns_private=turns[0],
            turns_public=turns[1],
            card=card,
            files=self._files.get(f"r{row.id}", ()),
        )

    def _aside(self, row: Row, at: datetime, new_day: bool) -> Entry:
        """A note, or what was done."""
        if isinstance(row, Note):
            return Entry(
                key=f"n{row.id}",
                version=f"{row.edited_at.timestamp()}" if row.edited_at is not None else "1",
                at=at,
                ours=True,
                private=False,
                author=self._author(True, row.author, None),
                by=row.author,
                note=row,
                new_day=new_day,
                pieces=notes.split(row.text, self._mentions.get(row.id or 0, {}).values()),
                files=self._files.get(f"n{row.id}", ()),
            )
        assert isinstance(row, Activity)  # noqa: S101  # there is nothing else
        icon, said = deeds.sentence(row, self._name, self._reader, self._teams, self._fields)
        answer = self._answers.get(int(row.detail.get("answer", 0)))
        return Entry(
            key=f"a{row.id}",
            version=f"{answer.changed_at.timestamp()}" if answer is not None else "1",
            at=at,
            ours=True,
            private=False,
            author=self._author(True, row.actor, None),
            by=row.actor,
            activity=row,
            answer=answer,
            new_day=new_day,
            icon=icon,
            said=said,
            changes=self._changes.get(row.id or 0, ()),
        )

    def _author(self, ours: bool, actor: str, person: Identity | None, account: Account | None = None) -> str:
        if not ours:
            return (person.name or person.handle) if person is not None else ""
        account = account or self._account
        return self._name(actor) if actor else account.name or account.handle

    def _day(self, at: datetime) -> object:
        return at.astimezone(self._reader.zone).date()

    def _parent(self, message: Message, above: Row | None) -> Parent | None:
        """Shown unless it is the very message above."""
        if not message.parent_key or message.kind not in _WRITTEN:
            return None
        if isinstance(above, Message) and above.key == message.parent_key:
            return None
        found = self._parents.get(message.parent_key)
        if found is None:
            return None
        ours = found.direction == "outbound"
        person = self._people.get(found.identity_id or 0)
        here = found.conversation_id == message.conversation_id
        return Parent(self._author(ours, "", person), found.text[:200], found.language, f"m{found.id}", here)

    def _name(self, actor: str) -> str:
        """An actor in words."""
        return actors.named(actor, self._names, self._reader)


_WRITTEN = frozenset({*MESSAGE_KINDS, "post"})
NOTHING_SAID: Mapping[str, Correction] = {}


def _private(row: Row) -> bool:
    return isinstance(row, Message | ReplyRow) and row.visibility == "private"


def _version(row: Message, reply: ReplyRow | None, standing: Mapping[str, Correction], translation: Kept | None) -> str:
    sent = reply.state if reply is not None else ""
    other = f"-{translation.provider}" if translation is not None else ""
    return f"{row.version}-{rating.version(row, standing)}-{len(row.labels)}-{sent}{other}"


def _given(done: Iterable[Activity]) -> list[str]:
    """Whom conversations were given to, and whose replies were decided about."""
    return [str(one.detail.get(name) or "") for one in done for name in ("assignee", "author")]


def _people(session: Session, messages: Iterable[Message]) -> dict[int, Identity]:
    ids = sorted({one.identity_id for one in messages if one.identity_id is not None})
    return {one.id or 0: one for one in rows.where(session, Identity, bulk.among("id"), bulk.listed(ids))}


def _accounts(session: Session, messages: Iterable[Message]) -> dict[int, Account]:
    ids = sorted({one.account_id for one in messages})
    return {one.id or 0: one for one in rows.where(session, Account, bulk.among("id"), bulk.listed(ids))}


def _wordings(session: Session, messages: Iterable[Message]) -> dict[int, list[MessageVersion]]:
    ids = [one.id for one in messages if one.edited_at is not None and one.deleted_at is None]
    found: dict[int, list[MessageVersion]] = defaultdict(list)
    if not ids:
        return found
    condition = f"{bulk.among('message_id')} ORDER BY version"
    for row in rows.where(session, MessageVersion, condition, bulk.listed(ids)):
        found[row.message_id].append(row)
    return found


def _answered(session: Session, messages: Sequence[Message], sight: Sight) -> dict[str, Message]:
    """What is answered, by event key: on this page, or anywhere else that the reader sees."""
    here = {one.key: one for one in messages}
    wanted = {one.parent_key for one in messages if one.parent_key}
    missing = sorted(wanted - here.keys())
    found = rows.where(session, Message, bulk.among("key"), bulk.listed(missing)) if missing else []
    if found and not sight.whole:
        seen = visibility.messages_of(session, sight, [one.id or 0 for one in found])
        found = [one for one in found if one.id in seen]
    return {one.key: one for one in [*here.values(), *found] if one.key in wanted}


def _sent(session: Session, messages: Iterable[Message]) -> dict[int, ReplyRow]:
    """The replies that our own messages were made from, by message."""
    ids = [one.id for one in messages if one.direction == "outbound"]
    sent = rows.where(session, ReplyRow, bulk.among("message_id"), bulk.listed(ids)) if ids else []
    return {one.message_id or 0: one for one in sent}
