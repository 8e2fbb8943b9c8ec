"""`/inbox/{number}/priority`, `/type`, `/team`: what a conversation has of a case; each with the way back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from inbox import desk, teams
from web import casework, thread
from web.i18n import N_
from web.pages.thread import do
from web.permissions import allow
from web.reader import Reader

router = APIRouter()
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]


@router.post("/inbox/{conversation_id}/priority")
def set_priority(
    request: Request, conversation_id: int, reader: Managing, priority: Annotated[str, Form()] = ""
) -> Response:
    """How much it matters."""
    if priority not in casework.PRIORITIES:
        raise HTTPException(400)
    with db.read() as session:
        before = thread.find(session, conversation_id, reader).priority

    def deed(session: Session) -> bool:
        return desk.set_priority(session, conversation_id, priority, reader.actor)

    said = reader.words(N_("Set to: %(priority)s."), priority=reader.words(casework.PRIORITIES[priority][1]))
    return do(request, conversation_id, reader, deed, said, "saved", "priority", {"priority": before})


@router.post("/inbox/{conversation_id}/type")
def set_type(
    request: Request, conversation_id: int, reader: Managing, kind: Annotated[str, Form(alias="type")] = ""
) -> Response:
    """What kind of case it is, or `none`."""
    wanted = "" if kind == "none" else kind
    if wanted not in {"", *casework.TYPES}:
        raise HTTPException(400)
    with db.read() as session:
        before = thread.find(session, conversation_id, reader).type

    def deed(session: Session) -> bool:
        return desk.set_type(session, conversation_id, wanted, reader.actor)

    shown = reader.words(casework.TYPES[wanted]) if wanted else reader.words(N_("No type"))
    said = reader.words(N_("The type is now: %(type)s."), type=shown)
    return do(request, conversation_id, reader, deed, said, "saved", "type", {"type": before or "none"})


@router.post("/inbox/{conversation_id}/team")
def set_team(request: Request, conversation_id: int, reader: Managing, team: Annotated[str, Form()] = "") -> Response:
    """The team it belongs to, or `none`."""
    with db.read() as session:
        before = thread.find(session, conversation_id, reader).team_id
        known = {str(number): name for number, name in teams.names(session)}
    if team != "none" and team not in known:
        raise HTTPException(400)
    wanted = int(team) if team in known else None

    def deed(session: Session) -> bool:
        return desk.set_team(session, conversation_id, wanted, reader.actor)

    said = reader.words(N_("It belongs to no team now."))
    if wanted:
        said = reader.words(N_("It belongs to the team %(team)s now."), team=known[team])
    return do(request, conversation_id, reader, deed, said, "saved", "team", {"team": str(before or "none")})
