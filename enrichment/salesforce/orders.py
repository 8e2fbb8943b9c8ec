"""Reading orders and opportunities: which fields an org has for whom, and one record as an order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from enrichment.crm import CrmOrder, OrderObject

BASE = ("Id", "IsDeleted", "SystemModstamp", "CurrencyIsoCode")
FIELDS: Mapping[OrderObject, tuple[str, ...]] = {
    "Order": (
        "OrderNumber", "BillToContactId", "ShipToContactId", "OpportunityId", "EffectiveDate", "StatusCode", "Status",
        "TotalAmount", "ShippingStreet", "ShippingCity", "ShippingPostalCode", "ShippingState", "ShippingCountry",
    ),
    "Opportunity": ("Name", "ContactId", "CloseDate", "IsClosed", "IsWon", "Amount"),
}  # fmt: skip
ADDRESS = {
    "street": "ShippingStreet", "city": "ShippingCity", "postal_code": "ShippingPostalCode",
    "state": "ShippingState", "country": "ShippingCountry",
}  # fmt: skip
DRAFT, CANCELLED = ("draft", "d"), ("canceled", "cancelled", "c")


def columns(object_: OrderObject, description: Mapping[str, Any]) -> tuple[str, ...]:
    """The readable fields of an object that are read."""
    known = {field["name"] for field in description["fields"]}
    return tuple(name for name in (*BASE, *FIELDS[object_]) if name in known)


def order(object_: OrderObject, row: Mapping[str, Any]) -> CrmOrder:
    """One record as an order; an opportunity that was won is completed, one that was lost is cancelled."""
    contacts = (row.get(name) for name in ("BillToContactId", "ShipToContactId", "ContactId"))
    day = row.get("EffectiveDate") or row.get("CloseDate")
    return CrmOrder(
        object=object_,
        id=row["Id"],
        number=row.get("OrderNumber") or row.get("Name") or row["Id"],
        contact=next((one for one in contacts if one), ""),
        opportunity=row.get("OpportunityId") or "",
        placed_at=datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None,
        amount=row.get("TotalAmount") if object_ == "Order" else row.get("Amount"),
        currency=row.get("CurrencyIsoCode") or "",
        status=_status(object_, row),
        address={name: row[field] for name, field in ADDRESS.items() if row.get(field)},
        modified=datetime.fromisoformat(row["SystemModstamp"]),
        deleted=bool(row.get("IsDeleted")),
    )


def _status(object_: OrderObject, row: Mapping[str, Any]) -> str:
    if object_ == "Opportunity":
        return "completed" if row.get("IsWon") else "cancelled" if row.get("IsClosed") else "open"
    word = str(row.get("StatusCode") or row.get("Status") or "").lower()
    return "open" if word in DRAFT else "cancelled" if word in CANCELLED else "completed"
