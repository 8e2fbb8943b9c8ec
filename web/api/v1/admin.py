"""For administrators: work that waits, and work that was given up."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Query, Response
from pydantic import Field
from sqlmodel import Session

from core import audit, backlog, db
from core.outbox import OutboxRow
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Id, Limit, Page, Shown
from web.permissions import allow
from web.reader import Reader

LETTERS = "/api/v1/dead-letters"
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
