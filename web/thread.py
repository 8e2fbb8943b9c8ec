"""One conversation as a page shows it: its head, a page of its entries, the box to write in, the person beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import HTTPException, Request
from sqlalchemy.exc import OperationalError
from sqlmodel import Session
from starlette.background import BackgroundTask

from core import db, rows
from core import log as logs
from inbox import clocks, desk, sightings, teams, visibility, watching, workers
from inbox.cuts import family
from inbox.cuts import store as cuts
from inbox.fields import values
from inbox.fields.kinds import Definition
from inbox.models import Account, Conversation, Identity, ReplyRow
from inbox.parts import store as parts
from inbox.parts.store import Part
from web import actors, entries, promises, snoozing
from web import composer as composers
from web import panel as panels
from web.composer import Composer
from web.entries import Page
from web.place import LARGEST
from web.promises import Chip
from web.reader import Reader

logger = logs.get("web")
NOT_KEPT = frozenset({"note", "earlier", "also", "many", "task"})
"""Parameters that say something once."""


@dataclass(frozen=True)
class Log:
    """A page of a conversation's entries."""

    conversation: Conversation
    account: Account
    page: Page
    query: str
    """The list's own parameters, kept by every form."""

    @property
    def id(self) -> int:
        """The conversation's number."""
        return self.conversation.id or 0

    def to(self, what: str = "", **more: str) -> str:
        """The address of the conversation, or of something about it, with the list's parameters."""
        here = f"/inbox/{self.id}/{what}" if what else f"/inbox/{self.id}"
        kept = urlencode([*parse_qsl(self.query), *more.items()]) if more else self.query
        return f"{here}?{kept}" if kept else here

    def correct(self, message_id: int, task: str = "") -> str:
        """Where what a message is rated as is corrected, in one task or in any."""
        here = f"/inbox/{self.id}/messages/{message_id}/correct"
        kept = "&".join([one for one in (self.query, f"task={task}" if task else "") if one])
        return f"{here}?{kept}" if kept else here


@dataclass(frozen=True)
class Thread(Log):
    """A conversation with all that its templates need; `page` is empty where only the head is shown."""

    person: Identity | None
    composer: Composer
    tags: Sequence[str]
    known_tags: Sequence[str]
    assignee: str
    """The name of who takes care; empty when nobody does."""
    workers: Sequence[tuple[str, str]]
    """Whom it can be given to: (`user:3`, name)."""
    snoozes: Sequence[tuple[str, str, datetime]]
    teams: Sequence[tuple[int, str]]
    """Every team: (number, name)."""
    parts: Sequence[Part] = ()
    """The conversations that are merged into it, itself first; empty when it is one alone."""
    came_from: int = 0
    """The conversation it was split off, as far as the reader sees that; else 0."""
    follows: bool = False
    """It began with a message long after that one was closed."""
    split_off: Sequence[int] = ()
    """Those that were split off it."""
    fields: Sequence[tuple[Definition, str]] = ()
    """Every custom field of conversations with what stands in it."""
    watchers: Mapping[str, str] = field(default_factory=dict)
    """Who watches it: {`user:3`: name}."""
    promise: Chip | None = None
    """The promise that matters now."""
    problem: str = ""
    """What was wrong with the last deed."""

    @property
    def name(self) -> str:
        """What to call the other side; empty when the source does not tell."""
        return (self.person.name or self.person.handle) if self.person is not None else ""

    @property
    def translates(self) -> bool:
        """Its messages can be had in the reader's language."""
        return self.composer.translates

    @property
    def team(self) -> str:
        """The name of the team it belongs to; empty when it belongs to none."""
        return dict(self.teams).get(self.conversation.team_id or 0, "")


def context(session: Session, conversation: Conversation, reader: Reader, request: Request) -> dict[str, Any]:
    """The values of parts/thread.html and parts/person_panel.html: `talk`, `panel` and a few beside."""
    talk = _whole(session, conversation, reader, request)
    return {"talk": talk, **beside(session, talk, reader)}


def beside(
    session: Session, talk: Thread, reader: Reader, problem: str = "", text: str = "", case: str = ""
) -> dict[str, Any]:
    """The values of parts/person_panel.html: `problem` and `text` of a note that was refused, `case` of a case."""
    return {
        "panel": panels.panel(session, talk.conversation, reader),
        "case_problem": case,
        "threshold": panels.THRESHOLD,
        "panel_problem": problem,
        "panel_text": text,
        "field_wrong": (0, ""),
    }


def load(session: Session, conversation_id: int, reader: Reader, request: Request, *, whole: bool = True) -> Thread:
    """The thread alone; without entries unless `whole`. 404 when there is none for this reader."""
    return _whole(session, find(session, conversation_id, reader), reader, request, whole=whole)


def _whole(
    session: Session, conversation: Conversation, reader: Reader, request: Request, *, whole: bool = True
) -> Thread:
    account, conversation_id = _account(session, conversation), conversation.id or 0
    person = rows.get(session, Identity, conversation.identity_id)
    merged = parts.of(session, conversation_id)
    takers = actors.answering(session) if reader.may("conversations.manage") else []
    blind = workers.blind(session, [actor for actor, _ in takers], [conversation_id])
    ends = cuts.ends(session, conversation_id)
    others = [one for one in (ends.came_from, *ends.split_off) if one]
    seen = visibility.of(session, reader.sight, others) if others else set()
    watchers = watching.of(session, conversation_id)
    place, given = request.query_params.get("earlier", ""), conversation.assignee
    named = [one for one in (given, *watchers) if one]
    names = actors.names(session, named) if named else {}
    return Thread(
        conversation=conversation,
        account=account,
        page=entries.page(session, conversation_id, account, reader, place) if whole else Page([], ""),
        query=kept(request),
        person=person,
        composer=composers.composer(session, conversation, account, reader, parts=merged),
        tags=desk.tags_of(session, conversation_id),
        known_tags=desk.known_tags(session, reader.sight),
        assignee=actors.named(given, names, reader) if given else "",
        workers=[one for one in takers if (conversation_id, one[0]) not in blind],
        snoozes=snoozing.choices(reader),
        teams=teams.names(session),
        parts=merged,
        came_from=ends.came_from if ends.came_from in seen else 0,
        follows=ends.follows,
        split_off=[one for one in ends.split_off if one in seen],
        fields=values.of_conversation(session, conversation_id),
        watchers={one: actors.named(one, names, reader) for one in watchers},
        promise=promises.chip(clocks.stored(session, conversation_id), reader),
    )


def log(
    session: Session, conversation_id: int, reader: Reader, request: Request, before: str, size: int = entries.PAGE
) -> Log:
    """The newest page of entries, or the one before a place."""
    conversation = find(session, conversation_id, reader)
    account = _account(session, conversation)
    page = entries.page(session, conversation_id, account, reader, before, size)
    return Log(conversation, account, page, kept(request))


def bare(session: Session, conversation_id: int, reader: Reader, request: Request) -> Log:
    """The conversation with its address, without entries."""
    conversation = find(session, conversation_id, reader)
    return Log(conversation, _account(session, conversation), Page([], ""), kept(request))


def _account(session: Session, conversation: Conversation) -> Account:
    account = rows.get(session, Account, conversation.account_id)
    assert account is not None  # noqa: S101  # a foreign key
    return account


def goes_on_in(session: Session, row: Conversation | None, reader: Reader) -> int:
    """Where an empty conversation's messages are, in a case or after a split was taken back; 0 for all others.

    Only as far as the reader sees that.
    """
    if row is None or row.inbox or row.messages:
        return 0
    number = row.id or 0
    back = family.back_in(session, number) or number
    parent = parts.parents(session, [back]).get(back, back if back != number else 0)
    case = rows.get(session, Conversation, parent)
    return parent if case is not None and visibility.may_see(session, reader.sight, case) else 0


def find(session: Session, conversation_id: int, reader: Reader) -> Conversation:
    """The conversation; 404 when there is none that this reader sees."""
    return allowed(session, row(session, conversation_id), reader)


def row(session: Session, conversation_id: int) -> Conversation | None:
    """A conversation, whoever may see it; None when there is none."""
    return rows.get(session, Conversation, conversation_id) if conversation_id < LARGEST else None


def allowed(session: Session, conversation: Conversation | None, reader: Reader) -> Conversation:
    """The conversation; 404 for none, for one that this reader does not see, and for an empty part of a case."""
    if conversation is None or not visibility.may_see(session, reader.sight, conversation):
        raise HTTPException(404)
    if not conversation.inbox and not conversation.messages and _shell(session, conversation.id or 0):
        raise HTTPException(404)
    return conversation


def _shell(session: Session, conversation_id: int) -> bool:
    return bool(parts.parents(session, [conversation_id]) or family.back_in(session, conversation_id))


def of_reply(reply_id: int, reader: Reader) -> ReplyRow:
    """A reply; 404 when there is none in a conversation that this reader sees."""
    with db.read() as session:
        row = session.get(ReplyRow, reply_id) if reply_id < LARGEST else None
        if row is None:
            raise HTTPException(404)
        find(session, row.conversation_id, reader)
        return row


def kept(request: Request) -> str:
    """The query of the request without what says nothing, or something once."""
    given = request.query_params.multi_items()
    return urlencode([(name, value) for name, value in given if value and name not in NOT_KEPT])


def looked(conversation: Conversation, reader: Reader) -> BackgroundTask:
    """For after the answer: the reader has it before their eyes as it is in this row. No page waits for that."""
    return BackgroundTask(_look, conversation, reader.actor)


def _look(conversation: Conversation, actor: str) -> None:
    try:
        with db.write(durable=False) as session:
            sightings.mark(session, actor, conversation)
    except OperationalError as error:  # the answer has left: it stays unread until it is opened again
        logger.warning("not marked as seen", error=type(error).__name__, conversation_id=conversation.id)


def answering(talk: Thread, kind: str) -> Thread:
    """The same thread with this kind of answer chosen, if there is one."""
    if kind not in talk.composer.kinds:
        return talk
    return replace(talk, composer=replace(talk.composer, kind=kind))


def of_part(session: Session, talk: Thread, reader: Reader, kind: str, part: int) -> Thread:
    """In a case of several conversations, with the box of the one that is answered."""
    if not talk.parts:
        return talk
    made = composers.composer(session, talk.conversation, talk.account, reader, kind=kind, parts=talk.parts, part=part)
    return replace(talk, composer=made)


def refused(talk: Thread, problem: str) -> Thread:
    """The same thread with a word on what was wrong."""
    return replace(talk, problem=problem)
