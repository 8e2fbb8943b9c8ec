"""Which custom fields there are: making, changing, ordering and archiving them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import Field
from sqlmodel import Session

from inbox.fields import store
from inbox.fields.models import CustomField
from inbox.fields.store import Wanted, Wrong
from web import role_words
from web.api.v1.change import Changing
from web.api.v1.fields import EDITORS, TAG
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import Changed, Given, Id, Made, Text
from web.i18n import LANGUAGES
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/fields"
NO_ROLE = "There is no such role."

router = _router()
Managing = Annotated[Reader, Depends(allow("fields.manage"))]
Language = Annotated[str, Field(pattern=f"^({'|'.join(LANGUAGES)})$")]
Names = dict[Language, Annotated[Text, Field(max_length=store.NAME)]]
OPTIONS = "Of `choice` and `several`: 2 to 100, in order. One that is left out is no longer offered."


class Option(Given):
    """Something that can be chosen; its English name says which it is."""

    names: Names


class Definition(Given):
    """A custom field."""

    names: Names = Field(description="What it is called; English is needed.")
    helps: dict[Language, Annotated[Text, Field(max_length=store.HELP)]] = Field(
        default_factory=dict, description="What to fill in."
    )
    options: list[Option] = Field(default_factory=list, max_length=store.MOST_OPTIONS, description=OPTIONS)
    required: bool = Field(False, description="A conversation is not closed before somebody filled it in.")
    editors: list[Annotated[Text, Field(max_length=40)]] = Field(
        default_factory=list, max_length=100, description=EDITORS
    )


class NewField(Definition):
    """A custom field with what it holds, and of whom: both stay as they are."""

    subject: Literal["conversation", "person"]
    kind: Literal["text", "number", "date", "flag", "choice", "several", "link"]


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Managing, body: NewField) -> Response:
    """Make a custom field, the last of its kind of thing."""

    def work(session: Session) -> Made:
        wanted = _wanted(session, body, body.subject, body.kind, reader)
        return Made(id=store.save(session, None, wanted, reader.actor))

    return change.do(work, 201)


@router.post(HERE + "/{field_id}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Managing, field_id: Id, body: Definition) -> Response:
    """Change a custom field as a whole; values that stand in it stay."""

    def work(session: Session) -> Changed:
        row = _field(session, field_id)
        wanted = _wanted(session, body, row.subject, row.kind, reader, row.editors)
        return Changed(id=store.save(session, field_id, wanted, reader.actor), changed=True)

    return change.do(work)


@router.post(HERE + "/{field_id}/up", tags=[TAG], response_model=Changed)
def up(change: Changing, reader: Managing, field_id: Id) -> Response:
    """One place further up."""

    def work(session: Session) -> Changed:
        subject = _field(session, field_id).subject
        before = [one.id for one in store.every(session, subject)]
        store.move(session, field_id, reader.actor)
        return Changed(id=field_id, changed=before != [one.id for one in store.every(session, subject)])

    return change.do(work)


@router.post(HERE + "/{field_id}/archive", tags=[TAG], response_model=Changed)
def archive(change: Changing, reader: Managing, field_id: Id) -> Response:
    """Show a field no more, nor ask for it; its values stay."""
    return _archived(change, reader, field_id, archived=True)


@router.post(HERE + "/{field_id}/restore", tags=[TAG], response_model=Changed)
def restore(change: Changing, reader: Managing, field_id: Id) -> Response:
    """Have a field back, with its values."""
    return _archived(change, reader, field_id, archived=False)


def _archived(change: Changing, reader: Reader, field_id: int, *, archived: bool) -> Response:
    def work(session: Session) -> Changed:
        _field(session, field_id)
        return Changed(id=field_id, changed=store.archive(session, field_id, reader.actor, archived=archived))

    return change.do(work)


def _field(session: Session, field_id: int) -> CustomField:
    row = session.get(CustomField, field_id)
    if row is None:
        raise Refused(404)
    return row


def _wanted(
    session: Session, body: Definition, subject: str, kind: str, reader: Reader, before: Sequence[str] = ()
) -> Wanted:
    """A field as the store keeps it; editors are roles that there are, or that were named before."""
    if set(body.editors) - role_words.named(session, reader).keys() - set(before):
        raise Wrong("editors", NO_ROLE)
    options = {code: [one.names.get(code, "") for one in body.options] for code in LANGUAGES}
    return Wanted(subject, kind, body.names, body.helps, options, body.required, body.editors)
