"""`/settings/me`: one's own language and time zone."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db, mail
from inbox import teams
from web import auth, note_words, render, sessions, shell
from web.i18n import LANGUAGES
from web.permissions import allow
from web.reader import Reader
from web.signin import addresses

router = APIRouter()

Myself = Annotated[Reader, Depends(allow("self"))]
Answering = Annotated[Reader, Depends(allow("conversations.reply"))]


@router.get("/settings")
def start(reader: Myself) -> Response:
    """To the first page of the set-up that this reader may open."""
    return render.to(shell.settings(reader)[0].href)


@router.get("/settings/me")
def index(request: Request, reader: Myself) -> Response:
    """The forms."""
    return page(request, reader)


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
    return render.told(render.part("parts/away.html", now), reader.words(note_words.NOTES[note]))


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


def _by_command(email: str) -> str:
    """How who runs this hub changes an address."""
    return f"widerhall users set-address {shlex.quote(email)} NEW"


def page(request: Request, reader: Reader, status: int = 200, problem: str = "", email: str = "") -> Response:
    """The forms, with the `email` that was typed and what went wrong."""
    with db.read() as session:
        user, new = auth.get(session, reader.user_id), addresses.waiting(session, reader.user_id)
        fresh, has_help = sessions.fresh(session, reader.session), auth.has_help(session, reader.user_id)
    return render.page(
        request, reader, "profile.html", status, user=user, zones=zones(), problem=problem, email=email, new=new,
        fresh=fresh, mails_go=mail.is_set_up(), has_help=has_help, by_command=_by_command(user.email),
    )  # fmt: skip
