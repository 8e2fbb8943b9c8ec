"""For administrators: users, and work that was given up."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Query, Response
from pydantic import Field
from sqlmodel import Session

from core import audit, backlog, db
from core.outbox import OutboxRow
from web import auth
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Given, Id, Limit, Made, Moment, Page, Shown, Text
from web.models import User
from web.permissions import allow
from web.reader import Reader

LETTERS = "/api/v1/dead-letters"
USERS = "/api/v1/users"
TAG = "administration"

router = _router()
Users = Annotated[Reader, Depends(allow("users.manage"))]
Reading = Annotated[Reader, Depends(allow("dead.read"))]
Managing = Annotated[Reader, Depends(allow("dead.manage"))]
Role = Annotated[str, Field(pattern=r"^(admin|agent|marketer|dpo|role:[1-9][0-9]{0,14})$")]
"""A built-in role, or one made here by its key (`role:3`)."""


class OneUser(Shown):
    """Somebody who works here."""

    id: int
    email: str
    name: str
    role: Role
    disabled: bool
    language: str
    time_zone: str
    created_at: Moment
    last_seen: Moment | None


class NewUser(Given):
    """Somebody new."""

    email: Text = Field(min_length=3, max_length=320)
    name: Text = Field("", max_length=200)
    password: Text = Field(min_length=10, max_length=1000)
    role: Role = "agent"


class OtherUser(Given):
    """What changes about a user."""

    role: Role | None = None
    disabled: bool | None = None


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


@router.get(USERS, tags=[TAG])
def users(reader: Users) -> All[OneUser]:
    """Who works here, oldest first."""
    with db.read() as session:
        return All(items=[OneUser.model_validate(one) for one in auth.everybody(session)])


@router.post(USERS, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Users, body: NewUser) -> Response:
    """Add somebody."""

    def work(session: Session) -> Made:
        made = auth.create_user(
            session, body.email, body.name, body.password, body.role, reader.actor, reader.permissions
        )
        return Made(id=made.id or 0)

    return change.do(work, 201)


@router.post(f"{USERS}/{{user_id}}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Users, user_id: Id, body: OtherUser) -> Response:
    """Give a user another role, shut them out, or let them in again."""

    def work(session: Session) -> Changed:
        if session.get(User, user_id) is None:
            raise Refused(404)
        if body.role is not None:
            auth.set_role(session, user_id, body.role, reader.actor, reader.power)
        if body.disabled is not None:
            auth.set_disabled(session, user_id, body.disabled, reader.actor, reader.power)
        return Changed(id=user_id, changed=body.role is not None or body.disabled is not None)

    return change.do(work)


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
