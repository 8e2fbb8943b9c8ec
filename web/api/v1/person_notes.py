"""Internal notes on people."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response
from pydantic import Field
from sqlmodel import Session

from core import db
from inbox import notes
from inbox.models import Note as Kept
from web.api.v1.change import Changing
from web.api.v1.people import HERE, TAG, behind, known
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Moment, Shown, Text
from web.permissions import PERSON_NOTES, allow
from web.reader import Reader

router = _router()
Reading = Annotated[Reader, Depends(allow("people.read"))]
Noting = Annotated[Reader, Depends(allow(PERSON_NOTES))]


class Note(Shown):
    """An internal note."""

    id: int
    author: str
    text: str
    at: Moment


class NewNote(Given):
    """An internal note."""

    text: Text = Field(min_length=1, max_length=notes.LIMIT)


@router.get(f"{HERE}/{{identity_id}}/notes", tags=[TAG])
def all_notes(reader: Reading, identity_id: Id) -> All[Note]:
    """The internal notes on the person, newest first."""
    with db.read() as session:
        found = notes.of_people(session, behind(session, identity_id).ids)
    return All(items=[Note.model_validate(one) for one in found])


@router.post(f"{HERE}/{{identity_id}}/notes", tags=[TAG], response_model=Made, status_code=201)
def add_note(change: Changing, reader: Noting, identity_id: Id, body: NewNote) -> Response:
    """Write an internal note on the person."""

    def work(session: Session) -> Made:
        known(session, identity_id)
        return Made(id=notes.add(session, identity_id=identity_id, author=reader.actor, text=body.text))

    return change.do(work, 201)


@router.post(f"{HERE}/{{identity_id}}/notes/{{note_id}}/remove", tags=[TAG], response_model=Changed)
def remove_note(change: Changing, reader: Noting, identity_id: Id, note_id: Id) -> Response:
    """Take a note of one's own on the person away."""

    def work(session: Session) -> Changed:
        row = session.get(Kept, note_id)
        if row is None or row.identity_id not in behind(session, identity_id).ids:
            raise Refused(404)
        return Changed(id=note_id, changed=notes.remove(session, note_id, reader.actor))

    return change.do(work)
