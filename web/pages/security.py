"""`/settings/me/security`: how one signs in oneself: password, second factor, recovery codes, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from markupsafe import Markup
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected, TryLater
from web import auth, render, sessions, throttle, words
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader
from web.signin import factors, forms, passkeys, policy, rounds, totp
from web.signin.words import WAYS

HERE = "/settings/me/security"
NEW_APP = "new-app"
"""Kind of the round between a new secret and the first code made of it."""
STALE = N_("You signed in a while ago. Sign in again before you change how you sign in.")
TOO_LATE = N_("That took too long. Begin again.")
COUNTS = N_("The app counts already. Recovery codes are shown only once: make new ones if you did not keep them.")

router = APIRouter()

Myself = Annotated[Reader, Depends(allow("self"))]


@dataclass(frozen=True)
class Setup:
    """A secret that an app is to prove it has."""

    round: str
    secret: str
    picture: Markup


@router.get(HERE)
def index(request: Request, reader: Myself) -> Response:
    """What one has, and where one is signed in."""
    return page(request, reader)


@router.post("/settings/me/password")
def password(
    request: Request, reader: Myself, old: Annotated[str, Form()] = "", new: Annotated[str, Form()] = ""
) -> Response:
    """Change one's own password; other browsers are signed out."""
    try:
        throttle.attempt(forms.address(request), reader.email)
        with db.write() as session:
            auth.change_password(session, reader.user_id, old, new, keep=reader.session)
    except TryLater as error:
        return page(request, reader, 429, forms.too_often(reader, error))
    except Rejected as error:
        return page(request, reader, 422, reader.words(str(error)))
    throttle.succeeded(forms.address(request), reader.email)
    return render.to(HERE, "password-changed")


@router.post("/settings/me/signout-elsewhere")
def sign_out_elsewhere(reader: Myself) -> Response:
    """End every other sign-in."""
    with db.write() as session:
        sessions.end_all(session, reader.user_id, but=reader.session)
        audit.record(session, reader.actor, "session.ended", f"user:{reader.user_id}", {"all": True})
    return render.to(HERE, "elsewhere-ended")


@router.post("/settings/me/sessions/{mark}/end")
def end(reader: Myself, mark: str) -> Response:
    """End one sign-in of one's own."""
    with db.write() as session:
        if not sessions.end_one(session, reader.user_id, mark):
            raise HTTPException(404)
        audit.record(session, reader.actor, "session.ended", f"user:{reader.user_id}")
    return render.to(HERE, "browser-ended")


@router.post("/settings/me/factor")
def begin(request: Request, reader: Myself) -> Response:
    """Show a new secret, for a new app or another one; nothing counts before a code of it came."""
    secret = totp.new_secret()
    try:
        with db.write() as session:
            demand_fresh(session, reader)
            round = rounds.begin(session, NEW_APP, {"secret": secret}, reader.user_id)
    except Rejected as error:
        return page(request, reader, 422, reader.words(str(error)))
    return page(request, reader, setup=_setup(reader, round, secret))


@router.post("/settings/me/factor/confirm")
def confirm(
    request: Request, reader: Myself, round: Annotated[str, Form()] = "", code: Annotated[str, Form()] = ""
) -> Response:
    """The first code of the new app: it counts from now on, and other browsers are signed out."""
    setup = None
    try:
        throttle.attempt(forms.address(request), reader.actor, "factor")
        with db.write() as session:
            demand_fresh(session, reader)
            found = rounds.look(session, NEW_APP, round)
            if found is None or found.user_id != reader.user_id:
                raise Rejected(COUNTS if factors.of(session, reader.user_id).app else TOO_LATE)
            setup = _setup(reader, round, found.data["secret"])
            codes = factors.confirm(session, reader.user_id, setup.secret, code, keep=reader.session)
    except TryLater as error:
        return page(request, reader, 429, forms.too_often(reader, error))
    except Rejected as error:
        return page(request, reader, 422, reader.words(str(error)), setup=setup)
    throttle.succeeded(forms.address(request), reader.actor, "factor")
    return page(request, reader, codes=codes) if codes else render.to(HERE, "factor-kept")


@router.post("/settings/me/factor/remove")
def remove(request: Request, reader: Myself) -> Response:
    """Do without the app; refused where one's role needs a second factor and has no other."""
    try:
        with db.write() as session:
            demand_fresh(session, reader)
            factors.remove_app(session, reader.user_id, reader.role, reader.session)
    except Rejected as error:
        return page(request, reader, 422, reader.words(str(error)))
    return render.to(HERE, "factor-removed")


@router.post("/settings/me/factor/codes")
def codes(request: Request, reader: Myself) -> Response:
    """Ten new recovery codes, shown once; those before open nothing any more."""
    try:
        with db.write() as session:
            demand_fresh(session, reader)
            made = factors.new_codes(session, reader.user_id)
    except Rejected as error:
        return page(request, reader, 422, reader.words(str(error)))
    return page(request, reader, codes=made)


def _setup(reader: Reader, round: str, secret: str) -> Setup:
    return Setup(round, secret, totp.picture(secret, reader.email))


def demand_fresh(session: Session, reader: Reader) -> None:
    """Rejected when the sign-in is too old to change factors."""
    if not sessions.fresh(session, reader.session):
        raise Rejected(STALE)


def page(
    request: Request, reader: Reader, status: int = 200, problem: str = "", setup: Setup | None = None,
    codes: list[str] | None = None,
) -> Response:  # fmt: skip
    """The page, with what was just made and what went wrong."""
    with db.read() as session:
        user = auth.get(session, reader.user_id)
        signed = sessions.of(session, reader.user_id)
        held, demanded = factors.of(session, reader.user_id), policy.demanded(session, reader.role)
        fresh, keys = sessions.fresh(session, reader.session), passkeys.of(session, reader.user_id)
    return render.page(
        request, reader, "settings/security.html", status, user=user, sessions=signed, factors=held, fresh=fresh,
        demanded=demanded, setup=setup, codes=codes or [], grouped=totp.grouped, ways=WAYS, mark=sessions.MARK,
        problem=problem, stale=STALE, keys=keys, kept=factors.DEMANDED,
        at=passkeys.here(request.url), device=words.browser(request.headers.get("user-agent", "")),
    )  # fmt: skip
