"""`/people/{id}/copy.zip`: a copy of everything about one person, to hand out to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from core import db
from core.errors import Rejected
from inbox import people
from inbox.models import Contact
from web.handout import copy
from web.pages import people as pages
from web.permissions import allow
from web.reader import Reader

router = APIRouter()

Handing = Annotated[Reader, Depends(allow("people.erase"))]


@router.get("/people/{identity_id:int}/copy.zip")
def of_person(request: Request, identity_id: int, reader: Handing, language: str = "") -> Response:
    """What is kept about the person behind an account, as a ZIP file; noted in the audit trail."""
    pages.known(identity_id)
    try:
        return copy.sent(copy.make(f"identity:{identity_id}", reader, language))
    except Rejected as error:
        return pages.page(request, identity_id, reader, 422, reader.words(str(error)))


@router.get("/people/contacts/{contact_id}/copy.zip")
def of_contact(contact_id: str, reader: Handing, language: str = "") -> Response:
    """The same of a customer without an account."""
    with db.read() as session:
        found = session.get(Contact, people.survivor(session, contact_id[:26]))
    if found is None:
        raise HTTPException(404)
    try:
        return copy.sent(copy.make(f"contact:{found.id}", reader, language))
    except Rejected as error:
        raise HTTPException(422, reader.words(str(error))) from error
