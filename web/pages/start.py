"""`/start`: an empty hub leads in three steps to its first answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db
from web import firststeps, render
from web.pages import accounts
from web.permissions import allow
from web.reader import Reader

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("accounts.manage"))]


@router.get("/start")
def index(request: Request, reader: Managing) -> Response:
    """The steps, each with what is to be done or what was done."""
    with db.read() as session:
        steps = firststeps.steps(session)
        values = {"accounts": firststeps.accounts(session), "waiting": firststeps.open_conversations(session)}
    return render.page(
        request, reader, "start.html", steps=steps, over=firststeps.over(steps), offered=accounts.offered(),
        labels=accounts.LABELS, kept={}, starting=True, **values,
    )  # fmt: skip


@router.post("/start/skip")
def skip(reader: Managing, step: Annotated[str, Form()] = "") -> Response:
    """Leave a step out."""
    if step not in firststeps.NAMES:
        raise HTTPException(400)
    with db.write() as session:
        firststeps.skip(session, step, reader.actor)
    return render.to("/start", "step-skipped")
