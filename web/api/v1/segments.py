"""Segments: saved filters over people, and who is in them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from enrichment.segments import conditions as filters
from enrichment.segments import store
from enrichment.segments.models import Segment
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused, Unfit
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Given, Id, Limit, Made, Moment, Page, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/segments"
TAG = "segments"

router = _router()
Reading = Annotated[Reader, Depends(allow("segments.read"))]
Managing = Annotated[Reader, Depends(allow("segments.manage"))]


class OneSegment(Shown):
    """A saved filter over people."""

    id: int
    name: str
    conditions: dict[str, Any]
    made_by: str
    made_at: Moment
    changed_at: Moment


class Counted(BaseModel):
    """How many people are in it now."""

    people: int
    may: int = Field(description="Of them, those who may be addressed for marketing.")


class AccountOf(BaseModel):
    """An account of somebody."""

    platform: str
    handle: str


class Member(BaseModel):
    """Somebody in a segment."""

    person: str = Field(description="`contact:01J…`, or `identity:12` for an account without a contact.")
    name: str
    contact_id: str | None
    identity_id: int | None
    accounts: list[AccountOf]
    may: bool = Field(description="They may be addressed for marketing.")


class Tried(Counted):
    """What a filter finds."""

    sample: list[Member] = Field(description="Some of them.")


class NewSegment(Given):
    """A saved filter."""

    name: Text = Field(min_length=1, max_length=100)
    conditions: dict[str, Any] = Field(description="A group of conditions as a segment shows it.")


@router.get(HERE, tags=[TAG])
def index(reader: Reading) -> All[OneSegment]:
    """All segments, by name."""
    with db.read() as session:
        return All(items=[OneSegment.model_validate(one) for one in store.every(session)])


@router.get(f"{HERE}/preview", tags=[TAG])
def preview(
    reader: Managing,
    conditions: Annotated[str, Query(min_length=2, max_length=20_000, description="A group of conditions as JSON.")],
) -> Tried:
    """What a filter finds before it is kept."""
    try:
        group = filters.read(json.loads(db.sound(conditions)))
    except (ValueError, RecursionError) as error:
        raise Unfit({"query.conditions": "This is no JSON."}) from error
    with db.read() as session:
        found = store.count(session, group)
        rows, _ = store.page(session, group, limit=store.SAMPLE)
    return Tried(people=found.people, may=found.may, sample=[_member(row) for row in rows])


@router.get(f"{HERE}/{{segment_id}}", tags=[TAG])
def one(reader: Reading, segment_id: Id) -> OneSegment:
    """One segment."""
    with db.read() as session:
        return OneSegment.model_validate(known(session, segment_id))


@router.get(f"{HERE}/{{segment_id}}/count", tags=[TAG])
def count(reader: Reading, segment_id: Id) -> Counted:
    """How many people are in it now."""
    with db.read() as session:
        found = store.count(session, filters.read(known(session, segment_id).conditions))
    return Counted(people=found.people, may=found.may)


@router.get(f"{HERE}/{{segment_id}}/members", tags=[TAG])
def members(reader: Reading, segment_id: Id, cursor: Cursor = "", limit: Limit = 50) -> Page[Member]:
    """Who is in it now, in a fixed order."""
    found = shapes.place(cursor)
    with db.read() as session:
        group = filters.read(known(session, segment_id).conditions)
        rows, following = store.page(session, group, db.sound(found[0]) if found else "", limit)
    return Page(items=[_member(row) for row in rows], next=shapes.mark(following) if following else None)


def _member(row: store.Person) -> Member:
    accounts = [AccountOf(platform=platform, handle=handle) for platform, handle in row.accounts]
    return Member(
        person=row.person, name=row.name, contact_id=row.contact_id, identity_id=row.identity_id, accounts=accounts,
        may=row.may,
    )  # fmt: skip


def known(session: Session, segment_id: int) -> Segment:
    """A segment; refused with 404 when there is none."""
    found = session.get(Segment, segment_id)
    if found is None:
        raise Refused(404)
    return found


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Managing, body: NewSegment) -> Response:
    """Keep a new segment."""
    group = filters.read(body.conditions)
    return change.do(lambda session: Made(id=store.save(session, body.name, group, reader.actor)), 201)


@router.post(f"{HERE}/{{segment_id}}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Managing, segment_id: Id, body: NewSegment) -> Response:
    """Change a segment as a whole."""
    group = filters.read(body.conditions)

    def work(session: Session) -> Changed:
        known(session, segment_id)
        return Changed(id=store.save(session, body.name, group, reader.actor, segment_id), changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{segment_id}}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Managing, segment_id: Id) -> Response:
    """Forget a segment; nothing of the people in it changes."""

    def work(session: Session) -> Changed:
        known(session, segment_id)
        store.remove(session, segment_id, reader.actor)
        return Changed(id=segment_id, changed=True)

    return change.do(work)
