"""Passkeys: at the door instead of the password, in the second step, and on one's own page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import JSONResponse

from core import db
from core.errors import Rejected, TryLater
from inbox.worker_models import User
from web import auth, render, throttle
from web.pages import door, second, security
from web.permissions import allow
from web.reader import Reader
from web.signin import entry, factors, forms, passkeys, rounds

router = APIRouter()

Myself = Annotated[Reader, Depends(allow("self"))]
Text = Annotated[str, Form()]


# --- instead of the password -------------------------------------------------------------------------


@router.post("/signin/passkey/options")
def ask(request: Request, csrf: Text = "") -> Response:
    """What the browser needs to prove a passkey at the door."""
    forms.own(request, csrf)
    return _asked(request, None)


@router.post("/signin/passkey")
def sign_in(
    request: Request, round: Text = "", credential: Text = "", next: Text = "/", zone: Text = "", csrf: Text = ""
) -> Response:
    """Open a session for whoever's passkey it is."""
    forms.own(request, csrf)
    visit, at, reader = forms.visit(request, zone, next), passkeys.here(request.url), Reader.visitor(request)
    if door.alone():
        return door.page(request, next, status=403, problem=reader.words(door.ONLY))
    try:
        _counted(request, credential)
    except TryLater as error:
        return door.page(request, next, status=429, problem=forms.too_often(reader, error))
    with db.write() as session:
        user = session.get(User, passkeys.accept(session, at, round, credential)) if not at.problem else None
        known = user is not None and not user.disabled
        token = entry.complete(session, int(user.id or 0), "passkey", visit) if known and user is not None else ""
    if not token:
        return door.page(request, next, status=403, problem=reader.words(passkeys.REFUSED))
    return forms.lead(request, entry.Came(token), visit.next)


# --- beside the password -----------------------------------------------------------------------------


@router.post("/signin/second/options")
def ask_second(request: Request, csrf: Text = "") -> Response:
    """What the browser needs to prove a passkey of whoever gave the password."""
    forms.own(request, csrf)
    found = entry.waiting(forms.step(request), entry.SECOND)
    if found is None:
        return _refused(request, 403, passkeys.REFUSED)
    return _asked(request, found[0].user_id)


@router.post("/signin/second/passkey")
def prove(request: Request, round: Text = "", credential: Text = "", csrf: Text = "") -> Response:
    """Open the session that the password was the first step to."""
    forms.own(request, csrf)
    found, at, reader = (
        entry.waiting(forms.step(request), entry.SECOND),
        passkeys.here(request.url),
        Reader.visitor(request),
    )
    if found is None:
        return second.late()
    begun, user = found
    try:
        throttle.attempt(forms.address(request), f"user:{begun.user_id}", "passkey")
    except TryLater as error:
        return second.page(request, user, "", 429, forms.too_often(reader, error))
    with db.write() as session:
        proved = not at.problem and passkeys.accept(session, at, round, credential, begun.user_id)
        taken = rounds.take(session, entry.SECOND, forms.step(request)) if proved else None
        visit = forms.visit(request, begun.data["zone"], begun.data["next"])
        way = "second" if begun.data["way"] == "password" else begun.data["way"]
        token = entry.complete(session, begun.user_id, way, visit) if taken is not None else ""
    if not proved:
        return second.page(request, user, "", 403, reader.words(passkeys.REFUSED))
    return forms.lead(request, entry.Came(token), visit.next) if token else second.late()


# --- one's own ---------------------------------------------------------------------------------------


@router.post("/settings/me/passkeys/options")
def offer(request: Request, reader: Myself) -> Response:
    """What the browser needs to make a passkey."""
    at = passkeys.here(request.url)
    if at.problem:
        return _refused(request, 422, at.problem, address=at.address)
    try:
        with db.write() as session:
            security.demand_fresh(session, reader)
            return JSONResponse(passkeys.offer(session, auth.get(session, reader.user_id), at))
    except Rejected as error:
        return _refused(request, 422, str(error))


@router.post("/settings/me/passkeys")
def add(request: Request, reader: Myself, round: Text = "", credential: Text = "", name: Text = "") -> Response:
    """Keep a passkey; other browsers are signed out. With the first factor come the recovery codes."""
    at = passkeys.here(request.url)
    try:
        if at.problem:
            raise Rejected(passkeys.REFUSED)
        with db.write() as session:
            security.demand_fresh(session, reader)
            passkeys.add(session, reader.user_id, round, credential, name, at)
            codes = factors.added(session, reader.user_id, reader.session)
    except Rejected as error:
        return security.page(request, reader, 422, reader.words(str(error)))
    return security.page(request, reader, codes=codes) if codes else render.to(security.HERE, "passkey-added")


@router.post("/settings/me/passkeys/{passkey_id}/remove")
def remove(request: Request, reader: Myself, passkey_id: int) -> Response:
    """Forget a passkey; other browsers are signed out."""
    try:
        with db.write() as session:
            security.demand_fresh(session, reader)
            factors.remove_passkey(session, reader.user_id, passkey_id, reader.role, reader.session)
    except Rejected as error:
        return security.page(request, reader, 422, reader.words(str(error)))
    return render.to(security.HERE, "passkey-removed")


def _asked(request: Request, user_id: int | None) -> Response:
    at = passkeys.here(request.url)
    if at.problem:
        return _refused(request, 422, at.problem, address=at.address)
    try:
        throttle.attempt(forms.address(request), "", "question")
    except TryLater as error:
        return JSONResponse({"error": forms.too_often(Reader.visitor(request), error)}, 429)
    with db.write() as session:
        return JSONResponse(passkeys.ask(session, at, user_id))


def _counted(request: Request, credential: str) -> None:
    """Count one attempt, at the account whose passkey it says it is."""
    with db.read() as session:
        owner = passkeys.owner(session, credential)
    throttle.attempt(forms.address(request), f"user:{owner}" if owner else "", "passkey")


def _refused(request: Request, status: int, words: str, **values: object) -> Response:
    known = getattr(request.state, "reader", None)
    reader = known if isinstance(known, Reader) else Reader.visitor(request)
    return JSONResponse({"error": reader.words(words, **values)}, status)
