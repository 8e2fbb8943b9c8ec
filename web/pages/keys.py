"""`/settings/keys`: write keys of programs that send what customers do; what was left out of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db
from core.errors import Rejected
from core.settings import settings
from enrichment.behaviour import keys
from enrichment.behaviour.who import PURPOSE
from inbox import consent
from web import actors, render
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/keys"

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("keys.manage"))]


@router.get(HERE)
def index(request: Request, reader: Managing) -> Response:
    """The keys, what came by each, and what was refused."""
    return _page(request, reader)


@router.post(HERE)
def make(request: Request, reader: Managing, name: Annotated[str, Form()] = "") -> Response:
    """Make a key; the answer shows it, and nothing does later."""
    try:
        with db.write() as session:
            _, key = keys.make(session, name, reader.actor)
    except Rejected as error:
        return _page(request, reader, 422, reader.words(str(error)))
    return _page(request, reader, made=key)


@router.post(HERE + "/{key_id}/revoke")
def revoke(key_id: int, reader: Managing) -> Response:
    """Revoke a key at once."""
    try:
        with db.write() as session:
            keys.revoke(session, key_id if key_id < 2**62 else 0, reader.actor)
    except Rejected as error:
        raise HTTPException(404) from error
    return render.to(HERE, "key-revoked")


def _page(request: Request, reader: Reader, status: int = 200, problem: str = "", made: str = "") -> Response:
    with db.read() as session:
        every = keys.every(session)
        refused = keys.refusals(session)
        on = consent.switched_on(session, PURPOSE)
        names = actors.names(session, [one.made_by for one in every])
    address = settings().public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return render.page(
        request, reader, "settings/keys.html", status, keys=every, refused=refused, on=on, names=names, made=made,
        problem=problem, address=f"{address}/api/",
    )  # fmt: skip
