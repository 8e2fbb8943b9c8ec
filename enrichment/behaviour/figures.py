"""What orders, events and messages tell of one contact: figures with their source and time, and one timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment import allowed
from enrichment.behaviour.declared import in_one_line, said
from enrichment.behaviour.models import CustomerOrder, TrackEvent, WriteKey
from enrichment.behaviour.who import PURPOSE
from inbox import consent, people, visibility
from inbox.models import Conversation, Message
from inbox.visibility import Sight

COUNTED = ("open", "completed", "part_refunded")
"""Orders that count, with what was not given back."""
NEWEST = 500
"""So many messages of a person tell the labels and the channel."""
MOST_LABELS = 8
SPOKEN = 500
"""So many descriptions of themselves are looked through for what somebody declared."""
SHIPPED = 25
"""So many orders are looked through for an address."""
PLAIN = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Known:
    """One figure: its value, who says so, since when; `n` of `of` where it was counted."""

    name: str
    """orders, spent, last_order, channel, address, interest or label."""
    value: str
    source: str = ""
    """`messages`, `orders:FILE`, `crm`, or the name of what sends with a key."""
    at: datetime | None = None
    n: int = 0
    of: int = 0
    amount: int = 0
    """Thousandths of the currency in `value`."""
    declared: bool = False
    """The customer said so; else it was counted."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything told of a contact; `why` says that nothing may be shown: off, or objects."""

    known: tuple[Known, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline."""

    what: str
    """message, order, event or details."""
    at: datetime
    words: str
    link: int = 0
    """The conversation of a message."""
    platform: str = ""
    language: str = ""
    outbound: bool = False
    amount: int = 0
    refunded: int = 0
    currency: str = ""
    status: str = ""
    source: str = ""
    details: tuple[tuple[str, str], ...] = ()


def of_contact(session: Session, contact_id: str, identity_ids: Sequence[int], *, sight: Sight) -> Figures:
    """The figures of a contact and its accounts; nothing when the purpose is off or the person objects."""
    if not consent.switched_on(session, PURPOSE):
        return Figures(why="off")
    if contact_id not in allowed.contacts(session, [contact_id], PURPOSE):
        return Figures(why="objects")
    senders = _senders(session)
    declared = _declared(session, contact_id, senders)
    found = [
        *_orders(session, contact_id, senders), *_channel(session, contact_id, identity_ids, declared, sight=sight),
        *_address(session, contact_id, senders, declared), *(one for one in declared if one.name == "interest"),
        *_labels(session, identity_ids, sight=sight),
    ]  # fmt: skip
    return Figures(tuple(found))


def bought(session: Session, contact_id: str, limit: int) -> list[Entry]:
    """The newest orders of a contact; nothing where the purpose is off or the person objects."""
    if not consent.switched_on(session, PURPOSE) or contact_id not in allowed.contacts(session, [contact_id], PURPOSE):
        return []
    return _bought(session, contact_id, _senders(session), limit)


def _senders(session: Session) -> dict[str, str]:
    """Source → what people call it."""
    k = db.table(WriteKey)
    return {f"key:{row.id}": row.name for row in session.execute(sa.select(k.c.id, k.c.name))}


def _orders(session: Session, contact_id: str, senders: dict[str, str]) -> list[Known]:
    """Number and value by currency, never added over currencies, and the last order."""
    o = db.table(CustomerOrder)
    mine = sa.and_(o.c.contact_id.in_(people.whole(contact_id)), o.c.status.in_(COUNTED))
    query = (
        sa.select(o.c.currency, sa.func.count().label("n"), sa.func.sum(o.c.amount - o.c.refunded).label("sum"))
        .where(mine)
        .group_by(o.c.currency)
        .order_by(sa.desc("n"), o.c.currency)
    )
    rows = session.execute(query).all()
    newest = (
        sa.select(o).where(o.c.contact_id.in_(people.whole(contact_id))).order_by(o.c.placed_at.desc(), o.c.id.desc())
    )
    last = session.execute(newest.limit(1)).first()
    if last is None:
        return []
    source = senders.get(last.source, last.source)
    return [
        Known("orders", "", source, last.stored_at, n=sum(row.n for row in rows)),
        *(Known("spent", row.currency, source, last.stored_at, n=row.n, amount=int(row.sum)) for row in rows),
        Known("last_order", last.number, source, last.placed_at),
    ]


def _declared(session: Session, contact_id: str, senders: dict[str, str]) -> list[Known]:
    """What somebody said of themselves: the newest word on each thing."""
    e = db.table(TrackEvent)
    query = sa.select(e.c.properties, e.c.at, e.c.key_id).where(
        e.c.contact_id.in_(people.whole(contact_id)), e.c.kind == "identify"
    )
    found: dict[str, list[Known]] = {}
    for row in session.execute(query.order_by(e.c.at.desc(), e.c.id.desc()).limit(SPOKEN)):
        source = senders.get(f"key:{row.key_id}", "")
        for name, values in said(row.properties).items():
            if name not in found:
                found[name] = [Known(name, one, source, row.at, declared=True) for one in values]
    return [one for some in found.values() for one in some]


def _address(session: Session, contact_id: str, senders: dict[str, str], declared: Sequence[Known]) -> list[Known]:
    """Where the last order went, or what was declared later."""
    o = db.table(CustomerOrder)
    query = sa.select(o.c.address, o.c.placed_at, o.c.source).where(o.c.contact_id.in_(people.whole(contact_id)))
    rows = session.execute(query.order_by(o.c.placed_at.desc(), o.c.id.desc()).limit(SHIPPED))
    shipped = next(
        (Known("address", in_one_line(row.address), senders.get(row.source, row.source), row.placed_at) for row in rows
         if in_one_line(row.address)), None,
    )  # fmt: skip
    said = [one for one in declared if one.name == "address"]
    both = [*said, *([shipped] if shipped else [])]
    return sorted(both, key=lambda one: one.at.timestamp() if one.at else 0.0, reverse=True)[:1]


def _messages(identity_ids: Sequence[int], sight: Sight) -> list[Any]:
    m = db.table(Message)
    found = [m.c.identity_id.in_(identity_ids), m.c.direction == "inbound", m.c.deleted_at.is_(None)]
    return [*found, *visibility.messages(sight)]


def _channel(
    session: Session, contact_id: str, identity_ids: Sequence[int], declared: Sequence[Known], *, sight: Sight
) -> list[Known]:
    """The declared channel, else where most of the newest messages and orders came from."""
    said = [one for one in declared if one.name == "channel"]
    if said:
        return said
    m, o = db.table(Message), db.table(CustomerOrder)
    wrote = sa.select(m.c.platform.label("where"), m.c.posted_at.label("at")).where(*_messages(identity_ids, sight))
    bought = sa.select(o.c.channel.label("where"), o.c.placed_at.label("at"))
    bought = bought.where(o.c.contact_id.in_(people.whole(contact_id)), o.c.channel != "")
    newest = [one.order_by(sa.desc("at")).limit(NEWEST).subquery() for one in (wrote, bought)]
    rows = [row for one in newest for row in session.execute(sa.select(one.c.where, one.c.at))]
    if not rows:
        return []
    counts = Counter(row.where for row in rows)
    where, n = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    last = max(row.at for row in rows if row.where == where)
    return [Known("channel", where, "messages", last, n=n, of=len(rows))]


def _labels(session: Session, identity_ids: Sequence[int], *, sight: Sight) -> list[Known]:
    """Labels of their newest messages, with how many carry each."""
    if not identity_ids:
        return []
    m = db.table(Message)
    query = sa.select(m.c.labels, m.c.posted_at).where(*_messages(identity_ids, sight))
    rows = session.execute(query.order_by(m.c.posted_at.desc(), m.c.id.desc()).limit(NEWEST)).all()
    counts = Counter(label for row in rows for label in row.labels)
    newest = {label: row.posted_at for row in reversed(rows) for label in row.labels}
    best = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_LABELS]
    return [Known("label", label, "messages", newest[label], n=n, of=len(rows)) for label, n in best]


# --- the timeline ------------------------------------------------------------------------------------


def timeline(
    session: Session, contact_id: str, identity_ids: Sequence[int], *, sight: Sight, after: int = 0, limit: int = 20
) -> tuple[list[Entry], bool]:
    """Messages, orders and events, newest first, `after` so many. Tells whether there are more."""
    most = after + limit + 1
    found = _wrote(session, identity_ids, sight, most)
    if contact_id in allowed.contacts(session, [contact_id], PURPOSE):
        senders = _senders(session)
        found += _bought(session, contact_id, senders, most) + _did(session, contact_id, senders, most)
    found.sort(key=lambda one: one.at, reverse=True)
    return found[after : after + limit], len(found) > after + limit


def _wrote(session: Session, identity_ids: Sequence[int], sight: Sight, most: int) -> list[Entry]:
    """Messages of their accounts and answers to them."""
    if not identity_ids:
        return []
    m, c = db.table(Message), db.table(Conversation)
    answers = sa.select(c.c.id).where(c.c.identity_id.in_(identity_ids))
    theirs = m.c.identity_id.in_(identity_ids) | ((m.c.direction == "outbound") & m.c.conversation_id.in_(answers))
    names = ("text", "subject", "posted_at", "conversation_id", "platform", "language", "direction")
    query = sa.select(*(m.c[name] for name in names)).where(
        theirs, m.c.deleted_at.is_(None), *visibility.messages(sight)
    )
    rows = session.execute(query.order_by(m.c.posted_at.desc(), m.c.id.desc()).limit(most))
    return [
        Entry("message", row.posted_at, row.text[:200] or row.subject, row.conversation_id, row.platform, row.language,
              row.direction == "outbound")
        for row in rows
    ]  # fmt: skip


def _bought(session: Session, contact_id: str, senders: dict[str, str], most: int) -> list[Entry]:
    o = db.table(CustomerOrder)
    query = (
        sa.select(o).where(o.c.contact_id.in_(people.whole(contact_id))).order_by(o.c.placed_at.desc(), o.c.id.desc())
    )
    return [
        Entry(
            "order", row.placed_at, row.number, amount=row.amount, refunded=row.refunded, currency=row.currency,
            status=row.status, source=row.channel or senders.get(row.source, row.source),
            details=tuple((one.get("name") or one.get("sku") or "", str(one["quantity"])) for one in row.lines[:10]),
        )
        for row in session.execute(query.limit(most))
    ]  # fmt: skip


def _did(session: Session, contact_id: str, senders: dict[str, str], most: int) -> list[Entry]:
    """Events but those that are orders; of what somebody said about themselves, the values."""
    e = db.table(TrackEvent)
    query = sa.select(e).where(
        e.c.contact_id.in_(people.whole(contact_id)), ~e.c.name.in_(("Order Completed", "order_completed"))
    )
    return [
        Entry(
            "event" if row.kind == "track" else "details", row.at, row.name,
            source=senders.get(f"key:{row.key_id}", ""),
            details=tuple((name, str(value)[:80]) for name, value in sorted(row.properties.items())
                          if isinstance(value, PLAIN))[:8],
        )
        for row in session.execute(query.order_by(e.c.at.desc(), e.c.id.desc()).limit(most))
    ]  # fmt: skip
