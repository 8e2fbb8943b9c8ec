"""One person as a page shows them: the merged profile with the source of each field, links, CRM, history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import fields as columns_of
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, names, rows
from enrichment import connection
from inbox import attributes, consent, people, visibility
from inbox.fields import people as fields
from inbox.models import Conversation, Identity
from inbox.survivorship import OWN, Statement, survive
from inbox.visibility import Sight

PROFILE_OBJECT = "SocialProfile__c"
CSV = "csv"
LATEST = 20


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the person on one platform, as the platform last described it."""

    id: int
    platform: str
    handle: str
    name: str
    url: str
    bio: str
    links: list[dict[str, Any]]
    location: str
    language: str
    followers: int | None
    bot: bool
    ours: bool
    contact_id: str | None
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom the accounts are linked to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Known:
    """A living CRM record of the contact, as it is mirrored."""

    object: str
    record_id: str
    name: str
    first_name: str
    last_name: str
    company: str
    objects: bool

    @property
    def called(self) -> str:
        """Its name as people say it."""
        return names.called(self.name, self.first_name, self.last_name)


@dataclass(frozen=True, slots=True)
class Link:
    """What was decided, or is proposed, about the account and one CRM record."""

    id: int
    decision: str
    """auto, accepted, review or rejected."""
    tier: str
    score: float
    evidence: list[dict[str, Any]]
    at: datetime
    object: str
    name: str
    first_name: str
    last_name: str
    company: str

    @property
    def called(self) -> str:
        """The record's name as people say it."""
        return names.called(self.name, self.first_name, self.last_name)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as the history shows it."""

    id: int
    platform: str
    private: bool
    state: str
    excerpt: str
    language: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of the merged profile: its value, who says so, and since when."""

    name: str
    """One of inbox.survivorship.NAMES."""
    value: str
    source: str
    """A platform's name, `Contact`, `Lead`, `csv`, `api`, `inferred`, or `typed` by a colleague."""
    handle: str = ""
    """The account that says so, when it is a platform; who typed it, when it is a colleague."""
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

    identity: Account
    contact: Contact | None
    identities: Sequence[Account]
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
    connected: bool
    """There is a CRM to look them up in."""
    gone: bool = False
    """What they were linked to is no longer in the CRM."""
    own: Mapping[int, Fact] = field(default_factory=dict)
    """What stands in custom fields, by their numbers."""

    @property
    def ids(self) -> list[int]:
        """Row ids of the identities."""
        return [one.id for one in self.identities]

    @property
    def unknown(self) -> bool:
        """There is a CRM, and it knows nobody behind these accounts."""
        return self.connected and not any(one.object != "csv" for one in self.records)

    @property
    def makeable(self) -> bool:
        """A record may be made there for them, as far as is known here; `making.may_make` is asked again then."""
        return self.unknown and self._allowed

    @property
    def caseable(self) -> bool:
        """A Salesforce Case may be opened for them, as far as is known here; `cases.opening` asks again then."""
        return self._allowed and any(one.object != "csv" and not one.objects for one in self.records)

    @property
    def _allowed(self) -> bool:
        """There is a CRM in which they may stand."""
        needed = {"crm_sync", "profile"}
        switched_on = all(self.purposes[one] for one in needed)
        return self.connected and switched_on and not self.objections & {*needed, "all"}

    @property
    def name(self) -> str:
        """What to call this person."""
        return next((one.value for one in self.facts if one.name == "name"), self.identity.handle)


def find(session: Session, identity_id: int) -> Person | None:
    """The person behind an identity; None when there is none, or it is one of our own accounts."""
    identity = next(iter(_accounts(session, "id = ?", identity_id)), None)
    if identity is None or identity.ours:
        return None
    contact, others, records = _linked(session, identity.contact_id)
    identities = [identity, *(one for one in others if one.id != identity_id)]
    said = _statements(session, identities, identity.contact_id)
    urls = bulk.fetch(session, "SELECT url FROM crm_connection WHERE id = 1", prepared=True)
    address = urls[0][0] if urls else ""
    syncs, messages = _sent(session, [one.id for one in identities], address)
    whole = people.members(session, identity.contact_id) if identity.contact_id else []
    subjects = [*(f"identity:{one.id}" for one in identities), *(f"contact:{one}" for one in whole)]
    objections, purposes = consent.about(session, subjects)
    return Person(
        identity=identity,
        contact=contact,
        identities=identities,
        facts=facts(identities, said),
        records=[_record(one, address) for one in records],
        syncs=syncs,
        messages=messages,
        objections=objections,
        purposes=purposes,
        connected=bool(urls),
        gone=not records and contact is not None and _were(session, contact.id),
        own=_own(said),
    )


def told(
    session: Session, identity_ids: Sequence[int], contact_ids: Sequence[str]
) -> tuple[list[Account], list[Fact], dict[int, Fact]]:
    """Accounts, profile and custom fields of all that is one person, who may have no account."""
    sql = f"SELECT {rows.columns(Account)} FROM identity WHERE {bulk.among('id')} ORDER BY id"  # noqa: S608  # our own names
    found = rows.read(session, Account, sql, bulk.listed(identity_ids))
    if contact_ids:
        said = attributes.of_contacts(session, contact_ids)
    else:
        said = [each for one in found for each in attributes.statements(one)]
    return found, facts(found, said), _own(said)


def object_to(
    session: Session, identity: Identity, purpose: str, source: str, actor: str, *, withdraw: bool = False
) -> None:
    """Record that the person objects to a purpose, or no longer does, by whichever account that was said."""
    contacts = people.members(session, identity.contact_id) if identity.contact_id else []
    whole = [f"contact:{one}" for one in contacts]
    if not withdraw:
        for subject in (f"identity:{identity.id}", *whole):
            consent.object_to(session, subject, purpose, source, actor)
        return
    theirs = [f"identity:{one}" for one in people.accounts(session, identity)]
    said = consent.objections(session, [*theirs, *whole])
    for one in said:
        if one.purpose == purpose:
            consent.withdraw_objection(session, one.subject, purpose, actor)


def _accounts(session: Session, condition: str, value: Any) -> list[Account]:
    sql = f"SELECT {rows.columns(Account)} FROM identity WHERE {condition} ORDER BY id"  # noqa: S608  # our own names
    return rows.read(session, Account, sql, value)


def _linked(session: Session, contact_id: str | None) -> tuple[Contact | None, list[Account], list[Known]]:
    """The contact with all its accounts and living records; nothing is asked when there is no link."""
    if contact_id is None:
        return None, [], []
    contacts = rows.read(session, Contact, "SELECT id, name FROM contact WHERE id = ?", contact_id)
    records = (
        f"SELECT {rows.columns(Known)} FROM crm_record "  # noqa: S608  # our own names
        "WHERE contact_id = ? AND NOT deleted AND successor = '' ORDER BY object, id"
    )
    accounts = _accounts(session, "contact_id = ?", contact_id)
    return next(iter(contacts), None), accounts, rows.read(session, Known, records, contact_id)


def _were(session: Session, contact_id: str) -> bool:
    """There were records behind the contact; one that was made here, for a merge or a field, never had any."""
    return bool(bulk.fetch(session, "SELECT 1 FROM crm_record WHERE contact_id = ? LIMIT 1", contact_id, prepared=True))


_SAID = """SELECT name, value, source, at, confidence FROM attribute WHERE removed_at IS NULL
AND contact_id IN (SELECT id FROM contact WHERE id = ? OR survivor_id = ?)"""


def _statements(session: Session, identities: Sequence[Account], contact_id: str | None) -> list[Statement]:
    """What is said about the person: of all contacts that are merged, or by the one account that has none."""
    if contact_id is None:
        return [said for one in identities for said in attributes.statements(one)]
    return rows.read(session, Statement, _SAID, contact_id, contact_id)


def statements(session: Session, who: Person) -> list[Statement]:
    """What is said about somebody whose page was read."""
    return _statements(session, who.identities, who.contact.id if who.contact else None)


def facts(identities: Iterable[Account], said: Iterable[Statement]) -> list[Fact]:
    """The profile as it is shown: what survives (inbox.survivorship), with its sources in words."""
    accounts = {f"identity:{one.id}": one for one in identities}
    return [_fact(one, accounts.get(one.source)) for one in survive(said) if not one.name.startswith(OWN)]


def _own(said: Iterable[Statement]) -> dict[int, Fact]:
    return {number: _fact(one, None) for number, one in fields.standing(said).items()}


def _fact(one: Statement, account: Account | None) -> Fact:
    if account is not None:
        return Fact(one.name, one.value, account.platform, account.handle, one.at, one.proven)
    kind, _, rest = one.source.partition(":")
    named = {"crm": rest.partition(":")[0], "file": CSV}
    return Fact(one.name, one.value, named.get(kind, kind), rest if kind == "typed" else "", one.at)


def _record(row: Known, address: str) -> Record:
    url = "" if row.object == CSV else connection.record_url(address, row.object, row.record_id)
    return Record(row.object, row.record_id, row.called, row.company, url, row.objects)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A profile in the CRM; or, with a number, how many messages are in one state."""

    identity_id: int | None
    state: str
    message: str
    code: str
    at: datetime | None
    record_id: str
    number: int


_SENT = """SELECT identity_id, state, message, code, at, record_id, 0, id FROM sync_state
WHERE {whose} AND kind = 'profile'
UNION ALL SELECT NULL, state, '', '', NULL, '', count(*), 0 FROM sync_state
WHERE {whose} AND kind = 'interaction' GROUP BY state ORDER BY 8"""


def _sent(session: Session, ids: Sequence[int], address: str) -> tuple[dict[int, Sync], dict[str, int]]:
    """By identity, how far its profile stands in the CRM; and by state, how many of their messages do."""
    whose = bulk.listed(ids)
    found = bulk.fetch(session, _SENT.format(whose=bulk.among("identity_id")), whose, whose, prepared=True)
    every = rows.records(_Sent, [row[:-1] for row in found])
    syncs = {
        one.identity_id: Sync(
            one.state, one.message, one.code, one.at, connection.record_url(address, PROFILE_OBJECT, one.record_id)
        )
        for one in every
        if one.identity_id is not None and one.at is not None
    }
    return syncs, {one.state: one.number for one in every if one.number}


_LINKS = """SELECT l.id, l.decision, l.tier, l.score, l.evidence, l.at, r.object, r.name, r.first_name, r.last_name,
r.company FROM match_link l JOIN crm_record r ON r.id = l.crm_record_id
WHERE l.identity_id = ? AND l.decision IN ('auto', 'accepted', 'review', 'rejected')
ORDER BY l.decision = 'rejected', l.score DESC, l.id"""


def links(session: Session, identity_id: int) -> list[Link]:
    """Links, proposals and refusals of an identity with their records, the likeliest first."""
    return rows.read(session, Link, _LINKS, identity_id)


def history(
    session: Session, identity_ids: Sequence[int], *, sight: Sight, after: int = 0, limit: int = LATEST
) -> tuple[list[Talk], bool]:
    """Conversations over all platforms, newest first; `after` skips so many. Tells whether there are more."""
    sql = (
        f"SELECT {rows.columns(Talk)} FROM conversation WHERE {bulk.among('identity_id')} "  # noqa: S608  # our own names
        "AND (inbox OR messages > 0) "  # what went into a case, or back, is shown there
        f"{'' if sight.private else 'AND NOT private '}ORDER BY last_at DESC, id DESC LIMIT ? OFFSET ?"
    )
    if sight.limited:
        return _seen(session, identity_ids, sight, after, limit)
    found = rows.read(session, Talk, sql, bulk.listed(identity_ids), limit + 1, after)
    return found[:limit], len(found) > limit


def _seen(
    session: Session, identity_ids: Sequence[int], sight: Sight, after: int, limit: int
) -> tuple[list[Talk], bool]:
    """The same for somebody who does not see every conversation."""
    c = db.table(Conversation)
    query = sa.select(*(c.c[one.name] for one in columns_of(Talk)))
    there = sa.or_(c.c.inbox, c.c.messages > 0)
    query = query.where(c.c.identity_id.in_(identity_ids), there, *visibility.seen(sight))
    rows_ = session.execute(query.order_by(c.c.last_at.desc(), c.c.id.desc()).limit(limit + 1).offset(after))
    found = [Talk(*row) for row in rows_]
    return found[:limit], len(found) > limit
