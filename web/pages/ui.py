"""`/ui`: every part of the pages in every state, light and dark side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from core import db
from web import render
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader

router = APIRouter()

SECTIONS = {
    "colour": N_("Colour"),
    "type": N_("Type"),
    "icons": N_("Icons"),
    "buttons": N_("Buttons"),
    "fields": N_("Fields"),
    "menus": N_("Menus and dialogs"),
    "banners": N_("Toasts and banners"),
    "tables": N_("Tables and tabs"),
    "badges": N_("Badges and pills"),
    "marks": N_("Avatars, sentiment, clocks"),
    "messages": N_("Messages"),
    "composer": N_("Composer"),
    "evidence": N_("Evidence of a match"),
    "diff": N_("Salesforce dry run"),
    "states": N_("States of a page"),
    "charts": N_("Small charts"),
}
"""In the order of the page."""


@dataclass(frozen=True)
class Proof:
    """A piece of evidence as the matcher gives it."""

    signal: str
    words: str
    supports: bool
    weight: float


EVIDENCE = (
    Proof("handle", "", True, 0.46),
    Proof("name_full", "", True, 0.31),
    Proof("name_other_given", "", False, 0.0),
    Proof("company", "", True, 0.0),
)
SEEN = (0.1, 0.3, 0.8, 1.2)
"""Days somebody has waited, one per state of the clock."""


@router.get("/ui")
def show(request: Request, reader: Annotated[Reader, Depends(allow("self"))]) -> Response:
    """The page of parts."""
    now = db.now()
    return render.page(
        request,
        reader,
        "ui.html",
        sections=SECTIONS,
        proof=EVIDENCE,
        moments=[now - timedelta(days=days) for days in SEEN],
        now=now,
        trend=(3, 2, 5, 4, 3, 7, 12, 21, 17, 5, 7, 6),
    )
