"""Listening: what is followed, with its saved queries."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from listening import preview as previews
from listening import subjects
from listening.models import Query as Saved
from listening.models import Subject
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Moment, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/subjects"
TAG = "listening"

router = _router()
Reading = Annotated[Reader, Depends(allow("listening.read"))]
Managing = Annotated[Reader, Depends(allow("listening.manage"))]
Kind = Literal["brand", "product", "competitor", "campaign", "industry"]


class OneQuery(Shown):
    """A saved query in the language of docs/listening.md."""

    id: int
    name: str
    text: str
    enabled: bool
    version: int
    matched_to: int = Field(description="Stored messages up to this id were decided.")
    matched_goal: int


class OneSubject(Shown):
    """Something that is followed."""

    id: int
    name: str
    kind: str
    created_at: Moment
    queries: list[OneQuery] = Field(default_factory=list)


class NewSubject(Given):
    """Something to follow."""

    name: Text = Field(min_length=1, max_length=subjects.LONGEST_NAME)
    kind: Kind = "brand"


class NewQuery(Given):
    """A query to save."""

    name: Text = Field(min_length=1, max_length=180)
    text: Text = Field(min_length=1, max_length=10_000)


class OtherQuery(Given):
    """What changes about a query."""

    text: Text | None = Field(None, min_length=1, max_length=10_000)
    enabled: bool | None = None


@router.get(HERE, tags=[TAG])
def index(reader: Reading) -> All[OneSubject]:
    """Everything that is followed, with its queries."""
    with db.read() as session:
        return All(items=[_shown(session, one) for one in subjects.all_subjects(session)])


@router.get(f"{HERE}/{{subject_id}}", tags=[TAG])
def one(reader: Reading, subject_id: Id) -> OneSubject:
    """Something that is followed, with its queries."""
    with db.read() as session:
        return _shown(session, known(session, subject_id))


def _shown(session: Session, subject: Subject) -> OneSubject:
    values = {name: getattr(subject, name) for name in OneSubject.model_fields if name != "queries"}
    found = OneSubject.model_validate(values)
    found.queries = [OneQuery.model_validate(query) for query in subjects.queries(session, found.id)]
    return found


def known(session: Session, subject_id: int) -> Subject:
    """A subject; refused with 404 when there is none."""
    found = next((one for one in subjects.all_subjects(session) if one.id == subject_id), None)
    if found is None:
        raise Refused(404)
    return found


def _query(session: Session, subject_id: int, query_id: int) -> Saved:
    known(session, subject_id)
    found = next((one for one in subjects.queries(session, subject_id) if one.id == query_id), None)
    if found is None:
        raise Refused(404)
    return found


class Sampled(Shown):
    """A message that a query would find."""

    message_id: int
    conversation_id: int
    author: str
    platform: str
    language: str
    sentiment: str
    posted_at: Moment
    text: list[tuple[str, bool]] = Field(description="In pieces; true where a word of the query stands.")


class Preview(BaseModel):
    """What a query would find among the newest messages of the last 30 days."""

    hits: int
    looked_at: int = Field(description="Messages that were decided, 5,000 at most.")
    all_days: bool = Field(description="They were all messages of these days.")
    languages: dict[str, int]
    sample: list[Sampled]


@router.get("/api/v1/queries/preview", tags=[TAG])
def preview(reader: Managing, text: Annotated[str, Query(min_length=1, max_length=10_000)]) -> Preview:
    """What a query would find before it is saved."""
    with db.read() as session:
        found = previews.preview(session, db.sound(text), sight=reader.sight)
    return Preview(
        hits=found.hits, looked_at=found.looked_at, all_days=found.all_days, languages=dict(found.languages),
        sample=[Sampled.model_validate(one) for one in found.sample],
    )  # fmt: skip


# --- deeds --------------------------------------------------------------------------------------------


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Managing, body: NewSubject) -> Response:
    """Follow something new."""
    return change.do(lambda session: Made(id=subjects.create(session, body.name, body.kind, reader.actor)), 201)


@router.post(f"{HERE}/{{subject_id}}", tags=[TAG], response_model=Changed)
def rename(change: Changing, reader: Managing, subject_id: Id, body: NewSubject) -> Response:
    """Rename a subject or change its kind."""

    def work(session: Session) -> Changed:
        known(session, subject_id)
        subjects.update(session, subject_id, body.name, body.kind, reader.actor)
        return Changed(id=subject_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{subject_id}}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Managing, subject_id: Id) -> Response:
    """Stop following a subject; its messages stay."""

    def work(session: Session) -> Changed:
        known(session, subject_id)
        subjects.remove(session, subject_id, reader.actor)
        return Changed(id=subject_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{subject_id}}/queries", tags=[TAG], response_model=Made, status_code=201)
def add_query(change: Changing, reader: Managing, subject_id: Id, body: NewQuery) -> Response:
    """Save a query; it looks at new messages at once and at stored ones in the background."""

    def work(session: Session) -> Made:
        known(session, subject_id)
        return Made(id=subjects.add_query(session, subject_id, body.name, body.text, reader.actor))

    return change.do(work, 201)


@router.post(f"{HERE}/{{subject_id}}/queries/{{query_id}}", tags=[TAG], response_model=Changed)
def change_query(change: Changing, reader: Managing, subject_id: Id, query_id: Id, body: OtherQuery) -> Response:
    """Change a query's text, or switch it on or off."""

    def work(session: Session) -> Changed:
        _query(session, subject_id, query_id)
        if body.text is not None or body.enabled is not None:
            subjects.update_query(session, query_id, body.text, body.enabled, reader.actor)
        return Changed(id=query_id, changed=body.text is not None or body.enabled is not None)

    return change.do(work)


@router.post(f"{HERE}/{{subject_id}}/queries/{{query_id}}/remove", tags=[TAG], response_model=Changed)
def remove_query(change: Changing, reader: Managing, subject_id: Id, query_id: Id) -> Response:
    """Remove a query."""

    def work(session: Session) -> Changed:
        _query(session, subject_id, query_id)
        subjects.remove_query(session, query_id, reader.actor)
        return Changed(id=query_id, changed=True)

    return change.do(work)
