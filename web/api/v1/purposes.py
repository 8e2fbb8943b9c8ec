"""What people's data may be used for here, and on which lawful basis."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from enrichment import connection
from inbox import consent
from web.api.v1.change import Changing
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Given
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/purposes"
TAG = "people"

router = _router()
Objecting = Annotated[Reader, Depends(allow("people.object"))]
Purpose = Literal["match", "profile", "crm_sync", "behaviour", "marketing", "survey", "translate"]


class OnePurpose(BaseModel):
    """A purpose and its switch."""

    purpose: str
    enabled: bool
    basis: str = Field(description="consent, contract or legitimate_interest; empty when none was named.")
    objections: int = Field(description="People who object to it.")


class Switch(Given):
    """A purpose for everybody."""

    purpose: Purpose
    enabled: bool
    basis: Literal["consent", "contract", "legitimate_interest"] | None = Field(
        None, description="Needed to switch it on."
    )


class Switched(BaseModel):
    """What became of a switch."""

    purpose: str
    changed: bool


@router.get(HERE, tags=[TAG])
def index(reader: Objecting) -> All[OnePurpose]:
    """Every purpose with its switch."""
    with db.read() as session:
        purposes, objections = consent.standing(session), consent.numbers(session)
    return All(
        items=[
            OnePurpose(purpose=name, enabled=on, basis=basis, objections=objections.get(name, 0))
            for name, (on, basis) in purposes.items()
        ]
    )


@router.post(HERE, tags=[TAG], response_model=Switched)
def switch(change: Changing, reader: Objecting, body: Switch) -> Response:
    """Switch a purpose on, for its lawful basis, or off, for everybody."""

    def work(session: Session) -> Switched:
        before = consent.standing(session)[body.purpose]
        connection.switch_purpose(session, body.purpose, body.enabled, body.basis or "", reader.actor)
        return Switched(purpose=body.purpose, changed=consent.standing(session)[body.purpose] != before)

    return change.do(work)
