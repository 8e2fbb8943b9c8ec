"""Replies that wait: the list of them, and deciding about those that were submitted."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from pydantic import Field
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import approvals, replies, waiting
from inbox.approval_models import Approval
from inbox.approvals import Decision
from inbox.models import ReplyRow
from inbox.waiting import Wanted
from web import place
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import Changed, Cursor, Given, Id, Limit, Moment, Page, Shown, Text
from web.api.v1.threads import OneReply, one_reply
from web.permissions import allow
from web.reader import Reader

TAG = "approvals"
HERE = "/api/v1/replies"

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Replying = Annotated[Reader, Depends(allow("conversations.reply"))]
Approving = Annotated[Reader, Depends(allow("replies.approve"))]


class OneApproval(Shown):
    """What was submitted, and what somebody decided."""

    state: Literal["submitted", "approved", "rejected", "recalled"]
    why: Literal["role", "account", "asked"]
    approver: str = Field(description="Who was asked: `user:3`, `team:2`, or empty for whoever may approve.")
    submitted_by: str
    submitted_at: Moment
    planned_at: Moment | None = Field(description="When it was to leave; null: at once.")
    decided_by: str
    decided_at: Moment | None
    reason: str = Field(description="Why it was rejected.")
    text: str = Field(description="As it was submitted; the reply's own text is what leaves.")


class WaitingReply(OneReply):
    """A reply that has not left."""

    approval: OneApproval | None


class Approve(Given):
    """How it is approved."""

    text: Text | None = Field(
        None, min_length=1, max_length=100_000, description="Leaves in place of what was written."
    )
    now: bool = Field(False, description="It leaves after the time to undo, whatever was planned.")
    sure: bool = Field(False, description="Also when they have written since it was submitted.")


class Reject(Given):
    """Why not."""

    reason: Text = Field(min_length=1, max_length=approvals.REASON)


class Again(Given):
    """What is submitted."""

    text: Text | None = Field(None, min_length=1, max_length=100_000, description="As it was, unless given.")


class PutOff(Given):
    """When it leaves."""

    send_at: Moment
    hold: bool = True


@router.get(HERE, tags=[TAG])
def index(
    reader: Reading,
    show: Annotated[Literal["all", "approve", "later", "look"], Query()] = "all",
    mine: bool = False,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Page[WaitingReply]:
    """Replies that have not left, soonest first: to approve, put off, or in need of a look; `mine` one's own alone."""
    edge = place.read(cursor) if cursor else None
    if cursor and edge is None:
        raise shapes.wrong_place()
    with db.read() as session:
        wanted = Wanted(show, reader.actor if mine else "")
        rows = waiting.page(session, reader.sight, wanted, edge, limit + 1)
        items = [_shown(one.reply, one.approval) for one in rows[:limit]]
    more = place.mark(items[-1].send_at, items[-1].id) if len(rows) > limit else None
    return Page(items=items, next=more)


@router.get(HERE + "/{reply_id}/approval", tags=[TAG])
def one(reader: Replying, reply_id: Id) -> WaitingReply:
    """A reply with what was submitted and decided; `approval` is null for one that never was submitted."""
    with db.read() as session:
        row = one_reply(session, reply_id, reader)
        return _shown(row, approvals.of_replies(session, [reply_id]).get(reply_id))


def _shown(reply: ReplyRow, approval: Approval | None) -> WaitingReply:
    made = OneApproval.model_validate(approval) if approval is not None else None
    return WaitingReply(**OneReply.model_validate(reply).model_dump(), approval=made)


@router.post(HERE + "/{reply_id}/approve", tags=[TAG], response_model=Changed)
def approve(change: Changing, reader: Approving, reply_id: Id, body: Approve) -> Response:
    """Approve a reply; `changed` is false when somebody has decided already."""

    def work(session: Session) -> Changed:
        one_reply(session, reply_id, reader)
        decision = Decision(body.text, now=body.now, sure=body.sure)
        try:
            return Changed(id=reply_id, changed=approvals.approve(session, reply_id, reader.actor, decision))
        except Rejected as error:
            raise _problem(str(error)) from error

    return change.do(work)


_CODES = {approvals.WROTE: "outdated", approvals.LATE: "late"}


def _problem(words: str) -> Refused:
    """409 for what `sure` or `now` would let through."""
    return Refused(409 if words in _CODES else 422, words, _CODES.get(words, "rejected"))


@router.post(HERE + "/{reply_id}/reject", tags=[TAG], response_model=Changed)
def reject(change: Changing, reader: Approving, reply_id: Id, body: Reject) -> Response:
    """Say no, and why; `changed` is false when somebody has decided already."""

    def work(session: Session) -> Changed:
        one_reply(session, reply_id, reader)
        return Changed(id=reply_id, changed=approvals.reject(session, reply_id, reader.actor, body.reason))

    return change.do(work)


@router.post(HERE + "/{reply_id}/recall", tags=[TAG], response_model=Changed)
def recall(change: Changing, reader: Replying, reply_id: Id) -> Response:
    """Take one's own reply back before anybody has decided."""

    def work(session: Session) -> Changed:
        one_reply(session, reply_id, reader)
        return Changed(id=reply_id, changed=approvals.recall(session, reply_id, reader.actor))

    return change.do(work)


@router.post(HERE + "/{reply_id}/submit", tags=[TAG], response_model=Changed)
def submit(change: Changing, reader: Replying, reply_id: Id, body: Again) -> Response:
    """Submit one's own reply again that was rejected, held or stopped."""

    def work(session: Session) -> Changed:
        one_reply(session, reply_id, reader)
        return Changed(id=reply_id, changed=approvals.submit(session, reply_id, reader.actor, body.text))

    return change.do(work)


@router.post(HERE + "/{reply_id}/put-off", tags=[TAG], response_model=Changed)
def put_off(change: Changing, reader: Replying, reply_id: Id, body: PutOff) -> Response:
    """Have a reply that waits leave at another moment."""

    def work(session: Session) -> Changed:
        row = one_reply(session, reply_id, reader)
        if row.state != "queued" and (not reader.may("replies.send") or approvals.of_replies(session, [reply_id])):
            return Changed(id=reply_id, changed=False)
        done = replies.put_off(session, reply_id, body.send_at, reader.actor, hold=body.hold)
        return Changed(id=reply_id, changed=done)

    return change.do(work)
