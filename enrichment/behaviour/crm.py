"""Orders and opportunities of the CRM, mirrored beside those of shops; only those that name a contact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from enrichment import allowed, contacts
from enrichment.behaviour import orders
from enrichment.behaviour.models import CustomerOrder
from enrichment.behaviour.who import PURPOSE, alone
from enrichment.crm import CRM, CrmOrder
from enrichment.models import CrmConnection, CrmRecord
from inbox import consent, tombstones
from inbox.models import Contact

CHUNK = 500
SOURCE = "crm"


@dataclass
class Pulled:
    """What one read brought."""

    read: int = 0
    changed: int = 0
    watermark: datetime | None = None


def pull(crm: CRM, since: datetime | None) -> Pulled:
    """Mirror orders changed since then (all with None), chunk by chunk, each in its own transaction.

    A read that breaks off is repeated from the old watermark. Raises what the CRM raises.
    """
    pulled = Pulled(watermark=since)
    for chunk in _chunks(crm.orders(since)):
        outbox.keep_alive()
        pulled.read += len(chunk)
        pulled.watermark = max([one.modified for one in chunk] + ([pulled.watermark] if pulled.watermark else []))
        with db.write() as session:
            alone(session)
            if not consent.switched_on(session, PURPOSE):  # switched off since the read began
                return Pulled(watermark=since)
            pulled.changed += len(store(session, chunk))
    return pulled


def finish(session: Session, pulled: Pulled) -> None:
    """Move the watermark on."""
    session.execute(sa.update(db.table(CrmConnection)).values(orders_watermark=pulled.watermark))


def _chunks(found: Iterator[CrmOrder]) -> Iterator[list[CrmOrder]]:
    while chunk := list(islice(found, CHUNK)):
        yield chunk


def store(session: Session, found: Sequence[CrmOrder]) -> set[str]:
    """Keep those whose contact is known and does not object; returns the keys that changed.

    An opportunity that became an order counts once: as the order.
    """
    owners = _owners(session, {one.contact for one in found if one.contact})
    gone = {_key(one.id) for one in found if one.deleted or one.contact not in owners}
    o = db.table(CustomerOrder)
    session.execute(sa.delete(o).where(o.c.key.in_(sorted(gone))))
    changed, _ = orders.store(session, [_told(one, owners[one.contact]) for one in found if _key(one.id) not in gone])
    became = {_key(one.opportunity) for one in found if one.opportunity and not one.deleted}
    session.execute(sa.update(o).where(o.c.key.in_(sorted(became))).values(status=orders.ORDERED))
    return changed


def _key(record_id: str) -> str:
    return f"crm:{record_id}"


def _told(one: CrmOrder, owner: str) -> orders.Told:
    return orders.Told(
        _key(one.id), orders.text(one.number, 100), SOURCE, one.modified, one.status, owner, "",
        one.object, one.placed_at or one.modified, orders.amount(one.amount) or 0, None,
        orders.currency(one.currency), {name: orders.text(value) for name, value in one.address.items()}, (),
    )  # fmt: skip


def _owners(session: Session, record_ids: set[str]) -> dict[str, str]:
    """CRM contact → our contact, for living records whose person may be kept; made where there is none yet."""
    r = db.table(CrmRecord)
    living = (~r.c.deleted, r.c.successor == "", ~r.c.objects)
    query = sa.select(CrmRecord).where(r.c.record_id.in_(sorted(record_ids)), *living).order_by(r.c.id)
    records = list(session.scalars(query))
    buried = tombstones.buried(session, "crm", [one.record_id for one in records])
    owners: dict[str, str] = {}
    for record in records:
        if record.record_id in buried:
            continue
        owner = contacts.home(record) or contacts.contact_of(session, record)
        if session.get(Contact, owner) is not None:  # an erased one is on its way out
            owners[record.record_id] = owner
    may = allowed.contacts(session, owners.values(), PURPOSE)
    return {one: owner for one, owner in owners.items() if owner in may}
