"""The contact behind a record of the CRM: made on its first link, and told what the record says."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session

from core import db, names
from enrichment import filling
from enrichment.behaviour import customers
from enrichment.models import CrmRecord
from enrichment.normalise import mail
from inbox import attributes, people
from inbox.attributes import Source
from inbox.models import Contact, Identity

FILE = "csv"


def home(record: CrmRecord) -> str | None:
    """The contact a record was given, whatever that one is merged into."""
    return record.home_id or record.contact_id


def contact_of(session: Session, record: CrmRecord) -> str:
    """The record's contact, made now when it has none or it is gone."""
    known = home(record)
    if known is None or session.get(Contact, known) is None:
        known = _customer(session, record) or people.create_contact(session, called(record))
        give(session, record, known)
    return known


def _customer(session: Session, record: CrmRecord) -> str | None:
    """The customer with the record's e-mail address, whom no record stands for yet."""
    addresses = sorted({one for one in map(mail.canonical, record.emails) if one and not mail.is_role(one)})
    customer = customers.of_record(session, addresses) if addresses else None
    return customer if customer and session.get(Contact, customer) else None


def give(session: Session, record: CrmRecord, contact_id: str) -> None:
    """The record stands for this contact from now on, or for the survivor when it is merged."""
    survivor = people.survivor(session, contact_id)
    record.contact_id, record.home_id = survivor, contact_id if survivor != contact_id else None
    session.add(record)
    session.flush()
    tell(session, [record])
    filling.fill(session, record)


def called(record: CrmRecord) -> str:
    """Its name as people say it."""
    return names.called(record.name, record.first_name, record.last_name)


def source(record: CrmRecord) -> str:
    """How its statements name it."""
    return f"file:{record.record_id}" if record.object == FILE else f"crm:{record.object}:{record.record_id}"


def says(record: CrmRecord) -> dict[tuple[str, str], float]:
    """Everything a record says about its contact; nothing when it is gone or its person objects. Pure."""
    if record.deleted or record.successor or record.objects:
        return {}
    place = ", ".join(one for one in (record.city, record.country) if one)
    pairs = [("name", called(record)), ("company", record.company), ("place", place)]
    pairs += [("email", one) for one in record.emails]
    pairs += [("phone", one) for one in record.phones]
    pairs += [("site", one) for one in record.websites]
    return {(name, value.strip()): 1.0 for name, value in pairs if value.strip()}


def tell(session: Session, records: Iterable[CrmRecord]) -> None:
    """Note what these records say now, for those that have a contact."""
    found = [(home(one), one) for one in records]
    attributes.say_all(
        session,
        [Source(contact, source(one), says(one), one.modified) for contact, one in found if contact is not None],
    )


def refresh(session: Session, identity_ids: Iterable[int]) -> None:
    """Note what these accounts and the records of their contacts say now."""
    ids = sorted(set(identity_ids))
    attributes.hear(session, ids)
    i, r = db.table(Identity), db.table(CrmRecord)
    theirs = sa.select(i.c.contact_id).where(i.c.id.in_(ids), i.c.contact_id.is_not(None))
    tell(session, session.scalars(sa.select(CrmRecord).where(r.c.contact_id.in_(theirs)).order_by(r.c.id)).all())
