"""Outgoing webhooks: endpoints, their deliveries, and making them again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from pydantic import AfterValidator, BaseModel, Field
from sqlmodel import Session

from core import db
from core.errors import Rejected
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Given, Id, Limit, Made, Moment, Page, Shown, Text
from web.outgoing import store
from web.outgoing.events import TYPES
from web.outgoing.models import Endpoint, Told
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/webhooks"
TAG = "webhooks"

router = _router()
Managing = Annotated[Reader, Depends(allow("webhooks.manage"))]
Texts = Literal["none", "public", "all"]


def _told(value: str) -> str:
    if value not in TYPES:
        raise ValueError(f"there is no such event; there are: {', '.join(TYPES)}")
    return value


Type = Annotated[str, AfterValidator(_told), Field(json_schema_extra={"enum": list(TYPES)})]


class OneEndpoint(Shown):
    """An address that is told of events."""

    id: int
    url: str
    events: list[str]
    texts: Texts = Field(description="Whose texts go with messages.")
    state: Literal["active", "paused", "disabled"]
    error: str
    missed: int = Field(description="Events since it stopped that were not kept, as 10,000 waited already.")
    failing_since: Moment | None
    old_until: Moment | None = Field(description="So long the secret before still signs.")
    made_by: str
    made_at: Moment


class OneDelivery(Shown):
    """One event for one endpoint."""

    id: int
    event: str = Field(description="The webhook-id, the same for every attempt.")
    type: str
    data: dict[str, Any]
    at: Moment
    state: Literal["waiting", "delivered", "failed"]
    tries: int
    status: int = Field(description="HTTP status of the last answer; 0: none came.")
    milliseconds: int
    answer: str
    tried_at: Moment | None
    next_at: Moment | None = Field(description="When it is tried again after a failure.")


class Attempt(BaseModel):
    """One call of a delivery."""

    at: Moment
    status: int = Field(description="0: no answer came.")
    milliseconds: int
    answer: str = Field(description="The start of an answer that was no success, or why there was none.")


class WholeDelivery(OneDelivery):
    """A delivery with its attempts."""

    attempts: list[Attempt] = Field(description="The last 20, oldest first.")


class NewEndpoint(Given):
    """An address to tell."""

    url: Text = Field(min_length=1, max_length=500)
    events: list[Type] = Field(min_length=1, max_length=100, description="What is told of, as in docs/api.md.")
    texts: Texts = "none"


class Since(Given):
    """Since when."""

    since: Moment


class WithSecret(BaseModel):
    """An endpoint's number, and its secret, which is shown once."""

    id: int
    secret: str


class Count(BaseModel):
    """How many deliveries are made again."""

    count: int


@router.get(HERE, tags=[TAG])
def index(reader: Managing) -> All[OneEndpoint]:
    """Every endpoint."""
    with db.read() as session:
        return All(items=[OneEndpoint.model_validate(one) for one in store.every(session)])


@router.post(HERE, tags=[TAG], response_model=WithSecret, status_code=201)
def add(change: Changing, reader: Managing, body: NewEndpoint) -> Response:
    """A new endpoint; the answer shows its secret, and nothing does later."""

    def work(session: Session) -> WithSecret:
        number, secret = store.add(session, body.url, body.events, body.texts, reader.actor)
        return WithSecret(id=number, secret=secret)

    return change.do(work, 201)


@router.get(f"{HERE}/{{endpoint_id}}", tags=[TAG])
def one(reader: Managing, endpoint_id: Id) -> OneEndpoint:
    """One endpoint."""
    with db.read() as session:
        return OneEndpoint.model_validate(_known(session, endpoint_id))


def _known(session: Session, endpoint_id: int) -> Endpoint:
    try:
        return store.get(session, endpoint_id)
    except Rejected as error:
        raise Refused(404) from error


@router.post(f"{HERE}/{{endpoint_id}}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Managing, endpoint_id: Id, body: NewEndpoint) -> Response:
    """Another address, other events or texts."""

    def work(session: Session) -> Changed:
        _known(session, endpoint_id)
        store.change(session, endpoint_id, body.url, body.events, body.texts, reader.actor)
        return Changed(id=endpoint_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{endpoint_id}}/rotate", tags=[TAG], response_model=WithSecret)
def rotate(change: Changing, reader: Managing, endpoint_id: Id) -> Response:
    """A new secret; the one before signs beside it for a day."""

    def work(session: Session) -> WithSecret:
        _known(session, endpoint_id)
        return WithSecret(id=endpoint_id, secret=store.rotate(session, endpoint_id, reader.actor))

    return change.do(work)


@router.post(f"{HERE}/{{endpoint_id}}/pause", tags=[TAG], response_model=Changed)
def pause(change: Changing, reader: Managing, endpoint_id: Id) -> Response:
    """Tell it nothing for now: what happens waits until it goes on, 10,000 events at most."""
    return change.do(lambda session: _switched(session, endpoint_id, "paused", reader))


@router.post(f"{HERE}/{{endpoint_id}}/resume", tags=[TAG], response_model=Changed)
def resume(change: Changing, reader: Managing, endpoint_id: Id) -> Response:
    """Let it go on, with what waits."""
    return change.do(lambda session: _switched(session, endpoint_id, "active", reader))


def _switched(session: Session, endpoint_id: int, state: str, reader: Reader) -> Changed:
    _known(session, endpoint_id)
    return Changed(id=endpoint_id, changed=store.switch(session, endpoint_id, state, reader.actor))


@router.post(f"{HERE}/{{endpoint_id}}/test", tags=[TAG], response_model=Made, status_code=201)
def test(change: Changing, reader: Managing, endpoint_id: Id) -> Response:
    """Send an event that means nothing; answers with the delivery's number."""

    def work(session: Session) -> Made:
        _known(session, endpoint_id)
        return Made(id=store.test(session, endpoint_id, reader.actor))

    return change.do(work, 201)


@router.post(f"{HERE}/{{endpoint_id}}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Managing, endpoint_id: Id) -> Response:
    """Forget an endpoint with its deliveries."""

    def work(session: Session) -> Changed:
        _known(session, endpoint_id)
        store.remove(session, endpoint_id, reader.actor)
        return Changed(id=endpoint_id, changed=True)

    return change.do(work)


@router.get(f"{HERE}/{{endpoint_id}}/deliveries", tags=[TAG])
def deliveries(
    reader: Managing,
    endpoint_id: Id,
    state: Literal["waiting", "delivered", "failed", ""] = "",
    type: Annotated[str, Query(max_length=40)] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Page[OneDelivery]:
    """Deliveries to an endpoint, newest first, of one state or type on demand; they are kept for 30 days."""
    found = shapes.place(cursor)
    before = shapes.number(found[0]) if found else 0
    with db.read() as session:
        _known(session, endpoint_id)
        rows = store.deliveries(session, endpoint_id, before, limit + 1, state, type)
        items = [OneDelivery.model_validate(row) for row in rows[:limit]]
    return Page(items=items, next=shapes.mark(items[-1].id) if len(rows) > limit else None)


@router.get(f"{HERE}/{{endpoint_id}}/deliveries/{{delivery_id}}", tags=[TAG])
def one_delivery(reader: Managing, endpoint_id: Id, delivery_id: Id) -> WholeDelivery:
    """One delivery with its attempts."""
    with db.read() as session:
        return WholeDelivery.model_validate(_delivery(session, endpoint_id, delivery_id))


def _delivery(session: Session, endpoint_id: int, delivery_id: int) -> Told:
    try:
        return store.delivery(session, endpoint_id, delivery_id)
    except Rejected as error:
        raise Refused(404) from error


@router.post(f"{HERE}/{{endpoint_id}}/replay", tags=[TAG], response_model=Count)
def replay_failed(change: Changing, reader: Managing, endpoint_id: Id, body: Since) -> Response:
    """Make every delivery again that failed for good since a moment."""

    def work(session: Session) -> Count:
        _known(session, endpoint_id)
        return Count(count=store.replay_failed(session, endpoint_id, body.since, reader.actor))

    return change.do(work)


@router.post(f"{HERE}/{{endpoint_id}}/deliveries/{{delivery_id}}/replay", tags=[TAG], response_model=Changed)
def replay(change: Changing, reader: Managing, endpoint_id: Id, delivery_id: Id) -> Response:
    """Make one delivery again, under its own id; of one that waits for its next attempt, make that now."""

    def work(session: Session) -> Changed:
        _delivery(session, endpoint_id, delivery_id)
        return Changed(id=delivery_id, changed=store.replay(session, endpoint_id, delivery_id, reader.actor))

    return change.do(work)
