"""What stands in a conversation: messages, what was done, and replies with their delivery."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from core.event import Visibility
from inbox import activities, approvals, attachments, declared, replies, search
from inbox.models import Account, Conversation, Message, ReplyRow
from inbox.parts import store as parts
from web import approving, attaching, composer, place, thread
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.conversations import HERE
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Given, Id, Limit, Moment, Number, Page, Shown, Text
from web.permissions import allow
from web.reader import Reader

TAG = "threads"
OVERTAKEN = "Somebody wrote after that message, or another's reply is on its way. Read the conversation again."

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Replying = Annotated[Reader, Depends(allow("conversations.reply"))]
Words = Annotated[str, Query(max_length=200, description="Words, “phrases” and beginnings* that all stand in them.")]


class OneMessage(Shown):
    """A message as it stands now."""

    id: int
    conversation_id: int
    identity_id: int | None = Field(description="Who wrote it; null when the source does not tell.")
    key: str
    parent_key: str | None = Field(description="Key of the message it answers.")
    platform: str
    kind: str
    direction: str
    visibility: str
    text: str
    subject: str
    url: str
    hashtags: list[str]
    attachments: list[dict[str, Any]]
    counts: dict[str, Any]
    posted_at: Moment
    edited_at: Moment | None
    deleted_at: Moment | None = Field(description="Deleted on its platform; its text is gone.")
    version: int
    language: str
    sentiment: str
    intent: str
    urgency: str
    emotion: str
    offensive: bool | None
    labels: list[str]


class OneActivity(Shown):
    """What somebody, a rule or the clock did."""

    id: int
    at: Moment
    actor: str
    what: str
    detail: dict[str, Any]


class OneReply(Shown):
    """An answer of ours with its delivery."""

    id: int
    conversation_id: int
    text: str
    visibility: str
    author: str
    state: Literal[
        "submitted", "queued", "sending", "sent", "failed", "unknown", "stopped", "held", "rejected", "cancelled"
    ]  # fmt: skip
    error: str = Field(description="The platform's words, when it failed.")
    message_id: int | None = Field(description="The message it became.")
    attempts: int
    send_at: Moment
    created_at: Moment
    sent_at: Moment | None
    declared_by: str = Field(description="Who says that it arrived, where its platform has not said so.")
    declared_at: Moment | None
    hold: bool = Field(description="It does not leave when they have written since.")
    closes: bool = Field(description="It closes the conversation when it is queued.")
    snooze_until: Moment | None = Field(description="It snoozes the conversation until then when it is queued.")


@router.get(f"{HERE}/{{conversation_id}}/messages", tags=[TAG])
def messages(
    reader: Reading, conversation_id: Id, cursor: Cursor = "", limit: Limit = 50, q: Words = ""
) -> Page[OneMessage]:
    """The messages of a conversation, newest first; with `q` those in which the words stand."""
    edge = place.read(cursor) if cursor else None
    if cursor and edge is None:
        raise shapes.wrong_place()
    m = db.table(Message)
    query = sa.select(Message).where(m.c.conversation_id == conversation_id)
    if q.strip():
        said = search.matches(q)
        query = query.where(said if said is not None else sa.false())
    if edge is not None:
        query = query.where(
            sa.tuple_(m.c.posted_at, m.c.id) < sa.tuple_(sa.literal(edge[0], m.c.posted_at.type), edge[1])
        )
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        rows = session.scalars(query.order_by(m.c.posted_at.desc(), m.c.id.desc()).limit(limit + 1)).all()
        shown = [OneMessage.model_validate(row) for row in rows[:limit]]
    following = place.mark(shown[-1].posted_at, shown[-1].id) if len(rows) > limit else None
    return Page(items=shown, next=following)


@router.get(f"{HERE}/{{conversation_id}}/activities", tags=[TAG])
def all_activities(reader: Reading, conversation_id: Id) -> All[OneActivity]:
    """What was done to a conversation, oldest first."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        found = activities.of_conversation(session, conversation_id)
        return All(items=[OneActivity.model_validate(one) for one in found])


@router.get(f"{HERE}/{{conversation_id}}/replies", tags=[TAG])
def waiting(reader: Reading, conversation_id: Id) -> All[OneReply]:
    """Replies that are no messages yet, oldest first: waiting, on their way, failed or taken back."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        found = replies.of_conversation(session, conversation_id)
        return All(items=[OneReply.model_validate(one) for one in found])


# --- writing ------------------------------------------------------------------------------------------


BESIDE = "Files beside one's draft that go with it, by their numbers (`/files`)."
Files = list[Number]


class NewReply(Given):
    """An answer."""

    text: Text = Field(max_length=100_000, description="May be empty beside files.")
    visibility: Literal["public", "private"] | None = Field(
        None, description="As the message it answers, unless given; private also where the platform lets one answer so."
    )
    send_at: Moment | None = Field(None, description="Not before this moment; unless given, after the time to undo.")
    hold: bool = Field(True, description="With `send_at`: it does not leave when they write again meanwhile.")
    approval: bool = Field(
        False, description="Somebody has to approve it first; always so for who may not send alone (`replies.send`)."
    )
    part: Number | None = Field(
        None,
        description="Of a merged case the conversation that is answered, one of its `parts`; unless given, the "
        "one in which was written last.",
    )
    after: Number | None = Field(
        None,
        description="The newest message as the caller knows it. Refused (409, `overtaken`) when somebody wrote after "
        "it, on either side, or another's reply is on its way.",
    )
    files: Files = Field(default_factory=list, max_length=attachments.MOST, description=BESIDE)
    close: bool = Field(
        False,
        description="Close the conversation as the reply is queued (permission `conversations.manage`), or as it is "
        "approved; taken back with it. Not with `send_at`.",
    )
    snooze_until: Moment | None = Field(
        None,
        description="Snooze the conversation until this moment, or the next message, as the reply is queued "
        "(permission `conversations.manage`), or as it is approved; taken back with it. Within two years, not with "
        "`close` or `send_at`.",
    )


class Queued(BaseModel):
    """A reply that waits."""

    id: int
    conversation_id: int
    state: str
    send_at: Moment


@router.post(f"{HERE}/{{conversation_id}}/replies", tags=[TAG], response_model=Queued, status_code=201)
def add_reply(change: Changing, reader: Replying, conversation_id: Id, body: NewReply) -> Response:
    """Answer the newest inbound message; it leaves after the time to undo, or at `send_at`, or when it is approved."""

    if (body.close or body.snooze_until) and not reader.may("conversations.manage"):
        raise Refused(403)

    def work(session: Session) -> Queued:
        visibility = _kind(session, conversation_id, body, reader)
        if body.after is not None and _overtaken(session, conversation_id, body.after, reader):
            raise Refused(409, OVERTAKEN, "overtaken")
        row = replies.queue(
            session, conversation_id, body.text, author=reader.actor, visibility=visibility, send_at=body.send_at,
            hold=body.hold, approval=approving.why(reader, "asked" if body.approval else ""),
            part=body.part, attached=body.files, close=body.close, snooze_until=body.snooze_until,
        )  # fmt: skip
        return Queued(id=row.id or 0, conversation_id=conversation_id, state=row.state, send_at=row.send_at)

    return change.do(work, 201)


def _kind(session: Session, number: int, body: NewReply, reader: Reader) -> Visibility | None:
    """How it is sent, by the rules of the composer; None as the message it answers."""
    conversation = thread.find(session, number, reader)
    account = session.get(Account, conversation.account_id)
    assert account is not None  # noqa: S101  # a foreign key
    merged = parts.of(session, number)
    if body.part is not None and body.part not in {one.id for one in merged}:
        raise Refused(422, "This conversation is no part of that case.", "rejected")
    box = composer.composer(session, conversation, account, reader, parts=merged, part=body.part or 0)
    if box.shut:
        raise Refused(422, box.shut, "rejected")
    if late := box.too_late(body.send_at):
        raise Refused(422, late, "rejected")
    if body.visibility is not None and body.visibility not in box.kinds:
        raise Refused(422, "This cannot be answered in that way here.", "rejected")
    kind = body.visibility or box.kinds[0]
    wrong = attaching.trouble(session, number, box.carrier, body.files, kind, body.text, reader)
    wrong = box.too_long(kind, body.text) or wrong
    if wrong is not None:
        raise Refused(422, wrong.sentence % wrong.values, "rejected")
    return "private" if body.visibility == "private" else None


def _overtaken(session: Session, conversation_id: int, after: int, reader: Reader) -> bool:
    """Somebody else wrote after a message; of two programs at one moment the second sees the first."""
    m, r = db.table(Message), db.table(ReplyRow)
    session.get(Conversation, conversation_id, with_for_update=True)
    wrote = (
        sa.select(m.c.id)
        .outerjoin(r, r.c.message_id == m.c.id)
        .where(m.c.conversation_id == conversation_id, m.c.id > after, m.c.origin != "context")
        .where(sa.or_(r.c.id.is_(None), r.c.author != reader.actor))
    )
    leaves = sa.select(r.c.id).where(
        r.c.conversation_id == conversation_id, r.c.author != reader.actor,
        r.c.state.in_(("submitted", "queued", "sending", "held")),
    )  # fmt: skip
    return any(session.execute(one.limit(1)).first() is not None for one in (wrote, leaves))


# --- replies on their way -----------------------------------------------------------------------------


@router.get("/api/v1/replies/{reply_id}", tags=[TAG])
def reply(reader: Replying, reply_id: Id) -> OneReply:
    """A reply with its delivery state."""
    with db.read() as session:
        return OneReply.model_validate(one_reply(session, reply_id, reader))


def one_reply(session: Session, reply_id: int, reader: Reader) -> ReplyRow:
    row = session.get(ReplyRow, reply_id)
    if row is None:
        raise Refused(404)
    thread.find(session, row.conversation_id, reader)
    return row


@router.post("/api/v1/replies/{reply_id}/undo", tags=[TAG], response_model=Changed)
def undo(change: Changing, reader: Replying, reply_id: Id) -> Response:
    """Take a reply back that has not left, or an approval of another's; `changed` says whether that was in time."""

    def work(session: Session) -> Changed:
        one_reply(session, reply_id, reader)
        done = approvals.take_back(session, reply_id, reader.actor) or replies.undo(session, reply_id, reader.actor)
        return Changed(id=reply_id, changed=done)

    return change.do(work)


@router.post("/api/v1/replies/{reply_id}/now", tags=[TAG], response_model=Changed)
def now(change: Changing, reader: Replying, reply_id: Id) -> Response:
    """Send a reply at once that waits for its moment."""

    def work(session: Session) -> Changed:
        one_reply(session, reply_id, reader)
        return Changed(id=reply_id, changed=replies.send_now(session, reply_id, reader.actor))

    return change.do(work)


@router.post("/api/v1/replies/{reply_id}/retry", tags=[TAG], response_model=Changed)
def retry(change: Changing, reader: Replying, reply_id: Id) -> Response:
    """Send a failed, unclear, stopped or held reply again; what was held or stopped may need approval once more."""

    def work(session: Session) -> Changed:
        one_reply(session, reply_id, reader)
        done = approvals.again(session, reply_id, reader.actor, free=reader.may("replies.send"))
        return Changed(id=reply_id, changed=bool(done))

    return change.do(work)


@router.post("/api/v1/replies/{reply_id}/arrived", tags=[TAG], response_model=Changed)
def arrived(change: Changing, reader: Replying, reply_id: Id) -> Response:
    """Say that an unclear reply did arrive: it counts as sent at the moment of the attempt."""

    def work(session: Session) -> Changed:
        one_reply(session, reply_id, reader)
        return Changed(id=reply_id, changed=declared.arrived(session, reply_id, reader.actor))

    return change.do(work)


@router.post("/api/v1/replies/{reply_id}/unclear", tags=[TAG], response_model=Changed)
def unclear(change: Changing, reader: Replying, reply_id: Id) -> Response:
    """Take back that a reply did arrive, until the platform's own copy has come."""

    def work(session: Session) -> Changed:
        one_reply(session, reply_id, reader)
        return Changed(id=reply_id, changed=declared.unclear_again(session, reply_id, reader.actor))

    return change.do(work)
