"""What stands in a thread: messages, waiting replies, notes and what was done, in the order of time, by pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

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


@dataclass(frozen=True)
class Parent:
    """What a message answers."""

    author: str
    text: str
    language: str
    anchor: str
    here: bool
    """It stands in this very thread."""


@dataclass(frozen=True)
class Entry:
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


@dataclass(frozen=True)
class Page:
    """Entries, oldest first; `earlier` names the place before which there are more, empty at the beginning."""

    entries: list[Entry]
    earlier: str


@dataclass(frozen=True)
class _Bare:
    """An entry before its neighbours are known."""

    at: datetime
    rank: int
    row: Message | ReplyRow | Note | Activity

    @property
    def spoken(self) -> bool:
        """Somebody outside reads it: it makes the thread turn private or public."""
        return isinstance(self.row, Message | ReplyRow)

    @property
    def private(self) -> bool:
        return isinstance(self.row, Message | ReplyRow) and self.row.visibility == "private"


def page(session: Session, conversation_id: int, account: Account, reader: Reader, before: str = "") -> Page:
    """The newest page, or the one before the place `before` (`Page.earlier`)."""
    edge = place.read(before)
    found = _messages(session, conversation_id, edge)
    shown, unseen = found[-PAGE:], found[:-PAGE]
    low = shown[0].posted_at if unseen and shown else None
    bare = [_Bare(one.posted_at, 1, one) for one in shown]
    for rank, some in (
        (0, [(one.at, one) for one in activities.of_conversation(session, conversation_id)]),
        (2, [(one.at, one) for one in notes.of_conversation(session, conversation_id)]),
        (3, [(one.created_at, one) for one in _waiting(session, conversation_id)]),
    ):
        bare += [
            _Bare(at, rank, row)
            for at, row in some
            if (low is None or at >= low) and (edge is None or at < edge[0])
        ]  # fmt: skip
    bare.sort(key=lambda one: (one.at, one.rank, one.row.id or 0))
    above = _Bare(unseen[-1].posted_at, 1, unseen[-1]) if unseen else None
    entries = _Reading(session, account, reader, [*unseen[-1:], *shown], bare).entries(above)
    return Page(entries, place.mark(shown[0].posted_at, shown[0].id) if unseen else "")


def some(session: Session, conversation_id: int, account: Account, reader: Reader, ids: Sequence[int]) -> list[Entry]:
    """Those of the messages that stand in the thread, for places that show them already."""
    condition = f"conversation_id = ? AND {bulk.among('id')} ORDER BY id"
    found = rows.where(session, Message, condition, conversation_id, bulk.listed(ids))
    bare = [_Bare(one.posted_at, 1, one) for one in found]
    return _Reading(session, account, reader, found, bare).entries(None)


def _messages(session: Session, conversation_id: int, edge: Place | None) -> list[Message]:
    """One more than a page, oldest first: the first one tells what stands above."""
    above = " AND (posted_at, id) < (?, ?)" if edge is not None else ""
    condition = f"conversation_id = ?{above} ORDER BY posted_at DESC, id DESC LIMIT {PAGE + 1}"
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
        self._parents = _answered(session, messages, reader.sight)
        self._people = _people(session, [*messages, *self._parents.values()])
        self._wordings = _wordings(session, messages)
        self._sent = _sent(session, messages)
        self._translations = translations.shown(session, [one.id or 0 for one in messages], reader.language)
        self._towards = said_of_brands(session, [one.id or 0 for one in messages])
        self._said = corrections.standing(session, [one.id or 0 for one in messages if one.direction == "inbound"])
        surveyed = {one.row.conversation_id for one in bare if _surveyed(one.row)}
        self._answers = answering.of_conversation(session, surveyed.pop()) if surveyed else {}
        better = {row.author for some in self._said.values() for row in some.values()}
        moved = any(isinstance(one.row, Activity) and one.row.what == "teamed" for one in bare)
        self._teams = dict(teams.names(session)) if moved else {}
        merged = any(one.home_id is not None or one.account_id != account.id for one in messages)
        self._parts = _accounts(session, messages) if merged else {}
        filled = any(isinstance(one.row, Activity) and one.row.what == "filled" for one in bare)
        self._fields = {one.id: one for one in store.every(session, archived=True)} if filled else {}
        self._cards = approving.cards(
            session, [one.row for one in bare if isinstance(one.row, ReplyRow)], account, reader
        )
        approved = {one.row.id or 0: one.row.detail for one in bare if _approved(one.row)}
        self._changes = approving.decided(session, approved) if approved else {}
        noted = [one.row.id or 0 for one in bare if isinstance(one.row, Note)]
        self._mentions = notes.mentions(session, noted) if noted else {}
        replied = [one.id or 0 for one in self._sent.values()] + [
            one.row.id or 0 for one in bare if isinstance(one.row, ReplyRow)
        ]
        self._files: dict[str, list[Attached]] = {}
        for letter, column, numbers in (("r", "reply_id", replied), ("n", "note_id", noted)):
            found = attachments.of(session, column, numbers) if numbers else {}
            self._files |= {f"{letter}{number}": some for number, some in found.items()}
        self._names = actors.names(session, {self._actor(one.row) for one in bare} | set(_given(bare)) | better)

    def entries(self, before: _Bare | None) -> list[Entry]:
        """The entries; `before` is what stands above the first one."""
        made: list[Entry] = []
        spoken = before
        for one in self._bare:
            made.append(self._entry(one, before, spoken))
            before = one
            if one.spoken:
                spoken = one
        return made

    def _entry(self, one: _Bare, before: _Bare | None, spoken: _Bare | None) -> Entry:
        row = one.row
        message = row if isinstance(row, Message) else None
        reply = row if isinstance(row, ReplyRow) else self._sent.get(row.id or 0) if message is not None else None
        ours = message is None or message.direction == "outbound"
        person = self._people.get(message.identity_id or 0) if message is not None else None
        actor = self._actor(row)
        icon, said = self._sentence(row) if isinstance(row, Activity) else ("", "")
        answer = self._answers.get(int(row.detail.get("answer", 0))) if isinstance(row, Activity) else None
        translation = self._translations.kept.get(row.id or 0) if message is not None else None
        card = self._cards.get(row.id or 0) if isinstance(row, ReplyRow) else None
        return Entry(
            key=f"{_LETTERS[type(row)]}{row.id}",
            version=card.version
            if card is not None
            else _version(row, reply, self._said.get(row.id or 0, {}), translation)
            if answer is None
            else f"{answer.changed_at.timestamp()}",
            card=card,
            changes=self._changes.get(row.id or 0, ()) if isinstance(row, Activity) else (),
            files=self._files.get(f"r{reply.id}" if reply is not None else f"{_LETTERS[type(row)]}{row.id}", ()),
            translation=translation,
            translates=message is not None and translating.offers(message, self._translations, self._reader),
            answer=answer,
            at=one.at,
            ours=ours,
            private=one.private,
            author=self._author(ours, actor, person, self._parts.get(message.account_id) if message else None),
            part=self._parts.get(message.account_id) if message is not None else None,
            by=actor,
            person=person,
            message=message,
            reply=reply,
            note=row if isinstance(row, Note) else None,
            activity=row if isinstance(row, Activity) else None,
            icon=icon,
            said=said,
            parent=self._parent(message, spoken),
            versions=self._wordings[row.id or 0] if message is not None else (),
            towards=self._towards.get(message.id or 0, ()) if message is not None else (),
            new_day=before is None or self._day(one.at) != self._day(before.at),
            turns_private=one.private and (spoken is None or not spoken.private),
            turns_public=one.spoken and not one.private and spoken is not None and spoken.private,
            chips=self._chips(message) if message is not None else (),
            pieces=notes.split(row.text, self._mentions.get(row.id or 0, {}).values()) if isinstance(row, Note) else (),
        )

    def _sentence(self, row: Activity) -> tuple[str, str]:
        return deeds.sentence(row, self._name, self._reader, self._teams, self._fields)

    def _chips(self, message: Message) -> Sequence[Chip]:
        standing = self._said.get(message.id or 0, {})
        names = {row.author: self._name(row.author) for row in standing.values()}
        return rating.chips(message, standing, names, self._reader)

    def _actor(self, row: Message | ReplyRow | Note | Activity) -> str:
        if isinstance(row, Activity):
            return row.actor
        if isinstance(row, Message):
            sent = self._sent.get(row.id or 0)
            return sent.author if sent is not None else ""
        return row.author

    def _author(self, ours: bool, actor: str, person: Identity | None, account: Account | None = None) -> str:
        if not ours:
            return (person.name or person.handle) if person is not None else ""
        account = account or self._account
        return self._name(actor) if actor else account.name or account.handle

    def _day(self, at: datetime) -> object:
        return at.astimezone(self._reader.zone).date()

    def _parent(self, message: Message | None, spoken: _Bare | None) -> Parent | None:
        """Shown unless it is the very message above."""
        if message is None or not message.parent_key or message.kind not in {*MESSAGE_KINDS, "post"}:
            return None
        if spoken is not None and isinstance(spoken.row, Message) and spoken.row.key == message.parent_key:
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


_LETTERS: Mapping[type, str] = {Message: "m", ReplyRow: "r", Note: "n", Activity: "a"}


def _version(
    row: Message | ReplyRow | Note | Activity,
    reply: ReplyRow | None,
    standing: Mapping[str, Correction],
    translation: Kept | None,
) -> str:
    if isinstance(row, Message):
        sent = reply.state if reply is not None else ""
        other = f"-{translation.provider}" if translation is not None else ""
        return f"{row.version}-{rating.version(row, standing)}-{len(row.labels)}-{sent}{other}"
    if isinstance(row, Note):
        return f"{row.edited_at.timestamp()}" if row.edited_at is not None else "1"
    return f"{reply.state}-{reply.attempts}-{reply.send_at.timestamp():.0f}-{reply.error}" if reply is not None else "1"


def _surveyed(row: object) -> TypeGuard[Activity]:
    return isinstance(row, Activity) and row.what == "surveyed"


def _approved(row: object) -> TypeGuard[Activity]:
    return isinstance(row, Activity) and row.what == "approved" and bool(row.detail.get("edited"))


def _given(bare: Iterable[_Bare]) -> list[str]:
    """Whom conversations were given to, and whose replies were decided about."""
    details = [one.row.detail for one in bare if isinstance(one.row, Activity)]
    return [str(detail.get(name) or "") for detail in details for name in ("assignee", "author")]


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
