"""For administrators: work that waits, and work that was given up."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import audit, backlog, db
from core.outbox import OutboxRow
from core.topics import SUBSCRIBERS
from inbox import unreadable
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Given, Id, Limit, Moment, Page, Shown, Text
from web.permissions import allow
from web.reader import Reader

LETTERS = "/api/v1/dead-letters"
ITEMS = "/api/v1/unreadable"
TAG = "administration"

router = _router()
Reading = Annotated[Reader, Depends(allow("dead.read"))]
Managing = Annotated[Reader, Depends(allow("dead.manage"))]


class Letter(Shown):
    """A piece of work that was given up."""

    id: int
    subscriber: str
    topic: str
    key: str
    payload: dict[str, Any]
    reason: str
    crashes: int
    tries: int


class Standing(Shown):
    """The letters of one subscriber."""

    subscriber: str
    due: int
    leased: int
    later: int
    dead: int
    paused: str = Field(description="Why it is paused; empty when it runs.")


class Subscriber(Given):
    """Who should have done the work."""

    subscriber: Text = Field(min_length=1, max_length=100)


class Every(Subscriber):
    """What becomes of all its letters."""

    what: Literal["retry", "drop"]


class Number(BaseModel):
    """How many letters there were."""

    count: int


class Resumed(BaseModel):
    """Who goes on."""

    subscriber: str


class OneItem(Shown):
    """Something that nobody could read."""

    id: int
    account_id: int
    source: str
    reason: str
    raw: str = Field(description="As the platform sent it.")
    seen_at: Moment


class OneDelivery(Shown):
    """A body that a platform delivered."""

    id: int
    account_id: int
    error: str
    received_at: Moment


@router.get("/api/v1/outbox", tags=[TAG])
def standing(reader: Reading) -> All[Standing]:
    """Every subscriber of the outbox with what waits and what was given up."""
    return All(items=[Standing.model_validate(one) for one in backlog.overview()])


@router.get(LETTERS, tags=[TAG])
def letters(
    reader: Reading, subscriber: Annotated[str, Query(max_length=100)] = "", cursor: Cursor = "", limit: Limit = 50
) -> Page[Letter]:
    """Work that was given up, newest first."""
    o, found = db.table(OutboxRow), shapes.place(cursor)
    query = sa.select(OutboxRow).where(o.c.dead == 1)
    if found:
        query = query.where(o.c.id < shapes.number(found[0]))
    if subscriber:
        query = query.where(o.c.subscriber == db.sound(subscriber))
    with db.read() as session:
        rows = session.scalars(query.order_by(o.c.id.desc()).limit(limit + 1)).all()
        items = [Letter.model_validate(row) for row in rows[:limit]]
    return Page(items=items, next=shapes.mark(items[-1].id) if len(rows) > limit else None)


@router.post(f"{LETTERS}/{{row_id}}/retry", tags=[TAG], response_model=Changed)
def retry(change: Changing, reader: Managing, row_id: Id) -> Response:
    """Give one letter another run."""

    def work(session: Session) -> Changed:
        if not backlog.retry_dead(session, [row_id]):
            raise Refused(404)
        audit.record(session, reader.actor, "outbox.retried", f"outbox:{row_id}")
        return Changed(id=row_id, changed=True)

    return change.do(work)


@router.post(f"{LETTERS}/{{row_id}}/drop", tags=[TAG], response_model=Changed)
def drop(change: Changing, reader: Managing, row_id: Id) -> Response:
    """Remove one letter for good."""

    def work(session: Session) -> Changed:
        if not backlog.drop_dead(session, [row_id]):
            raise Refused(404)
        audit.record(session, reader.actor, "outbox.dropped", f"outbox:{row_id}")
        return Changed(id=row_id, changed=True)

    return change.do(work)


@router.post(f"{LETTERS}/all", tags=[TAG], response_model=Number)
def clear(change: Changing, reader: Managing, body: Every) -> Response:
    """Give every letter of a subscriber another run, or drop them all."""

    def work(session: Session) -> Number:
        _known(body.subscriber)
        return Number(count=backlog.clear(session, body.subscriber, reader.actor, again=body.what == "retry"))

    return change.do(work)


@router.post("/api/v1/outbox/resume", tags=[TAG], response_model=Resumed)
def resume(change: Changing, reader: Managing, body: Subscriber) -> Response:
    """Let a paused subscriber go on."""

    def work(session: Session) -> Resumed:
        _known(body.subscriber)
        backlog.resume(session, body.subscriber)
        audit.record(session, reader.actor, "subscriber.resumed", f"subscriber:{body.subscriber}")
        return Resumed(subscriber=body.subscriber)

    return change.do(work)


def _known(subscriber: str) -> None:
    if subscriber not in SUBSCRIBERS:
        raise Refused(422, "There is no such subscriber; `GET /outbox` names them.", "rejected")


# --- what nobody could read ---------------------------------------------------------------------------


@router.get(ITEMS, tags=[TAG])
def items(reader: Reading, cursor: Cursor = "", limit: Limit = 50) -> Page[OneItem]:
    """What platforms sent that nobody could read, newest first."""
    found = shapes.place(cursor)
    with db.read() as session:
        rows = unreadable.items(session, limit + 1, shapes.number(found[0]) if found else 0)
        shown = [OneItem.model_validate(row) for row in rows[:limit]]
    return Page(items=shown, next=shapes.mark(shown[-1].id) if len(rows) > limit else None)


@router.post(f"{ITEMS}/{{item_id}}/drop", tags=[TAG], response_model=Changed)
def drop_item(change: Changing, reader: Managing, item_id: Id) -> Response:
    """Remove an item for good."""

    def work(session: Session) -> Changed:
        if not unreadable.drop(session, item_id, reader.actor):
            raise Refused(404)
        return Changed(id=item_id, changed=True)

    return change.do(work)


@router.get("/api/v1/failed-deliveries", tags=[TAG])
def deliveries(reader: Reading, cursor: Cursor = "", limit: Limit = 50) -> Page[OneDelivery]:
    """What platforms delivered to webhooks and could not be handled so far, newest first."""
    found = shapes.place(cursor)
    with db.read() as session:
        rows = unreadable.deliveries(session, limit + 1, shapes.number(found[0]) if found else 0)
        shown = [OneDelivery.model_validate(row) for row in rows[:limit]]
    return Page(items=shown, next=shapes.mark(shown[-1].id) if len(rows) > limit else None)
