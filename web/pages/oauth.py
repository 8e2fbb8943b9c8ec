"""`/oauth/…`: connecting an account by signing in at its platform."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from connectors import oauth, setup
from connectors.capabilities import capability
from core import crypto, db
from core.errors import Rejected, WiderhallError
from core.settings import settings
from web import render, sessions
from web.i18n import N_
from web.models import OAuthPending
from web.pages import accounts
from web.permissions import allow
from web.reader import Reader

LIFE = timedelta(minutes=15)
"""How long a sign-in at a platform may take."""

NOT_OURS = N_("This sign-in was not started here, or it took too long. Start it again.")

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("accounts.manage"))]


def public_base(request: Request) -> str:
    """The address platforms send people back to."""
    return settings().public_url.rstrip("/") or str(request.base_url).rstrip("/")


@router.get(oauth.METADATA_PATH)
def client_metadata(request: Request) -> JSONResponse:
    """Who we are, for Bluesky's authorisation servers."""
    return JSONResponse(oauth.client_metadata(public_base(request)))


@router.post("/oauth/start")
def start(
    request: Request,
    reader: Managing,
    platform: Annotated[str, Form()],
    server: Annotated[str, Form()] = "",
    starting: Annotated[str, Form()] = "",
) -> Response:
    """Prepare a sign-in and show the way to the platform.

    `server` is the address of a Mastodon server, or a Bluesky handle or server. The answer is a page, no
    redirect: a form of ours may only lead to our own pages (the `form-action` of our policy).
    """
    base_url, identifier = named(platform, server)
    try:
        where, pending = oauth.start(
            platform,
            base_url,
            public_base(request) + oauth.CALLBACK_PATH,
            identifier=identifier,
            allow_private=settings().allow_private_hosts,
        )
    except WiderhallError as error:
        kept = {"platform": platform, "server": server}
        return accounts.page(request, reader, 422, str(error), kept)
    p = db.table(OAuthPending)
    with db.write() as session:
        session.execute(sa.delete(p).where(p.c.expires_at < db.now()))
        session.add(
            OAuthPending(
                digest=sessions.digest(pending["state"]),
                sealed=crypto.seal(json.dumps({**pending, "starting": "yes" if starting else ""})),
                user_id=reader.user_id,
                expires_at=db.now() + LIFE,
            )
        )
    return render.page(request, reader, "forward.html", where=where, host=urlsplit(where).netloc)


@router.get(oauth.CALLBACK_PATH)
def callback(request: Request, reader: Managing, state: str = "") -> Response:
    """The person comes back: finish what was begun, once, and only for whoever began it."""
    pending = _take(state, reader)
    if pending is None:
        return accounts.page(request, reader, 422, reader.words(NOT_OURS))
    try:
        found = oauth.finish(pending, dict(request.query_params), allow_private=settings().allow_private_hosts)
    except Rejected as error:
        return accounts.page(request, reader, 422, reader.words(str(error)))
    except WiderhallError as error:
        return accounts.page(request, reader, 503, str(error))
    with db.write() as session:
        account_id = setup.save(
            session, found.platform, found.profile, found.base_url, found.tokens, actor=reader.actor
        )
    return render.to("/start" if pending.get("starting") else f"/settings/accounts#a{account_id}", "account-connected")


def named(platform: str, server: str) -> tuple[str, str]:
    """What a person typed as (address of the server, name of the account)."""
    if platform not in [row.name for row in accounts.offered() if "oauth" in row.auth]:
        raise HTTPException(400)
    words = server.strip().rstrip("/")
    if platform == "bluesky" and "://" not in words:
        return capability(platform).base_url, words.lstrip("@")
    if "://" not in words:
        words = f"https://{words.rpartition('@')[2]}"  # a server's name, or a whole handle
    return words, ""


def _take(state: str, reader: Reader) -> dict[str, str] | None:
    """The pending half of this state, removed so that it serves once."""
    p = db.table(OAuthPending)
    mine = (p.c.digest == sessions.digest(state), p.c.user_id == reader.user_id)
    with db.write() as session:
        row = session.execute(sa.select(p.c.sealed, p.c.expires_at).where(*mine)).first()
        session.execute(sa.delete(p).where(*mine))
    if row is None or row.expires_at < db.now():
        return None
    found: dict[str, str] = json.loads(crypto.unseal(row.sealed))
    return found
