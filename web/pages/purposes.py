"""`/settings/purposes`: what people's data may be used for here, and on which lawful basis."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db
from core.errors import Rejected
from enrichment import connection
from inbox import consent
from web import render
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/purposes"
UNNAMED = N_("A purpose needs a lawful basis. Choose one.")

router = APIRouter()

Objecting = Annotated[Reader, Depends(allow("people.object"))]


@router.get(HERE)
def index(request: Request, reader: Objecting) -> Response:
    """Every purpose with its switch."""
    return _page(request, reader)


@router.post(HERE)
def switch(
    request: Request,
    reader: Objecting,
    purpose: Annotated[str, Form()],
    enabled: Annotated[str, Form()] = "no",
    basis: Annotated[str, Form()] = "",
) -> Response:
    """Switch a purpose on or off for everybody."""
    if purpose not in consent.PURPOSES:
        raise HTTPException(400)
    on = enabled == "yes"
    try:
        with db.write() as session:
            connection.switch_purpose(session, purpose, on, basis, reader.actor)
    except Rejected:
        return _page(request, reader, 422, reader.words(UNNAMED))
    return render.to(HERE, "purpose-on" if on else "purpose-off")


def _page(request: Request, reader: Reader, status: int = 200, problem: str = "") -> Response:
    with db.read() as session:
        purposes = consent.standing(session)
        objections = consent.numbers(session)
    return render.page(
        request,
        reader,
        "settings/purposes.html",
        status,
        purposes=purposes,
        objections=objections,
        bases=consent.BASES,
        problem=problem,
    )
