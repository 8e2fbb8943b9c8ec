"""Reading contacts and leads of the CRM into tables of ours, and asking again who matches what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from enrichment import companies, contacts, index, overlap
from enrichment.cases import following
from enrichment.crm import CRM, CaseNews, CommentNews, CrmPerson
from enrichment.keys import Key, of_record
from enrichment.match import Evidence
from enrichment.matching.people import Contact as Typed
from enrichment.models import CrmConnection, CrmRecord, MatchLink
from inbox import consent, people, tombstones
from inbox.models import Identity

T = TypeVar("T")
Changes = tuple[dict[int, set[Key]], set[int]]
"""Old and new keys of each changed record, by row id, and the records whose profiles change."""
CHUNK = 500
ACTOR = "crm"
MERGED = Evidence("merged", "the CRM merged or converted the record into this one", 1.0).row()
COLUMNS = (
    "object", "first_name", "last_name", "name", "emails", "phones", "handles", "websites",
    "company", "company_id", "company_site", "company_phone", "city", "country", "deleted", "successor", "objects",
)  # fmt: skip
"""What a change of is a change of the record; its time alone is none."""


@dataclass
class Pulled:
    """What one read brought."""

    read: int = 0
    changed: int = 0
    watermark: datetime | None = None
    identities: set[int] = field(default_factory=set)
    """Whose match is to be decided again."""
    everybody: bool = False
    case_watermark: datetime | None = None
    accounts_watermark: datetime | None = None
    begun: datetime = field(default_factory=db.now)
    cases: list[CaseNews] = field(default_factory=list)
    comments: list[CommentNews] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Since:
    """Up to when each kind of record is mirrored; None: all of it is read."""

    people: datetime | None = None
    accounts: datetime | None = None
    cases: datetime | None = None


def pull(crm: CRM, since: Since) -> Pulled:
    """Mirror what changed since then, chunk by chunk, each in its own transaction.

    A read that breaks off is repeated from the old watermark; what is stored already does not change then.
    Raises what the CRM raises.
    """
    pulled = Pulled(watermark=since.people, everybody=since.people is None, accounts_watermark=since.accounts)
    for accounts in _chunks(crm.accounts(since.accounts)):
        pulled.read += len(accounts)
        pulled.accounts_watermark = _latest(pulled.accounts_watermark, accounts)
        with db.write() as session:
            companies.store(session, accounts)
        if since.people is not None:  # else all contacts are read anyway
            _reach_contacts({one.id for one in accounts}, pulled)
    for chunk in _chunks(crm.people(since.people)):
        pulled.read += len(chunk)
        pulled.watermark = _latest(pulled.watermark, chunk)
        with db.write() as session:
            changes = store(session, chunk)
            _announce(session, changes)
        _note(pulled, changes)
    pulled.cases, pulled.comments = list(crm.cases(since.cases)), list(crm.comments(since.cases))
    pulled.case_watermark = _latest(since.cases, (*pulled.cases, *pulled.comments))
    pulled.read += len(pulled.cases) + len(pulled.comments)
    return pulled


def _reach_contacts(accounts: set[str], pulled: Pulled) -> None:
    """Have the contacts of these accounts say what the accounts say now, as many in one transaction as in a chunk."""
    after = 0
    while True:
        with db.write() as session:
            records = companies.contacts_of(session, accounts, after, CHUNK)
            if not records:
                return
            after = records[-1].id or 0
            changes = _employed(session, records)
            _announce(session, changes)
        _note(pulled, changes)


def _announce(session: Session, changes: Changes) -> None:
    outbox.emit(session, "record.changed", [(str(one), {"record_id": one}) for one in sorted(changes[0])])


def _note(pulled: Pulled, changes: Changes) -> None:
    """Whose match these changes touch; after their commit, so that nobody is missed (enrichment.linking)."""
    keys, moved = changes
    pulled.changed += len(keys)
    with db.read() as session:
        touched = {key for found in keys.values() for key in found}
        pulled.identities |= index.identities_with(session, touched) | linked_to(session, moved)


def _latest(known: datetime | None, found: Iterable[Any]) -> datetime | None:
    moments = [one.modified for one in found if one.modified is not None]
    return max([*moments, *([known] if known else [])], default=None)


def finish(session: Session, pulled: Pulled) -> None:
    """Move the watermark on and have the affected identities looked at again."""
    c = db.table(CrmConnection)
    values = {
        "watermark": pulled.watermark,
        "accounts_watermark": pulled.accounts_watermark,
        "case_watermark": pulled.case_watermark,
        "pulled_at": db.now(),
    }
    session.execute(sa.update(c).values(**values))
    following.follow(session, pulled.cases, pulled.comments, pulled.begun)
    ids: Iterable[int] = pulled.identities
    if pulled.everybody:
        i = db.table(Identity)
        ids = set(session.scalars(sa.select(i.c.id).where(~i.c.ours))) | pulled.identities
    outbox.emit(session, "identity.seen", [(str(one), {"identity_id": one}) for one in sorted(ids)])


def _chunks(found: Iterator[T]) -> Iterator[list[T]]:
    while chunk := list(islice(found, CHUNK)):
        outbox.keep_alive()
        yield chunk


def store(session: Session, persons: Sequence[CrmPerson]) -> Changes:
    """Write a chunk of people."""
    newest = {one.id: one for one in persons}
    erased = tombstones.buried(session, "crm", newest)
    wanted = {one: row(person) for one, person in newest.items() if one not in erased}
    r = db.table(CrmRecord)
    query = sa.select(CrmRecord).where(r.c.record_id.in_(sorted(wanted)))
    known = {one.record_id: one for one in session.scalars(query.with_for_update())}
    companies.fill(session, list(wanted.values()), known)
    # a row even for one that is gone: its id tells, later, that whoever was merged into it is gone too
    fresh = [values for one, values in sorted(wanted.items()) if one not in known]
    if fresh:
        session.execute(db.upsert(CrmRecord).on_conflict_do_nothing(), fresh)
    names = [values["record_id"] for values in fresh]
    ids = dict(session.execute(sa.select(r.c.record_id, r.c.id).where(r.c.record_id.in_(names))).all())
    return _changed(session, known, wanted, ids)


def _employed(session: Session, records: Sequence[CrmRecord]) -> Changes:
    """Write what their accounts say now on these contacts."""
    names = ("record_id", "modified", *COLUMNS)
    wanted = {one.record_id: {name: getattr(one, name) for name in names} for one in records}
    known = {one.record_id: one for one in records}
    companies.fill(session, list(wanted.values()), known)
    return _changed(session, known, wanted, {})


def _changed(
    session: Session,
    known: Mapping[str, CrmRecord],
    wanted: Mapping[str, Mapping[str, Any]],
    fresh: Mapping[str, int],
) -> Changes:
    """Write known records that differ, and what follows from these and from fresh ones."""
    changed = [record for one, record in sorted(known.items()) if _differs(record, wanted[one])]
    for record in changed:
        _update(session, record, wanted[record.record_id])
    session.flush()
    contacts.tell(session, changed)
    ids = {**fresh, **{record.record_id: record.id or 0 for record in changed}}
    keys = {row_id: set(_keys(wanted[one])) for one, row_id in ids.items()}
    before = index.stored_keys(session, keys)
    index.put_records(session, keys)
    gone = overlap.give_way(session, ids)
    for one, old in gone.items():
        before[one], keys[one] = old, set()
    moved = _follow(session, [wanted[one] for one in ids])
    moved |= {record.id or 0 for record in changed if record.contact_id is not None}
    return {one: keys[one] | before.get(one, set()) for one in keys}, moved


def row(person: CrmPerson) -> dict[str, Any]:
    """A person as our columns; of one that is gone only the ids stay."""
    gone = bool(person.deleted or person.merged_into)
    if gone:
        person = CrmPerson(
            person.object,
            person.id,
            modified=person.modified,
            merged_into=person.merged_into,
            objects_to_processing=person.objects_to_processing,
        )
    return {
        "record_id": person.id,
        "object": person.object,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "name": person.name,
        "emails": list(person.emails),
        "phones": list(person.phones),
        "handles": dict(person.handles),
        "websites": list(person.websites),
        "company": person.company,
        "company_id": person.company_id,
        "company_site": "",
        "company_phone": "",
        "city": db.sound(person.city)[:200],
        "country": db.sound(person.country)[:80],
        "modified": person.modified,
        "deleted": gone,
        "successor": person.merged_into or person.converted_to,
        "objects": person.objects_to_processing,
        "contact_id": None,
    }


def _keys(values: Mapping[str, Any]) -> frozenset[Key]:
    if values["deleted"] or values["successor"]:
        return frozenset()
    return of_record(typed(values["record_id"], values))


def typed(record_id: str, values: Mapping[str, Any]) -> Typed:
    """A record as the scorer takes it, from columns of the mirror."""
    return Typed(
        id=record_id,
        first_name=values["first_name"],
        last_name=values["last_name"],
        name=values["name"],
        emails=tuple(values["emails"]),
        phones=tuple(values["phones"]),
        handles=tuple(values["handles"].items()),
        websites=tuple(values["websites"]),
        company=values["company"],
        domain=values["company_site"],
        switchboard=values["company_phone"],
        city=values["city"],
        country=values["country"],
    )


def _differs(record: CrmRecord, values: Mapping[str, Any]) -> bool:
    return any(getattr(record, name) != values[name] for name in COLUMNS)


def _update(session: Session, record: CrmRecord, values: Mapping[str, Any]) -> None:
    if record.contact_id is not None and record.objects != values["objects"]:
        subject = f"contact:{contacts.home(record)}"
        if values["objects"]:
            consent.object_to(session, subject, "all", "crm", ACTOR)
        else:
            consent.withdraw_objection(session, subject, "all", ACTOR)
    for name in (*COLUMNS, "modified"):
        setattr(record, name, values[name])
    session.add(record)


def linked_to(session: Session, record_rows: Iterable[int]) -> set[int]:
    """Identities with a link or proposal to these records, or linked to their contact."""
    wanted = sorted(set(record_rows))
    if not wanted:
        return set()
    t, r, i = db.table(MatchLink), db.table(CrmRecord), db.table(Identity)
    proposed = session.scalars(sa.select(t.c.identity_id).where(t.c.crm_record_id.in_(wanted)))
    contacts = sa.select(r.c.contact_id).where(r.c.id.in_(wanted), r.c.contact_id.is_not(None))
    return set(proposed) | set(session.scalars(sa.select(i.c.id).where(i.c.contact_id.in_(contacts))))


# --- merges, conversions and deletions ---------------------------------------------------------------


def _follow(session: Session, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Hand the contact and links of merged and converted records on to what took their place.

    A successor that is not mirrored yet takes over when it comes.
    """
    r = db.table(CrmRecord)
    names = [values["record_id"] for values in rows]
    if not names:
        return set()
    losers = session.scalars(
        sa.select(CrmRecord)
        .where(r.c.successor != "", r.c.contact_id.is_not(None))
        .where(r.c.record_id.in_(names) | r.c.successor.in_(names))
    ).all()
    moved: set[int] = set()
    for loser in losers:
        heir = _heir(session, loser.successor)
        if heir is None or heir.id == loser.id:
            continue
        moved |= {loser.id or 0, heir.id or 0}
        if heir.deleted:
            loser.deleted = True
            session.add(loser)
        else:
            _inherit(session, loser, heir)
    session.flush()
    return moved


def _heir(session: Session, record_id: str) -> CrmRecord | None:
    """The record at the end of a chain of merges, which may be deleted by now; None when it is not mirrored."""
    r = db.table(CrmRecord)
    seen: set[str] = set()
    while record_id and record_id not in seen:
        seen.add(record_id)
        record = session.scalars(sa.select(CrmRecord).where(r.c.record_id == record_id)).first()
        if record is None:
            return None
        if not record.successor:
            return record
        record_id = record.successor
    return None


def _inherit(session: Session, loser: CrmRecord, heir: CrmRecord) -> None:
    """One person now: identities of the loser's contact go to the heir's, its evidence with them."""
    old = contacts.home(loser)
    contact = contacts.home(heir) or old
    if contact is None:
        return
    contacts.tell(session, [loser])  # it says nothing any more
    if heir.contact_id is None:
        heir.contact_id, heir.home_id = loser.contact_id, loser.home_id
        session.add(heir)
    elif old is not None and old != contact:
        for identity in people.identities_of(session, old):
            people.unlink(session, identity.id or 0, ACTOR, "the CRM merged two records")
            people.link(session, identity.id or 0, contact, ACTOR, "the CRM merged two records")
    loser.contact_id = loser.home_id = None
    session.add(loser)
    session.flush()
    contacts.tell(session, [heir])
    _move_links(session, loser.id or 0, heir.id or 0, contact)


def _move_links(session: Session, loser: int, heir: int, contact: str) -> None:
    t = db.table(MatchLink)
    there = set(session.scalars(sa.select(t.c.identity_id).where(t.c.crm_record_id == heir)))
    for link in session.scalars(sa.select(MatchLink).where(t.c.crm_record_id == loser)).all():
        if link.identity_id in there and link.decision not in ("auto", "accepted"):
            continue
        if link.identity_id in there:
            session.execute(sa.delete(t).where(t.c.identity_id == link.identity_id, t.c.crm_record_id == heir))
        if link.decision in ("auto", "accepted"):
            link.evidence = [*link.evidence, MERGED]
        link.crm_record_id = heir
        link.contact_id = contact if link.decision in ("auto", "accepted") else None
        session.add(link)
        session.flush()
