"""People: the list, one with everything known and who says so, and what is decided about them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from core import db
from enrichment import byhand, decisions, directory, merging, person, review, splitting
from inbox import consent, erasure, notes, people
from inbox.knowledge import Attribute
from inbox.models import Identity
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Given, Id, Limit, Made, Moment, Number, Page, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/people"
TAG = "people"

router = _router()
Reading = Annotated[Reader, Depends(allow("people.read"))]
Reviewing = Annotated[Reader, Depends(allow("people.review"))]
Objecting = Annotated[Reader, Depends(allow("people.object"))]
Erasing = Annotated[Reader, Depends(allow("people.erase"))]


class Asked(BaseModel):
    """Who is wanted."""

    model_config = ConfigDict(extra="forbid")
    q: str = Query("", max_length=200, description="Every word stands in handle or name.")
    platform: str = Query("", max_length=40)
    show: Literal["linked", "proposed", "unlinked", "objected", ""] = ""
    sort: Literal["recent", "followers"] = "recent"
    cursor: Cursor = ""
    limit: Limit = 50


class Listed(Shown):
    """An account of somebody on a platform."""

    id: int
    platform: str
    handle: str
    name: str
    location: str
    language: str
    followers: int | None
    last_seen: Moment
    contact_id: str | None = Field(description="The person it belongs to.")
    contact: str
    proposals: int = Field(description="Open proposals of who this is.")
    objects: bool


class Account(Shown):
    """An account of the person, as the platform last described it."""

    id: int
    platform: str
    handle: str
    name: str
    url: str
    bio: str
    links: list[dict[str, Any]]
    location: str
    language: str
    followers: int | None
    bot: bool
    contact_id: str | None
    first_seen: Moment
    last_seen: Moment


class Fact(Shown):
    """One field of the merged profile, and who says so."""

    name: str
    value: str
    source: str
    handle: str
    at: Moment | None
    verified: bool


class Record(Shown):
    """A record of the CRM."""

    object: str
    record_id: str
    name: str
    company: str
    url: str
    objects: bool


class Link(Shown):
    """What was decided, or is proposed, about an account and a record of the CRM."""

    id: int
    decision: str
    tier: str
    score: float
    evidence: list[dict[str, Any]]
    at: Moment
    object: str
    name: str
    company: str


class Statement(Shown):
    """What one source says about a person, or said once."""

    name: str
    value: str
    source: str
    confidence: float
    at: Moment
    removed_at: Moment | None


class Whole(BaseModel):
    """Everything known about whoever stands behind an account."""

    id: int
    contact_id: str | None
    name: str
    accounts: list[Account]
    facts: list[Fact]
    fields: dict[str, Fact] = Field(description="What stands in custom fields, by their numbers.")
    records: list[Record]
    links: list[Link]
    objections: list[str]
    purposes: dict[str, bool] = Field(description="Purpose: switched on for this hub.")


class Note(Shown):
    """An internal note."""

    id: int
    author: str
    text: str
    at: Moment


class Talk(Shown):
    """A conversation of theirs."""

    id: int
    platform: str
    private: bool
    state: str
    excerpt: str
    language: str
    last_at: Moment


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


@router.get(HERE, tags=[TAG])
def index(reader: Reading, asked: Annotated[Asked, Query()]) -> Page[Listed]:
    """Everybody who wrote or was seen, one row for each account."""
    mark = f"people-{asked.sort}"
    found = shapes.place(asked.cursor, 2)
    if found and found[0] != mark:
        raise shapes.wrong_place()
    wanted = directory.Filter(db.sound(asked.q), db.sound(asked.platform), asked.show, asked.sort)
    with db.read() as session:
        page = directory.page(session, wanted, found[1] if found else "", asked.limit)
    following = shapes.mark(mark, page.next) if page.next else None
    return Page(items=[Listed.model_validate(row) for row in page.rows], next=following)


@router.get(f"{HERE}/{{identity_id}}", tags=[TAG])
def one(reader: Reading, identity_id: Id) -> Whole:
    """Everything known about the person behind an account, each field with its source."""
    with db.read() as session:
        found = _person(session, identity_id)
        links = person.links(session, identity_id)
        return Whole(
            id=identity_id,
            contact_id=found.contact.id if found.contact else None,
            name=found.name,
            accounts=[Account.model_validate(one) for one in found.identities],
            facts=[Fact.model_validate(one) for one in found.facts],
            fields={str(number): Fact.model_validate(one) for number, one in found.own.items()},
            records=[Record.model_validate(one) for one in found.records],
            links=[Link.model_validate(one) for one in links],
            objections=sorted(found.objections),
            purposes=found.purposes,
        )


def _person(session: Session, identity_id: int) -> person.Person:
    found = person.find(session, identity_id)
    if found is None:
        raise Refused(404)
    return found


class Found(Shown):
    """A record of the CRM that answers to what was asked for."""

    id: int
    object: str
    name: str
    company: str


@router.get("/api/v1/records", tags=[TAG])
def records(reader: Reviewing, q: Annotated[str, Query(min_length=1, max_length=200)]) -> All[Found]:
    """Records of the CRM by e-mail address, or by every word standing in name or company: for linking."""
    with db.read() as session:
        return All(items=[Found.model_validate(one) for one in byhand.search(session, db.sound(q))])


@router.get(f"{HERE}/{{identity_id}}/attributes", tags=[TAG])
def attributes(reader: Reading, identity_id: Id) -> All[Statement]:
    """Every statement about the person that is kept, those that nobody makes any more too, oldest first."""
    a = db.table(Attribute)
    with db.read() as session:
        found = _person(session, identity_id)
        ids = people.members(session, found.contact.id) if found.contact else []
        rows = session.scalars(sa.select(Attribute).where(a.c.contact_id.in_(ids)).order_by(a.c.id))
        return All(items=[Statement.model_validate(row) for row in rows])


@router.get(f"{HERE}/{{identity_id}}/history", tags=[TAG])
def history(reader: Reading, identity_id: Id, cursor: Cursor = "", limit: Limit = 20) -> Page[Talk]:
    """Their conversations over all platforms, newest first."""
    found = shapes.place(cursor)
    after = shapes.number(found[0]) if found else 0
    with db.read() as session:
        ids = _person(session, identity_id).ids
        talks, more = person.history(session, ids, sight=reader.sight, after=min(after, 10**9), limit=limit)
    following = shapes.mark(after + len(talks)) if more else None
    return Page(items=[Talk.model_validate(one) for one in talks], next=following)


@router.get(f"{HERE}/{{identity_id}}/notes", tags=[TAG])
def all_notes(reader: Reading, identity_id: Id) -> All[Note]:
    """The internal notes on the person, newest first."""
    with db.read() as session:
        found = notes.of_people(session, _person(session, identity_id).ids)
    return All(items=[Note.model_validate(one) for one in found])


@router.get(f"{HERE}/{{identity_id}}/decisions", tags=[TAG])
def decided(reader: Reading, identity_id: Id) -> All[Decision]:
    """Merges and splits of the person, newest first."""
    with db.read() as session:
        found = _person(session, identity_id)
        ids = people.members(session, found.contact.id) if found.contact else []
        rows = decisions.of_person(session, ids) if ids else []
        return All(items=[Decision.model_validate({**_plain(row), "evidence": list(row.evidence)}) for row in rows])


def _plain(row: decisions.Decided) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Decision.model_fields}


# --- deeds --------------------------------------------------------------------------------------------


class NewNote(Given):
    """An internal note."""

    text: Text = Field(min_length=1, max_length=notes.LIMIT)


class Decide(Given):
    """What one says of a proposal."""

    decision: Literal["accept", "reject", "undo"]


class ToRecord(Given):
    """A record of the CRM."""

    record: Number = Field(description="Its number here, as /records names it.")


class Merge(Given):
    """With whom."""

    other: Number = Field(description="An account of the other person.")
    why: Text = Field("", max_length=1000)
    looked: bool = Field(False, description="Allows a person of more than ten accounts.")


class Split(Given):
    """Which accounts are somebody else."""

    accounts: list[Number] = Field(min_length=1, max_length=100)
    why: Text = Field("", max_length=1000)


class Back(Given):
    """Why it is taken back."""

    why: Text = Field("", max_length=1000)


class Objection(Given):
    """To what somebody objects, or no longer does."""

    purpose: Literal["match", "profile", "crm_sync", "behaviour", "marketing", "all"]
    objects: bool


class Sure(Given):
    """The account's number once more."""

    sure: Number


class Erased(BaseModel):
    """What was emptied."""

    identities: int
    contacts: int
    messages: int


def _known(session: Session, identity_id: int) -> Identity:
    identity = session.get(Identity, identity_id)
    if identity is None or identity.ours:
        raise Refused(404)
    return identity


@router.post(f"{HERE}/{{identity_id}}/notes", tags=[TAG], response_model=Made, status_code=201)
def add_note(change: Changing, reader: Reviewing, identity_id: Id, body: NewNote) -> Response:
    """Write an internal note on the person."""

    def work(session: Session) -> Made:
        _known(session, identity_id)
        return Made(id=notes.add(session, identity_id=identity_id, author=reader.actor, text=body.text))

    return change.do(work, 201)


@router.post(f"{HERE}/{{identity_id}}/links/{{link_id}}", tags=[TAG], response_model=Changed)
def decide(change: Changing, reader: Reviewing, identity_id: Id, link_id: Id, body: Decide) -> Response:
    """Say that a proposal is the same person, or is not, or take that back."""

    def work(session: Session) -> Changed:
        _known(session, identity_id)
        proposal = review.one(session, link_id)
        if proposal is None or proposal.identity_id != identity_id:
            raise Refused(404)
        review.decide(session, link_id, body.decision, reader.actor)
        return Changed(id=link_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{identity_id}}/link", tags=[TAG], response_model=Made, status_code=201)
def link(change: Changing, reader: Reviewing, identity_id: Id, body: ToRecord) -> Response:
    """Link the account to a record of the CRM; answers with the link's number."""

    def work(session: Session) -> Made:
        _known(session, identity_id)
        return Made(id=byhand.join(session, identity_id, body.record, reader.actor))

    return change.do(work, 201)


@router.post(f"{HERE}/{{identity_id}}/unlink", tags=[TAG], response_model=Changed)
def unlink(change: Changing, reader: Reviewing, identity_id: Id) -> Response:
    """Take the account away from its contact, so that the rules do not bring it back."""

    def work(session: Session) -> Changed:
        _known(session, identity_id)
        return Changed(id=identity_id, changed=bool(byhand.separate(session, identity_id, reader.actor)))

    return change.do(work)


@router.post(f"{HERE}/{{identity_id}}/merge", tags=[TAG], response_model=Made, status_code=201)
def merge(change: Changing, reader: Reviewing, identity_id: Id, body: Merge) -> Response:
    """The two are one person; answers with the decision's number, by which it is taken back."""

    def work(session: Session) -> Made:
        _known(session, identity_id)
        left, right = (merging.contact_for(session, one, reader.actor) for one in (identity_id, body.other))
        return Made(id=merging.merge(session, left, right, reader.actor, body.why, looked=body.looked))

    return change.do(work, 201)


@router.post(f"{HERE}/{{identity_id}}/split", tags=[TAG], response_model=Made, status_code=201)
def split(change: Changing, reader: Reviewing, identity_id: Id, body: Split) -> Response:
    """Take accounts of the person out into one of their own; answers with the decision's number."""

    def work(session: Session) -> Made:
        if not set(body.accounts) <= set(_person(session, identity_id).ids):
            raise Refused(422, "Name accounts of this person only.", "rejected")
        return Made(id=splitting.split(session, body.accounts, reader.actor, body.why))

    return change.do(work, 201)


@router.post("/api/v1/decisions/{decision_id}/undo", tags=[TAG], response_model=Made, status_code=201)
def take_back(change: Changing, reader: Reviewing, decision_id: Id, body: Back) -> Response:
    """Take a merge or a split back; answers with the number of this decision."""
    return change.do(lambda session: Made(id=decisions.take_back(session, decision_id, reader.actor, body.why)), 201)


@router.post(f"{HERE}/{{identity_id}}/objection", tags=[TAG], response_model=Changed)
def objection(change: Changing, reader: Objecting, identity_id: Id, body: Objection) -> Response:
    """Record that the person objects to a purpose, or no longer does; it covers the whole person."""

    def work(session: Session) -> Changed:
        for subject in person.subjects(session, _known(session, identity_id)):
            if body.objects:
                consent.object_to(session, subject, body.purpose, "api", reader.actor)
            else:
                consent.withdraw_objection(session, subject, body.purpose, reader.actor)
        return Changed(id=identity_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{identity_id}}/erase", tags=[TAG], response_model=Erased)
def erase(change: Changing, reader: Erasing, identity_id: Id, body: Sure) -> Response:
    """Erase the person with everything that reaches them, for good."""

    def work(session: Session) -> Erased:
        _known(session, identity_id)
        if body.sure != identity_id:
            raise Refused(422, "To erase this person, send the account's number as `sure`.", "rejected")
        found = erasure.erase(session, f"identity:{identity_id}", reader.actor)
        return Erased(**{name: found[name] for name in Erased.model_fields})

    return change.do(work)
