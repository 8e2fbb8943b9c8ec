"""Everybody who wrote or was seen: the list of people with its search, filters and pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment.models import MatchLink, SyncState
from inbox.models import Contact, Identity, Objection

LIMIT = 50
SHOW = ("linked", "proposed", "unlinked", "objected")
SORTS = ("recent", "followers")
MOST_WORDS = 6


@dataclass(frozen=True)
class Filter:
    """What the reader wants to see; empty values do not filter."""

    q: str = ""
    """Every word must stand in the handle, the name, or the name of the contact."""
    platform: str = ""
    show: str = ""
    """One of SHOW, or everybody."""
    sort: str = "recent"

    @property
    def active(self) -> bool:
        """Something is filtered."""
        return bool(self.q.strip() or self.platform or self.show)


@dataclass(frozen=True, slots=True)
class Row:
    """One identity as the list shows it."""

    id: int
    platform: str
    handle: str
    name: str
    location: str
    language: str
    followers: int | None
    last_seen: datetime
    contact_id: str | None
    contact: str
    """Our contact's name; empty without a link."""
    sync: str
    """State of its profile in the CRM; empty when there is none."""
    proposals: int
    """Open proposals."""
    objects: bool

    @property
    def shown(self) -> str:
        """What to call this person."""
        return self.name or self.handle


@dataclass(frozen=True)
class Page:
    """Rows in order; `next` continues after the last one and is empty at the end."""

    rows: Sequence[Row]
    next: str


def page(session: Session, wanted: Filter, before: str = "", limit: int = LIMIT) -> Page:
    """Up to `limit` people; nothing is counted, and a page costs the same wherever it stands."""
    i = db.table(Identity)
    order = _order(wanted)
    query = sa.select(i).where(~i.c.ours, *_conditions(session, wanted))
    place = _place(before, wanted.sort)
    if place is not None:
        values = [sa.literal(value, column.type) for value, column in zip(place, order, strict=True)]
        query = query.where(sa.tuple_(*order) < sa.tuple_(*values))
    found = session.execute(query.order_by(*(one.desc() for one in order)).limit(limit + 1)).mappings().all()
    shown = found[:limit]
    following = _mark(shown[-1], wanted.sort) if len(found) > limit else ""
    return Page(_rows(session, shown), following)


def counts(session: Session) -> dict[str, int]:
    """How many wait for a decision, and how many objected: what an index tells at once."""
    t = db.table(MatchLink)
    waiting = sa.select(sa.func.count(sa.distinct(t.c.identity_id))).where(t.c.decision == "review")
    return {"proposed": session.execute(waiting).scalar_one()}


def platforms(session: Session) -> list[str]:
    """Platforms on which somebody is known; one look-up each."""
    i = db.table(Identity)
    found: list[str] = []
    while True:
        query = sa.select(sa.func.min(i.c.platform)).where(i.c.platform > (found[-1] if found else ""))
        following = session.execute(query).scalar()
        if following is None:
            return found
        found.append(following)


def _order(wanted: Filter) -> tuple[Any, Any]:
    """A search reads the table once from end to end; without words the index gives the order.

    Walking the index for a rare word would fetch every row one by one, three times as slow.
    """
    i = db.table(Identity)
    if wanted.sort == "followers":
        return sa.func.coalesce(i.c.followers, -1), i.c.id
    return (sa.func.coalesce(i.c.last_seen, i.c.first_seen) if wanted.q.strip() else i.c.last_seen), i.c.id


def _mark(row: Any, sort: str) -> str:
    if sort == "followers":
        return f"{-1 if row['followers'] is None else row['followers']}_{row['id']}"
    return f"{round(row['last_seen'].timestamp() * 1_000_000)}_{row['id']}"


def _place(text: str, sort: str) -> tuple[Any, int] | None:
    left, _, right = text.partition("_")
    if not right.isdecimal() or not left.removeprefix("-").isdecimal() or not text.isascii() or len(text) > 40:
        return None
    if max(abs(int(left)), int(right)) >= 2**62:  # does not fit a database's integer, and is no row of ours
        return None
    if sort == "followers":
        return int(left), int(right)
    seconds, micro = divmod(int(left), 1_000_000)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro), int(right)
    except (ValueError, OverflowError, OSError):
        return None


def _conditions(session: Session, wanted: Filter) -> list[Any]:
    i = db.table(Identity)
    found: list[Any] = [_has(word) for word in wanted.q.split()[:MOST_WORDS]]
    if wanted.platform:
        found.append(i.c.platform == wanted.platform)
    if wanted.show == "linked":
        found.append(i.c.contact_id.is_not(None))
    elif wanted.show == "unlinked":
        found.append(i.c.contact_id.is_(None))
    elif wanted.show == "proposed":
        t = db.table(MatchLink)
        found.append(i.c.id.in_(sa.select(t.c.identity_id).where(t.c.decision == "review")))
    elif wanted.show == "objected":
        identities, contacts = _objected(session)
        found.append(sa.or_(i.c.id.in_(identities), i.c.contact_id.in_(contacts)))
    return found


def _has(word: str) -> Any:
    """The databases fold the case of ASCII only, so other letters are asked for in each of their cases."""
    i, c = db.table(Identity), db.table(Contact)
    word = db.sound(word)
    spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}

    def like(column: Any) -> Any:
        return sa.or_(*(column.icontains(one, autoescape=True) for one in sorted(spellings)))

    return sa.or_(like(i.c.handle), like(i.c.name), i.c.contact_id.in_(sa.select(c.c.id).where(like(c.c.name))))


def _objected(session: Session) -> tuple[list[int], list[str]]:
    """Who objects to anything: accounts, and the persons they or their contacts are by now."""
    i, c = db.table(Identity), db.table(Contact)
    subjects = set(session.scalars(sa.select(db.table(Objection).c.subject)))
    numbers = [one.removeprefix("identity:") for one in subjects if one.startswith("identity:")]
    accounts = sorted(int(one) for one in numbers if one.isdecimal())
    contacts = sorted(one.removeprefix("contact:") for one in subjects if one.startswith("contact:"))
    linked = sa.select(i.c.contact_id).where(i.c.id.in_(accounts), i.c.contact_id.is_not(None))
    merged = sa.select(sa.func.coalesce(c.c.survivor_id, c.c.id)).where(c.c.id.in_(contacts))
    return accounts, sorted(session.scalars(linked.union(merged)))


def _rows(session: Session, found: Sequence[Any]) -> list[Row]:
    """The rest of what is shown, for these few: one query per table."""
    ids = [row["id"] for row in found]
    contacts = sorted({row["contact_id"] for row in found if row["contact_id"]})
    c, s, t = db.table(Contact), db.table(SyncState), db.table(MatchLink)
    names = dict(session.execute(sa.select(c.c.id, c.c.name).where(c.c.id.in_(contacts))).all())
    profiles = sa.select(s.c.identity_id, s.c.state).where(s.c.identity_id.in_(ids), s.c.kind == "profile")
    states = dict(session.execute(profiles.order_by(s.c.id)).all())
    open_ = sa.select(t.c.identity_id, sa.func.count()).where(t.c.identity_id.in_(ids), t.c.decision == "review")
    waiting = dict(session.execute(open_.group_by(t.c.identity_id)).all())
    against = _objecting(session, ids, contacts)
    return [
        Row(
            id=row["id"],
            platform=row["platform"],
            handle=row["handle"],
            name=row["name"],
            location=row["location"],
            language=row["language"],
            followers=row["followers"],
            last_seen=row["last_seen"],
            contact_id=row["contact_id"],
            contact=(names.get(row["contact_id"]) or row["contact_id"]) if row["contact_id"] else "",
            sync=states.get(row["id"], ""),
            proposals=waiting.get(row["id"], 0),
            objects=(row["contact_id"] or row["id"]) in against,
        )
        for row in found
    ]


def _objecting(session: Session, ids: Collection[int], contacts: Collection[str]) -> set[int | str]:
    """Those of the contacts, or of the accounts alone, of whom any account or any contact objects to anything."""
    i, c, o = db.table(Identity), db.table(Contact), db.table(Objection)
    owner: dict[str, int | str] = {f"identity:{one}": one for one in ids}
    theirs = session.execute(sa.select(i.c.id, i.c.contact_id).where(i.c.contact_id.in_(contacts)))
    owner |= {f"identity:{number}": contact for number, contact in theirs}
    whole = sa.func.coalesce(c.c.survivor_id, c.c.id)
    merged = session.execute(sa.select(c.c.id, whole).where(c.c.id.in_(contacts) | c.c.survivor_id.in_(contacts)))
    owner |= {f"contact:{one}": survivor for one, survivor in merged}
    return {owner[one] for one in session.scalars(sa.select(o.c.subject).where(o.c.subject.in_(sorted(owner))))}
