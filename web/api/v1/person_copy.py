"""A copy of everything about one person, to hand out to them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query, Response

from core import db
from web.api.v1.people import HERE, TAG, known
from web.api.v1.route import router as _router
from web.api.v1.shapes import Id
from web.handout import copy
from web.permissions import allow
from web.reader import Reader

router = _router()
Handing = Annotated[Reader, Depends(allow("people.erase"))]


class Zip(Response):
    """data.json, read.html and the files that were sent."""

    media_type = "application/zip"


@router.get(f"{HERE}/{{identity_id}}/copy", tags=[TAG], response_class=Zip)
def of_person(
    reader: Handing,
    identity_id: Id,
    language: Annotated[Literal["en", "de", "ja", ""], Query(description="Of the page; empty: the reader's.")] = "",
) -> Response:
    """Everything kept about the person behind an account, as a ZIP: data.json for programs, read.html for people.

    Refused where the token's owner does not see every conversation. Noted in the audit trail.
    """
    with db.read() as session:
        known(session, identity_id)
    return copy.sent(copy.make(f"identity:{identity_id}", reader, language))
