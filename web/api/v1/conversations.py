"""Conversations: the list with the inbox's filters and orders, one of them, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields as columns_of
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from core import db
from inbox import desk, listing, sightings, views, visibility, watching
from inbox.conditions import tree
from inbox.cuts import store as cuts
from inbox.fields import values
from inbox.narrowing import Filter
from inbox.parts import store as parts
from web import actors, thread
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Given, Id, Limit, Moment, Number, Page, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/conversations"
TAG = "conversations"
PLATFORM = 40

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]

State = Literal["open", "pending", "snoozed", "closed", "spam"]
Priority = Literal["urgent", "high", "normal", "low"]
Type = Literal["question", "problem", "request", "praise", "other", ""]
Word = Annotated[str, Query(max_length=200)]
Who = Annotated[str, Query(pattern=r"^(user:[1-9][0-9]{0,14}|none|)$")]


class Conditions(BaseModel):
    """Which conversations: the filters of the inbox."""

    model_config = ConfigDict(extra="forbid")
    view: Literal["all", "mine", "team", "open", "unassigned", "pending", "snoozed", "closed", "spam", "approve"] = (
        Field("all", description="With `saved`, unless given, the one that the saved view narrows.")
    )
    saved: str = Field(
        "", pattern="^([1-9][0-9]{0,14}|about|mentions|)$", description="Within a saved view: its `id` (`GET /views`)."
    )
    q: Word = Field("", description="Words that a message of it has.")
    account: int = Query(0, ge=0, le=shapes.LARGEST)
    platform: Word = ""
    kind: Literal["public", "dm", ""] = ""
    language: Word = ""
    sentiment: Word = ""
    intent: Word = ""
    urgency: Word = ""
    emotion: Word = ""
    label: Word = ""
    tag: Word = ""
    assignee: Who = Field("", description="`user:3`, or `none`.")
    team: str = Query("", pattern=r"^([1-9][0-9]{0,14}|none|)$", description="A team's number, or `none`.")
    priority: Literal["urgent", "high", "normal", "low", ""] = ""
    type: Type = ""
    since: Moment | None = Field(None, description="With an inbound message at or after this moment.")
    until: Moment | None = Field(None, description="With an inbound message before this moment.")
    conditions: str = Query("", max_length=5000, description="Further conditions: a filter tree as JSON.")


class Asked(Conditions):
    """What is wanted: the filters of the inbox, and an order."""

    sort: Literal["newest", "oldest", "waiting", "priority", "sla"] = Field(
        "newest", description="With `saved`, unless given, that of the saved view."
    )
    cursor: Cursor = ""
    limit: Limit = 50


class Conversation(Shown):
    """A conversation as lists show it."""

    id: int
    platform: str
    private: bool
    state: State
    type: str
    priority: Priority
    assignee: str = Field(description="`user:3`; empty: nobody.")
    team_id: int | None
    identity_id: int | None = Field(description="The customer's account.")
    excerpt: str = Field(description="Start of the newest inbound message.")
    messages: int
    language: str
    sentiment: str
    intent: str
    last_at: Moment
    last_inbound_at: Moment | None
    waiting_since: Moment | None = Field(description="The first inbound message nobody answered yet.")
    snoozed_until: Moment | None
    sla_due_at: Moment | None


class Listed(Conversation):
    """One of a list."""

    account: str = Field(description="Handle of our account.")
    name: str = Field(description="The customer.")
    handle: str
    unread: bool


class Whole(Conversation):
    """A conversation with everything about it but its messages."""

    account_id: int
    first_at: Moment
    last_outbound_at: Moment | None
    first_reply_at: Moment | None
    closed_at: Moment | None
    urgency: str
    emotion: str
    offensive: bool | None
    labels: list[str]
    tags: list[str] = Field(default_factory=list)
    parts: list[int] = Field(
        default_factory=list, description="Numbers of the conversations merged into it, its own first."
    )
    split_from: int | None = Field(
        None,
        description="The one it was split off from a message on, or which had been closed for long when they wrote.",
    )
    split_off: list[int] = Field(default_factory=list, description="Those that were split off it from a message on.")
    watchers: list[str] = Field(default_factory=list, description="Who watches it: `user:3`.")
    fields: dict[str, str] = Field(default_factory=dict, description="What stands in custom fields, by their numbers.")


@router.get(HERE, tags=[TAG])
def index(reader: Reading, asked: Annotated[Asked, Query()]) -> Page[Listed]:
    """Conversations as the inbox lists them: by view, filters and order."""
    found = shapes.place(asked.cursor, 2)
    with db.read() as session:
        one = wanted(session, asked, reader)
        if found and found[0] != f"conversations-{one.sort}":
            raise shapes.wrong_place()
        page = listing.page(session, one, found[1] if found else None, asked.limit)
    following = shapes.mark(f"conversations-{one.sort}", page.next) if page.next else None
    return Page(items=[Listed.model_validate(row) for row in page.rows], next=following)


@router.get(f"{HERE}/counts", tags=[TAG])
def counts(reader: Reading) -> dict[str, int]:
    """How many conversations stand in each view of the inbox."""
    with db.read() as session:
        found = listing.counts(session, wanted(session, Conditions(), reader))
    return {view: number for view, number in found.items() if view != "approve" or reader.may("replies.approve")}


def wanted(session: Session, asked: Conditions, reader: Reader) -> Filter:
    """The filter, within what the token's owner sees; Rejected when the saved view is none of theirs."""
    names = {one.name for one in columns_of(Filter)} & type(asked).model_fields.keys()
    given: dict[str, Any] = {name: _sound(getattr(asked, name)) for name in names}
    if asked.conditions:
        given["tree"] = tree.parse(asked.conditions)
    found = Filter(**given, me=reader.actor, sight=reader.sight)
    if not asked.saved:
        return found
    view = views.find(session, asked.saved, reader.actor, reader.role)
    base = asked.view if "view" in asked.model_fields_set else view.base
    sort = found.sort if "sort" in asked.model_fields_set else view.sort
    return replace(view.narrowing(found), view=base, sort=sort)


def _sound(value: object) -> object:
    return db.sound(value) if isinstance(value, str) else value


@router.get(f"{HERE}/{{conversation_id}}", tags=[TAG])
def one(reader: Reading, conversation_id: Id) -> Whole:
    """One conversation with its tags; its messages stand under `/messages`."""
    with db.read() as session:
        found = Whole.model_validate(thread.find(session, conversation_id, reader))
        found.tags = desk.tags_of(session, conversation_id)
        found.watchers = watching.of(session, conversation_id)
        stands = values.of_many(session, [conversation_id]).get(conversation_id, {})
        found.parts = [part.id for part in parts.of(session, conversation_id)]
        ends = cuts.ends(session, conversation_id)
        seen = visibility.of(session, reader.sight, [one for one in (ends.came_from, *ends.split_off) if one])
        found.split_from = ends.came_from if ends.came_from in seen else None
        found.split_off = [one for one in ends.split_off if one in seen]
        found.fields = {str(number): value for number, value in stands.items()}
        return found


@router.get("/api/v1/tags", tags=[TAG])
def tags(reader: Reading) -> All[str]:
    """Every tag in use on what the token's owner sees."""
    with db.read() as session:
        return All(items=desk.known_tags(session, reader.sight))


# --- deeds --------------------------------------------------------------------------------------------


class Assignee(Given):
    """To whom."""

    assignee: str = Field(pattern=r"^(user:[1-9][0-9]{0,14}|)$", description="`user:3`; empty: nobody.")


class Team(Given):
    """To which team."""

    team_id: Number | None


class NewPriority(Given):
    """How much it matters."""

    priority: Priority


class NewType(Given):
    """What kind of case it is."""

    type: Type = Field(description="Empty: none.")


class NewState(Given):
    """Where it goes."""

    state: Literal["open", "closed", "spam"]


class Until(Given):
    """Until when."""

    until: Moment = Field(description="Within two years.")


class Tag(Given):
    """A tag."""

    tag: Text = Field(max_length=60)


Deed = Callable[[Session], bool]


def _do(change: Changing, reader: Reader, conversation_id: int, deed: Deed) -> Response:
    def work(session: Session) -> Changed:
        thread.find(session, conversation_id, reader)
        return Changed(id=conversation_id, changed=deed(session))

    return change.do(work)


@router.post(f"{HERE}/{{conversation_id}}/assign", tags=[TAG], response_model=Changed)
def assign(change: Changing, reader: Managing, conversation_id: Id, body: Assignee) -> Response:
    """Give a conversation to somebody who answers, or to nobody."""

    def deed(session: Session) -> bool:
        if body.assignee and body.assignee not in dict(actors.answering(session)):
            raise Refused(422, "A conversation is given to somebody who works here, or to nobody.", "rejected")
        return desk.assign(session, conversation_id, body.assignee, reader.actor)

    return _do(change, reader, conversation_id, deed)


@router.post(f"{HERE}/{{conversation_id}}/team", tags=[TAG], response_model=Changed)
def team(change: Changing, reader: Managing, conversation_id: Id, body: Team) -> Response:
    """Give a conversation to a team, or to none."""
    deed: Deed = lambda session: desk.set_team(session, conversation_id, body.team_id, reader.actor)  # noqa: E731  # one use
    return _do(change, reader, conversation_id, deed)


@router.post(f"{HERE}/{{conversation_id}}/priority", tags=[TAG], response_model=Changed)
def priority(change: Changing, reader: Managing, conversation_id: Id, body: NewPriority) -> Response:
    """Say how much it matters."""
    deed: Deed = lambda session: desk.set_priority(session, conversation_id, body.priority, reader.actor)  # noqa: E731  # one use
    return _do(change, reader, conversation_id, deed)


@router.post(f"{HERE}/{{conversation_id}}/type", tags=[TAG], response_model=Changed)
def type_(change: Changing, reader: Managing, conversation_id: Id, body: NewType) -> Response:
    """Say what kind of case it is."""
    deed: Deed = lambda session: desk.set_type(session, conversation_id, body.type, reader.actor)  # noqa: E731  # one use
    return _do(change, reader, conversation_id, deed)


@router.post(f"{HERE}/{{conversation_id}}/state", tags=[TAG], response_model=Changed)
def state(change: Changing, reader: Managing, conversation_id: Id, body: NewState) -> Response:
    """Close, open again, or mark as spam."""
    deed: Deed = lambda session: desk.set_state(session, conversation_id, body.state, reader.actor)  # noqa: E731  # one use
    return _do(change, reader, conversation_id, deed)


@router.post(f"{HERE}/{{conversation_id}}/snooze", tags=[TAG], response_model=Changed)
def snooze(change: Changing, reader: Managing, conversation_id: Id, body: Until) -> Response:
    """Put away until a moment, or the next message."""
    deed: Deed = lambda session: desk.snooze(session, conversation_id, body.until, reader.actor)  # noqa: E731  # one use
    return _do(change, reader, conversation_id, deed)


@router.post(f"{HERE}/{{conversation_id}}/tag", tags=[TAG], response_model=Changed)
def tag(change: Changing, reader: Managing, conversation_id: Id, body: Tag) -> Response:
    """Put a tag on."""
    deed: Deed = lambda session: desk.tag(session, conversation_id, body.tag, reader.actor)  # noqa: E731  # one use
    return _do(change, reader, conversation_id, deed)


@router.post(f"{HERE}/{{conversation_id}}/untag", tags=[TAG], response_model=Changed)
def untag(change: Changing, reader: Managing, conversation_id: Id, body: Tag) -> Response:
    """Take a tag off."""
    deed: Deed = lambda session: desk.untag(session, conversation_id, body.tag, reader.actor)  # noqa: E731  # one use
    return _do(change, reader, conversation_id, deed)


@router.post(f"{HERE}/{{conversation_id}}/seen", tags=[TAG], response_model=Changed)
def seen(change: Changing, reader: Reading, conversation_id: Id) -> Response:
    """The token's owner has read it: `unread` is false until a further message comes."""

    def work(session: Session) -> Changed:
        conversation = thread.find(session, conversation_id, reader)
        unread = sightings.unread(session, reader.actor, conversation)
        sightings.mark(session, reader.actor, conversation)
        return Changed(id=conversation_id, changed=unread)

    return change.do(work)


@router.post(f"{HERE}/{{conversation_id}}/unread", tags=[TAG], response_model=Changed)
def unread(change: Changing, reader: Reading, conversation_id: Id) -> Response:
    """The token's owner has it before them again: `unread` until they open it; not where nothing has come in."""

    def work(session: Session) -> Changed:
        done = sightings.put_back(session, reader.actor, thread.find(session, conversation_id, reader))
        return Changed(id=conversation_id, changed=done)

    return change.do(work)


@router.post(f"{HERE}/{{conversation_id}}/watch", tags=[TAG], response_model=Changed)
def watch(change: Changing, reader: Reading, conversation_id: Id) -> Response:
    """The token's owner is told what happens there, whoever takes care of it."""
    return _do(change, reader, conversation_id, lambda session: watching.watch(session, conversation_id, reader.actor))


@router.post(f"{HERE}/{{conversation_id}}/unwatch", tags=[TAG], response_model=Changed)
def unwatch(change: Changing, reader: Reading, conversation_id: Id) -> Response:
    """Not any more."""
    return _do(change, reader, conversation_id, lambda session: watching.leave(session, conversation_id, reader.actor))


class Other(Given):
    """With which conversation."""

    other: Number = Field(description="Number of the conversation that goes on in this one.")


class OnePart(Given):
    """Which one."""

    part: Number = Field(description="Number of the conversation that is one of its own again.")


@router.post(f"{HERE}/{{conversation_id}}/merge", tags=[TAG], response_model=Changed)
def merge(change: Changing, reader: Managing, conversation_id: Id, body: Other) -> Response:
    """Have another conversation go on in this one, across accounts and platforms."""

    def deed(session: Session) -> bool:
        if parts.parents(session, [body.other]).get(body.other) != conversation_id:
            thread.find(session, body.other, reader)
        return parts.merge(session, conversation_id, body.other, reader.actor)

    return _do(change, reader, conversation_id, deed)


@router.post(f"{HERE}/{{conversation_id}}/split", tags=[TAG], response_model=Changed)
def split(change: Changing, reader: Managing, conversation_id: Id, body: OnePart) -> Response:
    """Have a merged conversation be one of its own again, as it was."""
    deed: Deed = lambda session: parts.split(session, body.part, reader.actor, conversation_id) > 0  # noqa: E731  # one use
    return _do(change, reader, conversation_id, deed)


class FromMessage(Given):
    """From where on."""

    message: Number = Field(description="Number of the message with which the new conversation begins.")


@router.post(f"{HERE}/{{conversation_id}}/split-from", tags=[TAG], response_model=Changed)
def split_from(change: Changing, reader: Managing, conversation_id: Id, body: FromMessage) -> Response:
    """Have a message and all after it be a conversation of its own; `id` is its number."""

    def work(session: Session) -> Changed:
        thread.find(session, conversation_id, reader)
        number, new = cuts.split_from(session, conversation_id, body.message, reader.actor)
        return Changed(id=number, changed=new)

    return change.do(work)


@router.post(f"{HERE}/{{conversation_id}}/split-back", tags=[TAG], response_model=Changed)
def split_back(change: Changing, reader: Managing, conversation_id: Id) -> Response:
    """Have a conversation that was split off go on where it came from; `id` is that one's number."""

    def work(session: Session) -> Changed:
        row = thread.row(session, conversation_id)
        thread.find(session, thread.goes_on_in(session, row, reader) or conversation_id, reader)
        came_from = cuts.ends(session, conversation_id).came_from
        if came_from:
            thread.find(session, came_from, reader)
        number, changed = cuts.take_back(session, conversation_id, reader.actor)
        return Changed(id=number, changed=changed)

    return change.do(work)
