"""What is known about a contact, statement by statement, each with its source, time, confidence, purpose and basis.

A source says at once everything that it says about a contact: what it says no longer is marked as removed, what
it said before stays as it was. What is refused (inbox.refused) is never stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db, rows
from core.errors import Rejected
from inbox import consent, refused
from inbox.knowledge import Attribute
from inbox.models import Contact, Identity
from inbox.survivorship import NAMES, Statement

PURPOSE = "profile"
DECLARED = 0.8
"""How sure something is that somebody says of themselves and nobody has proven."""
LONGEST = 2000
NAME_LENGTH = 40

Said = Mapping[tuple[str, str], float]
"""(name, value) → confidence: everything one source says."""


# --- what accounts say -------------------------------------------------------------------------------


def of_account(account: Any) -> dict[tuple[str, str], float]:
    """What an account says of its owner (an Identity, or anything with its columns), without what is refused. Pure."""
    plain = {"name": account.name, "place": account.location, "language": account.language, "about": account.bio}
    said = {(name, value.strip()): DECLARED for name, value in plain.items() if value.strip()}
    for link in account.links:
        url = str(link.get("url") or "").strip()
        if url:
            said["site", url] = 1.0 if link.get("verified") else DECLARED
    source = f"identity:{account.id}"
    return {one: sure for one, sure in said.items() if not refused.statement(one[0], one[1], source)}


def statements(account: Any) -> list[Statement]:
    """The same as statements: of an account that belongs to no contact."""
    source = f"identity:{account.id}"
    return [
        Statement(name, value, source, account.last_seen, sure) for (name, value), sure in of_account(account).items()
    ]


def hear(session: Session, identity_ids: Collection[int]) -> None:
    """Note what these accounts say now, for those that belong to a contact."""
    i = db.table(Identity)
    query = sa.select(Identity).where(i.c.id.in_(sorted(identity_ids)), i.c.contact_id.is_not(None), ~i.c.ours)
    found = [
        Source(one.home_id or one.contact_id or "", f"identity:{one.id}", of_account(one), one.last_seen)
        for one in session.scalars(query.order_by(i.c.id))
    ]
    say_all(session, found)


def unsay(session: Session, identity_id: int) -> None:
    """The account belongs to nobody any more: what it said was never that person's."""
    a = db.table(Attribute)
    session.execute(sa.delete(a).where(a.c.source == f"identity:{identity_id}"))


# --- what any source says ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that one source says about one contact."""

    contact_id: str
    name: str
    said: Said
    at: datetime | None = None


def say_all(session: Session, found: Sequence[Source]) -> None:
    """The same as `say` for many sources; those that say what they said before cost one query together."""
    if not found:
        return
    a = db.table(Attribute)
    columns = (a.c.contact_id, a.c.source, a.c.name, a.c.value, a.c.confidence)
    query = sa.select(*columns).where(
        a.c.contact_id.in_(sorted({one.contact_id for one in found})),
        a.c.source.in_(sorted({one.name for one in found})),
        a.c.removed_at.is_(None),
    )
    known: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
    for contact, source, name, value, sure in session.execute(query):
        known.setdefault((contact, source), {})[name, value] = sure
    for one in found:
        if known.get((one.contact_id, one.name), {}) != _kept(one.said, one.name):
            say(session, one.contact_id, one.name, one.said, one.at)


def _kept(said: Said, source: str) -> dict[tuple[str, str], float]:
    return {
        (name, db.sound(value)[:LONGEST]): sure
        for (name, value), sure in said.items()
        if not refused.statement(name, value, source)
    }


def say(session: Session, contact_id: str, source: str, said: Said, at: datetime | None = None) -> bool:
    """Make this everything that the source says about the contact; whether anything changed."""
    a = db.table(Attribute)
    query = sa.select(Attribute).where(a.c.contact_id == contact_id, a.c.source == source, a.c.removed_at.is_(None))
    known = {(one.name, one.value): one for one in session.scalars(query)}
    wanted = _kept(said, source)
    gone = [one for key, one in known.items() if wanted.get(key) != one.confidence]
    fresh = {key: sure for key, sure in wanted.items() if key not in known or known[key].confidence != sure}
    moment = db.now()
    for one in gone:
        one.removed_at = moment
        session.add(one)
    basis = consent.standing(session)[PURPOSE][1] if fresh else ""
    for (name, value), sure in fresh.items():
        session.add(Attribute(
            contact_id=contact_id, name=name, value=value, source=source, at=at or moment, confidence=sure,
            purpose=PURPOSE, basis=basis,
        ))  # fmt: skip
    session.flush()
    return bool(gone or fresh)


def know(session: Session, contact_id: str, name: str, value: str, actor: str) -> None:
    """A colleague types what they know; an empty value takes back what was typed by that name.

    Rejected when there is no such contact, or when it is nothing that is kept about people.
    """
    if session.get(Contact, contact_id) is None:
        raise Rejected(f"There is no contact {contact_id}.")
    if name not in NAMES:
        raise Rejected(f"Nothing is kept by the name {name!r}. There are: {', '.join(NAMES)}.")
    words = db.sound(value).strip()
    if len(words) > LONGEST:
        raise Rejected(f"That is too long: {LONGEST} characters at most.")
    source = f"typed:{actor}"
    why = refused.statement(name, words, source)
    if why:
        raise Rejected(refused.WHY[why])
    said = {(one.name, one.value): one.confidence for one in of_contacts(session, [contact_id]) if one.source == source}
    kept = {key: sure for key, sure in said.items() if key[0] != name or (NAMES[name] and words)}
    if say(session, contact_id, source, {**kept, (name, words): 1.0} if words else kept):
        audit.record(session, actor, "attribute.typed", f"contact:{contact_id}", {"name": name, "removed": not words})


_OF = "SELECT name, value, source, at, confidence FROM attribute WHERE {whose} AND removed_at IS NULL ORDER BY id"


def of_contacts(session: Session, contact_ids: Iterable[str]) -> list[Statement]:
    """What is said about these contacts now, by whomever."""
    return rows.read(session, Statement, _OF.format(whose=bulk.among("contact_id")), bulk.listed(contact_ids))


def trail(session: Session, contact_ids: Sequence[str]) -> list[Attribute]:
    """Everything that was ever said about these contacts, oldest first."""
    a = db.table(Attribute)
    query = sa.select(Attribute).where(a.c.contact_id.in_(sorted(contact_ids)), a.c.value != "")
    return list(session.scalars(query.order_by(a.c.at, a.c.id)))


def standing(said: Iterable[Attribute]) -> list[Statement]:
    """Those that are still said, as statements. Pure."""
    return [
        Statement(one.name, one.value, one.source, one.at, one.confidence) for one in said if one.removed_at is None
    ]


def comparable(value: str) -> str:
    """A value without what does not tell two apart: case, blanks around it, a slash at its end. Pure."""
    return value.strip().rstrip("/").casefold()


def fingerprint(name: str, value: str) -> str:
    """The short hash under which evidence names a value. Pure."""
    return hashlib.sha256(f"{name}:{comparable(value)}".encode()).hexdigest()[:16]
