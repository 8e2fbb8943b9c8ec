"""A shop that sends: a write key, the purpose switched on, and short words for what stands in the tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core import db
from enrichment import mirror
from enrichment.behaviour import intake, keys
from enrichment.behaviour.models import CustomerKey, CustomerOrder, TrackEvent
from enrichment.crm import CrmPerson
from inbox import consent
from inbox.models import Contact


def opened() -> int:
    """A hub on which orders and behaviour are on; the number of a key."""
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=True, basis="contract", actor="t")
        key_id, _ = keys.make(session, "shop", "t")
    return key_id


def send(key_id: int, *raw: dict[str, Any]) -> intake.Taken:
    """Messages of one batch."""
    return intake.take(key_id, list(raw))


def identify(number: str, user: str = "", **values: Any) -> dict[str, Any]:
    """One message about somebody; `traits` and ids by name."""
    return {"type": "identify", "messageId": number, **({"userId": user} if user else {}), **values}


def track(number: str, event: str, user: str = "", **values: Any) -> dict[str, Any]:
    """One message about an event."""
    return {"type": "track", "messageId": number, "event": event, **({"userId": user} if user else {}), **values}


def known(*people: CrmPerson) -> None:
    """The CRM has these."""
    with db.write() as session:
        mirror.store(session, people)


def rows(model: Any) -> list[Any]:
    """All rows of a table, in order."""
    t = db.table(model)
    with db.read() as session:
        return list(session.scalars(sa.select(model).order_by(*t.primary_key.columns)))


def events() -> list[TrackEvent]:
    """Everything that was tracked."""
    return rows(TrackEvent)


def orders() -> dict[str, CustomerOrder]:
    """Orders by number."""
    return {one.number: one for one in rows(CustomerOrder)}


def owners() -> dict[tuple[str, str], str | None]:
    """Whose each key is."""
    return {(one.kind, one.value): one.contact_id for one in rows(CustomerKey)}


def names() -> list[str]:
    """Contacts by name."""
    return sorted(one.name for one in rows(Contact))
