"""Accounts and records of the CRM: linked by hand, proposals and duplicates decided."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from enrichment import byhand, duplicates, merging, pairs, review
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.people import HERE, TAG, known
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Given, Id, Limit, Made, Number, Page, Shown, Text
from web.permissions import allow
from web.reader import Reader

router = _router()
Reading = Annotated[Reader, Depends(allow("people.read"))]
Reviewing = Annotated[Reader, Depends(allow("people.review"))]
PROPOSALS = "/api/v1/proposals"
DUPLICATES = "/api/v1/duplicates"
Stands = Annotated[Literal["review", "accepted", "rejected"], Query(description="review: nobody has decided yet.")]
MOST = 100


class Found(Shown):
    """A record of the CRM that answers to what was asked for."""

    id: int
    object: str
    name: str
    company: str


class Decide(Given):
    """What one says of a proposal; undo: it is open again."""

    decision: Literal["accept", "reject", "undo"]


class ToRecord(Given):
    """A record of the CRM."""

    record: Number = Field(description="Its number here, as /records names it.")


class Joined(Made):
    """What linking made: the link, or the decision that two persons are one."""

    merged: bool = Field(
        description="The account was a person already, who is one with the record's now: `id` is the decision's, to "
        "be taken back with /decisions/{id}/undo. Else it is the link's, taken back with /links/{id}."
    )


class Back(Given):
    """How a separation is undone."""

    back: Text = Field(min_length=1, max_length=60, description="`back` of the answer to /unlink.")


class Unlinked(Changed):
    """What became of a separation."""

    back: str = Field(description="Send it to /rejoin to undo this; empty when it was not linked.")


class Line(Shown):
    """One field on both sides."""

    field: str = Field(description="name, handle, email, phone, site, company, place or about.")
    left: list[str]
    right: list[str]
    verdict: str = Field(description="same, other, or empty when nothing can be said.")


class Proposal(Shown):
    """An account and a record of the CRM that may be one person."""

    id: int
    identity_id: int
    platform: str
    handle: str
    name: str
    url: str
    object: str
    record_id: str
    record_name: str
    company: str
    score: float
    evidence: list[dict[str, Any]]
    decision: str
    lines: list[Line] = Field(description="The account left, the record right.")


class OneRecord(Shown):
    """A record of the CRM."""

    object: str
    record_id: str
    name: str
    company: str


class Pair(Shown):
    """Two records of the CRM that may be one person."""

    id: int
    left: OneRecord
    right: OneRecord
    score: float
    evidence: list[dict[str, Any]]
    decision: str
    lines: list[Line]


class Many(Decide):
    """The same for several."""

    proposals: list[Number] = Field(min_length=1, max_length=MOST)


class Outcome(BaseModel):
    """Which were decided, and which could not be any more."""

    done: list[int]
    refused: list[int]


def _after(cursor: str) -> tuple[float, int] | None:
    found = shapes.place(cursor, 2)
    if not found:
        return None
    try:
        return float(found[0]), shapes.number(found[1])
    except ValueError as error:
        raise shapes.wrong_place() from error


@router.get(PROPOSALS, tags=[TAG])
def proposals(reader: Reading, decision: Stands = "review", cursor: Cursor = "", limit: Limit = 50) -> Page[Proposal]:
    """Accounts and records of the CRM that may be one person, the likeliest first."""
    after = _after(cursor)
    with db.read() as session:
        rows = review.proposals(session, decision=decision, limit=limit + 1, after=after)
    items = [Proposal.model_validate(one) for one in rows[:limit]]
    return Page(items=items, next=shapes.mark(items[-1].score, items[-1].id) if len(rows) > limit else None)


@router.post(PROPOSALS, tags=[TAG], response_model=Outcome)
def decide_many(change: Changing, reader: Reviewing, body: Many) -> Response:
    """Decide several proposals alike, each on its own; `undo` takes that back."""

    def work(session: Session) -> Outcome:
        done, refused = review.decide_many(session, body.proposals, body.decision, reader.actor)
        return Outcome(done=done, refused=refused)

    return change.do(work)


@router.get(f"{PROPOSALS}/{{proposal_id}}", tags=[TAG])
def one_proposal(reader: Reading, proposal_id: Id) -> Proposal:
    """One proposal as it stands, decided or not."""
    with db.read() as session:
        found = review.one(session, proposal_id)
    if found is None:
        raise Refused(404)
    return Proposal.model_validate(found)


@router.get(DUPLICATES, tags=[TAG])
def all_duplicates(reader: Reading, decision: Stands = "review", cursor: Cursor = "", limit: Limit = 50) -> Page[Pair]:
    """Records of the CRM that may be one person, the likeliest first."""
    after = _after(cursor)
    with db.read() as session:
        rows = pairs.of(session, decision=decision, limit=limit + 1, after=after)
    items = [Pair.model_validate(one) for one in rows[:limit]]
    return Page(items=items, next=shapes.mark(items[-1].score, items[-1].id) if len(rows) > limit else None)


@router.post(f"{DUPLICATES}/{{duplicate_id}}", tags=[TAG], response_model=Changed)
def decide_duplicate(change: Changing, reader: Reviewing, duplicate_id: Id, body: Decide) -> Response:
    """Say that two records are one person here, or are two, or take that back; the CRM is left as it is."""

    def work(session: Session) -> Changed:
        if not pairs.of(session, only=duplicate_id):
            raise Refused(404)
        duplicates.decide(session, duplicate_id, body.decision, reader.actor)
        return Changed(id=duplicate_id, changed=True)

    return change.do(work)


@router.get("/api/v1/records", tags=[TAG])
def records(reader: Reviewing, q: Annotated[str, Query(min_length=1, max_length=200)]) -> All[Found]:
    """Records of the CRM by e-mail address, or by every word standing in name or company: for linking."""
    with db.read() as session:
        return All(items=[Found.model_validate(one) for one in byhand.search(session, db.sound(q))])


# --- deeds --------------------------------------------------------------------------------------------


@router.post(f"{HERE}/{{identity_id}}/links/{{link_id}}", tags=[TAG], response_model=Changed)
def decide(change: Changing, reader: Reviewing, identity_id: Id, link_id: Id, body: Decide) -> Response:
    """Say that a proposal is the same person, or is not, or take that back."""

    def work(session: Session) -> Changed:
        known(session, identity_id)
        proposal = review.one(session, link_id)
        if proposal is None or proposal.identity_id != identity_id:
            raise Refused(404)
        review.decide(session, link_id, body.decision, reader.actor)
        return Changed(id=link_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{identity_id}}/link", tags=[TAG], response_model=Joined, status_code=201)
def link(change: Changing, reader: Reviewing, identity_id: Id, body: ToRecord) -> Response:
    """Link the account to a record of the CRM; somebody who is a person already is merged with the record's."""

    def work(session: Session) -> Joined:
        known(session, identity_id)
        made = merging.join(session, identity_id, body.record, reader.actor)
        return Joined(id=int(made.removeprefix("decision-")), merged=made.startswith("decision-"))

    return change.do(work, 201)


@router.post(f"{HERE}/{{identity_id}}/unlink", tags=[TAG], response_model=Unlinked)
def unlink(change: Changing, reader: Reviewing, identity_id: Id) -> Response:
    """Take the account away from its contact, so that the rules do not bring it back."""

    def work(session: Session) -> Unlinked:
        known(session, identity_id)
        back = byhand.separate(session, identity_id, reader.actor)
        return Unlinked(id=identity_id, changed=bool(back), back=back)

    return change.do(work)


@router.post(f"{HERE}/{{identity_id}}/rejoin", tags=[TAG], response_model=Changed)
def rejoin(change: Changing, reader: Reviewing, identity_id: Id, body: Back) -> Response:
    """Undo a separation."""

    def work(session: Session) -> Changed:
        known(session, identity_id)
        byhand.rejoin(session, identity_id, body.back, reader.actor)
        return Changed(id=identity_id, changed=True)

    return change.do(work)
