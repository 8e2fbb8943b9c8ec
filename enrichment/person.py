"""One person as a page shows them: the merged profile with the source of each field, links, CRM, history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment import connection
from enrichment.models import CrmConnection, CrmRecord, MatchLink, SyncState
from inbox import consent, people
from inbox.models import Contact, Conversation, Identity

PROFILE_OBJECT = "SocialProfile__c"
CSV = "csv"
LATEST = 20


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of the merged profile: its value, who says so, and since when."""

    name: str
    """name, company, place, language, about, site, email or phone."""
    value: str
    source: str
    """A platform's name, `Contact`, `Lead` or `csv`."""
    handle: str = ""
    """The account that says so, when it is a platform."""
    at: datetime | None = None
    verified: bool = False
    """The platform has proven it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A living CRM record behind the contact."""

    object: str
    record_id: str
    name: str
    company: str
    url: str
    """Where people look at it; empty when there is no such place."""
    objects: bool


@dataclass(frozen=True, slots=True)
class Sync:
    """How far one identity's profile stands in the CRM."""

    state: str
    message: str
    code: str
    at: datetime
    url: str
    """The profile there; empty while it does not stand."""


@dataclass(frozen=True)
class Person:
    """Everything known about whoever stands behind an identity."""

    identity: Identity
    contact: Contact | None
    identities: Sequence[Identity]
    """All accounts of this person, the one asked for first."""
    facts: Sequence[Fact]
    records: Sequence[Record]
    syncs: dict[int, Sync]
    """By identity, as far as there is one."""
    messages: dict[str, int]
    """State → number of this person's messages in the exchange with the CRM."""
    objections: frozenset[str]
    purposes: dict[str, bool]
    """Purpose → switched on for the installation."""

    @property
    def ids(self) -> list[int]:
        """Row ids of the identities."""
        return [one.id or 0 for one in self.identities]

    @property
    def name(self) -> str:
        """What to call this person."""
        return next((one.value for one in self.facts if one.name == "name"), self.identity.handle)


def find(session: Session, identity_id: int) -> Person | None:
    """The person behind an identity; None when there is none, or it is one of our own accounts."""
    identity = session.get(Identity, identity_id)
    if identity is None or identity.ours:
        return None
    contact = session.get(Contact, identity.contact_id) if identity.contact_id else None
    others = people.identities_of(session, contact.id) if contact is not None else []
    identities = [identity, *(one for one in others if one.id != identity_id)]
    rows = _records(session, contact)
    address = _address(session)
    ids = [one.id or 0 for one in identities]
    return Person(
        identity=identity,
        contact=contact,
        identities=identities,
        facts=facts(identities, rows),
        records=[_record(one, address) for one in rows],
        syncs=_syncs(session, ids, address),
        messages=_messages(session, ids),
        objections=frozenset(one.purpose for one in consent.objections(session, subjects(identity))),
        purposes={name: on for name, (on, _) in consent.standing(session).items()},
    )


def subjects(identity: Identity) -> list[str]:
    """How objections name this person."""
    return [f"identity:{identity.id}", *([f"contact:{identity.contact_id}"] if identity.contact_id else [])]


def facts(identities: Sequence[Identity], records: Sequence[CrmRecord]) -> list[Fact]:
    """The merged profile: the CRM's word before a platform's, and of several accounts the one heard of last."""
    newest = sorted(identities, key=lambda one: one.last_seen, reverse=True)
    living = [one for one in records if not one.objects]
    names = [_crm("name", shown_name(one), one) for one in living] + [_said("name", one.name, one) for one in newest]
    found = [
        *_first(names),
        *_first(_crm("company", one.company, one) for one in living),
        *_first(_said("place", one.location, one) for one in newest),
        *_first(_said("language", one.language, one) for one in newest),
        *_first(_said("about", one.bio, one) for one in newest),
    ]
    sites = [_site(link, one) for one in newest for link in one.links]
    sites.sort(key=lambda one: not one.verified)
    sites += [_crm("site", site, one) for one in living for site in one.websites]
    mails = [_crm("email", address, one) for one in living for address in one.emails]
    phones = [_crm("phone", number, one) for one in living for number in one.phones]
    return [*found, *_each(sites), *_each(mails), *_each(phones)]


def shown_name(record: CrmRecord) -> str:
    """A record's name as people say it."""
    return record.name or f"{record.first_name} {record.last_name}".strip()


def _said(name: str, value: str, identity: Identity) -> Fact:
    return Fact(name, value.strip(), identity.platform, identity.handle, identity.last_seen)


def _crm(name: str, value: str, record: CrmRecord) -> Fact:
    return Fact(name, value.strip(), record.object, at=record.modified)


def _site(link: dict[str, Any], identity: Identity) -> Fact:
    url, verified = str(link.get("url") or ""), bool(link.get("verified"))
    return Fact("site", url, identity.platform, identity.handle, identity.last_seen, verified)


def _first(found: Iterable[Fact]) -> list[Fact]:
    return [one for one in found if one.value][:1]


def _each(found: Iterable[Fact]) -> list[Fact]:
    """Each value once, from its first source."""
    seen: dict[str, Fact] = {}
    for one in found:
        if one.value:
            seen.setdefault(one.value.rstrip("/").lower(), one)
    return list(seen.values())


def _records(session: Session, contact: Contact | None) -> list[CrmRecord]:
    if contact is None:
        return []
    r = db.table(CrmRecord)
    query = sa.select(CrmRecord).where(r.c.contact_id == contact.id, ~r.c.deleted, r.c.successor == "")
    return list(session.scalars(query.order_by(r.c.object, r.c.id)))


def _address(session: Session) -> str:
    row = session.get(CrmConnection, 1)
    return row.url if row is not None else ""


def _record(row: CrmRecord, address: str) -> Record:
    url = "" if row.object == CSV else connection.record_url(address, row.object, row.record_id)
    return Record(row.object, row.record_id, shown_name(row), row.company, url, row.objects)


def _syncs(session: Session, ids: Sequence[int], address: str) -> dict[int, Sync]:
    s = db.table(SyncState)
    query = sa.select(SyncState).where(s.c.identity_id.in_(ids), s.c.kind == "profile").order_by(s.c.id)
    return {
        one.identity_id or 0: Sync(
            one.state, one.message, one.code, one.at, connection.record_url(address, PROFILE_OBJECT, one.record_id)
        )
        for one in session.scalars(query)
    }


def _messages(session: Session, ids: Sequence[int]) -> dict[str, int]:
    s = db.table(SyncState)
    query = sa.select(s.c.state, sa.func.count()).where(s.c.identity_id.in_(ids), s.c.kind == "interaction")
    return dict(session.execute(query.group_by(s.c.state)).all())


def links(session: Session, identity_id: int) -> list[tuple[MatchLink, CrmRecord]]:
    """Links, proposals and refusals of an identity with their records, the likeliest first."""
    k, r = db.table(MatchLink), db.table(CrmRecord)
    query = (
        sa.select(MatchLink, CrmRecord)
        .join(r, r.c.id == k.c.crm_record_id)
        .where(k.c.identity_id == identity_id, k.c.decision.in_(("auto", "accepted", "review", "rejected")))
        .order_by(k.c.decision == "rejected", k.c.score.desc(), k.c.id)
    )
    return [(link, record) for link, record in session.execute(query)]


def history(
    session: Session, identity_ids: Sequence[int], *, private: bool, after: int = 0, limit: int = LATEST
) -> tuple[list[Conversation], bool]:
    """Conversations over all platforms, newest first; `after` skips so many. Tells whether there are more."""
    c = db.table(Conversation)
    query = sa.select(Conversation).where(c.c.identity_id.in_(identity_ids))
    if not private:
        query = query.where(~c.c.private)
    query = query.order_by(c.c.last_at.desc(), c.c.id.desc()).offset(after).limit(limit + 1)
    found = list(session.scalars(query))
    return found[:limit], len(found) > limit
