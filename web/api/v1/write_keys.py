"""Write keys: with what programs send events and orders of customers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from enrichment.behaviour import keys
from enrichment.behaviour.models import WriteKey
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Moment, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/write-keys"
TAG = "customers"

router = _router()
Managing = Annotated[Reader, Depends(allow("keys.manage"))]


class Dropped(Shown):
    """What was left out of messages: never a value."""

    reason: str
    name: str
    count: int
    last_at: Moment


class OneKey(Shown):
    """A key, without what opens it."""

    id: int
    name: str
    hint: str = Field(description="Its last characters.")
    made_by: str
    made_at: Moment
    revoked_at: Moment | None
    used_at: Moment | None
    accepted: int = Field(description="Messages that were stored.")
    repeated: int
    left_out: int = Field(description="Messages that could not be read, or whose person objects or is erased.")
    dropped: list[Dropped] = Field(default_factory=list)


class NewKey(Given):
    """What sends with it."""

    name: Text = Field(min_length=1, max_length=100)


class WithKey(BaseModel):
    """A key's number, and the key, which is shown once."""

    id: int
    key: str


@router.get(HERE, tags=[TAG])
def index(reader: Managing) -> All[OneKey]:
    """Every key with what came by it and what was left out; those that hold first."""
    with db.read() as session:
        refused, found = keys.refusals(session), []
        for row in keys.every(session):
            one = OneKey.model_validate(row)
            one.dropped = [Dropped.model_validate(each) for each in refused.get(one.id, [])]
            found.append(one)
    return All(items=found)


@router.post(HERE, tags=[TAG], response_model=WithKey, status_code=201)
def add(change: Changing, reader: Managing, body: NewKey) -> Response:
    """A new key; the answer shows it, and nothing does later."""

    def work(session: Session) -> WithKey:
        number, key = keys.make(session, body.name, reader.actor)
        return WithKey(id=number, key=key)

    return change.do(work, 201)


@router.post(f"{HERE}/{{key_id}}/revoke", tags=[TAG], response_model=Changed)
def revoke(change: Changing, reader: Managing, key_id: Id) -> Response:
    """Revoke a key at once; what it sent stays."""

    def work(session: Session) -> Changed:
        row = session.get(WriteKey, key_id)
        if row is None:
            raise Refused(404)
        held = row.revoked_at is None
        keys.revoke(session, key_id, reader.actor)
        return Changed(id=key_id, changed=held)

    return change.do(work)
