"""`/settings/contacts`: contacts out of a CSV file: choose it, map its columns, look at it, import it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from core import db
from core.errors import Rejected
from enrichment import csv
from enrichment.models import ContactFile
from web import contact_rows, render, uploads
from web.contact_rows import Rows
from web.permissions import AskedFirst, allow
from web.reader import Reader
from web.uploads import SHOWN, Upload

HERE = "/settings/contacts"
router = APIRouter(route_class=AskedFirst)

Reading = Annotated[Reader, Depends(allow("crm.read"))]
Managing = Annotated[Reader, Depends(allow("crm.manage"))]


@router.get(HERE)
def index(request: Request, reader: Reading, file: int = 0) -> Response:
    """The form, past imports, and with `file` what became of one of them."""
    return _page(request, reader, chosen=file)


@router.post(f"{HERE}/preview")
def preview(request: Request, reader: Managing, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Read the file and show what its columns were taken for; nothing is stored."""
    try:
        found = uploads.chosen(file, "contacts.csv")
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    rows = _rows(reader)
    return _preview(request, reader, found, rows, rows.guess(found.sheet.columns))


@router.post(f"{HERE}/import")
def import_(
    request: Request,
    reader: Managing,
    text: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    column: Annotated[list[str] | None, Form()] = None,
    asked: Annotated[list[str] | None, Form(alias="field")] = None,
    again: Annotated[str, Form()] = "",
    rejected: Annotated[str, Form()] = "",
) -> Response:
    """Store the contacts by the columns chosen, one for each field; `again` only shows the preview with them, and
    `rejected` gives the rows that would be left out as a file."""
    try:
        found = uploads.again(text, name)
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    rows = _rows(reader)
    mapping = uploads.mapping(found, asked or csv.FIELDS, column)
    mapping = {name: place for name, place in mapping.items() if name in rows.labels()}
    if again:
        return _preview(request, reader, found, rows, mapping)
    if rejected:
        _, bad = csv.persons(found.sheet, mapping, rows.custom)
        text = csv.rejected(found.sheet, bad, rows.why)
        headers = {"Content-Disposition": 'attachment; filename="rejected.csv"'}
        return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)
    with db.write() as session:
        report = csv.store(session, found.sheet, mapping, found.name, reader.actor, rows.custom)
    return render.to(f"{HERE}?file={report.id}", "contacts-imported")


def _rows(reader: Reader) -> Rows:
    with db.read() as session:
        return contact_rows.of(session, reader)


def _preview(request: Request, reader: Reader, upload: Upload, rows: Rows, mapping: dict[str, int]) -> Response:
    good, bad = csv.persons(upload.sheet, mapping, rows.custom)
    return render.page(
        request, reader, "settings/contacts_preview.html", sheet=upload.sheet, fields=rows.labels(), mapping=mapping,
        good=len(good), bad=bad, rows=upload.sheet.rows[:SHOWN], why=rows.why, name=upload.name, text=upload.text,
    )  # fmt: skip


def _page(request: Request, reader: Reader, status: int = 200, problem: str = "", chosen: int = 0) -> Response:
    with db.read() as session:
        files = csv.files(session)
        shown = session.get(ContactFile, chosen) if 0 < chosen < 2**62 else None
        why = contact_rows.of(session, reader).why
    said = reader.words(problem) if problem else ""
    return render.page(
        request, reader, "settings/contacts.html", status, files=files, shown=shown, problem=said, why=why
    )
