"""What somebody may write in a conversation: where it goes, how long it may be, what was begun, who was faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session
from ulid import ULID

from connectors import answering, window
from connectors.attaching import Wrong
from connectors.capabilities import Capability
from core import bulk, db, rows
from inbox import attachments, drafts, replies, translations
from inbox.models import Account, Conversation, Identity, Message, ReplyRow
from inbox.parts.store import Part
from web import actors, attaching, promises, translating
from web.attaching import Shelf
from web.i18n import N_
from web.reader import Reader

NOT_READ = N_("Your role reads, but does not answer.")
OVER = N_("The platform takes no answer any more: they wrote too long ago. When they write again, you can answer.")
LATER_THAN_THAT = N_("The platform takes no answer as late as that. Choose an earlier moment.")


@dataclass(frozen=True)
class Faster:
    """Somebody's answer that came before one's own."""

    name: str
    text: str


@dataclass(frozen=True)
class Composer:
    """The box under the thread. `kinds` says what can be written: public, private, note."""

    kinds: tuple[str, ...]
    kind: str
    """The one that is chosen."""
    shut: str
    """Why nobody outside can be answered, in English words of the catalogue; empty when somebody can."""
    text: str
    saved: bool
    """The text is a draft that was kept."""
    limits: dict[str, int]
    """Characters by kind."""
    counting: str
    """How the platform counts them."""
    key: str
    """Makes a second click harmless."""
    seen: str
    """Our newest answer when this box was drawn: tells whether somebody was faster."""
    problem: str = ""
    faster: Faster | None = None
    """What was answered meanwhile; sending asks then."""
    shelf: Shelf = field(default_factory=Shelf)
    """Files beside the text."""
    into: str = ""
    """The customer's language, where the text can be translated into it; empty where not."""
    translates: bool = False
    """Messages of the conversation can be had in the reader's language."""
    before: str = ""
    """What was written before it was translated."""
    again: str = "yes"
    """How the text that was not sent was to leave: at once, `close`, `snooze:` or `at:` a moment."""
    approval: str = ""
    """Why a public reply has to be approved: role, account, or empty."""
    parts: Sequence[Part] = ()
    """The conversations of a case, one of which is answered."""
    part: int = 0
    """The one that is chosen; 0 where there is one alone."""
    carrier: Capability | None = None
    """What the account that answers takes."""
    front: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Whom the answer names in front by itself, by kind."""
    whom: str = ""
    """Who is answered, where that is another one than the conversation is with."""
    to: int = 0
    """The number of who is answered; 0 for nobody known."""
    us: str = ""
    """The handle of the account that answers."""
    url_length: int = 0
    """What an address counts on its server; 0: as usual."""
    until: datetime | None = None
    """Until when the platform takes an answer; None: for good."""
    left: str = ""
    """How long that is from now, in words."""

    @property
    def soon(self) -> bool:
        """It takes one for less than an hour."""
        return self.until is not None and self.until - db.now() < timedelta(hours=1)

    def too_late(self, send_at: datetime | None) -> str:
        """Why it cannot leave then, in English words of the catalogue; empty when it can."""
        return LATER_THAN_THAT if send_at is not None and self.until is not None and send_at >= self.until else ""

    def too_long(self, kind: str, text: str) -> Wrong | None:
        """What the platform would say of the length."""
        if self.carrier is None:
            return None
        most = self.limits.get(kind, 0)
        return answering.too_long(self.carrier, most, text, self.front.get(kind, ()), self.us, self.url_length)


def composer(
    session: Session,
    conversation: Conversation,
    account: Account,
    reader: Reader,
    *,
    kind: str = "",
    text: str | None = None,
    problem: str = "",
    faster: Faster | None = None,
    again: str = "yes",
    parts: Sequence[Part] = (),
    part: int = 0,
) -> Composer:
    """The box for this reader; a given `text` comes before the draft, which is what is kept of a refused form.

    In a case of several conversations `part` is answered, without one that in which was written last.
    """
    number = conversation.id or 0
    known = part if part in [one.id for one in parts] else 0
    answered = replies.answerable(session, number, part=known or None)
    if parts and answered is not None:
        known = answered.home_id or number
        account = rows.get(session, Account, answered.account_id) or account
    row, translator = attaching.rules(account), translations.translator(session)
    until = _until(session, account, answered)
    shut = _shut(row, account, answered, reader) or (OVER if until is not None and until <= db.now() else "")
    kinds = _kinds(row, answered, reader, shut=bool(shut))
    draft = drafts.of(session, reader.actor, number) if text is None and kinds else None
    wanted = kind or (draft.kind if draft is not None else "")
    return Composer(
        kinds=kinds,
        kind=wanted if wanted in kinds else next(iter(kinds), ""),
        shut=shut,
        text=text if text is not None else draft.text if draft is not None else "",
        saved=draft is not None,
        limits=limits(row, account),
        counting=row.counting if row is not None else "",
        key=str(ULID()),
        seen=newest(session, number),
        problem=problem,
        faster=faster,
        again=again,
        approval="role" if not reader.may("replies.send") else "account" if account.approval else "",
        shelf=attaching.shelf(attachments.begun(session, number, reader.actor) if kinds else (), kinds, row, reader),
        into="" if shut else translating.into(translator, conversation, answered, reader),
        translates=translating.there(translator, conversation, reader),
        parts=parts,
        part=known,
        carrier=row,
        front=_front(account, answered, kinds),
        whom=_whom(session, conversation, answered),
        to=(answered.identity_id if answered is not None else None) or 0,
        us=account.handle,
        until=until,
        left=promises.duration(until - db.now(), reader) if until is not None else "",
        url_length=int(account.config.get("limits", {}).get("characters_per_url") or 0),
    )


def _until(session: Session, account: Account, answered: Message | None) -> datetime | None:
    """When the platform stops taking answers to who is answered."""
    if answered is None or window.closes_at(account.platform, answered.ref, answered.posted_at) is None:
        return None
    m = db.table(Message)
    chat = sa.func.coalesce(m.c.home_id, m.c.conversation_id) == (answered.home_id or answered.conversation_id)
    here = (m.c.conversation_id == answered.conversation_id, chat, m.c.direction == "inbound")
    last = session.scalar(sa.select(sa.func.max(m.c.posted_at)).where(*here))
    return window.closes_at(account.platform, answered.ref, last or answered.posted_at)


def _whom(session: Session, conversation: Conversation, answered: Message | None) -> str:
    if answered is None or answered.identity_id in (None, conversation.identity_id):
        return ""
    person = rows.get(session, Identity, answered.identity_id)
    return person.name or person.handle if person is not None else ""


def _front(account: Account, answered: Message | None, kinds: Sequence[str]) -> dict[str, tuple[str, ...]]:
    if answered is None:
        return {}
    said = ((one, one == "private") for one in kinds if one != "note")
    return {
        kind: answering.in_front(account.platform, answered.ref, account.handle, private=private)
        for kind, private in said
    }


def _kinds(row: Capability | None, answered: Message | None, reader: Reader, *, shut: bool) -> tuple[str, ...]:
    note = ("note",) if reader.may("conversations.manage") else ()
    if shut or row is None or answered is None:
        return note
    if answered.visibility == "private":
        return ("private", *note)
    return ("public", *(("private",) if row.aside and answered.identity_id is not None else ()), *note)


def _shut(row: Capability | None, account: Account, answered: Message | None, reader: Reader) -> str:
    if not reader.may("conversations.reply"):
        return NOT_READ
    if row is None or not row.reply:
        return N_("This came from an archive: it can be read here, but not answered.")
    if account.state == "removed":
        return N_("The account was removed. Connect it again to answer.")
    if account.state == "auth_expired":
        return N_("The account's sign-in has expired. Connect it again to answer.")
    if answered is None:
        return N_("There is nothing in this conversation that can be answered.")
    return ""


def limits(row: Capability | None, account: Account) -> dict[str, int]:
    """What the account's server said, else the platform's row; where both kinds are posts, for both."""
    if row is None:
        return {}
    said = int(account.config.get("limits", {}).get("max_characters") or 0)
    public = said or row.limit
    return {"public": public, "private": public if row.dm_limit == row.limit else row.dm_limit}


# --- who was faster -----------------------------------------------------------------------------------


def newest(session: Session, conversation_id: int) -> str:
    """Marks our newest answer: `<message id>-<reply id>`."""
    sql = (
        "SELECT (SELECT max(id) FROM message WHERE conversation_id = ? AND direction = 'outbound'), "
        "(SELECT max(id) FROM reply WHERE conversation_id = ?)"
    )
    ((said, waits),) = bulk.fetch(session, sql, conversation_id, conversation_id, prepared=True)
    return f"{said or 0}-{waits or 0}"


def faster(
    session: Session, conversation_id: int, seen: str, reader: Reader, *, text: str = "", key: str = ""
) -> Faster | None:
    """The answer of somebody else since `seen` was drawn; None when there is none, or the mark cannot be read.

    One's own with the very same `text` counts, too, when another form than that of `key` sent it: from another tab.
    In the transaction that queues an answer it locks the conversation: of two at one moment the second sees the first.
    """
    left, _, right = seen.partition("-")
    if not (left.isascii() and left.isdigit() and right.isascii() and right.isdigit() and len(seen) < 40):
        return None
    session.get(Conversation, conversation_id, with_for_update=True)
    m, r = db.table(Message), db.table(ReplyRow)
    waiting = (
        sa.select(r.c.author, r.c.text)
        .where(r.c.conversation_id == conversation_id, r.c.id > int(right))
        .where(sa.or_(r.c.author != reader.actor, sa.and_(r.c.text == text, r.c.key != key)))
        .where(r.c.state.not_in(("cancelled", "rejected")))
    )
    row = session.execute(waiting.order_by(r.c.id.desc()).limit(1)).first()
    if row is not None:
        return Faster(actors.named(row.author, actors.names(session, [row.author]), reader), row.text)
    elsewhere = (
        sa.select(m.c.text)
        .outerjoin(r, r.c.message_id == m.c.id)
        .where(m.c.conversation_id == conversation_id, m.c.direction == "outbound", m.c.id > int(left))
        .where(r.c.id.is_(None))
    )
    found = session.execute(elsewhere.order_by(m.c.id.desc()).limit(1)).first()
    return Faster(reader.words(N_("Somebody on the platform itself")), found.text) if found is not None else None
