"""`/settings/contacts`: contacts out of a CSV file: choose it, map its columns, look at it, import it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from core import db
from core.errors import Rejected
from enrichment import csv
from enrichment.models import ContactFile
from web import render
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/contacts"
SHOWN = 8
"""Rows of the preview."""
LIMIT = 700_000
"""Bytes of a file: with the words around it the form must stay below what the web takes."""
TOO_LARGE = N_("The file is larger than 700 kB. Split it, and import the parts one after the other.")
NO_FILE = N_("Choose a file first.")

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("crm.read"))]
Managing = Annotated[Reader, Depends(allow("crm.manage"))]


@router.get(HERE)
def index(request: Request, reader: Reading, file: int = 0) -> Response:
    """The form, past imports, and with `file` what became of one of them."""
    return _page(request, reader, chosen=file)


@router.post(f"{HERE}/preview")
def preview(request: Request, reader: Managing, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Read the file and show what its columns were taken for; nothing is stored."""
    data = file.file.read(LIMIT + 1) if file is not None else b""
    if not data:
        return _page(request, reader, 422, NO_FILE)
    if len(data) > LIMIT:
        return _page(request, reader, 422, TOO_LARGE)
    try:
        sheet = csv.read(data)
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    name = (file.filename if file is not None else "") or "contacts.csv"
    return _preview(request, reader, sheet, csv.guess(sheet.columns), name, csv.text(data))


@router.post(f"{HERE}/import")
def import_(
    request: Request,
    reader: Managing,
    text: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    column: Annotated[list[str] | None, Form()] = None,
    again: Annotated[str, Form()] = "",
) -> Response:
    """Store the contacts by the columns chosen, one for each field; `again` only shows the preview with them."""
    try:
        sheet = csv.read(text.encode())
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    chosen = dict(zip(csv.FIELDS, column or (), strict=False))
    places = {field: int(place) for field, place in chosen.items() if place.isascii() and place.isdecimal()}
    mapping = {field: place for field, place in places.items() if place < len(sheet.columns)}
    if again:
        return _preview(request, reader, sheet, mapping, name[:200], text)
    with db.write() as session:
        report = csv.store(session, sheet, mapping, name[:200], reader.actor)
    return render.to(f"{HERE}?file={report.id}", "contacts-imported")


def _preview(
    request: Request, reader: Reader, sheet: csv.Sheet, mapping: dict[str, int], name: str, text: str
) -> Response:
    found, bad = csv.persons(sheet, mapping)
    return render.page(
        request,
        reader,
        "settings/contacts_preview.html",
        sheet=sheet,
        fields=csv.FIELDS,
        mapping=mapping,
        good=len(found),
        bad=bad,
        rows=sheet.rows[:SHOWN],
        name=name,
        text=text,
    )


def _page(request: Request, reader: Reader, status: int = 200, problem: str = "", chosen: int = 0) -> Response:
    with db.read() as session:
        files = csv.files(session)
        shown = session.get(ContactFile, chosen) if 0 < chosen < 2**62 else None
    words = reader.words(problem) if problem else ""
    return render.page(request, reader, "settings/contacts.html", status, files=files, shown=shown, problem=words)
