"""Contacts and orders out of CSV files: looked at, then imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from enrichment import csv
from enrichment.behaviour import files
from web import contact_rows, uploads
from web.api.v1.change import Changing
from web.api.v1.problem import Unfit
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Given, Moment, Shown, Text
from web.permissions import allow
from web.reader import Reader

CONTACTS = "/api/v1/imports/contacts"
ORDERS = "/api/v1/imports/orders"
TAG = "imports"
BODY_LIMIT = 3_000_000
"""Bytes of one request: the longest file, as JSON writes it."""

router = _router()
Reading = Annotated[Reader, Depends(allow("crm.read"))]
Contacts = Annotated[Reader, Depends(allow("crm.manage"))]
Orders = Annotated[Reader, Depends(allow("keys.manage"))]
Place = Annotated[int, Field(ge=0, lt=1000)]
ContactField = Literal[
    "key", "name", "first_name", "last_name", "email", "phone", "company", "city", "country", "website", "mastodon",
    "bluesky", "telegram",
]  # fmt: skip
OwnField = Annotated[str, Field(pattern=r"^field:[1-9][0-9]{0,14}$")]
OrderField = Literal[
    "number", "email", "user", "name", "placed_at", "amount", "currency", "status", "channel", "street", "postal_code",
    "city", "state", "country", "sku", "product", "quantity", "price",
]  # fmt: skip


class Bad(Shown):
    """A row that is left out; of its content nothing is kept."""

    line: int
    reason: str = Field(description="empty, nobody, mail, twice, or `field:12:` and what is wrong with that field.")


class File(Given):
    """A CSV file; commas, semicolons or tabs part its cells, and its first line names the columns."""

    name: Text = Field(min_length=1, max_length=200, description="What the file is called.")
    text: str = Field(min_length=1, max_length=uploads.LIMIT, description="Its content; at most 700,000 bytes.")


class ContactsOf(File):
    """Contacts in a file."""

    mapping: dict[ContactField | OwnField, Place] | None = Field(
        None,
        description="Field, or `field:12` for the custom field 12 of people: place of its column, from 0. Left out: by "
        "the headings, as the preview answers.",
    )


class OrdersOf(File):
    """Orders in a file."""

    mapping: dict[OrderField, Place] | None = Field(
        None, description="Field: place of its column, from 0. Left out: by the headings, as the preview answers."
    )


class Preview(BaseModel):
    """What an import would do."""

    columns: list[str]
    mapping: dict[str, int] = Field(description="Field: place of its column.")
    rows: int
    good: int = Field(description="Contacts, or orders (an order may have several rows).")
    bad: list[Bad] = Field(description="The first 1,000.")


class Imported(BaseModel):
    """An import and what became of its rows."""

    id: int
    rows: int
    stored: int = Field(description="New or changed ones.")
    unchanged: int
    known: int = Field(description="Left alone: the CRM has a record with the same e-mail address. Contacts only.")
    bad: int = Field(description="Rows that were left out.")


class Past(Shown):
    """A past import."""

    id: int
    name: str
    actor: str
    at: Moment
    rows: int
    stored: int
    unchanged: int
    bad: list[tuple[int, str]] = Field(description="Line and reason of rows that were left out.")


def _read(body: File) -> uploads.Upload:
    if len(body.text.encode(errors="replace")) > uploads.LIMIT:
        raise Unfit({"body.text": uploads.TOO_LARGE})
    return uploads.again(db.sound(body.text), db.sound(body.name))


def _mapping(found: csv.Sheet, given: Mapping[Any, int] | None, guessed: Mapping[str, int]) -> dict[str, int]:
    """The columns of the fields, as given or by the headings; refused for a column that there is not."""
    if given is None:
        return dict(guessed)
    beyond = {name: place for name, place in given.items() if place >= len(found.columns)}
    if beyond:
        raise Unfit({f"body.mapping.{name}": "The file has no such column." for name in beyond})
    return dict(given)


def _rows(reader: Reader) -> contact_rows.Rows:
    with db.read() as session:
        return contact_rows.of(session, reader)


def _contacts(found: csv.Sheet, given: Mapping[Any, int] | None, rows: contact_rows.Rows) -> dict[str, int]:
    """The same for contacts; refused for a custom field that there is not, or that is not the reader's to fill in."""
    mapping = _mapping(found, given, rows.guess(found.columns))
    unknown = mapping.keys() - rows.labels().keys()
    if unknown:
        raise Unfit(
            {f"body.mapping.{name}": "There is no such field, or your role does not fill it in." for name in unknown}
        )
    return mapping


def _shown(found: csv.Sheet, mapping: dict[str, int], good: int, bad: Iterable[csv.Bad]) -> Preview:
    return Preview(
        columns=list(found.columns), mapping=mapping, rows=len(found.rows), good=good,
        bad=[Bad.model_validate(one) for one in bad][: csv.MOST_BAD],
    )  # fmt: skip


# --- contacts -----------------------------------------------------------------------------------------


@router.get(CONTACTS, tags=[TAG])
def past_contacts(reader: Reading) -> All[Past]:
    """The last ten imports of contacts, newest first."""
    with db.read() as session:
        return All(items=[Past.model_validate(one) for one in csv.files(session)])


@router.post(f"{CONTACTS}/preview", tags=[TAG], max_body_size=BODY_LIMIT)
def preview_contacts(reader: Contacts, body: ContactsOf) -> Preview:
    """What an import of contacts would do; nothing is stored."""
    sheet, rows = _read(body).sheet, _rows(reader)
    mapping = _contacts(sheet, body.mapping, rows)
    good, bad = csv.persons(sheet, mapping, rows.custom)
    return _shown(sheet, mapping, len(good), bad)


@router.post(CONTACTS, tags=[TAG], response_model=Imported, status_code=201, max_body_size=BODY_LIMIT)
def import_contacts(change: Changing, reader: Contacts, body: ContactsOf) -> Response:
    """Store the contacts of a file; accounts that may be theirs are looked at again."""
    found = _read(body)
    rows = _rows(reader)
    mapping = _contacts(found.sheet, body.mapping, rows)

    def work(session: Session) -> Imported:
        made = csv.store(session, found.sheet, mapping, found.name, reader.actor, rows.custom)
        return Imported(
            id=made.id, rows=made.rows, stored=made.stored, unchanged=made.unchanged, known=made.known,
            bad=len(made.bad),
        )  # fmt: skip

    return change.do(work, 201)


# --- orders -------------------------------------------------------------------------------------------


@router.get(ORDERS, tags=[TAG])
def past_orders(reader: Orders) -> All[Past]:
    """The last ten imports of orders, newest first."""
    with db.read() as session:
        return All(items=[Past.model_validate(one) for one in files.past(session)])


@router.post(f"{ORDERS}/preview", tags=[TAG], max_body_size=BODY_LIMIT)
def preview_orders(reader: Orders, body: OrdersOf) -> Preview:
    """What an import of orders would do; nothing is stored."""
    sheet = _read(body).sheet
    mapping = _mapping(sheet, body.mapping, files.guess(sheet.columns))
    good, bad = files.read(sheet, mapping)
    return _shown(sheet, mapping, len(good), bad)


@router.post(ORDERS, tags=[TAG], response_model=Imported, status_code=201, max_body_size=BODY_LIMIT)
def import_orders(change: Changing, reader: Orders, body: OrdersOf) -> Response:
    """Store the orders of a file; refused while the purpose is off. Imported again, nothing doubles."""
    found = _read(body)
    mapping = _mapping(found.sheet, body.mapping, files.guess(found.sheet.columns))

    def work(session: Session, made: files.Report) -> Imported:
        return Imported(
            id=made.id, rows=made.rows, stored=made.stored, unchanged=made.unchanged, known=0, bad=len(made.bad)
        )

    return change.asking(lambda: files.run(found.sheet, mapping, found.name, reader.actor), work, 201)
