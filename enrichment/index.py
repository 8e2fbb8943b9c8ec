"""The candidate index: keys of CRM records and of identities in tables of ours, looked up for a whole batch.

A block of more than BLOCK records is cut: an exact value on so many is generic anyway, and a common name
alone proves nothing, so cost stays flat as the CRM grows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from core import db
from enrichment.keys import Key
from enrichment.match import GENERIC_FROM, CandidateView, LinkedAccount
from enrichment.matching.keys import OWN
from enrichment.models import CannotLink, CrmRecord, IdentityKey, MatchKey
from enrichment.normalise import handles, sites
from inbox.models import Identity

BLOCK = 50
MOST_VALUES = 5000
"""Values in one query; both engines bind far more."""

KeysById = Mapping[int, Collection[Key]]


def put_records(session: Session, keys: KeysById) -> None:
    """Make these the keys of CRM records, by row id."""
    _put(session, MatchKey, "crm_record_id", keys)


def put_identities(session: Session, keys: KeysById) -> None:
    """Make these the keys of identities; identities that are gone meanwhile are left out."""
    i = db.table(Identity)
    alive = set(session.scalars(sa.select(i.c.id).where(i.c.id.in_(sorted(keys)))))
    _put(session, IdentityKey, "identity_id", {one: found for one, found in keys.items() if one in alive})


def identities_differ(session: Session, keys: KeysById) -> bool:
    """Whether `put_identities` would change anything: a look, to spare a write transaction."""
    stored = _stored(session, IdentityKey, "identity_id", keys)
    return any(stored.get(one, set()) != set(found) for one, found in keys.items())


def stored_keys(session: Session, ids: Iterable[int]) -> dict[int, set[Key]]:
    """The keys that CRM records have, by row id."""
    return _stored(session, MatchKey, "crm_record_id", {one: () for one in ids})


def _stored(session: Session, model: type[SQLModel], owner: str, keys: KeysById) -> dict[int, set[Key]]:
    t = db.table(model)
    rows = session.execute(sa.select(t.c[owner], t.c.kind, t.c.value).where(t.c[owner].in_(sorted(keys))))
    stored: dict[int, set[Key]] = defaultdict(set)
    for one, kind, value in rows:
        stored[one].add(Key(kind, value))
    return stored


def _put(session: Session, model: type[SQLModel], owner: str, keys: KeysById) -> None:
    t = db.table(model)
    stored = _stored(session, model, owner, keys)
    gone = [(one, key) for one in sorted(keys) for key in sorted(stored.get(one, set()) - set(keys[one]))]
    fresh = [
        {owner: one, "kind": key.kind, "value": db.sound(key.value)}
        for one in sorted(keys)
        for key in sorted(set(keys[one]) - stored.get(one, set()))
    ]
    if gone:
        statement = sa.delete(t).where(
            t.c[owner] == sa.bindparam("owner"),
            t.c.kind == sa.bindparam("of_kind"),
            t.c.value == sa.bindparam("old"),
        )
        rows = [{"owner": one, "of_kind": key.kind, "old": key.value} for one, key in gone]
        session.connection().execute(statement, rows)
    if fresh:
        session.execute(db.upsert(model).on_conflict_do_nothing(), fresh)


def records_with(session: Session, keys: Collection[Key]) -> dict[Key, list[int]]:
    """Row ids of the CRM records that carry each key, BLOCK + 1 at most per key."""
    t = db.table(MatchKey)
    place = sa.func.row_number().over(partition_by=[t.c.value, t.c.kind], order_by=t.c.crm_record_id)
    found: dict[Key, list[int]] = defaultdict(list)
    for values in _portions({key.value for key in keys}):
        inner = sa.select(t.c.kind, t.c.value, t.c.crm_record_id, place.label("n"))
        block = inner.where(t.c.value.in_(values)).subquery()
        rows = session.execute(
            sa.select(block.c.kind, block.c.value, block.c.crm_record_id).where(block.c.n <= BLOCK + 1)
        )
        for kind, value, record in rows:
            found[Key(kind, value)].append(record)
    return {key: records for key, records in found.items() if key in keys}


def identities_with(session: Session, keys: Collection[Key]) -> set[int]:
    """Row ids of the identities that carry one of these keys, those of very common names left out."""
    t = db.table(IdentityKey)
    found: dict[Key, set[int]] = defaultdict(set)
    for values in _portions({key.value for key in keys}):
        rows = session.execute(sa.select(t.c.kind, t.c.value, t.c.identity_id).where(t.c.value.in_(values)))
        for kind, value, identity in rows:
            found[Key(kind, value)].add(identity)
    return {
        identity
        for key, identities in found.items()
        if key in keys and (key.kind in OWN or len(identities) <= BLOCK)
        for identity in identities
    }


@dataclass(frozen=True, slots=True)
class Candidates:
    """The CRM records that share a key with each identity of a batch, and the values many share."""

    of: Mapping[int, list[CandidateView]]
    shared: frozenset[Key]
    sizes: Mapping[str, int]
    """How many records carry the names and companies of the candidates, as `kind:value`."""
    records: int
    """How many records there are, about."""


def candidates(session: Session, keys: KeysById, contacts: Mapping[int, str]) -> Candidates:
    """Look up a batch: keys by identity id, and the contact of those that are linked already.

    The records of a linked contact are always among its candidates, so that a link can be looked at again.
    """
    own = _records_of(session, set(contacts.values()))
    own_keys = stored_keys(session, [one for ids in own.values() for one in ids])
    wanted = {key for found in keys.values() for key in found}
    wanted |= {key for found in own_keys.values() for key in found if key.kind in OWN}
    blocks = {
        key: records
        for key, records in records_with(session, wanted).items()
        if key.kind in OWN or len(records) <= BLOCK
    }
    views = look_at(session, {one for records in blocks.values() for one in records} | set(own_keys))
    refused = _refused(session, keys)
    of: dict[int, list[CandidateView]] = {}
    for identity, mine in keys.items():
        linked = own.get(contacts.get(identity, ""), [])
        looked = set(mine) | {key for one in linked for key in own_keys.get(one, ())}
        near = sorted({one for key in looked for one in blocks.get(key, ())} | set(linked))
        of[identity] = [_for(views[one], (identity, one) in refused) for one in near if one in views]
    persons = {key: {views[one].person for one in records if one in views} for key, records in blocks.items()}
    shared = frozenset(key for key, who in persons.items() if key.kind in OWN and len(who) >= GENERIC_FROM)
    return Candidates(of, shared, frequencies(session, views.values()), size(session))


_COUNTED = ("name", "given", "surname", "work", "town")


def frequencies(session: Session, views: Iterable[CandidateView]) -> dict[str, int]:
    """How many records carry the names and companies of these, as `kind:value`."""
    t = db.table(MatchKey)
    carried = [key for view in views for key in view.keys]
    wanted = {key for key in carried if key.kind in _COUNTED}
    wanted |= {Key("work", f"@{sites.host_of(key.value)}") for key in carried if key.kind == "site"}
    found: dict[str, int] = {}
    for values in _portions({key.value for key in wanted}):
        query = sa.select(t.c.kind, t.c.value, sa.func.count()).where(t.c.value.in_(values), t.c.kind.in_(_COUNTED))
        found |= {f"{kind}:{value}": n for kind, value, n in session.execute(query.group_by(t.c.kind, t.c.value))}
    return found


def size(session: Session) -> int:
    """How many records there are, about."""
    return int(session.execute(sa.select(sa.func.max(db.table(CrmRecord).c.id))).scalar() or 0)


def _for(view: CandidateView, refused: bool) -> CandidateView:
    if not refused:
        return view
    return CandidateView(view.id, view.keys, contact_id=view.contact_id, refused=True)


def _records_of(session: Session, contacts: set[str]) -> dict[str, list[int]]:
    r = db.table(CrmRecord)
    found: dict[str, list[int]] = defaultdict(list)
    query = sa.select(r.c.contact_id, r.c.id).where(r.c.contact_id.in_(sorted(contacts)), ~r.c.deleted)
    for contact, one in session.execute(query) if contacts else ():
        found[contact].append(one)
    return found


def look_at(session: Session, ids: Iterable[int]) -> dict[int, CandidateView]:
    """Living records as candidates, by row id."""
    r = db.table(CrmRecord)
    wanted = sorted(ids)
    if not wanted:
        return {}
    names = ("id", "object", "first_name", "last_name", "name", "company", "company_site", "company_phone", "city",
             "country", "contact_id", "objects")  # fmt: skip
    columns = [r.c[name] for name in names]
    query = sa.select(*columns).where(r.c.id.in_(wanted), ~r.c.deleted, r.c.successor == "")
    rows = session.execute(query).all()
    keys = stored_keys(session, [row.id for row in rows])
    accounts = _accounts(session, {row.contact_id for row in rows if row.contact_id})
    return {
        row.id: CandidateView(
            id=row.id,
            keys=frozenset(keys.get(row.id, ())),
            first_name=row.first_name,
            last_name=row.last_name,
            name=row.name,
            company=row.company,
            company_site=row.company_site,
            company_phone=row.company_phone,
            city=row.city,
            country=row.country,
            contact_id=row.contact_id,
            accounts=tuple(accounts.get(row.contact_id, ())),
            objects=row.objects,
            object=row.object,
        )
        for row in rows
    }


def _accounts(session: Session, contacts: set[str]) -> dict[str, list[LinkedAccount]]:
    i = db.table(Identity)
    found: dict[str, list[LinkedAccount]] = defaultdict(list)
    columns = (i.c.contact_id, i.c.platform, i.c.external_id, i.c.handle)
    query = sa.select(*columns).where(i.c.contact_id.in_(sorted(contacts)))
    rows: Any = session.execute(query) if contacts else ()
    for contact, platform, external_id, handle in rows:
        found[contact].append(LinkedAccount(platform, external_id, handles.comparable(platform, handle)))
    return found


def _refused(session: Session, keys: KeysById) -> set[tuple[int, int]]:
    c = db.table(CannotLink)
    query = sa.select(c.c.identity_id, c.c.crm_record_id).where(c.c.identity_id.in_(sorted(keys)))
    return {(identity, record) for identity, record in session.execute(query)}


def _portions(values: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), MOST_VALUES):
        yield ordered[start : start + MOST_VALUES]
