"""What customers did: figures out of orders, events and messages, and one timeline, of a person or a contact."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import sqlalchemy as sa
from fastapi import Depends, Path
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db, names
from enrichment.behaviour import customers, figures, retention
from enrichment.models import CrmRecord
from inbox import people
from inbox.models import Contact, Identity
from web.api.v1 import shapes
from web.api.v1.people import HERE as PEOPLE
from web.api.v1.people import Record, behind
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import Cursor, Id, Limit, Moment, Page
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/contacts/{contact_id}"
TAG = "customers"
DEEPEST = 10**5

router = _router()
Reading = Annotated[Reader, Depends(allow("people.read"))]
ContactId = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{1,26}$", description="As `contact_id` of a person.")]


class Key(BaseModel):
    """By what a customer is recognised."""

    kind: str = Field(description="user, email or anonymous.")
    value: str


class OneContact(BaseModel):
    """Somebody who is known here, with or without an account on a platform."""

    id: str = Field(description="The contact it is now: of one that was merged, the one that stayed.")
    name: str
    accounts: list[int] = Field(description="Their accounts, as `GET /people/{id}` takes them.")
    records: list[Record]
    keys: list[Key]


class Figure(BaseModel):
    """One figure, who says so, and since when."""

    name: str = Field(description="orders, spent, last_order, channel, address, interest or label.")
    value: str
    source: str = Field(description="messages, crm, orders:FILE, or the name of what sends with a write key.")
    at: Moment | None
    n: int = Field(description="Counted so often …")
    of: int = Field(description="… of so many.")
    amount: str = Field(description="A decimal, in the currency that is the figure's value.")
    declared: bool = Field(description="The customer said so; else it was counted.")


class Customer(BaseModel):
    """Everything that orders, events and messages tell of somebody."""

    why: str = Field(description="Why nothing is shown: off (the purpose is), objects; empty when it is.")
    figures: list[Figure]
    events_since: Moment | None = Field(description="Events before are gone.")


class Detail(BaseModel):
    """A line of an order, or a property of an event."""

    name: str
    value: str


class Entry(BaseModel):
    """Something of their timeline."""

    what: str = Field(description="message, order, event or details.")
    at: Moment
    words: str = Field(description="Of a message its beginning, of an order its number, of an event its name.")
    conversation_id: int | None
    platform: str
    language: str
    outbound: bool
    amount: str
    refunded: str
    currency: str
    status: str = Field(description="Of an order: open, completed, part_refunded, refunded, cancelled or ordered.")
    source: str
    details: list[Detail]


@router.get(HERE, tags=[TAG])
def contact(reader: Reading, contact_id: ContactId) -> OneContact:
    """A contact with accounts, records of the CRM and keys."""
    r = db.table(CrmRecord)
    with db.read() as session:
        found = _contact(session, contact_id)
        records = session.scalars(
            sa.select(CrmRecord).where(r.c.contact_id == found.id, ~r.c.deleted, r.c.successor == "").order_by(r.c.id)
        ).all()
        shown = figures.of_contact(session, found.id, [], sight=reader.sight)
        keys = customers.keys_of(session, people.members(session, found.id)) if not shown.why else []
        return OneContact(
            id=found.id, name=found.name, accounts=_accounts(session, found.id),
            records=[_record(one) for one in records], keys=[Key(kind=kind, value=value) for kind, value in keys],
        )  # fmt: skip


def _record(row: CrmRecord) -> Record:
    name = names.called(row.name, row.first_name, row.last_name)
    return Record(
        object=row.object, record_id=row.record_id, name=name, company=row.company, url="", objects=row.objects
    )


def _contact(session: Session, contact_id: str) -> Contact:
    found = session.get(Contact, people.survivor(session, contact_id))
    if found is None:
        raise Refused(404)
    return found


def _accounts(session: Session, contact_id: str) -> list[int]:
    i = db.table(Identity)
    return list(session.scalars(sa.select(i.c.id).where(i.c.contact_id == contact_id).order_by(i.c.id)))


@router.get(f"{HERE}/customer", tags=[TAG])
def of_contact(reader: Reading, contact_id: ContactId) -> Customer:
    """What orders, events and messages tell of a contact."""
    with db.read() as session:
        found = _contact(session, contact_id).id
        return _told(session, reader, found, _accounts(session, found))


@router.get(f"{HERE}/timeline", tags=[TAG])
def timeline_of_contact(reader: Reading, contact_id: ContactId, cursor: Cursor = "", limit: Limit = 20) -> Page[Entry]:
    """Messages, orders and events of a contact, newest first."""
    with db.read() as session:
        found = _contact(session, contact_id).id
        return _timeline(session, reader, found, _accounts(session, found), cursor, limit)


@router.get(f"{PEOPLE}/{{identity_id}}/customer", tags=[TAG])
def of_person(reader: Reading, identity_id: Id) -> Customer:
    """What orders, events and messages tell of the person behind an account."""
    with db.read() as session:
        found = behind(session, identity_id)
        if found.contact is None:
            return Customer(why="", figures=[], events_since=None)
        return _told(session, reader, found.contact.id, found.ids)


@router.get(f"{PEOPLE}/{{identity_id}}/timeline", tags=[TAG])
def timeline_of_person(reader: Reading, identity_id: Id, cursor: Cursor = "", limit: Limit = 20) -> Page[Entry]:
    """Messages, orders and events of the person behind an account, newest first."""
    with db.read() as session:
        found = behind(session, identity_id)
        return _timeline(session, reader, found.contact.id if found.contact else "", found.ids, cursor, limit)


def _told(session: Session, reader: Reader, contact_id: str, accounts: list[int]) -> Customer:
    found = figures.of_contact(session, contact_id, accounts, sight=reader.sight)
    known = [
        Figure(
            name=one.name, value=one.value, source=one.source, at=one.at, n=one.n, of=one.of,
            amount=_money(one.amount), declared=one.declared,
        )
        for one in found.known
    ]  # fmt: skip
    return Customer(why=found.why, figures=known, events_since=None if found.why else retention.reaches(db.now()))


def _timeline(
    session: Session, reader: Reader, contact_id: str, accounts: list[int], cursor: str, limit: int
) -> Page[Entry]:
    place = shapes.place(cursor)
    after = min(shapes.number(place[0]), DEEPEST) if place else 0
    found, more = figures.timeline(session, contact_id, accounts, sight=reader.sight, after=after, limit=limit)
    following = shapes.mark(after + len(found)) if more and after < DEEPEST else None
    return Page(items=[_entry(one) for one in found], next=following)


def _entry(one: figures.Entry) -> Entry:
    return Entry(
        what=one.what, at=one.at, words=one.words, conversation_id=one.link or None, platform=one.platform,
        language=one.language, outbound=one.outbound, amount=_money(one.amount), refunded=_money(one.refunded),
        currency=one.currency, status=one.status, source=one.source,
        details=[Detail(name=name, value=value) for name, value in one.details],
    )  # fmt: skip


def _money(thousandths: int) -> str:
    """An amount in the unit of its currency."""
    return f"{Decimal(thousandths) / 1000:.2f}" if thousandths % 10 == 0 else f"{Decimal(thousandths) / 1000:.3f}"
