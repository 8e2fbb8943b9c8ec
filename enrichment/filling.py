"""Custom fields out of a file of contacts: kept with the record, and filled in where it stands for somebody.

What a file says anew is filled in at once, as if whoever imports it had typed it; the same file again changes nothing.
What was kept before somebody was recognised is filled in where nothing stands yet. An empty cell says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment.crm import CrmPerson
from enrichment.models import CrmRecord, MatchKey
from enrichment.normalise import mail
from inbox import refused
from inbox.fields import kinds, people
from inbox.fields.kinds import Definition

CSV = "csv"
PORTION = 500


def headings(fields: Iterable[Definition]) -> dict[str, tuple[str, ...]]:
    """Field → the headings it is recognised by, in their shortest form: its names, as an export writes them, too."""
    found = {}
    for one in fields:
        names = {_plain(name) for name in one.names.values()}
        found[people.name_of(one.id)] = tuple(sorted(names | {f"field{name}" for name in names}))
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


def read(values: Mapping[str, str], fields: Iterable[Definition]) -> tuple[dict[str, str], str]:
    """What a row says of the fields as it is kept, or why it cannot: the field's name as `people.name_of`, and a
    sentence behind a colon. Pure."""
    own: dict[str, str] = {}
    for field in fields:
        name = people.name_of(field.id)
        typed = values.get(name, "").strip()
        if not typed:
            continue
        parts = typed.split(";") if field.kind == "several" else [typed]
        try:
            value = kinds.canonical(field, parts)
        except Rejected as error:
            return {}, f"{name}:{error}"
        why = refused.statement(name, value, "file:")
        if why:
            return {}, f"{name}:{refused.WHY[why]}"
        own[str(field.id)] = value
    return own, ""


def keep(session: Session, found: Sequence[CrmPerson], actor: str) -> set[int]:
    """Keep what rows say with their records, or with those of the CRM that have the same address, and fill in what
    is new. Returns the records of files that changed by it."""
    changed: set[int] = set()
    wanted = [one for one in found if one.own]
    for start in range(0, len(wanted), PORTION):
        some = wanted[start : start + PORTION]
        for record, own in _records(session, some):
            known = dict(record.own.get("values", {}))
            fresh = {number: value for number, value in own.items() if known.get(number) != value}
            if not fresh:
                continue
            record.own = {"by": actor, "values": {**known, **fresh}}
            session.add(record)
            session.flush()
            _put(session, record, fresh, actor)
            if record.object == CSV:
                changed.add(record.id or 0)
    return changed


def _records(session: Session, some: Sequence[CrmPerson]) -> list[tuple[CrmRecord, Mapping[str, str]]]:
    r, k = db.table(CrmRecord), db.table(MatchKey)
    addresses = {mail.canonical(one.emails[0]): one.own for one in some if one.emails}
    query = (
        sa.select(CrmRecord, k.c.value)
        .join(k, k.c.crm_record_id == r.c.id)
        .where(k.c.kind == "email", k.c.value.in_(sorted(addresses)), r.c.object != CSV, ~r.c.deleted)
    )
    theirs = [(record, value) for record, value in session.execute(query.order_by(r.c.id))]
    taken = {value for _, value in theirs}
    rows = {one.id: one.own for one in some if not (one.emails and mail.canonical(one.emails[0]) in taken)}
    ours = session.scalars(sa.select(CrmRecord).where(r.c.record_id.in_(sorted(rows)), ~r.c.deleted)).all()
    return [*((record, addresses[value]) for record, value in theirs), *((one, rows[one.record_id]) for one in ours)]


def fill(session: Session, record: CrmRecord) -> None:
    """The record stands for somebody from now on: what was kept with it goes where nothing stands."""
    values, contact = record.own.get("values", {}), record.contact_id
    if values and contact:
        there = people.filled_in(session, [contact]).get(contact, {})
        empty = {number: value for number, value in values.items() if int(number) not in there}
        _put(session, record, empty, str(record.own["by"]))


def inherit(session: Session, row_id: int, heir: str) -> None:
    """A record of a file ended in one of the CRM: what was kept with it goes there."""
    old = session.get(CrmRecord, row_id)
    new = session.scalars(sa.select(CrmRecord).where(db.table(CrmRecord).c.record_id == heir)).first()
    if old is None or new is None or not old.own:
        return
    new.own = {"by": old.own["by"], "values": {**old.own["values"], **new.own.get("values", {})}}
    session.add(new)
    session.flush()
    fill(session, new)


def _put(session: Session, record: CrmRecord, values: Mapping[str, str], actor: str) -> None:
    contact = record.home_id or record.contact_id
    if contact is None or record.objects:
        return
    for number, value in values.items():
        try:
            people.put(session, contact, int(number), value, actor)
        except Rejected:  # the field was put away meanwhile, or an option of it
            continue
