"""Custom fields: which there are, and filling them in."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from enrichment import merging
from inbox.fields import people, store, values
from inbox.fields.kinds import Definition
from web import field_words, thread
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Number, Text
from web.permissions import allow
from web.reader import Reader

TAG = "fields"

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
Reviewing = Annotated[Reader, Depends(allow("people.review"))]


EDITORS = "Roles that fill it in; empty: everybody who may change conversations, or people."


class OneOption(BaseModel):
    """Something that can be chosen."""

    key: str
    names: dict[str, str]
    gone: bool = Field(description="No longer offered.")


class OneField(BaseModel):
    """A custom field."""

    id: int
    subject: Literal["conversation", "person"]
    kind: Literal["text", "number", "date", "flag", "choice", "several", "link"]
    names: dict[str, str] = Field(description="Language: what it is called.")
    helps: dict[str, str]
    options: list[OneOption]
    required: bool = Field(description="Has to be filled in before a conversation is closed.")
    editors: list[str] = Field(description=EDITORS)
    archived: bool = Field(description="No longer shown; what stands in it stays.")
    condition: str = Field(description="How conditions of filters name it.")


class Filled(Given):
    """What goes into a field."""

    field_id: Number
    value: Annotated[Text, Field(max_length=2000)] | float | list[Annotated[Text, Field(max_length=500)]] = Field(
        description="A number or its text, 2026-12-24, yes or no, an option's key, several keys; empty to clear it."
    )

    def typed(self) -> str | list[str]:
        """The value as text."""
        return f"{Decimal(str(self.value)):f}" if isinstance(self.value, float) else self.value


@router.get("/api/v1/fields", tags=[TAG])
def every(
    reader: Reading, subject: Annotated[Literal["conversation", "person", ""], Query()] = "", archived: bool = False
) -> All[OneField]:
    """The custom fields in use, in order; with `archived` those that were put away, too."""
    with db.read() as session:
        found = store.every(session, subject, archived=archived)
    return All(items=[_shown(one) for one in found])


def _shown(one: Definition) -> OneField:
    return OneField(
        id=one.id, subject=one.subject, kind=one.kind, names=dict(one.names), helps=dict(one.helps),
        options=[OneOption(key=each.key, names=dict(each.names), gone=each.gone) for each in one.options],
        required=one.required, editors=list(one.editors), archived=one.archived, condition=field_words.name(one),
    )  # fmt: skip


@router.post("/api/v1/conversations/{conversation_id}/fields", tags=[TAG], response_model=Changed)
def of_conversation(change: Changing, reader: Managing, conversation_id: Id, body: Filled) -> Response:
    """Fill in a field of a conversation, or empty it."""

    def work(session: Session) -> Changed:
        thread.find(session, conversation_id, reader)
        _may(session, body.field_id, "conversation", reader)
        before = values.put(session, conversation_id, body.field_id, body.typed(), reader.actor)
        return Changed(id=conversation_id, changed=before is not None)

    return change.do(work)


@router.post("/api/v1/people/{identity_id}/fields", tags=[TAG], response_model=Changed)
def of_person(change: Changing, reader: Reviewing, identity_id: Id, body: Filled) -> Response:
    """Fill in a field of the person behind an account, or empty it."""

    def work(session: Session) -> Changed:
        _may(session, body.field_id, "person", reader)
        contact = merging.contact_for(session, identity_id, reader.actor)
        before = people.put(session, contact, body.field_id, body.typed(), reader.actor)
        return Changed(id=identity_id, changed=before is not None)

    return change.do(work)


def _may(session: Session, field_id: int, subject: str, reader: Reader) -> None:
    field = store.find(session, field_id, subject)
    if not field_words.may_fill(field, reader):
        raise Refused(403, reader.words(field_words.NOT_YOURS))
