"""`/signin/forgot` and `/signin/password`: ask for a link by mail, and choose a password by it."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from core import db, mail
from core.errors import Rejected, TryLater
from web import auth, render
from web.pages.door import ONLY, alone
from web.reader import Reader
from web.signin import forms, inviting, links

TOKEN = re.compile(r"[\w-]{20,100}", re.ASCII)

router = APIRouter()


@router.get("/signin/forgot")
def forgot(request: Request) -> Response:
    """The page that asks for the address, or says why no mail would come."""
    with db.read() as session:
        if auth.first_run(session):
            return RedirectResponse("/setup", 303)
    return _asking(request)


@router.post("/signin/forgot")
def ask(request: Request, email: Annotated[str, Form()] = "", csrf: Annotated[str, Form()] = "") -> Response:
    """Have a link sent to whoever has the address; the answer is the same for everybody."""
    forms.own(request, csrf)
    reader = Reader.visitor(request)
    if alone() or not mail.is_set_up():
        return _asking(request, email, 422)
    try:
        inviting.ask(forms.address(request), email, reader.language)
    except TryLater as error:
        return _asking(request, email, 429, forms.too_often(reader, error))
    except Rejected as error:
        return _asking(request, email, 422, reader.words(str(error)))
    return render.to("/signin", "link-asked")


@router.get(links.PATH)
def password(request: Request, token: str = "") -> Response:
    """The page to choose a password. What the mail's address carries goes into a cookie, and out of the address."""
    if token:
        response = RedirectResponse(links.PATH, 303)
        response.headers["Referrer-Policy"] = "no-referrer"
        return forms.hold(request, response, token if TOKEN.fullmatch(token) else "none")
    return _choosing(request)


@router.post(links.PATH)
def choose(
    request: Request,
    new: Annotated[str, Form()] = "",
    zone: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """Take the password: it counts from now on, and leads on like a sign-in with it."""
    forms.own(request, csrf)
    if alone():
        return _choosing(request)
    visit = forms.visit(request, zone)
    try:
        came = auth.choose_password(forms.step(request), new, visit)
    except Rejected as error:
        return _choosing(request, 422, Reader.visitor(request).words(str(error)))
    return forms.lead(request, came, visit.next) if came is not None else _choosing(request)


def _asking(request: Request, email: str = "", status: int = 200, problem: str = "") -> Response:
    return forms.page(
        request, "door/forgot.html", status, problem=problem, email=email, only=ONLY if alone() else "",
        mails_go=mail.is_set_up(),
    )  # fmt: skip


def _choosing(request: Request, status: int = 200, problem: str = "") -> Response:
    """The form, or that the link serves no more."""
    with db.read() as session:
        user = links.whose(session, forms.step(request)) if not alone() else None
    return forms.page(
        request, "door/password.html", status if user is not None else 410, problem=problem,
        only=ONLY if alone() else "", email=user.email if user is not None else "", mails_go=mail.is_set_up(),
    )  # fmt: skip
