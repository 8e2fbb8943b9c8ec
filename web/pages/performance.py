"""`/reports/team`: how well customers are answered, what each figure is made of, and both as CSV (docs/metrics.md)."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from core import db
from inbox.metrics import figures
from inbox.metrics.promises import PROMISES
from inbox.metrics.ratings import RATINGS
from web import performance, render
from web.performance import BY, GROUPED, HERE, MEANS, NAMES, PER_PAGE
from web.permissions import allow
from web.reader import Reader
from web.reports.say import Say

router = APIRouter()
Reading = Annotated[Reader, Depends(allow("metrics.own"))]
FIGURES = (*figures.COUNTS, *figures.TIMES, *figures.SHARES)


@router.get(HERE)
def index(request: Request, reader: Reading) -> Response:
    """The page."""
    asked = performance.asked(reader, request.query_params)
    with db.read() as session:
        sheet = performance.sheet(session, reader, asked)
    return render.page(
        request, reader, "performance.html", sheet=sheet, asked=asked, names=NAMES, means=MEANS, by=BY, grouped=GROUPED,
        times=figures.TIMES, problem=asked.problem, **_words(reader),
    )  # fmt: skip


@router.get(f"{HERE}.csv")
def table(request: Request, reader: Reading) -> Response:
    """Its figures as a file."""
    asked = performance.asked(reader, request.query_params)
    with db.read() as session:
        found = performance.as_csv(performance.sheet(session, reader, asked))
    return _file(reader, asked, found)


@router.get(f"{HERE}/spans")
def spans(request: Request, reader: Reading, figure: str = "closed", skip: str = "") -> Response:
    """What one figure is made of."""
    asked, chosen = _figure(request, reader, figure)
    after = int(skip) if skip.isascii() and skip.isdecimal() and len(skip) < 7 else 0
    with db.read() as session:
        found = performance.behind(session, reader, asked, chosen)
        rows = performance.shown(session, reader, found[after : after + PER_PAGE], chosen)
    return render.page(
        request, reader, "performance_spans.html", asked=asked, figure=chosen, rows=rows, number=len(found),
        names=NAMES, means=MEANS, scored=chosen in RATINGS,
        promised=chosen in PROMISES,
        measured=chosen in (*figures.TIMES, *PROMISES, "closed", "backlog", "waiting"),
        lasting=performance.lasting, after=after, per_page=PER_PAGE, problem=asked.problem, **_words(reader),
    )  # fmt: skip


@router.get(f"{HERE}/spans.csv")
def spans_file(request: Request, reader: Reading, figure: str = "closed") -> Response:
    """The same as a file."""
    asked, chosen = _figure(request, reader, figure)
    with db.read() as session:
        found = performance.behind(session, reader, asked, chosen)
        text = performance.spans_csv(session, asked, found)
    return _file(reader, asked, text, chosen)


def _figure(request: Request, reader: Reader, figure: str) -> tuple[performance.Asked, str]:
    if figure not in FIGURES:
        raise HTTPException(404)
    return performance.asked(reader, request.query_params), figure


def _words(reader: Reader) -> dict[str, Any]:
    return {"say": Say(reader), "everybody": reader.may("metrics.read")}


def _file(reader: Reader, asked: performance.Asked, text: str, figure: str = "") -> Response:
    name = " ".join(filter(None, (reader.words("Answering"), figure, str(asked.span.first), str(asked.span.last))))
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.csv"}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)
