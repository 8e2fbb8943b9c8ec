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
def index(reader: Annotated[Reader, Depends(allow("self"))], q: str = "") -> Response:
    """Pages, views, conversations and people that fit."""
    text = db.sound(q).replace("\x00", "")[:200]
    with db.read() as session:
        sections = commands.found(session, text, reader)
    return render.part("parts/commands.html", reader, sections=sections)
