"""`/signin/oidc`: to the provider and back; `/settings/signin/provider`: setting it up."""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import IntegrityError

from core import db
from core.errors import Rejected, TryLater, WiderhallError
from core.settings import settings
from web import render, role_words, sessions, throttle
from web.pages import door, signin
from web.permissions import allow
from web.reader import Reader
from web.signin import entry, forms, oidc, provider, rounds

KIND = "oidc"

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("users.manage"))]
Text = Annotated[str, Form(max_length=5000)]


@router.get("/signin/oidc")
def start(request: Request, next: str = "/", zone: str = "") -> Response:
    """On to the provider; a hub that was opened under another name first comes back under its own."""
    base = settings().public_url.rstrip("/")
    if base and urlsplit(base).hostname != request.url.hostname:
        return RedirectResponse(f"{base}/signin/oidc{render.query(next=next, zone=zone)}", 303)
    reader = Reader.visitor(request)
    with db.read() as session:
        row = provider.enabled(session)
    if row is None:
        return door.page(request, next, status=404, problem=reader.words(oidc.NOT_OURS))
    try:
        throttle.attempt(forms.address(request), "", "provider")
        with db.write() as session:
            token = rounds.begin(session, KIND, {})
        signed_in = sessions.look_up(request.cookies.get(sessions.cookie_name(request), "")) is not None
        begun = oidc.start(provider.opened(row), oidc.back(request), _state(token), again=signed_in)
    except TryLater as error:
        known = str(error).startswith("Too many")
        text = forms.too_often(reader, error) if known else reader.words(oidc.AWAY)
        return door.page(request, next, status=429 if known else 503, problem=text)
    except (oidc.Misfit, WiderhallError):
        return door.page(request, next, status=502, problem=reader.words(oidc.MISFIT))
    with db.write() as session:
        rounds.keep(session, token, {**begun.kept, "next": forms.local(next), "zone": zone[:64]})
    return forms.hold(request, RedirectResponse(begun.where, 303), token)


@router.get(oidc.CALLBACK)
def callback(request: Request, state: str = "") -> Response:
    """Back from the provider: once, in the browser that went there, and for somebody who belongs here."""
    reader, token, next = Reader.visitor(request), forms.step(request), "/"
    try:
        throttle.attempt(forms.address(request), "", "provider")
        with db.write() as session:
            begun = rounds.take(session, KIND, token)
            row = provider.enabled(session)
        if row is None or begun is None or not hmac.compare_digest(state.encode(), _state(token).encode()):
            raise Rejected(oidc.NOT_OURS)
        next = begun.data["next"]
        claims = oidc.finish(provider.opened(row), begun.data, dict(request.query_params))
        throttle.attempt(forms.address(request), f"{row.issuer} {claims['sub']}", "provider")
        visit = forms.visit(request, begun.data["zone"], next)
        with db.write() as session:
            user, proved = provider.admit(session, row, claims), oidc.proved_at(claims)
            if row.asks:
                came = entry.first(session, user, "provider", visit, proved)
            else:
                came = entry.Came(entry.complete(session, int(user.id or 0), "provider", visit, proved))
    except TryLater as error:
        return door.page(request, next, status=429, problem=forms.too_often(reader, error))
    except Rejected as error:
        return door.page(request, next, status=403, problem=reader.words(str(error)))
    except IntegrityError:  # the same person came twice at the same moment: the other one was first
        return door.page(request, next, status=409, problem=reader.words(oidc.NOT_OURS))
    return forms.lead(request, came, visit.next)


def _state(token: str) -> str:
    """What goes through the provider: says nothing of the browser's own token."""
    return sessions.digest(f"state:{token}")


# --- setting it up -----------------------------------------------------------------------------------


@router.post("/settings/signin/provider")
def save(
    request: Request, reader: Managing, issuer: Text = "", client_id: Text = "", secret: Text = "", label: Text = "",
    default_role: Text = "", domains: Text = "", role_claim: Text = "", role_map: Text = "", asks: Text = "",
    enabled: Text = "",
) -> Response:  # fmt: skip
    """Keep the provider once its addresses were found; what was typed stays when they were not, the secret does not."""
    wanted = provider.Wanted(
        issuer, client_id, secret, label, default_role, domains, role_claim, role_map, asks == "yes", enabled == "yes"
    )
    try:
        signin.everybodys(reader)
        if wanted.enabled and (missing := provider.check(oidc.checked_issuer(issuer))):
            words, values = missing
            return signin.page(request, reader, 422, reader.words(words, **values), wanted)
        with db.write() as session:
            provider.save(session, wanted, tuple(role_words.named(session, reader)), reader.actor)
    except Rejected as error:
        return signin.page(request, reader, 422, reader.words(str(error)), wanted)
    return render.to(signin.HERE, "provider-kept")


@router.post("/settings/signin/only")
def only(request: Request, reader: Managing, only: Text = "") -> Response:
    """Let people in by the provider alone, or by every way again."""
    try:
        signin.everybodys(reader)
        with db.write() as session:
            provider.only(session, only == "yes", reader.user_id, reader.actor)
    except Rejected as error:
        return signin.page(request, reader, 422, reader.words(str(error)))
    return render.to(signin.HERE, "saved")
