"""`/settings/orders`: orders out of a CSV file: choose it, map its columns, look at it, import it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from core import db
from core.errors import NotConfigured, Rejected
from enrichment import csv
from enrichment.behaviour import files
from enrichment.behaviour.models import OrderFile
from enrichment.behaviour.who import PURPOSE
from inbox import consent
from web import render
from web.pages.contacts import LIMIT, NO_FILE, SHOWN, TOO_LARGE
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/orders"

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("keys.manage"))]


@router.get(HERE)
def index(request: Request, reader: Managing, file: int = 0) -> Response:
    """The form, past imports, and with `file` what became of one of them."""
    return _page(request, reader, chosen=file)


@router.post(f"{HERE}/preview")
def preview(request: Request, reader: Managing, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Read the file and show what its columns were taken for; nothing is stored."""
    data = file.file.read(LIMIT + 1) if file is not None else b""
    if not data or len(data) > LIMIT:
        return _page(request, reader, 422, TOO_LARGE if data else NO_FILE)
    try:
        sheet = csv.read(data)
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    name = (file.filename if file is not None else "") or "orders.csv"
    return _preview(request, reader, sheet, files.guess(sheet.columns), name, csv.text(data))


@router.post(f"{HERE}/import")
def import_(
    request: Request,
    reader: Managing,
    text: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    column: Annotated[list[str] | None, Form()] = None,
    again: Annotated[str, Form()] = "",
) -> Response:
    """Store the orders by the columns chosen, one for each field; `again` only shows the preview with them."""
    try:
        sheet = csv.read(text.encode())
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    chosen = dict(zip(files.FIELDS, column or (), strict=False))
    places = {field: int(place) for field, place in chosen.items() if place.isascii() and place.isdecimal()}
    mapping = {field: place for field, place in places.items() if place < len(sheet.columns)}
    if again:
        return _preview(request, reader, sheet, mapping, name[:200], text)
    try:
        report = files.run(sheet, mapping, name[:200], reader.actor)
    except NotConfigured as error:
        return _page(request, reader, 422, str(error))
    return render.to(f"{HERE}?file={report.id}", "orders-imported")


def _preview(
    request: Request, reader: Reader, sheet: csv.Sheet, mapping: dict[str, int], name: str, text: str
) -> Response:
    found, bad = files.read(sheet, mapping)
    return render.page(
        request, reader, "settings/orders_preview.html", sheet=sheet, fields=files.FIELDS, mapping=mapping,
        good=len(found), bad=bad, rows=list(files.shown(found[:SHOWN])), name=name, text=text,
    )  # fmt: skip


def _page(request: Request, reader: Reader, status: int = 200, problem: str = "", chosen: int = 0) -> Response:
    with db.read() as session:
        past = files.past(session)
        shown = session.get(OrderFile, chosen) if 0 < chosen < 2**62 else None
        on = consent.switched_on(session, PURPOSE)
    words = reader.words(problem) if problem else ""
    return render.page(request, reader, "settings/orders.html", status, files=past, shown=shown, on=on, problem=words)
