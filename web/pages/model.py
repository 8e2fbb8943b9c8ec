"""`/settings/model`: which annotator rates messages, how good and how quick it is here, and how its answers move."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from core import db
from sentiment import active, card, coverage, drift, fitted, passes, retrain, speed
from web import rating, render
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/model"
WEEKS = 8
"""Weeks of drift shown."""

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("model.read"))]
Managing = Annotated[Reader, Depends(allow("model.manage"))]


@router.get(HERE)
def index(request: Request, reader: Reading, drifting: str = "") -> Response:
    """The annotator in use and its figures; the weeks come after it. With `drifting` they come along."""
    with db.read() as session:
        values: dict[str, Any] = {
            "state": active.state(session),
            "heads": fitted.chosen(session),
            "last": coverage.last_word(session),
            "again": passes.newest(session),
            "covered": coverage.covered(session),
            "corrected": coverage.corrected(session),
            "speeds": speed.lately(session),
            "weeks": _weeks(drift.weeks(session, number=WEEKS)) if drifting else None,
        }
    values |= {"card": card.card(), "least": retrain.LEAST, "rating": rating, "days": coverage.DAYS}
    return render.page(request, reader, "settings/model.html", **values)


@router.get(f"{HERE}/drift")
def weeks(request: Request, reader: Reading) -> Response:
    """The weeks alone, as the page fetches them; opened by itself it leads to the whole page."""
    if not render.wants_part(request):
        return render.to(f"{HERE}?drifting=yes#drift")
    with db.read() as session:
        found = _weeks(drift.weeks(session, number=WEEKS))
    return render.part("settings/drift.html", reader, weeks=found, rating=rating)


@router.post(f"{HERE}/again")
def again(reader: Managing) -> Response:
    """Have stored messages rated by the annotator in use."""
    with db.write() as session:
        passes.begin(session, reader.actor)
    return render.to(HERE, "rating-again")


def _weeks(found: list[drift.Week]) -> list[tuple[str, list[drift.Week]]]:
    """By language, the most frequent first, the newest week first."""
    by_language = [(name, list(rows)[::-1]) for name, rows in groupby(found, key=lambda one: one.language)]
    return sorted(by_language, key=lambda one: -sum(week.n for week in one[1]))
