"""In and out: the first user, sign-in, sign-out."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from core import db
from core.errors import Rejected, TryLater
from web import auth, render, sessions
from web.i18n import LANGUAGES, N_
from web.permissions import Forbidden, allow, same_site
from web.reader import LANGUAGE, Reader

router = APIRouter()

WRONG = N_("E-mail address and password do not go together. Check both and try again.")
YEAR = 365 * 24 * 3600
TOO_OFTEN = N_("Too many attempts. Wait %(minutes)s minutes and try again.")


def local(target: str) -> str:
    """A path of ours to go on to; anything else leads to the start page."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and "\n" not in target and "\r" not in target
    return target if safe else "/"


@router.get("/signin")
def signin(request: Request, next: str = "/") -> Response:  # the name in the address
    """The door."""
    with db.read() as session:
        if auth.first_run(session):
            return RedirectResponse("/setup", 303)
    return _door(request, "signin.html", next=local(next), email="")


@router.post("/signin")
def sign_in(
    request: Request,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # the name in the form
    zone: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """Check, and open a session."""
    _own_form(request, csrf)
    reader = Reader.visitor(request)
    address = request.client.host if request.client is not None else ""
    try:
        token = auth.sign_in(address, email, password, request.headers.get("user-agent", ""), zone)
    except TryLater as error:
        text = reader.words(TOO_OFTEN, minutes=max(1, round(error.after / 60)))
        return _door(request, "signin.html", 429, problem=text, next=local(next), email=email)
    if token is None:
        return _door(request, "signin.html", 403, problem=reader.words(WRONG), next=local(next), email=email)
    response = RedirectResponse(local(next), 303)
    sessions.give(request, response, token)
    response.delete_cookie(_form_cookie(request), path="/", secure=sessions.secure(request), httponly=True)
    return response


@router.post("/signout")
def sign_out(request: Request, reader: Annotated[Reader, Depends(allow("self"))]) -> Response:
    """End this browser's session."""
    with db.write() as session:
        sessions.end(session, reader.session)
    response = render.to("/signin", "signed-out")
    sessions.take(request, response)
    return response


@router.get("/setup")
def setup(request: Request, token: str = "") -> Response:
    """The page for the first administrator."""
    with db.read() as session:
        if not auth.first_run(session):
            return RedirectResponse("/signin", 303)
    return _door(request, "setup.html", token=token, email="", name="")


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
    _own_form(request, csrf)
    try:
        with db.write() as session:
            auth.create_first(session, token, email, name, password)
    except Rejected as error:
        problem = Reader.visitor(request).words(str(error))
        return _door(request, "setup.html", 422, problem=problem, token=token, email=email, name=name)
    return render.to(f"/signin?next={quote('/start')}", "set-up")


# --- forms before there is a session: the token stands in the form and in a cookie ---------------------


def _form_cookie(request: Request) -> str:
    return "__Host-widerhall-form" if sessions.secure(request) else "widerhall-form"


def _door(request: Request, template: str, status: int = 200, **values: object) -> Response:
    token = request.cookies.get(_form_cookie(request)) or secrets.token_urlsafe(24)
    response = render.page(request, Reader.visitor(request), template, status, form_token=token, **values)
    response.set_cookie(
        _form_cookie(request), token, path="/", secure=sessions.secure(request), httponly=True, samesite="lax"
    )
    if request.query_params.get("lang", "") in LANGUAGES:
        response.set_cookie(
            LANGUAGE, request.query_params["lang"], max_age=YEAR, path="/", secure=sessions.secure(request),
            httponly=True, samesite="lax",
        )  # fmt: skip
    return response


def _own_form(request: Request, given: str) -> None:
    same_site(request)
    expected = request.cookies.get(_form_cookie(request), "")
    if not expected or not secrets.compare_digest(expected.encode(), given.encode()):
        raise Forbidden("csrf")
