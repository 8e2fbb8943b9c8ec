"""Orders: what an event, a row or a CRM record says of one, and how an order moves on by it. Deciding is pure.

Events are those of Segment's e-commerce specification:
https://segment.com/docs/connections/spec/ecommerce/v2/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment.behaviour.models import CustomerOrder

UNIT = 1000
"""Amounts are kept in thousandths of the currency's unit."""
MOST_AMOUNT = 10**15
MOST_LINES = 200
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""An order that was only heard of is not described yet."""
ORDERED = "ordered"
"""Of an opportunity that became an order: the order counts."""
STATUSES = ("open", "completed", "part_refunded", "refunded", "cancelled")
EVENTS = {
    "order completed": "completed",
    "order updated": "",
    "order refunded": "refunded",
    "order cancelled": "cancelled",
}
"""Event → status it leads to; empty keeps it."""
ADDRESS = {
    "street": ("street", "line1", "address1", "streetaddress"),
    "city": ("city", "town"),
    "postal_code": ("postalcode", "zip", "zipcode", "postcode"),
    "state": ("state", "province", "region"),
    "country": ("country", "countrycode"),
}
"""Field of an address → names it goes by, without signs."""
ADDRESSES = ("shippingaddress", "deliveryaddress", "address")


@dataclass(frozen=True, slots=True)
class Told:
    """What one source says of an order at one moment; None and empty values are not said."""

    key: str
    number: str
    source: str
    at: datetime
    status: str = ""
    contact_id: str | None = None
    anonymous: str = ""
    channel: str = ""
    placed_at: datetime | None = None
    amount: int | None = None
    refund: int | None = None
    """Given back by this; None with status `refunded` is everything."""
    currency: str = ""
    address: Mapping[str, str] = field(default_factory=dict)
    lines: Sequence[Mapping[str, Any]] = ()

    @property
    def describes(self) -> bool:
        """It says what the order is, not only what became of it."""
        return self.amount is not None or bool(self.lines or self.address)


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands."""

    key: str
    number: str
    source: str
    channel: str
    contact_id: str | None
    anonymous_id: str
    placed_at: datetime
    amount: int
    refunded: int
    currency: str
    status: str
    address: dict[str, Any]
    lines: list[dict[str, Any]]
    described_at: datetime


FIELDS = tuple(Order.__dataclass_fields__)


def shop_key(number: str) -> str:
    """The key of an order out of events and files."""
    return f"shop:{number}"


# --- reading an event --------------------------------------------------------------------------------


def of_event(
    name: str, values: Mapping[str, Any], at: datetime, source: str, contact_id: str | None, anonymous: str
) -> Told | None:
    """What an event says of an order; None when it is about none, or names none."""
    status = EVENTS.get(re.sub(r"[\s_-]+", " ", name).strip().lower())
    number = text(values.get("order_id") or values.get("orderId"), 100)
    if status is None or not number:
        return None
    sums = (amount(values.get(one)) for one in ("total", "revenue", "value"))
    total = next((one for one in sums if one is not None), None)
    refund = status == "refunded"
    return Told(
        shop_key(number), number, source, at, status, contact_id, "" if contact_id else anonymous,
        text(values.get("affiliation") or values.get("channel"), 100), None if refund else at,
        None if refund else total, total if refund else None, currency(values.get("currency")),
        address(values), () if refund else lines(values.get("products")),
    )  # fmt: skip


def text(value: Any, longest: int = 200) -> str:
    """A value as a text of one line; empty when it is none."""
    plain = isinstance(value, str | int) and not isinstance(value, bool)
    return " ".join(str(value).split())[:longest] if plain else ""


def amount(value: Any) -> int | None:
    """Thousandths of a number, or of a text with a decimal point; None when it is none or absurd."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = int((Decimal(str(value).strip()) * UNIT).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return found if abs(found) <= MOST_AMOUNT else None


def currency(value: Any) -> str:
    """Three capital letters (ISO 4217); empty when it is none."""
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if re.fullmatch(r"[A-Z]{3}", code) else ""


def address(values: Mapping[str, Any]) -> dict[str, str]:
    """The address a delivery goes to, as far as it is told; an address for bills is not read."""
    named = {plain(name): one for name, one in values.items()}
    given: Mapping[str, Any] = next((named[one] for one in ADDRESSES if isinstance(named.get(one), dict)), {})
    parts = {plain(name): text(one) for name, one in given.items()}
    found = {field: next((parts[one] for one in names if parts.get(one)), "") for field, names in ADDRESS.items()}
    return {field: value for field, value in found.items() if value}


def plain(name: Any) -> str:
    """A name without signs and capitals."""
    return re.sub(r"[\W_]", "", str(name)).lower()


def lines(products: Any) -> list[dict[str, Any]]:
    """The lines of an order out of `products`."""
    found = []
    for one in products[:MOST_LINES] if isinstance(products, list) else ():
        if isinstance(one, dict):
            quantity = one.get("quantity", 1)
            whole = isinstance(quantity, int) and not isinstance(quantity, bool) and 0 <= quantity < 10**6
            sku = one.get("sku") or one.get("product_id")
            found.append(line(sku, one.get("name"), quantity if whole else 1, one.get("price")))
    return found


def line(sku: Any, name: Any, quantity: int, price: Any) -> dict[str, Any]:
    """One line as it is kept."""
    return {"sku": text(sku, 100), "name": text(name), "quantity": quantity, "price": amount(price)}


# --- moving on ---------------------------------------------------------------------------------------


def advance(before: Order | None, told: Told) -> Order:
    """The order after what was told. A later word describes it anew, an older one only fills gaps."""
    if before is None:
        before = Order(
            told.key, told.number, told.source, told.channel, told.contact_id, told.anonymous,
            told.placed_at or told.at, told.amount or 0, 0, told.currency, told.status or "completed",
            dict(told.address), [dict(one) for one in told.lines], told.at if told.describes else NEVER,
        )  # fmt: skip
        return _refunded(replace(before, status="open"), told) if told.status == "refunded" else before
    if told.status == "refunded":
        return _refunded(before, told)
    newer = told.at >= before.described_at
    moved = replace(
        before,
        source=told.source if newer else before.source,
        contact_id=before.contact_id or told.contact_id,
        anonymous_id="" if before.contact_id or told.contact_id else before.anonymous_id or told.anonymous,
        channel=_pick(before.channel, told.channel, newer),
        currency=_pick(before.currency, told.currency, newer),
        amount=_amount(before, told, newer),
        address=_pick(before.address, dict(told.address), newer),
        lines=_pick(before.lines, [dict(one) for one in told.lines], newer),
        placed_at=min(before.placed_at, told.placed_at) if told.placed_at else before.placed_at,
        described_at=max(before.described_at, told.at) if told.describes else before.described_at,
    )
    return replace(moved, status=_status(moved, told, newer))


def _pick(before: Any, now: Any, newer: bool) -> Any:
    return now if now and (newer or not before) else before


def _amount(before: Order, told: Told, newer: bool) -> int:
    return told.amount if told.amount is not None and (newer or not before.amount) else before.amount


def _status(moved: Order, told: Told, newer: bool) -> str:
    """What was given back or cancelled stays so: only the CRM and files say otherwise, by a later word."""
    if moved.status == ORDERED:
        return ORDERED
    if moved.refunded:
        return "refunded" if moved.refunded >= moved.amount else "part_refunded"
    if told.status == "cancelled" and moved.status != "refunded":
        return "cancelled"
    final = moved.status in ("refunded", "cancelled") and told.key.startswith("shop:") and told.status == "completed"
    return told.status if told.status and newer and not final else moved.status


def _refunded(before: Order, told: Told) -> Order:
    """Everything is given back when no sum is named, else the sum; what is not known yet counts as a part."""
    back = before.refunded + (told.refund if told.refund is not None else max(before.amount - before.refunded, 0))
    whole = told.refund is None or (before.amount > 0 and back >= before.amount)
    return replace(
        before, refunded=back, status="refunded" if whole else "part_refunded",
        currency=before.currency or told.currency, contact_id=before.contact_id or told.contact_id,
        anonymous_id="" if before.contact_id or told.contact_id else before.anonymous_id,
    )  # fmt: skip


# --- storing -----------------------------------------------------------------------------------------


def store(session: Session, told: Sequence[Told]) -> tuple[set[str], set[str]]:
    """Move orders on; returns keys of those that changed, and of those refused: they are another person's."""
    before = _stored(session, {one.key for one in told})
    now, refused = dict(before), set()
    for one in told:
        known = now.get(one.key)
        if known and known.contact_id and one.contact_id and known.contact_id != one.contact_id:
            refused.add(one.key)
            continue
        now[one.key] = advance(known, one)
    moved = [key for key, order in now.items() if order != before.get(key)]
    if moved:
        stamp = db.now()
        insert = db.upsert(CustomerOrder)
        values = {name: insert.excluded[name] for name in (*FIELDS, "stored_at") if name != "key"}
        rows = [{**asdict(now[key]), "stored_at": stamp} for key in sorted(moved)]
        session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=values), rows)
    return {key for key in moved if key not in before or _differ(before[key], now[key])}, refused


def _differ(one: Order, other: Order) -> bool:
    """Something else differs than who told of it last, and when."""
    return replace(one, source=other.source, described_at=other.described_at) != other


def _stored(session: Session, keys: Collection[str]) -> dict[str, Order]:
    o = db.table(CustomerOrder)
    query = sa.select(*(o.c[name] for name in FIELDS)).where(o.c.key.in_(sorted(keys)))
    return {row.key: Order(**row._mapping) for row in session.execute(query)}
