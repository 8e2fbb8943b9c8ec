"""Whom a message or a row of a file is about: found by an id or e-mail address that is theirs, and by nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa
from sqlmodel import Session

from core import db, turns
from core.turns import Turn
from enrichment import allowed, contacts
from enrichment.behaviour import customers
from enrichment.behaviour.customers import Key
from enrichment.behaviour.messages import Ids
from enrichment.behaviour.models import CustomerKey
from enrichment.models import CrmRecord
from inbox import attributes, people, tombstones
from inbox.models import Contact

PURPOSE = "behaviour"
MOST_IDS = 5
"""User ids of one contact: further ones with the same address are other people who share it."""
Why = Literal["erased", "objects"]


@dataclass(frozen=True, slots=True)
class Found:
    """The contact, or nobody yet; `why` says that nothing may be kept."""

    contact_id: str | None = None
    why: Why | None = None


@dataclass
class Crowd:
    """The people of one batch; keys are looked up together and new ones are written by `finish`.

    The caller holds the write transaction, and on PostgreSQL the lock of `alone`.
    """

    session: Session
    source: str
    known: dict[Key, str | None] = field(default_factory=dict)
    fresh: dict[Key, str | None] = field(default_factory=dict)
    records: dict[str, list[CrmRecord]] = field(default_factory=dict)
    buried: set[str] = field(default_factory=set)
    alive: set[str] = field(default_factory=set)
    may: set[str] = field(default_factory=set)
    users: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)

    def look_up(self, everybody: Iterable[Ids]) -> None:
        """Ask the store about all of them at once."""
        keys = {key for ids in everybody for key in _keys(ids)}
        if not keys:
            return
        self.known = customers.known(self.session, keys)
        self.records = customers.records_with(self.session, (value for kind, value in keys if kind == "email"))
        self.buried = tombstones.buried(self.session, customers.BURIED, map(customers.word, keys))
        owners = {one for one in self.known.values() if one}
        owners |= {home for some in self.records.values() for one in some if (home := contacts.home(one))}
        c, k = db.table(Contact), db.table(CustomerKey)
        self.alive = set(self.session.scalars(sa.select(c.c.id).where(c.c.id.in_(sorted(owners)))))
        self.may = allowed.contacts(self.session, self.alive, PURPOSE)
        counted = sa.select(k.c.contact_id, sa.func.count()).where(
            k.c.kind == "user", k.c.contact_id.in_(sorted(owners))
        )
        self.users = Counter(dict(self.session.execute(counted.group_by(k.c.contact_id)).all()))

    def of(self, ids: Ids) -> Found:
        """Who it is; somebody new is kept as a contact when an id or address of their own is named."""
        if any(customers.word(key) in self.buried for key in _keys(ids)):
            return Found(why="erased")
        owner = self._owner(ids)
        if owner is None and self._refuses(ids):
            return Found(why="objects")
        if owner is None and (ids.user or ids.email):
            owner = self._new(ids)
        if owner is None:
            return Found()
        if owner not in self.alive:
            return Found(why="erased")
        if owner not in self.may:
            return Found(why="objects")
        self._claim(ids, owner)
        if ids.name:
            self.names[owner] = ids.name
        return Found(owner)

    def finish(self) -> None:
        """Write keys and names that became known, and give people what they did before they were known."""
        c = db.table(Contact)
        for contact, name in self.names.items():
            self.session.execute(sa.update(c).where(c.c.id == contact, c.c.name == "").values(name=name))
        rows = [
            {"kind": kind, "value": value, "contact_id": owner, "source": self.source, "at": db.now()}
            for (kind, value), owner in sorted(self.fresh.items())
        ]
        if not rows:
            return
        insert = db.upsert(CustomerKey)
        values = {"contact_id": insert.excluded.contact_id}
        self.session.execute(insert.on_conflict_do_update(index_elements=["kind", "value"], set_=values), rows)
        for (kind, value), owner in self.fresh.items():
            if kind == "anonymous" and owner:
                customers.adopt(self.session, value, owner)

    # --- beneath

    def _whose(self, key: Key) -> str | None:
        return self.fresh[key] if key in self.fresh else self.known.get(key)

    def _owner(self, ids: Ids) -> str | None:
        if ids.user and (owner := self._whose(("user", ids.user))):
            return owner
        if ids.email:
            owner = self._whose(("email", ids.email)) or self._by_crm(ids.email)
            if owner and (not ids.user or self.users[owner] < MOST_IDS):
                return owner
        if ids.user or ids.email or not ids.anonymous:
            return None
        return self._whose(("anonymous", ids.anonymous))

    def _by_crm(self, address: str) -> str | None:
        """The contact of the only CRM record with this address."""
        record = self._record(address)
        return None if record is None or record.objects else contacts.home(record)

    def _record(self, address: str) -> CrmRecord | None:
        found = self.records.get(address, [])
        return found[0] if len(found) == 1 else None

    def _refuses(self, ids: Ids) -> bool:
        return any(record.objects for record in self.records.get(ids.email, ()))

    def _new(self, ids: Ids) -> str:
        record = self._record(ids.email)
        if record is not None and not self._shared(ids) and contacts.home(record) not in self.alive:
            owner = contacts.contact_of(self.session, record)
        else:
            owner = people.create_contact(self.session, ids.name)
            if ids.name:
                attributes.say(self.session, owner, _teller(self.source), {("name", ids.name): 1.0})
        self.alive.add(owner)
        self.may.add(owner)
        return owner

    def _shared(self, ids: Ids) -> bool:
        """So many user ids came with the address that it stands for several people."""
        owner = self._whose(("email", ids.email))
        return bool(ids.user and owner and self.users[owner] >= MOST_IDS)

    def _claim(self, ids: Ids, owner: str) -> None:
        """Keys nobody had are this person's; an anonymous id of two people is nobody's."""
        for key in _keys(ids):
            before = self._whose(key)
            if before == owner:
                continue
            if key not in self.fresh and key not in self.known:
                if key[0] == "email" and not self._takes(owner, ids.email):
                    continue
                self.fresh[key] = owner
                self.users[owner] += key[0] == "user"
            elif key[0] == "anonymous" and before is not None:
                self.fresh[key] = None

    def _takes(self, owner: str, address: str) -> bool:
        """An address that stands in the CRM goes with its record: to nobody when that is somebody else's."""
        found = self.records.get(address, [])
        if not found:
            return True
        record = self._record(address)
        if record is None or record.objects:
            return False
        if record.contact_id is None:
            contacts.give(self.session, record, owner)
        return contacts.home(record) == owner


def _keys(ids: Ids) -> list[Key]:
    named = (("user", ids.user), ("email", ids.email), ("anonymous", ids.anonymous))
    return [(kind, value) for kind, value in named if value]


def _teller(source: str) -> str:
    """A source of behaviour as statements name it: a program's key, a file of orders, or the CRM."""
    return f"api:{source}" if source.startswith("key:") else f"file:{source}" if ":" in source else f"crm:{source}"


def alone(session: Session) -> None:
    """On PostgreSQL, one writer of behaviour at a time, so that one person does not become two."""
    turns.take(session, Turn.BEHAVIOUR)
