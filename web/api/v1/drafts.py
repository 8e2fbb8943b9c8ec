"""What the token's owner has begun to write in a conversation."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from inbox import drafts
from web import thread
from web.api.v1.change import Changing
from web.api.v1.conversations import HERE
from web.api.v1.route import router as _router
from web.api.v1.shapes import Changed, Given, Id, Moment, Text
from web.permissions import allow
from web.reader import Reader

TAG = "threads"
DRAFT = HERE + "/{conversation_id}/draft"

router = _router()
Writing = Annotated[Reader, Depends(allow("conversations.reply", "conversations.manage"))]
Kind = Literal["public", "private", "note"]


class OneDraft(BaseModel):
    """What was begun; empty where nothing was."""

    conversation_id: int
    kind: Kind | Literal[""] = Field("", description="What becomes of it: an answer in public or private, or a note.")
    text: str = ""
    saved_at: Moment | None = None


class NewDraft(Given):
    """What is written so far."""

    kind: Kind
    text: Text = Field(max_length=drafts.LIMIT, description="In place of what was kept before.")


@router.get(DRAFT, tags=[TAG])
def draft(reader: Writing, conversation_id: Id) -> OneDraft:
    """What the token's owner has begun to write there; the files beside it stand under `/files`."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        row = drafts.of(session, reader.actor, conversation_id)
    found = OneDraft(conversation_id=conversation_id)
    return found if row is None else found.model_copy(update=row.model_dump(include={"kind", "text", "saved_at"}))


@router.post(DRAFT, tags=[TAG], response_model=Changed)
def keep(change: Changing, reader: Writing, conversation_id: Id, body: NewDraft) -> Response:
    """Keep what is written so far: it stands in the box of the owner's page. An empty text drops it."""

    def work(session: Session) -> Changed:
        thread.find(session, conversation_id, reader)
        row = drafts.of(session, reader.actor, conversation_id)
        before = (row.kind, row.text) if row is not None else ("", "")
        drafts.save(session, reader.actor, conversation_id, body.kind, body.text)
        after = (body.kind, body.text) if body.text.strip() else ("", "")
        return Changed(id=conversation_id, changed=before != after)

    return change.do(work)


@router.post(DRAFT + "/drop", tags=[TAG], response_model=Changed)
def drop(change: Changing, reader: Writing, conversation_id: Id) -> Response:
    """Throw away what was begun; files beside it stay until they are removed."""

    def work(session: Session) -> Changed:
        thread.find(session, conversation_id, reader)
        there = drafts.of(session, reader.actor, conversation_id) is not None
        drafts.drop(session, reader.actor, conversation_id)
        return Changed(id=conversation_id, changed=there)

    return change.do(work)
