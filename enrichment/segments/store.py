"""Segments as they are kept, counted, listed and handed on."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, cells, db
from core.errors import Rejected
from enrichment import allowed
from enrichment.behaviour.models import CustomerKey, CustomerOrder, TrackEvent
from enrichment.models import CrmRecord
from enrichment.segments import conditions, members, people
from enrichment.segments.conditions import Group
from enrichment.segments.models import Activation, Segment
from inbox import consent
from inbox.fields import naming
from inbox.fields import store as definitions
from inbox.fields.kinds import CHOSEN, Definition
from inbox.fields.people import filled_in
from inbox.models import Contact, Identity, Message

SAMPLE = 8
PAGE = 50
CHUNK = 500
MOST_OPTIONS = 100
NO_NAME = "Give the segment a name."
TAKEN = "Another segment has this name."
IN_CAMPAIGN = "This segment is handed on to a campaign. Remove the campaign first: it takes the people out."
NO_SEGMENT = "There is no such segment."
COLUMNS = ("person", "name", "accounts", "emails", "crm_records")
"""Of the CSV file."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many people a filter finds, and how many of them may be addressed for marketing."""

    people: int
    may: int


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a segment."""

    person: str
    name: str
    contact_id: str | None
    identity_id: int | None
    """The first account; None for a contact without one."""
    accounts: tuple[tuple[str, str], ...]
    """(platform, handle)."""
    may: bool

    @property
    def address(self) -> str:
        """Where people look at them."""
        return f"/people/{self.identity_id}" if self.identity_id else f"/people/contacts/{self.contact_id}"


# --- keeping -----------------------------------------------------------------------------------------


def save(session: Session, name: str, group: Group, actor: str, segment_id: int | None = None) -> int:
    """Keep a new segment or change one; Rejected without a name of its own, or for a field that there is not."""
    name = " ".join(db.sound(name).split())[:100]
    if not name:
        raise Rejected(NO_NAME)
    _known(session, group)
    s = db.table(Segment)
    taken = session.execute(sa.select(s.c.id).where(s.c.name == name)).scalar()
    if taken is not None and taken != segment_id:
        raise Rejected(TAKEN)
    moment = db.now()
    if segment_id is None:
        row = Segment(name=name, conditions={}, made_by=actor, made_at=moment, changed_at=moment)
    else:
        row = get(session, segment_id)
    row.name, row.conditions, row.changed_at = name, conditions.written(group), moment
    session.add(row)
    session.flush()
    members.announce(session, [row.id or 0])
    audit.record(session, actor, "segment.saved", f"segment:{row.id}")
    return row.id or 0


def _known(session: Session, group: Group) -> None:
    asked = {one.field for one in conditions.leaves(group)} - conditions.FIELDS.keys()
    every = definitions.every(session, "person", archived=True) if asked else []
    if not asked <= {naming.name("person", one.kind, one.id) for one in every}:
        raise Rejected(conditions.NO_FIELD)


def remove(session: Session, segment_id: int, actor: str) -> None:
    """Forget a segment; nothing of the people in it changes. Rejected while a campaign has people out of it."""
    a = db.table(Activation)
    campaigns = sa.select(a.c.id).where(a.c.segment_id == segment_id, a.c.kind == "campaign").limit(1)
    if session.scalar(campaigns) is not None:
        raise Rejected(IN_CAMPAIGN)
    session.delete(get(session, segment_id))
    members.announce(session, [segment_id])
    audit.record(session, actor, "segment.removed", f"segment:{segment_id}")


def get(session: Session, segment_id: int) -> Segment:
    """One segment; Rejected when there is none."""
    row = session.get(Segment, segment_id) if 0 < segment_id < 2**62 else None
    if row is None:
        raise Rejected(NO_SEGMENT)
    return row


def every(session: Session) -> Sequence[Segment]:
    """All segments by name."""
    return session.scalars(sa.select(Segment).order_by(db.table(Segment).c.name)).all()


# --- counting and listing ------------------------------------------------------------------------------


def of_accounts(session: Session, identity_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Number and name of the segments that these accounts are in, as far as they are compared by now."""
    sql = (
        "SELECT id, name FROM segment WHERE id IN (SELECT segment_id FROM segment_member "  # noqa: S608  # constants
        f"WHERE {bulk.among('identity_id')}) ORDER BY name"
    )
    return [(number, name) for number, name in bulk.fetch(session, sql, bulk.listed(identity_ids), prepared=True)]


def count(session: Session, group: Group, moment: datetime | None = None) -> Count:
    """How many it finds now; one statement."""
    found = people.statement(session, group, moment or db.now()).subquery()
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(found.c.may), 0)).select_from(found)
    row = session.execute(query).one()
    return Count(int(row[0]), int(row[1]))


def page(
    session: Session, group: Group, after: str = "", limit: int = PAGE, *, only_may: bool = False
) -> tuple[list[Person], str]:
    """People in a fixed order from a mark on, and the mark of what comes next; empty at the end."""
    found = people.statement(session, group, db.now()).subquery()
    query = sa.select(found).where(found.c.person > after).order_by(found.c.person).limit(limit + 1)
    if only_may:
        query = query.where(found.c.may == 1)
    rows = session.execute(query).all()
    shown = rows[:limit]
    return _persons(session, shown), shown[-1].person if len(rows) > limit else ""


def _persons(session: Session, rows: Sequence[Any]) -> list[Person]:
    c, i = db.table(Contact), db.table(Identity)
    contacts = [row.contact_id for row in rows if row.contact_id]
    numbers = [row.identity_id for row in rows if row.identity_id]
    names = dict(session.execute(sa.select(c.c.id, c.c.name).where(c.c.id.in_(contacts))).all())
    mine = sa.or_(i.c.contact_id.in_(contacts), i.c.id.in_(numbers))
    accounts: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(sa.select(i).where(mine, ~i.c.ours).order_by(i.c.id)):
        accounts[f"contact:{row.contact_id}" if row.contact_id else f"identity:{row.id}"].append(row)
    return [_person(row, names.get(row.contact_id, ""), accounts[row.person]) for row in rows]


def _person(row: Any, name: str, accounts: Sequence[Any]) -> Person:
    shown = name or next((one.name or one.handle for one in accounts), "")
    handles = tuple((one.platform, one.handle) for one in accounts)
    first = accounts[0].id if accounts else None
    return Person(row.person, shown, row.contact_id, first, handles, bool(row.may))


def options(session: Session) -> dict[str, list[str]]:
    """What stands in the tables for choices that have no fixed answers."""
    i, m, o, e = (db.table(one) for one in (Identity, Message, CustomerOrder, TrackEvent))
    country = o.c.address["country"].as_string()
    asked = {
        "platform": sa.select(i.c.platform).where(~i.c.ours),
        "language": sa.select(m.c.language).where(m.c.language != ""),
        "order_channel": sa.select(o.c.channel).where(o.c.channel != ""),
        "country": sa.select(country).where(country.is_not(None)),
        "event": sa.select(e.c.name).where(e.c.kind == "track"),
    }
    found = {name: session.scalars(query.distinct().limit(MOST_OPTIONS)).all() for name, query in asked.items()}
    return {name: sorted(values) for name, values in found.items()}


def names(session: Session, persons: Sequence[str]) -> dict[str, str]:
    """Names of those of the persons that are contacts."""
    c = db.table(Contact)
    ids = sorted({one.partition(":")[2] for one in persons if one.startswith("contact:")})
    rows = session.execute(sa.select(c.c.id, c.c.name).where(c.c.id.in_(ids)))
    return {f"contact:{row.id}": row.name for row in rows}


# --- handing on --------------------------------------------------------------------------------------


def export(session: Session, segment: Segment, stream: TextIO, actor: str) -> int:
    """Everybody who may be addressed, as CSV; audited with the number. Returns it."""
    group = conditions.read(segment.conditions)
    writer = csv.writer(stream)
    fields = definitions.every(session, "person")
    writer.writerow((*COLUMNS, *(cells.harmless(f"field: {one.name('en')}") for one in fields)))
    number = 0
    for some in handed_on(session, group):
        filled = filled_in(session, [one.contact_id for one in some if one.contact_id]) if fields else {}
        for one, row in zip(some, lines(session, some), strict=True):
            stands = filled.get(one.contact_id or "", {})
            own = (_words(each, stands.get(each.id, "")) for each in fields)
            writer.writerow([cells.harmless(cell) for cell in (*row, *own)])
        number += len(some)
    audit.record(session, actor, "segment.exported", f"segment:{segment.id}", {"people": number})
    return number


def _words(field: Definition, value: str) -> str:
    """What stands in a custom field: options by their English names."""
    return "; ".join(field.words(value, "en")) if field.kind in CHOSEN else value


def handed_on(session: Session, group: Group) -> Iterator[list[Person]]:
    """People whose consent allows marketing, in chunks, each asked again at the gate."""
    after = ""
    while True:
        some, after = page(session, group, after, CHUNK, only_may=True)
        contacts = allowed.contacts(session, [one.contact_id for one in some if one.contact_id], people.MARKETING)
        alone = [one.identity_id for one in some if one.contact_id is None and one.identity_id]
        accounts = consent.may_many(session, alone, people.MARKETING)
        yield [one for one in some if (one.contact_id in contacts if one.contact_id else one.identity_id in accounts)]
        if not after:
            return


def lines(session: Session, some: Sequence[Person]) -> Iterator[Iterable[str]]:
    """People as rows of COLUMNS; several values in a cell stand between blanks."""
    contacts = [one.contact_id for one in some if one.contact_id]
    k, r = db.table(CustomerKey), db.table(CrmRecord)
    emails: dict[str, dict[str, None]] = defaultdict(dict)
    records: dict[str, list[str]] = defaultdict(list)
    living = (r.c.contact_id.in_(contacts), ~r.c.deleted, r.c.successor == "")
    query = sa.select(r.c.contact_id, r.c.record_id, r.c.emails, r.c.object).where(*living).order_by(r.c.id)
    for row in session.execute(query):
        emails[row.contact_id] |= dict.fromkeys(row.emails)
        if row.object != "csv":
            records[row.contact_id].append(row.record_id)
    c = db.table(Contact)
    whole = sa.func.coalesce(c.c.survivor_id, c.c.id)
    keys = (
        sa.select(whole.label("contact_id"), k.c.value)
        .join(c, c.c.id == k.c.contact_id)
        .where(k.c.kind == "email", whole.in_(contacts))
    )
    for row in session.execute(keys.order_by(k.c.value)):
        emails[row.contact_id][row.value] = None
    for one in some:
        who = one.contact_id or ""
        accounts = " ".join(f"{platform}:{handle}" for platform, handle in one.accounts)
        yield one.person, one.name, accounts, " ".join(emails[who]), " ".join(records[who])
