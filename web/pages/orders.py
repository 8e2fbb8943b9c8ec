"""`/settings/orders`: orders out of a CSV file: choose it, map its columns, look at it, import it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from core import db
from core.errors import NotConfigured, Rejected
from enrichment.behaviour import files
from enrichment.behaviour.models import OrderFile
from enrichment.behaviour.who import PURPOSE
from inbox import consent
from web import render, uploads
from web.permissions import AskedFirst, allow
from web.reader import Reader
from web.uploads import SHOWN, Upload

HERE = "/settings/orders"

router = APIRouter(route_class=AskedFirst)

Managing = Annotated[Reader, Depends(allow("keys.manage"))]


@router.get(HERE)
def index(request: Request, reader: Managing, file: int = 0) -> Response:
    """The form, past imports, and with `file` what became of one of them."""
    return _page(request, reader, chosen=file)


@router.post(f"{HERE}/preview")
def preview(request: Request, reader: Managing, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Read the file and show what its columns were taken for; nothing is stored."""
    try:
        found = uploads.chosen(file, "orders.csv")
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    return _preview(request, reader, found, files.guess(found.sheet.columns))


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
        found = uploads.again(text, name)
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    mapping = uploads.mapping(found, files.FIELDS, column)
    if again:
        return _preview(request, reader, found, mapping)
    try:
        report = files.run(found.sheet, mapping, found.name, reader.actor)
    except NotConfigured as error:
        return _page(request, reader, 422, str(error))
    return render.to(f"{HERE}?file={report.id}", "orders-imported")


def _preview(request: Request, reader: Reader, upload: Upload, mapping: dict[str, int]) -> Response:
    good, bad = files.read(upload.sheet, mapping)
    return render.page(
        request, reader, "settings/orders_preview.html", sheet=upload.sheet, fields=files.FIELDS, mapping=mapping,
        good=len(good), bad=bad, rows=list(files.shown(good[:SHOWN])), name=upload.name, text=upload.text,
    )  # fmt: skip


def _page(request: Request, reader: Reader, status: int = 200, problem: str = "", chosen: int = 0) -> Response:
    with db.read() as session:
        past = files.past(session)
        shown = session.get(OrderFile, chosen) if 0 < chosen < 2**62 else None
        on = consent.switched_on(session, PURPOSE)
    words = reader.words(problem) if problem else ""
    return render.page(request, reader, "settings/orders.html", status, files=past, shown=shown, on=on, problem=words)
