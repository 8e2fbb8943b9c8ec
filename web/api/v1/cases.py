"""The Salesforce Case of a conversation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from enrichment.cases import opening
from web import thread
from web.api.v1.change import Changing
from web.api.v1.conversations import HERE
from web.api.v1.route import router as _router
from web.api.v1.shapes import Changed, Id, Shown
from web.permissions import allow
from web.reader import Reader

TAG = "threads"
CASE = HERE + "/{conversation_id}/case"

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Opening = Annotated[Reader, Depends(allow("cases.open"))]


class TheCase(Shown):
    """A conversation's case in Salesforce."""

    number: str = Field(description="As Salesforce numbers it; empty until it is there.")
    status: str
    state: str = Field(description="How far its sending is: new, synced, failed …")
    message: str = Field(description="What Salesforce said when it refused it.")
    url: str
    refused: list[str] = Field(description="Why comments on it were not sent.")


class Standing(BaseModel):
    """The case, or why there is none."""

    case: TheCase | None
    why_not: str = Field(description="Why none can be opened, as a sentence; empty when one can, or is there.")


@router.get(CASE, tags=[TAG])
def case(reader: Reading, conversation_id: Id) -> Standing:
    """The Salesforce Case of a conversation, or why none can be opened."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        found = opening.shown(session, conversation_id)
        why = "" if found is not None else opening.may_open(session, conversation_id)
    return Standing(case=TheCase.model_validate(found) if found is not None else None, why_not=why)


@router.post(CASE, tags=[TAG], response_model=Changed)
def open_case(change: Changing, reader: Opening, conversation_id: Id) -> Response:
    """Open a Salesforce Case; `changed` is false when there is one already."""

    def work(session: Session) -> Changed:
        thread.find(session, conversation_id, reader)
        there = conversation_id in opening.cases_of(session, [conversation_id])
        opening.open_case(session, conversation_id, reader.actor)
        return Changed(id=conversation_id, changed=not there)

    return change.do(work)
