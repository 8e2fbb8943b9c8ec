"""`/settings/me`: one's own language, time zone, password and sign-ins."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from zoneinfo import available_timezones

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db
from core.errors import Rejected
from inbox import teams
from web import auth, render, sessions, words
from web.i18n import LANGUAGES
from web.models import SessionRow
from web.permissions import allow
from web.reader import Reader

router = APIRouter()

Myself = Annotated[Reader, Depends(allow("self"))]
Answering = Annotated[Reader, Depends(allow("conversations.reply"))]


@router.get("/settings/me")
def index(request: Request, reader: Myself) -> Response:
    """The forms."""
    return _page(request, reader)


@router.post("/settings/me")
def save(
    reader: Myself,
    name: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "",
    time_zone: Annotated[str, Form()] = "",
) -> Response:
    """Keep name, language and time zone."""
    if language not in {"", *LANGUAGES} or time_zone not in {"", *zones()}:
        raise HTTPException(400)
    with db.write() as session:
        user = auth.get(session, reader.user_id)
        user.name, user.language, user.time_zone = name.strip()[:200] or user.email, language, time_zone
        session.add(user)
    return render.to("/settings/me", "saved")


@router.post("/settings/me/away")
def set_away(request: Request, reader: Answering, away: Annotated[str, Form()] = "") -> Response:
    """Be given no conversation by itself (`yes`), or again (`no`); the rail asks from any page and stays there."""
    if away not in ("yes", "no"):
        raise HTTPException(400)
    with db.write() as session:
        teams.set_away(session, reader.actor, away == "yes", reader.actor)
    note = "away" if away == "yes" else "available"
    if not render.wants_part(request):
        return render.to("/settings/me", note)
    now = replace(reader, away=away == "yes")
    return render.told(render.part("parts/away.html", now), reader.words(words.NOTES[note]))


@router.post("/settings/me/password")
def password(
    request: Request, reader: Myself, old: Annotated[str, Form()] = "", new: Annotated[str, Form()] = ""
) -> Response:
    """Change one's own password; other browsers are signed out."""
    try:
        with db.write() as session:
            auth.change_password(session, reader.user_id, old, new, keep=reader.session)
    except Rejected as error:
        return _page(request, reader, 422, reader.words(str(error)))
    return render.to("/settings/me", "saved")


@router.post("/settings/me/signout-elsewhere")
def sign_out_elsewhere(reader: Myself) -> Response:
    """End every other sign-in."""
    with db.write() as session:
        sessions.end_all(session, reader.user_id, but=reader.session)
    return render.to("/settings/me", "saved")


def zones() -> list[str]:
    """Time zones to choose from: places, not abbreviations."""
    return [
        "UTC",
        *sorted(
            one
            for one in available_timezones()
            if "/" in one and not one.startswith(("Etc/", "SystemV/", "US/", "posix", "right"))
        ),
    ]


def _page(request: Request, reader: Reader, status: int = 200, problem: str = "") -> Response:
    s = db.table(SessionRow)
    with db.read() as session:
        user = auth.get(session, reader.user_id)
        signed = list(
            session.scalars(sa.select(SessionRow).where(s.c.user_id == reader.user_id).order_by(s.c.seen_at.desc()))
        )
    return render.page(
        request, reader, "profile.html", status, user=user, sessions=signed, zones=zones(), problem=problem
    )
