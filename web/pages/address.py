"""`/settings/me/address`: another address for oneself, proved by a link that goes to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from core import db
from core.errors import Rejected, TryLater
from web import auth, render, throttle
from web.pages import profile
from web.pages.security import demand_fresh
from web.permissions import allow
from web.reader import Reader
from web.signin import addresses, forms, links

HOME = "/settings/me"

router = APIRouter()

Myself = Annotated[Reader, Depends(allow("self"))]


@router.get(links.ADDRESS)
def proving(request: Request, reader: Myself, token: str = "") -> Response:
    """Where the link leads: the new address, to be confirmed by who asked for it; or that the link serves no more."""
    return _page(request, reader, token) if token else render.to(HOME)


@router.post(links.ADDRESS)
def ask(request: Request, reader: Myself, email: Annotated[str, Form()] = "") -> Response:
    """Have a link sent to a new address; the answer is the same whether anybody has it or not."""
    try:
        throttle.attempt(forms.address(request), reader.actor, "link")
        with db.write() as session:
            demand_fresh(session, reader)
            addresses.ask(session, reader.user_id, email)
    except TryLater as error:
        return profile.page(request, reader, 429, forms.too_often(reader, error), email)
    except Rejected as error:
        return profile.page(request, reader, 422, reader.words(str(error)), email)
    return render.to(HOME, "address-asked")


@router.post(f"{links.ADDRESS}/confirm")
def confirm(request: Request, reader: Myself, token: Annotated[str, Form()] = "") -> Response:
    """The new address counts from now on; the one before is told by mail."""
    try:
        with db.write() as session:
            if not addresses.prove(session, reader.user_id, token):
                return _page(request, reader, token)
    except Rejected as error:
        return _page(request, reader, token, 422, reader.words(str(error)))
    return render.to(HOME, "address-changed")


@router.post(f"{links.ADDRESS}/drop")
def drop(reader: Myself) -> Response:
    """Keep the old address: the link to the new one ends."""
    with db.write() as session:
        addresses.drop(session, reader.user_id)
    return render.to(HOME, "address-dropped")


def _page(request: Request, reader: Reader, token: str, status: int = 200, problem: str = "") -> Response:
    with db.read() as session:
        row = addresses.asked(session, reader.user_id, token)
        taken = row is not None and auth.find(session, row.email) is not None
    problem = problem or (reader.words(auth.TAKEN) if taken else "")
    response = render.page(
        request, reader, "settings/address.html", status if row is not None else 410, problem=problem,
        email=row.email if row is not None else "", taken=taken, token=token,
    )  # fmt: skip
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
