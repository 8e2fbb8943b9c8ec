"""Conversations that are forwarded by e-mail, and how far each mail is."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db, mail
from inbox import forwards
from inbox.forward_models import Forward
from web import forward_words, forwarding, thread
from web.api.v1.change import Changing
from web.api.v1.conversations import HERE
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Moment, Number, Shown, Text
from web.permissions import allow
from web.reader import Reader

TAG = "threads"
FORWARDS = HERE + "/{conversation_id}/forwards"

router = _router()
Forwarding = Annotated[Reader, Depends(allow("conversations.forward"))]


class OneForward(Shown):
    """One mail to one address."""

    id: int
    author: str
    address: str
    subject: str
    note: str
    messages: list[int] = Field(description="Numbers of the messages in it, oldest first.")
    state: Literal["queued", "sending", "sent", "failed", "unknown"] = Field(
        description="unknown: the line was cut while the mail server took it."
    )
    error: str
    made_at: Moment
    sent_at: Moment | None


class NewForward(Given):
    """What goes to whom."""

    to: list[Annotated[Text, Field(min_length=3, max_length=254)]] = Field(
        min_length=1, max_length=forwards.ADDRESSES, description="E-mail addresses; each gets a mail of its own."
    )
    subject: Text = Field("", max_length=forwards.SUBJECT, description="Empty: the number of the conversation.")
    note: Text = Field("", max_length=forwards.NOTE, description="Stands above the messages.")
    messages: list[Number] | None = Field(
        None, min_length=1, max_length=forwards.MESSAGES, description="Numbers of messages; left out: the newest 200."
    )


class Forwarded(BaseModel):
    """The mails that were made."""

    ids: list[int]


@router.get(FORWARDS, tags=[TAG])
def index(reader: Forwarding, conversation_id: Id) -> All[OneForward]:
    """What was forwarded of a conversation, newest first."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        found = forwards.of_conversation(session, conversation_id)
        return All(items=[OneForward.model_validate(one) for one in found])


@router.post(FORWARDS, tags=[TAG], response_model=Forwarded, status_code=201)
def add(change: Changing, reader: Forwarding, conversation_id: Id, body: NewForward) -> Response:
    """Forward a conversation, or some of its messages, to others by e-mail: one mail to each address."""

    def work(session: Session) -> Forwarded:
        thread.find(session, conversation_id, reader)
        if not mail.is_set_up():
            raise Refused(422, forward_words.NOT_SET_UP, "rejected")
        wanted = forwards.Wanted(body.to, body.subject, body.note, body.messages)
        return Forwarded(ids=forwards.add(session, conversation_id, wanted, reader.actor, forwarding.domain()))

    return change.do(work, 201)


@router.post(FORWARDS + "/{forward_id}/retry", tags=[TAG], response_model=Changed)
def retry(change: Changing, reader: Forwarding, conversation_id: Id, forward_id: Id) -> Response:
    """Send a mail again that failed, or of which nobody knows whether it arrived."""

    def work(session: Session) -> Changed:
        thread.find(session, conversation_id, reader)
        row = session.get(Forward, forward_id)
        if row is None or row.conversation_id != conversation_id:
            raise Refused(404)
        return Changed(id=forward_id, changed=forwards.retry(session, forward_id, reader.actor))

    return change.do(work)
