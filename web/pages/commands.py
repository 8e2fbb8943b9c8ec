"""`/commands`: the lines of the command palette for what somebody typed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from core import db
from web import commands, render
from web.permissions import allow
from web.reader import Reader

router = APIRouter()


@router.get("/commands")
def index(reader: Annotated[Reader, Depends(allow("self"))], q: str = "", recent: str = "") -> Response:
    """Pages, views, conversations and people that fit; `recent` are conversations that this browser had open."""
    numbers = [int(one) for one in recent[:200].split(",") if one.isascii() and one.isdigit() and len(one) < 16]
    text = db.sound(q).replace("\x00", "")[:200]
    with db.read() as session:
        sections = commands.found(session, text, reader, numbers[: 2 * commands.MOST])
    return render.part("parts/commands.html", reader, sections=sections)
