"""Internal notes on a conversation, and whom they can mention."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from inbox import attachments, notes
from inbox.models import Note
from web import mentions, thread
from web.api.v1.change import Changing
from web.api.v1.conversations import HERE
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Moment, Shown, Text
from web.api.v1.threads import BESIDE, Files
from web.permissions import allow
from web.reader import Reader

TAG = "threads"
NOTES = HERE + "/{conversation_id}/notes"

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]


class OneNote(Shown):
    """An internal note."""

    id: int
    author: str
    text: str
    at: Moment
    edited_at: Moment | None
    mentions: list[str] = Field(default_factory=list, description="Who is told of it: `user:3`, `team:2`.")


class Mentionable(BaseModel):
    """Somebody, or a team, that an @ can name."""

    target: str = Field(description="`user:3` or `team:2`.")
    name: str = Field(description="What stands after the @.")


class NewNote(Given):
    """An internal note."""

    text: Text = Field(min_length=1, max_length=notes.LIMIT)
    files: Files = Field(default_factory=list, max_length=attachments.MOST, description=BESIDE)


class Anew(Given):
    """What it says now."""

    text: Text = Field(min_length=1, max_length=notes.LIMIT)


@router.get(NOTES, tags=[TAG])
def all_notes(reader: Reading, conversation_id: Id) -> All[OneNote]:
    """The internal notes on a conversation, oldest first."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        found = [OneNote.model_validate(one) for one in notes.of_conversation(session, conversation_id)]
        named = notes.mentions(session, [one.id for one in found])
    for one in found:
        one.mentions = sorted(named.get(one.id, {}))
    return All(items=found)


@router.get("/api/v1/mentionable", tags=[TAG])
def mentionable(reader: Managing) -> All[Mentionable]:
    """Everybody, and every team, that an @ in a note can name: people, then teams, by name."""
    with db.read() as session:
        return All(items=[Mentionable(target=target, name=name) for target, name in mentions.everybody(session)])


@router.post(NOTES, tags=[TAG], response_model=Made, status_code=201)
def add_note(change: Changing, reader: Managing, conversation_id: Id, body: NewNote) -> Response:
    """Write an internal note; `@` and the name of a person or team tells them of it."""

    def work(session: Session) -> Made:
        thread.find(session, conversation_id, reader)
        named = mentions.of(session, body.text, conversation_id)
        number = notes.add(
            session,
            conversation_id=conversation_id,
            author=reader.actor,
            text=body.text,
            mentions=named,
            attached=body.files,
        )
        return Made(id=number)

    return change.do(work, 201)


@router.post(NOTES + "/{note_id}", tags=[TAG], response_model=Changed)
def change_note(change: Changing, reader: Managing, conversation_id: Id, note_id: Id, body: Anew) -> Response:
    """Write a note of one's own anew; who is mentioned for the first time is told, who is not any more is not."""

    def work(session: Session) -> Changed:
        _there(session, conversation_id, note_id, reader)
        named = mentions.of(session, body.text, conversation_id)
        return Changed(id=note_id, changed=notes.change(session, note_id, body.text, named, reader.actor))

    return change.do(work)


@router.post(NOTES + "/{note_id}/remove", tags=[TAG], response_model=Changed)
def remove_note(change: Changing, reader: Managing, conversation_id: Id, note_id: Id) -> Response:
    """Take a note of one's own away, with its files."""

    def work(session: Session) -> Changed:
        _there(session, conversation_id, note_id, reader)
        return Changed(id=note_id, changed=notes.remove(session, note_id, reader.actor))

    return change.do(work)


def _there(session: Session, conversation_id: int, note_id: int, reader: Reader) -> None:
    thread.find(session, conversation_id, reader)
    row = session.get(Note, note_id)
    if row is None or row.conversation_id != conversation_id:
        raise Refused(404)
