"""Everybody who wrote or was seen: the list of people with its search, filters and pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment.models import MatchLink, SyncState
from enrichment.segments import own
from enrichment.segments.conditions import Condition
from inbox.conditions.own import lowered
from inbox.fields import people as fields
from inbox.fields.kinds import CHOSEN, Definition
from inbox.models import Contact, Identity, Objection

LIMIT = 50
SHOW = ("linked", "proposed", "unlinked", "objected")
SORTS = ("recent", "followers")
BY_FIELD = ("field", "-field")
"""By the custom field that is shown, upwards and downwards; who has nothing there comes last."""
LOST = "Whoever the page before ended with is gone. Begin again."
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
    field: Definition | None = None
    """A custom field that is shown beside, and that may be sorted by."""
    own: Condition | None = None
    """What has to stand in a custom field."""

    @property
    def active(self) -> bool:
        """Something is filtered."""
        return bool(self.q.strip() or self.platform or self.show or self.own)


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
    value: str = ""
    """What stands in the custom field that is shown."""

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
    """Up to `limit` people; nothing is counted, and a page costs the same wherever it stands.

    Rejected where the order is a field's and whoever the page before ended with is gone.
    """
    if wanted.field is not None and wanted.sort in BY_FIELD:
        return _by_field(session, wanted, wanted.field, before, limit)
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
    return Page(_rows(session, shown, wanted.field), following)


def _by_field(session: Session, wanted: Filter, field: Definition, before: str, limit: int) -> Page:
    """Who has something in the field by that, then everybody else; the mark names nobody but an account's number."""
    i = db.table(Identity)
    shown = fields.shown_in(field.id, field.kind)
    value, linked = _comparable(field, shown.c.value), shown.c.contact_id == i.c.contact_id
    conditions = (~i.c.ours, *_conditions(session, wanted))
    filled = sa.select(i).join(shown, linked).where(*conditions)
    down = wanted.sort.startswith("-")
    filled = filled.order_by(value.desc() if down else value, i.c.id.desc() if down else i.c.id)
    nothing = sa.or_(i.c.contact_id.is_(None), i.c.contact_id.not_in(sa.select(shown.c.contact_id)))
    empty = sa.select(i).where(*conditions, nothing).order_by(i.c.id)
    found: list[Any] = []
    number = int(before) if before.isdecimal() and before.isascii() and int(before) < 2**62 else 0
    last = None
    if number:
        last = session.execute(sa.select(i.c.id, value).outerjoin(shown, linked).where(i.c.id == number)).first()
        if last is None:
            raise Rejected(LOST)
        place = sa.tuple_(sa.literal(last[1], value.type), sa.literal(number, i.c.id.type))
        both = sa.tuple_(value, i.c.id)
        filled = filled.where(both < place if down else both > place)
    if last is None or last[1] is not None:
        found += session.execute(filled.limit(limit + 1)).mappings()
    if len(found) <= limit:
        after = number if last is not None and last[1] is None else 0
        found += session.execute(empty.where(i.c.id > after).limit(limit + 1 - len(found))).mappings()
    some = found[:limit]
    return Page(_rows(session, some, field), str(some[-1]["id"]) if len(found) > limit else "")


def _comparable(field: Definition, value: Any) -> Any:
    """What stands in a field as something that has an order: numbers by size, options by their place."""
    if field.kind == "number":
        return sa.cast(value, sa.Float)
    if field.kind in CHOSEN:
        places = (
            (sa.func.substr(value + ",", 1, len(one.key) + 1) == f"{one.key},", n)
            for n, one in enumerate(field.options)
        )
        return sa.case((value.is_(None), sa.null()), *places, else_=len(field.options))
    return lowered(value)


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
    if wanted.own is not None:
        theirs = own.contacts(wanted.own, db.now())
        linked = i.c.contact_id.in_(theirs)
        denied = sa.or_(i.c.contact_id.is_(None), i.c.contact_id.not_in(theirs))
        found.append(denied if wanted.own.op in own.NEGATED else linked)
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


def _rows(session: Session, found: Sequence[Any], field: Definition | None = None) -> list[Row]:
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
    filled = fields.filled_in(session, contacts) if field is not None else {}
    number = field.id if field is not None else 0
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
            value=filled.get(row["contact_id"], {}).get(number, ""),
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
