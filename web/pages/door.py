"""In and out: the first user, sign-in, sign-out."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from core import db, mail
from core.errors import Rejected, TryLater
from web import auth, render, sessions
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader
from web.signin import forms, passkeys, provider
from web.signin.forms import local

router = APIRouter()

ONLY = N_("Here everybody signs in by the provider.")
WRONG = N_("E-mail address and password do not go together. Check both and try again.")


@router.get("/signin")
def signin(request: Request, next: str = "/") -> Response:  # the name in the address
    """The door."""
    with db.read() as session:
        if auth.first_run(session):
            return RedirectResponse("/setup", 303)
    return page(request, next)


@router.post("/signin")
def sign_in(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # the name in the form
    zone: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """Check, and open a session, or ask for the second factor."""
    forms.own(request, csrf)
    reader = Reader.visitor(request)
    if alone():
        return page(request, next, email, 403, reader.words(ONLY))
    try:
        came = auth.sign_in(forms.address(request), email, password, forms.visit(request, zone, next))
    except TryLater as error:
        return page(request, next, email, 429, forms.too_often(reader, error))
    if came is None:
        return page(request, next, email, 403, reader.words(WRONG))
    return forms.lead(request, came, next)


def page(request: Request, next: str, email: str = "", status: int = 200, problem: str = "") -> Response:
    """The door, with what was typed and what went wrong."""
    with db.read() as session:
        row, alone = provider.enabled(session), provider.alone(session)
    keys = not passkeys.here(request.url).problem and not alone
    return forms.page(
        request, "signin.html", status, problem=problem, next=local(next), email=email, keys=keys, provider=row,
        alone=alone, mails_go=mail.is_set_up(),
    )  # fmt: skip


def alone() -> bool:
    """The provider is the only way in."""
    with db.read() as session:
        return provider.alone(session)


@router.post("/signout")
def sign_out(request: Request, reader: Annotated[Reader, Depends(allow("self"))]) -> Response:
    """End this browser's session."""
    with db.write() as session:
        there = sessions.way(session, reader.session) == "provider"
        sessions.end(session, reader.session)
    response = render.to("/signin", "signed-out-here" if there else "signed-out")
    sessions.take(request, response)
    return response


@router.get("/setup")
def setup(request: Request, token: str = "") -> Response:
    """The page for the first administrator."""
    with db.read() as session:
        if not auth.first_run(session):
            return RedirectResponse("/signin", 303)
    return forms.page(request, "setup.html", token=token, email="", name="")


@router.post("/setup")
def set_up(
    request: Request,
    token: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """Create the first administrator."""
    forms.own(request, csrf)
    try:
        with db.write() as session:
            auth.create_first(session, token, email, name, password)
    except Rejected as error:
        problem = Reader.visitor(request).words(str(error))
        return forms.page(request, "setup.html", 422, problem=problem, token=token, email=email, name=name)
    return render.to(f"/signin?next={quote('/start')}", "set-up")
