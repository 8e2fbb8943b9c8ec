"""`/inbox/{number}/field/{field}` and `/people/{id}/fields/{field}`: custom fields are filled in, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment import merging
from inbox.fields import people, store, values
from inbox.fields.kinds import Definition
from web import field_words, place, render
from web.i18n import N_
from web.pages import people as pages
from web.pages.beside import beside, seen
from web.pages.thread import do
from web.permissions import Forbidden, allow
from web.reader import Reader

router = APIRouter()
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
Reviewing = Annotated[Reader, Depends(allow("people.review"))]
Typed = Annotated[Sequence[str], Form()]
Kept = Annotated[str, Form()]
"""`yes`: the value is one as it is kept, to be put back, and not one that was typed."""
KEPT = N_("%(field)s is filled in.")
EMPTIED = N_("%(field)s is empty now.")


@router.post("/inbox/{conversation_id}/field/{field_id}")
def of_conversation(
    request: Request, conversation_id: int, field_id: int, reader: Managing, value: Typed = (), kept: Kept = ""
) -> Response:
    """Fill in a field of the conversation, or empty it."""
    with db.read() as session:
        field = _field(session, field_id, "conversation", reader)
    back = {"kept": "yes"}

    def deed(session: Session) -> bool:
        wanted = value if kept else field_words.typed(field, value, reader)
        before = values.put(session, conversation_id, field_id, wanted, reader.actor)
        back["value"] = before or ""
        return before is not None

    return do(request, conversation_id, reader, deed, _said(field, value, reader), "saved", f"field/{field_id}", back)


@router.post("/inbox/{conversation_id}/person-field/{field_id}")
def beside_conversation(
    request: Request, conversation_id: int, field_id: int, reader: Reviewing, value: Typed = (), kept: Kept = ""
) -> Response:
    """The same of the person, from the panel beside the conversation."""
    with db.read() as session:
        identity_id = seen(session, conversation_id, reader).identity_id
        field = _field(session, field_id, "person", reader)
    if identity_id is None:
        raise HTTPException(404)
    try:
        before = _put(identity_id, field, value if kept else field_words.typed(field, value, reader), reader)
    except Rejected as error:
        return beside(request, conversation_id, reader, field=(field_id, reader.words(str(error))))
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#person", "saved")
    answer, back = beside(request, conversation_id, reader), f"/inbox/{conversation_id}/person-field/{field_id}"
    if before is None:
        return answer
    return render.told(answer, _said(field, value, reader), "ok", back, {"value": before, "kept": "yes"})


@router.post("/people/{identity_id:int}/fields/{field_id:int}")
def of_person(
    request: Request, identity_id: int, field_id: int, reader: Reviewing, value: Typed = (), kept: Kept = ""
) -> Response:
    """The same from the person's own page."""
    pages.known(identity_id)
    with db.read() as session:
        field = _field(session, field_id, "person", reader)
    try:
        _put(identity_id, field, value if kept else field_words.typed(field, value, reader), reader)
    except Rejected as error:
        return pages.page(request, identity_id, reader, 422, reader.words(str(error)))
    return render.to(f"/people/{identity_id}#profile", "saved")


def _put(identity_id: int, field: Definition, value: Sequence[str], reader: Reader) -> str | None:
    with db.write() as session:
        return people.put(
            session, merging.contact_for(session, identity_id, reader.actor), field.id, value, reader.actor
        )


def _field(session: Session, field_id: int, subject: str, reader: Reader) -> Definition:
    try:
        field = store.find(session, field_id if field_id < place.LARGEST else 0, subject)
    except Rejected as error:
        raise HTTPException(404) from error
    if not field_words.may_fill(field, reader):
        raise Forbidden
    return field


def _said(field: Definition, value: Sequence[str], reader: Reader) -> str:
    return reader.words(KEPT if any(one.strip() for one in value) else EMPTIED, field=field.name(reader.language))
