"""Tables of behaviour: write keys, what identifies a customer, events, orders, and files of orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null))


def _json(default: Any = dict) -> Any:
    return Field(default_factory=default, sa_column=Column(sa.JSON, nullable=False))


def _big() -> Any:
    return Field(default=0, sa_column=Column(sa.BigInteger, nullable=False))


def _person() -> Any:
    """Our contact; no foreign key, since erasure needs it after the contact is gone."""
    return Field(default=None, max_length=26, index=True)


class WriteKey(SQLModel, table=True):
    """A key with which a program of the organisation may send events. Only a hash of it is kept."""

    __tablename__ = "write_key"
    id: int | None = _id()
    name: str
    digest: str = Field(unique=True, max_length=64)
    """Keyed hash; the key itself is shown once."""
    hint: str = Field(max_length=4)
    """Its last characters, to tell keys apart."""
    made_by: str
    made_at: datetime = _time(null=False)
    revoked_at: datetime | None = _time()
    used_at: datetime | None = _time()
    accepted: int = _big()
    """Messages that were stored."""
    repeated: int = _big()
    """Messages that were stored before."""
    left_out: int = _big()
    """Messages that could not be read, or whose person objects or is erased."""


class RefusalCount(SQLModel, table=True):
    """How often a value under a name was dropped from what a key sent; never the value."""

    __tablename__ = "refusal_count"
    key_id: int = Field(sa_column=Column(BigId, ForeignKey("write_key.id", ondelete="CASCADE"), primary_key=True))
    reason: str = Field(primary_key=True, max_length=20)
    """Of a value: payment, psychographic, guess, sensitive or depth. Of a whole message: see enrichment.behaviour."""
    name: str = Field(primary_key=True, max_length=80)
    count: int = _big()
    last_at: datetime = _time(null=False)


class CustomerKey(SQLModel, table=True):
    """An id or e-mail address by which a customer is recognised."""

    __tablename__ = "customer_key"
    kind: str = Field(primary_key=True, max_length=10)
    """user, email or anonymous."""
    value: str = Field(primary_key=True, max_length=300)
    contact_id: str | None = _person()
    """None when several people used it: it says nothing any more."""
    source: str
    """`key:3`, `orders:7` or `crm`."""
    at: datetime = _time(null=False)


class TrackEvent(SQLModel, table=True):
    """One message of the tracking API: something a customer did, or said about themselves."""

    __tablename__ = "track_event"
    __table_args__ = (
        Index("track_event_person", "contact_id", "at"),
        Index("track_event_name", "name", "at"),
        Index("track_event_anonymous", "anonymous_id"),
        Index("track_event_age", "kind", "at", "id"),
    )
    id: int | None = _id()
    message_id: str = Field(unique=True, max_length=100)
    key_id: int = Field(sa_column=Column(BigId, nullable=False))
    kind: str = Field(max_length=10)
    """track or identify."""
    name: str = Field(default="", max_length=200)
    """What happened; empty for identify."""
    contact_id: str | None = Field(default=None, max_length=26)
    anonymous_id: str = Field(default="", max_length=256)
    """Kept only while nobody is known to be behind it."""
    at: datetime = _time(null=False)
    received_at: datetime = _time(null=False)
    properties: dict[str, Any] = _json()
    """Properties of an event, traits of a person, without what is refused."""
    context: dict[str, Any] = _json()


class CustomerOrder(SQLModel, table=True):
    """An order as it stands now. Amounts are in thousandths of the currency's unit."""

    __tablename__ = "customer_order"
    __table_args__ = (Index("customer_order_person", "contact_id", "placed_at"),)
    id: int | None = _id()
    key: str = Field(unique=True, max_length=120)
    """`shop:NUMBER` out of events and files, `crm:RECORD` out of the CRM."""
    number: str = Field(max_length=100)
    source: str
    """Who told of it last: `key:3`, `orders:7` or `crm`."""
    channel: str = Field(default="", max_length=100)
    contact_id: str | None = Field(default=None, max_length=26)
    anonymous_id: str = Field(default="", max_length=256, index=True)
    placed_at: datetime = _time(null=False)
    amount: int = _big()
    refunded: int = _big()
    currency: str = Field(default="", max_length=3)
    status: str = Field(max_length=20)
    """open, completed, part_refunded, refunded or cancelled."""
    address: dict[str, Any] = _json()
    """street, city, postal_code, state and country, as far as known."""
    lines: list[dict[str, Any]] = _json(list)
    """sku, name, quantity, price (thousandths)."""
    described_at: datetime = _time(null=False)
    """Amount, lines and address are as of then; an older word does not replace them."""
    stored_at: datetime = _time(null=False)


class OrderFile(SQLModel, table=True):
    """One import of orders out of a file: what became of its rows."""

    __tablename__ = "order_file"
    id: int | None = _id()
    name: str
    digest: str = Field(max_length=64)
    """SHA-256 of its content."""
    actor: str
    at: datetime = _time(null=False)
    rows: int = 0
    orders: int = 0
    stored: int = 0
    """New or changed orders."""
    unchanged: int = 0
    bad: list[list[Any]] = _json(list)
    """[line, reason] of rows that are no order of anybody; line numbers only, no data of people."""
