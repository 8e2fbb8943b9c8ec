"""Two contacts that are one person, one that is two, and taking such a decision back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Response
from pydantic import Field
from sqlmodel import Session

from core import db
from enrichment import decisions, merging, splitting
from inbox import people
from web.api.v1.change import Changing
from web.api.v1.people import HERE, TAG, behind, known
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Given, Id, Made, Moment, Number, Shown, Text
from web.permissions import allow
from web.reader import Reader

router = _router()
Reading = Annotated[Reader, Depends(allow("people.read"))]
Reviewing = Annotated[Reader, Depends(allow("people.review"))]


class Decision(Shown):
    """A merge or a split, or one that took such a decision back."""

    id: int
    at: Moment
    actor: str
    what: str
    contact_id: str
    other_id: str
    why: str
    evidence: list[dict[str, Any]]
    undoes: int | None
    stands: bool


class Merge(Given):
    """With whom."""

    other: Number = Field(description="An account of the other person.")
    why: Text = Field("", max_length=1000)
    looked: bool = Field(False, description="Allows a person of more than ten accounts.")


class Split(Given):
    """Which accounts are somebody else."""

    accounts: list[Number] = Field(min_length=1, max_length=100)
    why: Text = Field("", max_length=1000)


class Undone(Given):
    """Why it is taken back."""

    why: Text = Field("", max_length=1000)


@router.get(f"{HERE}/{{identity_id}}/decisions", tags=[TAG])
def decided(reader: Reading, identity_id: Id) -> All[Decision]:
    """Merges and splits of the person, newest first."""
    with db.read() as session:
        found = behind(session, identity_id)
        ids = people.members(session, found.contact.id) if found.contact else []
        rows = decisions.of_person(session, ids) if ids else []
        return All(items=[Decision.model_validate({**_plain(row), "evidence": list(row.evidence)}) for row in rows])


def _plain(row: decisions.Decided) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Decision.model_fields}


@router.post(f"{HERE}/{{identity_id}}/merge", tags=[TAG], response_model=Made, status_code=201)
def merge(change: Changing, reader: Reviewing, identity_id: Id, body: Merge) -> Response:
    """The two are one person; answers with the decision's number, by which it is taken back."""

    def work(session: Session) -> Made:
        known(session, identity_id)
        left, right = (merging.contact_for(session, one, reader.actor) for one in (identity_id, body.other))
        return Made(id=merging.merge(session, left, right, reader.actor, body.why, looked=body.looked))

    return change.do(work, 201)


@router.post(f"{HERE}/{{identity_id}}/split", tags=[TAG], response_model=Made, status_code=201)
def split(change: Changing, reader: Reviewing, identity_id: Id, body: Split) -> Response:
    """Take accounts of the person out into one of their own; answers with the decision's number."""

    def work(session: Session) -> Made:
        if not set(body.accounts) <= set(behind(session, identity_id).ids):
            raise Refused(422, "Name accounts of this person only.", "rejected")
        return Made(id=splitting.split(session, body.accounts, reader.actor, body.why))

    return change.do(work, 201)


@router.post("/api/v1/decisions/{decision_id}/undo", tags=[TAG], response_model=Made, status_code=201)
def take_back(change: Changing, reader: Reviewing, decision_id: Id, body: Undone) -> Response:
    """Take a merge or a split back; answers with the number of this decision."""
    return change.do(lambda session: Made(id=decisions.take_back(session, decision_id, reader.actor, body.why)), 201)
