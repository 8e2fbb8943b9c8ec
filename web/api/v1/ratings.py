"""What a message is rated as, and what people know better."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from inbox.models import Message
from sentiment import corrections
from sentiment.answers import LANGUAGE
from sentiment.port import TASKS
from web import rating, thread
from web.api.v1.change import Changing
from web.api.v1.conversations import HERE
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Moment, Text
from web.permissions import allow
from web.reader import Reader

TAG = "threads"
MESSAGE = HERE + "/{conversation_id}/messages/{message_id}"

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Correcting = Annotated[Reader, Depends(allow("messages.correct"))]
Task = Literal["sentiment", "intent", "emotion", "urgency", "offensive", "language"]


class OneRating(BaseModel):
    """One thing a message is rated by."""

    task: Task
    label: str = Field(description="Empty: not rated.")
    labels: list[str] = Field(description="What it can be; for `language` any code, and these are examples.")
    corrected_by: str = Field(description="`user:3`; empty: the annotator's word stands.")
    corrected_at: Moment | None
    was: str = Field(description="The annotator's word, where somebody corrected it.")


class Correct(Given):
    """What it is."""

    task: Task
    label: Text = Field(max_length=40, description="Empty: the annotator's word stands again.")


@router.get(MESSAGE + "/ratings", tags=[TAG])
def index(reader: Reading, conversation_id: Id, message_id: Id) -> All[OneRating]:
    """What a message is rated as, and who corrected it."""
    with db.read() as session:
        message = _message(session, conversation_id, message_id, reader)
        standing = corrections.standing(session, [message_id]).get(message_id, {})
    items = []
    for task in TASK_NAMES:
        row = standing.get(task)
        items.append(
            OneRating(
                task=task,
                label=corrections.label_of(task, getattr(message, task)),
                labels=[*rating.SPOKEN] if task == LANGUAGE else [*TASKS[task]],
                corrected_by=row.author if row is not None else "",
                corrected_at=row.at if row is not None else None,
                was=row.was if row is not None else "",
            )
        )
    return All(items=items)


TASK_NAMES: tuple[Task, ...] = ("sentiment", "intent", "emotion", "urgency", "offensive", "language")


@router.post(MESSAGE + "/correct", tags=[TAG], response_model=Changed)
def correct(change: Changing, reader: Correcting, conversation_id: Id, message_id: Id, body: Correct) -> Response:
    """Say what a message is; it shows at once, survives the annotator and later trains it. Empty takes that back."""

    def work(session: Session) -> Changed:
        _message(session, conversation_id, message_id, reader)
        if not body.label:
            return Changed(id=message_id, changed=corrections.undo(session, message_id, body.task, reader.actor))
        before = corrections.correct(session, message_id, body.task, body.label, reader.actor)
        return Changed(id=message_id, changed=before != body.label.strip().casefold())

    return change.do(work)


def _message(session: Session, conversation_id: int, message_id: int, reader: Reader) -> Message:
    thread.find(session, conversation_id, reader)
    message = session.get(Message, message_id)
    if message is None or message.conversation_id != conversation_id or not corrections.correctable(message):
        raise Refused(404)
    return message
