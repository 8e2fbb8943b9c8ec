"""`/settings/tokens`: tokens with which programs call the JSON API, one's own or everybody's; the API's reference."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db
from core.errors import Rejected
from core.settings import settings
from web import render, role_words, tokens
from web.api.v1 import openapi
from web.api.v1.reference import told as reference_of
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/tokens"
HEADER = "Authorization: Bearer whk_…"
DAYS = {"30": N_("30 days"), "90": N_("90 days"), "365": N_("a year"), "": N_("until it is revoked")}
STATES = {"holds": N_("holds"), "revoked": N_("revoked"), "expired": N_("expired")}

router = APIRouter()

Myself = Annotated[Reader, Depends(allow("self"))]


@router.get(HERE)
def index(request: Request, reader: Myself, all: str = "") -> Response:
    """One's own tokens, for administrators everybody's on demand, and the form for a new one."""
    return _page(request, reader, every=all == "yes")


@router.post(HERE)
def make(
    request: Request,
    reader: Myself,
    name: Annotated[str, Form()] = "",
    days: Annotated[str, Form()] = "90",
    scopes: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Make a token; the answer shows it, and nothing does later."""
    if days not in DAYS:
        raise HTTPException(400)
    try:
        with db.write() as session:
            _, token = tokens.make(
                session, reader.user_id, name, scopes or [], reader.permissions, int(days) if days else None,
                reader.actor,
            )  # fmt: skip
    except Rejected as error:
        at = "name" if str(error) == tokens.NO_NAME else "scopes"
        return _page(request, reader, 422, wrong={at: reader.words(str(error))}, kept=(name, days, scopes or []))
    return _page(request, reader, made=token)


@router.post(HERE + "/{token_id}/revoke")
def revoke(token_id: int, reader: Myself, all: Annotated[str, Form()] = "") -> Response:
    """Revoke a token of one's own at once; administrators, anybody's."""
    try:
        with db.write() as session:
            owner = None if reader.may("users.manage") else reader.user_id
            tokens.revoke(session, token_id, reader.actor, owner)
    except Rejected as error:
        raise HTTPException(404) from error
    return render.to(HERE + ("?all=yes" if all == "yes" else ""), "token-revoked")


@router.get(HERE + "/reference")
def reference(request: Request, reader: Myself) -> Response:
    """Every address of the JSON API with what it takes and answers."""
    api = reference_of(openapi.of(request.app))
    return render.page(
        request, reader, "settings/api.html", api=api, sample=f'curl -H "{HEADER}" {_address(request)}me'
    )


def _address(request: Request) -> str:
    base = settings().public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return f"{base}/api/v1/"


def _groups(reader: Reader) -> dict[str, list[str]]:
    """What the reader may, by subject; a subject of which they may nothing is left out."""
    mine = {title: [one for one in some if reader.may(one)] for title, some in role_words.GROUPS.items()}
    return {title: some for title, some in mine.items() if some}


def _page(
    request: Request, reader: Reader, status: int = 200, made: str = "", wrong: dict[str, str] | None = None,
    kept: tuple[str, str, list[str]] = ("", "90", []), every: bool = False,
) -> Response:  # fmt: skip
    every = every and reader.may("users.manage")
    with db.read() as session:
        listed = tokens.listed(session, None if every else reader.user_id)
    name, days, scopes = kept
    return render.page(
        request, reader, "settings/tokens.html", status, tokens=listed, every=every, made=made, wrong=wrong or {},
        name=name, days=days, chosen=scopes, spans=DAYS, states=STATES, header=HEADER,
        groups=_groups(reader),
    )  # fmt: skip
