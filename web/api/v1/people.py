"""People: the list, one with everything known and who says so, objections and erasure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment import directory, person
from enrichment.segments import conditions
from enrichment.segments.conditions import Condition
from inbox import erasure, people
from inbox.fields import store
from inbox.fields.kinds import Definition
from inbox.knowledge import Attribute
from inbox.models import Identity
from inbox.surveys import answering
from web import field_words
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused, Unfit
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Given, Id, Limit, Moment, Number, Page, Shown
from web.permissions import allow
from web.place import LARGEST
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
    sort: Literal["recent", "followers", "field", "-field"] = Query(
        "recent", description="`field` and `-field`: by what stands in the custom field, upwards or downwards."
    )
    field: int | None = Query(
        None, ge=1, le=LARGEST, description="A custom field of people: each account says what stands there."
    )
    how: str = Query("", max_length=20, description="How it is asked, as in conditions of segments; needs `field`.")
    value: str = Query("", max_length=500, description="What it is compared with, as the field keeps it.")
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
    value: str = Field(description="What stands in the custom field that was asked for.")


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


class Rating(Shown):
    """What somebody answered to a survey."""

    conversation_id: int
    kind: str = Field(description="csat, thumbs, nps, ces or own.")
    score: int | None
    verdict: str = Field(description="good, middle or bad; empty without a score.")
    answered_at: Moment


class Talk(Shown):
    """A conversation of theirs."""

    id: int
    platform: str
    private: bool
    state: str
    excerpt: str
    language: str
    last_at: Moment


@router.get(HERE, tags=[TAG])
def index(reader: Reading, asked: Annotated[Asked, Query()]) -> Page[Listed]:
    """Everybody who wrote or was seen, one row for each account."""
    mark = f"people-{asked.sort}-{asked.field}" if asked.sort in directory.BY_FIELD else f"people-{asked.sort}"
    found = shapes.place(asked.cursor, 2)
    if found and found[0] != mark:
        raise shapes.wrong_place()
    with db.read() as session:
        field, own = _own(session, asked)
        wanted = directory.Filter(db.sound(asked.q), db.sound(asked.platform), asked.show, asked.sort, field, own)
        try:
            page = directory.page(session, wanted, found[1] if found else "", asked.limit)
        except Rejected as error:
            raise Refused(422, str(error), "bad-cursor") from error
    following = shapes.mark(mark, page.next) if page.next else None
    return Page(items=[Listed.model_validate(row) for row in page.rows], next=following)


def _own(session: Session, asked: Asked) -> tuple[Definition | None, Condition | None]:
    """The custom field that is asked about, and how; refused for one that there is not."""
    if asked.field is None:
        if asked.how or asked.sort in directory.BY_FIELD:
            raise Unfit({"query.field": "Say which custom field is meant."})
        return None, None
    try:
        field = store.find(session, asked.field, "person")
    except Rejected as error:
        raise Unfit({"query.field": str(error)}) from error
    if not asked.how:
        return field, None
    try:
        raw = {"field": field_words.name(field), "op": asked.how, "value": db.sound(asked.value)}
        return field, conditions.condition(raw)
    except Rejected as error:
        where = "query.how" if str(error) == conditions.WRONG_OP else "query.value"
        raise Unfit({where: str(error)}) from error


@router.get(f"{HERE}/{{identity_id}}", tags=[TAG])
def one(reader: Reading, identity_id: Id) -> Whole:
    """Everything known about the person behind an account, each field with its source."""
    with db.read() as session:
        found = behind(session, identity_id)
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


def behind(session: Session, identity_id: int) -> person.Person:
    """Whoever stands behind an account; refused with 404 when it is none."""
    found = person.find(session, identity_id)
    if found is None:
        raise Refused(404)
    return found


@router.get(f"{HERE}/{{identity_id}}/attributes", tags=[TAG])
def attributes(reader: Reading, identity_id: Id) -> All[Statement]:
    """Every statement about the person that is kept, those that nobody makes any more too, oldest first."""
    a = db.table(Attribute)
    with db.read() as session:
        found = behind(session, identity_id)
        ids = people.members(session, found.contact.id) if found.contact else []
        rows = session.scalars(sa.select(Attribute).where(a.c.contact_id.in_(ids)).order_by(a.c.id))
        return All(items=[Statement.model_validate(row) for row in rows])


@router.get(f"{HERE}/{{identity_id}}/history", tags=[TAG])
def history(reader: Reading, identity_id: Id, cursor: Cursor = "", limit: Limit = 20) -> Page[Talk]:
    """Their conversations over all platforms, newest first."""
    found = shapes.place(cursor)
    after = shapes.number(found[0]) if found else 0
    with db.read() as session:
        ids = behind(session, identity_id).ids
        talks, more = person.history(session, ids, sight=reader.sight, after=min(after, 10**9), limit=limit)
    following = shapes.mark(after + len(talks)) if more else None
    return Page(items=[Talk.model_validate(one) for one in talks], next=following)


@router.get(f"{HERE}/{{identity_id}}/ratings", tags=[TAG])
def ratings(reader: Reading, identity_id: Id) -> All[Rating]:
    """What the person answered to surveys, over all their accounts, the newest 20 first."""
    with db.read() as session:
        found = answering.of_people(session, behind(session, identity_id).ids, sight=reader.sight)
    return All(items=[Rating.model_validate(one) for one in found])


# --- deeds --------------------------------------------------------------------------------------------


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


def known(session: Session, identity_id: int) -> Identity:
    """An account of somebody else; refused with 404 when it is none."""
    identity = session.get(Identity, identity_id)
    if identity is None or identity.ours:
        raise Refused(404)
    return identity


@router.post(f"{HERE}/{{identity_id}}/objection", tags=[TAG], response_model=Changed)
def objection(change: Changing, reader: Objecting, identity_id: Id, body: Objection) -> Response:
    """Record that the person objects to a purpose, or no longer does; it covers the whole person."""

    def work(session: Session) -> Changed:
        who = known(session, identity_id)
        person.object_to(session, who, body.purpose, "api", reader.actor, withdraw=not body.objects)
        return Changed(id=identity_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{identity_id}}/erase", tags=[TAG], response_model=Erased)
def erase(change: Changing, reader: Erasing, identity_id: Id, body: Sure) -> Response:
    """Erase the person with everything that reaches them, for good."""

    def work(session: Session) -> Erased:
        known(session, identity_id)
        if body.sure != identity_id:
            raise Refused(422, "To erase this person, send the account's number as `sure`.", "rejected")
        found = erasure.erase(session, f"identity:{identity_id}", reader.actor)
        return Erased(**{name: found[name] for name in Erased.model_fields})

    return change.do(work)
