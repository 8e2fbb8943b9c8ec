"""`/signin/…`: between the password and the session, where a second factor is asked for or set up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from core import db
from core.errors import Rejected, TryLater
from inbox.worker_models import User
from web import render, throttle
from web.reader import Reader
from web.signin import entry, factors, forms, passkeys, rounds, totp

router = APIRouter()

TOO_LATE = "signin-late"
ASKED_OFTEN = "factor"


@router.get("/signin/second")
def second(request: Request, by: str = "") -> Response:
    """The page that asks for a code of the app, or with `by=recovery` for one on paper."""
    found = entry.waiting(forms.step(request), entry.SECOND)
    return page(request, found[1], by) if found is not None else late()


@router.post("/signin/second")
def prove(
    request: Request,
    code: Annotated[str, Form()] = "",
    by: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """Take a code, once, and open the session."""
    forms.own(request, csrf)
    found = entry.waiting(forms.step(request), entry.SECOND)
    if found is None:
        return late()
    round, user = found
    reader, address, account = Reader.visitor(request), forms.address(request), f"user:{round.user_id}"
    try:
        throttle.attempt(address, account, ASKED_OFTEN)
    except TryLater as error:
        return page(request, user, by, 429, forms.too_often(reader, error))
    with db.write() as session:
        proved = factors.prove(session, round.user_id, code)
        taken = rounds.take(session, entry.SECOND, forms.step(request)) if proved else None
        visit = forms.visit(request, round.data["zone"], round.data["next"])
        way = proved if round.data["way"] == "password" else round.data["way"]
        token = entry.complete(session, round.user_id, way, visit) if taken is not None else ""
    if not proved:
        wrong = factors.WRONG_PAPER if by == "recovery" else factors.WRONG_CODE
        return page(request, user, by, 403, reader.words(wrong))
    throttle.succeeded(address, account, ASKED_OFTEN)
    return forms.lead(request, entry.Came(token), visit.next) if token else late()


@router.get("/signin/enrol")
def enrol(request: Request) -> Response:
    """The page that leads to a second factor before anything else, where it is demanded."""
    found = entry.waiting(forms.step(request), entry.ENROL)
    return _enrol(request, *found) if found is not None else late()


@router.post("/signin/enrol")
def enrolled(request: Request, code: Annotated[str, Form()] = "", csrf: Annotated[str, Form()] = "") -> Response:
    """Take the first code of an app: it counts from now on, and the session opens with the recovery codes."""
    forms.own(request, csrf)
    found = entry.waiting(forms.step(request), entry.ENROL)
    if found is None:
        return late()
    round, user = found
    reader, account = Reader.visitor(request), f"user:{round.user_id}"
    try:
        throttle.attempt(forms.address(request), account, ASKED_OFTEN)
        with db.write() as session:
            if rounds.take(session, entry.ENROL, forms.step(request)) is None or factors.of(session, round.user_id).any:
                return late()
            codes = factors.confirm(session, round.user_id, round.data["secret"], code)
            visit = forms.visit(request, round.data["zone"], round.data["next"])
            token = entry.complete(session, round.user_id, "code", visit)
    except TryLater as error:
        return _enrol(request, round, user, 429, forms.too_often(reader, error))
    except Rejected as error:
        return _enrol(request, round, user, 403, reader.words(str(error)))
    throttle.succeeded(forms.address(request), account, ASKED_OFTEN)
    shown = forms.page(request, "door/codes.html", codes=codes, email=user.email, next=visit.next)
    return forms.welcome(request, shown, token)


def page(request: Request, user: User, by: str, status: int = 200, problem: str = "") -> Response:
    """The second step of a user, with what went wrong."""
    with db.read() as session:
        held = factors.of(session, int(user.id or 0))
    return forms.page(
        request, "door/second.html", status, problem=problem, paper=by == "recovery", email=user.email, factors=held,
        at=passkeys.here(request.url),
    )  # fmt: skip


def _enrol(request: Request, round: rounds.Round, user: User, status: int = 200, problem: str = "") -> Response:
    secret = str(round.data["secret"])
    return forms.page(
        request, "door/enrol.html", status, problem=problem, email=user.email, picture=totp.picture(secret, user.email),
        secret=totp.grouped(secret),
    )  # fmt: skip


def late() -> Response:
    """Back to the door: there is no step under way."""
    return render.to("/signin", TOO_LATE)
