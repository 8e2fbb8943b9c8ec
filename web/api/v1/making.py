"""Making a lead or contact in Salesforce out of a person."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment.crm import Needed
from enrichment.making import form, looking, store
from web.api.v1.change import Changing
from web.api.v1.people import HERE as PEOPLE
from web.api.v1.people import behind
from web.api.v1.problem import Unfit, asking
from web.api.v1.route import router as _router
from web.api.v1.shapes import Changed, Given, Id, Moment, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = f"{PEOPLE}/{{identity_id}}/record"
TAG = "people"
WRONG = {
    "empty": "Salesforce needs this.",
    "long": "That is longer than Salesforce takes.",
    "choice": "This is none of the options.",
}

router = _router()
Opening = Annotated[Reader, Depends(allow("cases.open"))]
Object = Literal["Lead", "Contact"]


class Asked(Shown):
    """A field of a new record, as this org has it."""

    name: str
    label: str
    kind: str = Field(description="text, email, phone, link, number, date, flag or choice.")
    options: list[str]
    required: bool
    value: str = Field("", description="What is known here.")


class Near(Shown):
    """A record that may be this person."""

    object: str
    name: str
    company: str
    how: Literal["proposed", "found"]


class Blank(BaseModel):
    """What is asked for, what is known, and who is there already."""

    why: str = Field(description="Why none can be made; empty when one can.")
    fields: list[Asked]
    near: list[Near] = Field(description="Link one of these instead, where it is this person.")


class Wanted(Shown):
    """A record that is wanted, and what became of it."""

    object: str
    state: str = Field(description="pending, made, refused or undone.")
    record_id: str
    code: str
    message: str = Field(description="Salesforce's words when it refused.")
    at: Moment


class Standing(BaseModel):
    """What is on its way, or was refused."""

    wanted: Wanted | None


class NewRecord(Given):
    """The record to make."""

    object: Object
    fields: dict[str, Text] = Field(max_length=100, description="Field there: value.")


class Made(BaseModel):
    """A record that is on its way."""

    key: str = Field(description="`Hub_Id__c` there: the same for every attempt.")


@router.get(HERE, tags=[TAG])
def standing(reader: Opening, identity_id: Id) -> Standing:
    """What is on its way to Salesforce for the person, or was refused there."""
    with db.read() as session:
        found = store.shown(session, behind(session, identity_id).ids)
        return Standing(wanted=Wanted.model_validate(found) if found is not None else None)


@router.get(f"{HERE}/{{object}}", tags=[TAG])
def blank(reader: Opening, identity_id: Id, object: Object) -> Blank:
    """What a new lead or contact needs in this org, filled with what is known, and who looks alike; asks the org."""
    with db.read() as session:
        found = behind(session, identity_id)
        why = store.may_make(session, identity_id)
        near = [] if why else looking.near(session, found)
    fields: list[Needed] = []
    if not why:
        try:
            with asking():
                fields = looking.fields(object)
        except Rejected as error:
            why = str(error)
    known = {name: value for name, (value, _) in form.suggested(object, found.facts).items()}
    shown = [Asked.model_validate(one).model_copy(update={"value": known.get(one.name, "")}) for one in fields]
    return Blank(why=why, fields=shown, near=[Near.model_validate(one) for one in near])


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def make(change: Changing, reader: Opening, identity_id: Id, body: NewRecord) -> Response:
    """Have a lead or contact made in Salesforce; it is on its way then. Asked twice, the one that waits is answered."""
    typed = {name: " ".join(value.split()) for name, value in body.fields.items()}

    def ask() -> dict[str, str]:
        with db.read() as session:
            behind(session, identity_id)
            if why := store.may_make(session, identity_id):
                raise Rejected(why)
        fields = looking.fields(body.object)
        if wrong := form.wrong(body.object, fields, typed):
            raise Unfit({f"body.fields.{name}": WRONG[what] for name, what in wrong.items()})
        names = {one.name for one in fields}
        if unknown := sorted(typed.keys() - names):
            raise Unfit({f"body.fields.{unknown[0]}": "There is no such field in this org, or it is not asked for."})
        return typed

    def work(session: Session, values: dict[str, str]) -> Made:
        return Made(key=store.want(session, identity_id, body.object, values, reader.actor))

    return change.asking(ask, work, 201)


@router.post(f"{HERE}-back", tags=[TAG], response_model=Changed)
def take_back(change: Changing, reader: Opening, identity_id: Id) -> Response:
    """Want it no more, while it waits or was refused."""

    def work(session: Session) -> Changed:
        behind(session, identity_id)
        return Changed(id=identity_id, changed=store.take_back(session, identity_id, reader.actor))

    return change.do(work)
