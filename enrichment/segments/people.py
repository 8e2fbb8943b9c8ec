"""A filter as one SQL statement over people.

A person is a contact with all its accounts (`contact:01J…`), or an account that is linked to nobody (`identity:12`).
Each condition is the set of people for whom it holds; groups join sets. Who objects to profiles, here or in
the CRM, is in none; who objects to orders and behaviour has none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session

from core import db
from enrichment.behaviour.figures import COUNTED
from enrichment.behaviour.models import CustomerKey, CustomerOrder, TrackEvent
from enrichment.models import CrmRecord
from enrichment.segments import own
from enrichment.segments.conditions import Condition, Group
from inbox import consent
from inbox.models import Contact, Identity, Message, Objection

Select = sa.Select[Any]
Holds = ColumnElement[bool]
Build = Callable[[Condition, datetime], Select]
RATED = ("positive", "neutral", "negative", "mixed")
ALLOWED = "profile"
MARKETING = "marketing"


def everybody() -> sa.CTE:
    """All people: (person, contact_id, identity_id)."""
    c, i = db.table(Contact), db.table(Identity)
    contacts = sa.select(
        _contact(c.c.id).label("person"), c.c.id.label("contact_id"), sa.null().label("identity_id")
    ).where(c.c.survivor_id.is_(None))
    alone = sa.select(
        _identity(i.c.id).label("person"), sa.null().label("contact_id"), i.c.id.label("identity_id")
    ).where(i.c.contact_id.is_(None), ~i.c.ours)
    return sa.union_all(contacts, alone).cte("people")


def statement(session: Session, group: Group, moment: datetime) -> Select:
    """People for whom the filter holds: person, contact_id, identity_id, may (they may be addressed)."""
    p = everybody()
    usable = {one: consent.switched_on(session, one) for one in (ALLOWED, "behaviour", MARKETING)}
    found = sa.select(p.c.person, p.c.contact_id, p.c.identity_id)
    may = p.c.person.not_in(_against(MARKETING)) if usable[MARKETING] else sa.false()
    found = found.add_columns(sa.case((may, 1), else_=0).label("may"))
    if not usable[ALLOWED]:
        return found.where(sa.false())
    holds = _joined(group, p.c.person, moment, usable["behaviour"])
    return found.where(holds, p.c.person.not_in(_against(ALLOWED)), p.c.person.not_in(_refusing()))


def _joined(group: Group, person: Any, moment: datetime, behaviour: bool) -> Holds:
    parts = [
        _joined(one, person, moment, behaviour) if isinstance(one, Group) else _holds(one, person, moment, behaviour)
        for one in group.of
    ]
    return sa.and_(*parts) if group.match == "all" else sa.or_(*parts)


def _holds(one: Condition, person: Any, moment: datetime, behaviour: bool) -> Holds:
    build, uses_behaviour = BUILT.get(one.field, (_own, False))
    if uses_behaviour and not behaviour:
        return sa.false()
    found = build(one, moment)
    holds: Holds = person.not_in(found) if _inverted(one) else person.in_(found)
    return sa.and_(holds, person.not_in(_against("behaviour"))) if uses_behaviour else holds


COUNTS = frozenset({"orders", "order_value", "messages"})
"""Nothing counts as none: at most three is everybody but those with more."""


def _inverted(one: Condition) -> bool:
    return one.op in own.NEGATED or (one.field in COUNTS and (one.op == "at_most" or one.exact == 0))


# --- who a row is about -------------------------------------------------------------------------------


def _contact(column: Any) -> Any:
    return sa.literal("contact:", sa.String) + column


def _given(column: Any) -> Any:
    """The person of a row that keeps the contact it was given, whatever that one is merged into."""
    c = db.table(Contact).alias()
    survivor = sa.select(c.c.survivor_id).where(c.c.id == column).correlate_except(c).scalar_subquery()
    return _contact(sa.func.coalesce(survivor, column))


def _identity(column: Any) -> Any:
    return sa.literal("identity:", sa.String) + sa.cast(column, sa.String)


def _owner(i: Any) -> Any:
    """The person an account belongs to."""
    return sa.case((i.c.contact_id.is_not(None), _contact(i.c.contact_id)), else_=_identity(i.c.id))


def _accounts(*conditions: Any) -> Select:
    i = db.table(Identity)
    return sa.select(_owner(i)).where(~i.c.ours, *conditions)


def _records(*conditions: Any) -> Select:
    r = db.table(CrmRecord)
    living = (r.c.contact_id.is_not(None), ~r.c.deleted, r.c.successor == "")
    return sa.select(_contact(r.c.contact_id)).where(*living, *conditions)


def _against(purpose: str) -> Select:
    """Who objects to a purpose or to everything, by the contact or by one of its accounts."""
    o, i = db.table(Objection), db.table(Identity)
    wanted = o.c.purpose.in_([purpose, "all"])
    contact = o.c.subject.startswith("contact:")
    itself = sa.select(sa.case((contact, _given(sa.func.substr(o.c.subject, 9))), else_=o.c.subject)).where(wanted)
    by_account = sa.select(_owner(i)).join(o, o.c.subject == _identity(i.c.id)).where(wanted)
    return _listed(sa.union_all(itself, by_account))


def _refusing() -> Select:
    """Whose privacy record in the CRM says no."""
    return _records(db.table(CrmRecord).c.objects)


def _listed(union: Any) -> Select:
    inner = union.subquery()
    return sa.select(*inner.c)


# --- conditions ---------------------------------------------------------------------------------------


def _spellings(word: str) -> list[str]:
    """The databases fold the case of ASCII only, so other letters are asked for in each of their cases."""
    return [word] if word.isascii() else sorted({word, word.lower(), word.upper(), word.capitalize(), word.title()})


def _like(column: Any, word: str) -> Any:
    return sa.or_(*(column.icontains(one, autoescape=True) for one in _spellings(word)))


def _platform(one: Condition, moment: datetime) -> Select:
    return _accounts(db.table(Identity).c.platform == one.value)


def _language(one: Condition, moment: datetime) -> Select:
    """As the account says, or as they write."""
    i, m = db.table(Identity), db.table(Message)
    wrote = sa.select(m.c.identity_id).where(m.c.language == one.value, m.c.direction == "inbound")
    return _accounts(sa.or_(i.c.language == one.value, i.c.id.in_(wrote)))


def _place(one: Condition, moment: datetime) -> Select:
    return _accounts(_like(db.table(Identity).c.location, one.value))


def _followers(one: Condition, moment: datetime) -> Select:
    column = db.table(Identity).c.followers
    return _accounts(column >= one.number if one.op == "at_least" else column <= one.number)


def _first_seen(one: Condition, moment: datetime) -> Select:
    i = db.table(Identity)
    since = moment - timedelta(days=int(one.value))
    owner = _owner(i)
    return sa.select(owner).where(~i.c.ours).group_by(owner).having(sa.func.min(i.c.first_seen) >= since)


def _name(one: Condition, moment: datetime) -> Select:
    c, i = db.table(Contact), db.table(Identity)
    contacts = sa.select(_given(c.c.id)).where(_like(c.c.name, one.value))
    accounts = _accounts(_like(i.c.name, one.value) | _like(i.c.handle, one.value))
    return _listed(sa.union_all(contacts, accounts))


def _email(one: Condition, moment: datetime) -> Select:
    k, r = db.table(CustomerKey), db.table(CrmRecord)
    keys = sa.select(_given(k.c.contact_id)).where(k.c.kind == "email", k.c.contact_id.is_not(None))
    return _listed(sa.union_all(keys, _records(sa.cast(r.c.emails, sa.Text) != "[]")))


def _linked(one: Condition, moment: datetime) -> Select:
    return _records()


def _crm_object(one: Condition, moment: datetime) -> Select:
    return _records(db.table(CrmRecord).c.object == one.value)


def _company(one: Condition, moment: datetime) -> Select:
    return _records(_like(db.table(CrmRecord).c.company, one.value))


def _ordered(*conditions: Any) -> Select:
    o = db.table(CustomerOrder)
    return sa.select(_given(o.c.contact_id).label("person")).where(o.c.contact_id.is_not(None), *conditions)


def _orders(one: Condition, moment: datetime) -> Select:
    o = db.table(CustomerOrder)
    counted = _ordered(o.c.status.in_(COUNTED), o.c.placed_at >= moment - timedelta(days=one.days))
    return counted.group_by("person").having(_reaches(sa.func.count(), one, 1))


def _order_value(one: Condition, moment: datetime) -> Select:
    o = db.table(CustomerOrder)
    counted = _ordered(
        o.c.status.in_(COUNTED), o.c.currency == one.currency, o.c.placed_at >= moment - timedelta(days=one.days)
    )
    return counted.group_by("person").having(_reaches(sa.func.sum(o.c.amount - o.c.refunded), one, 1000))


def _reaches(value: Any, one: Condition, unit: int) -> Any:
    """For `at_most` and "at least none", those beyond it: they are left out."""
    if one.op == "at_most":
        return value > math.floor(one.exact * unit)
    return value >= math.ceil(one.exact * unit) if one.exact else value < 0


def _last_order(one: Condition, moment: datetime) -> Select:
    o = db.table(CustomerOrder)
    return _ordered(o.c.status != "cancelled", o.c.placed_at >= moment - timedelta(days=int(one.value)))


def _order_state(one: Condition, moment: datetime) -> Select:
    return _ordered(db.table(CustomerOrder).c.status == one.value)


def _order_channel(one: Condition, moment: datetime) -> Select:
    return _ordered(db.table(CustomerOrder).c.channel == one.value)


def _country(one: Condition, moment: datetime) -> Select:
    return _ordered(db.table(CustomerOrder).c.address["country"].as_string() == one.value)


def _did(*conditions: Any) -> Select:
    e = db.table(TrackEvent)
    return sa.select(_given(e.c.contact_id)).where(e.c.contact_id.is_not(None), *conditions)


def _event(one: Condition, moment: datetime) -> Select:
    e = db.table(TrackEvent)
    return _did(e.c.kind == "track", e.c.name == one.value, e.c.at >= moment - timedelta(days=one.days))


def _last_event(one: Condition, moment: datetime) -> Select:
    e = db.table(TrackEvent)
    return _did(e.c.kind == "track", e.c.at >= moment - timedelta(days=int(one.value)))


def _interest(one: Condition, moment: datetime) -> Select:
    """In the newest word on interests."""
    e = db.table(TrackEvent)
    said = e.c.properties["interests"].as_string()
    all_ = sa.select(_given(e.c.contact_id).label("person"), said.label("said"), e.c.at, e.c.id).where(
        e.c.kind == "identify", e.c.contact_id.is_not(None), said.is_not(None)
    )
    spoken = all_.subquery()
    place = sa.func.row_number().over(partition_by=spoken.c.person, order_by=(spoken.c.at.desc(), spoken.c.id.desc()))
    newest = sa.select(spoken.c.person, spoken.c.said, place.label("place")).subquery()
    return sa.select(newest.c.person).where(newest.c.place == 1, _item(newest.c.said, one.value))


def _item(column: Any, word: str) -> Any:
    """A list in JSON has this item, in whatever case, its letters as they are or as escapes."""
    found = []
    for one in _spellings(word.replace("\\", "\\\\").replace('"', '\\"')):
        escaped = "".join(letter if letter.isascii() else f"\\u{ord(letter):04x}" for letter in one)
        found += [column.icontains(f'"{form}"', autoescape=True) for form in dict.fromkeys((one, escaped))]
    return sa.or_(*found)


def _wrote(*conditions: Any) -> Any:
    m = db.table(Message)
    return sa.and_(m.c.direction == "inbound", m.c.deleted_at.is_(None), m.c.identity_id.is_not(None), *conditions)


def _per_person(measures: dict[str, Any], *conditions: Any) -> tuple[Any, Any]:
    """Sums over all accounts of a person: the statement's columns, and who each is."""
    m, i = db.table(Message), db.table(Identity)
    columns = [value.label(name) for name, value in measures.items()]
    per = sa.select(m.c.identity_id, *columns).where(_wrote(*conditions)).group_by(m.c.identity_id).subquery()
    owner = _owner(i)
    query = sa.select(owner).join(per, per.c.identity_id == i.c.id).where(~i.c.ours).group_by(owner)
    return query, per


def _messages(one: Condition, moment: datetime) -> Select:
    m = db.table(Message)
    query, per = _per_person({"n": sa.func.count()}, m.c.posted_at >= moment - timedelta(days=one.days))
    found: Select = query.having(_reaches(sa.func.sum(per.c.n), one, 1))
    return found


def _negative_share(one: Condition, moment: datetime) -> Select:
    """Of rated messages; nobody without one."""
    m = db.table(Message)
    negative = sa.func.sum(sa.case((m.c.sentiment == "negative", 1), else_=0))
    rated = (m.c.posted_at >= moment - timedelta(days=one.days), m.c.sentiment.in_(RATED))
    query, per = _per_person({"negative": negative, "rated": sa.func.count()}, *rated)
    left, right = sa.func.sum(per.c.negative) * 100_000, sa.func.sum(per.c.rated) * int(one.exact * 1000)
    found: Select = query.having(left >= right if one.op == "at_least" else left <= right)
    return found


def _senders(*conditions: Any) -> Select:
    """People who wrote a message of a kind."""
    m = db.table(Message)
    return _accounts(db.table(Identity).c.id.in_(sa.select(m.c.identity_id).where(_wrote(*conditions))))


def _last_message(one: Condition, moment: datetime) -> Select:
    return _senders(db.table(Message).c.posted_at >= moment - timedelta(days=int(one.value)))


def _fact(name: str) -> Build:
    """Of messages: what an annotator says of one."""

    def build(one: Condition, moment: datetime) -> Select:
        m = db.table(Message)
        return _senders(m.c[name] == one.value, m.c.posted_at >= moment - timedelta(days=one.days))

    return build


def _label(one: Condition, moment: datetime) -> Select:
    m = db.table(Message)
    named = _item(sa.cast(m.c.labels, sa.Text), one.value)
    return _senders(named, m.c.posted_at >= moment - timedelta(days=one.days))


def _subject(one: Condition, moment: datetime) -> Select:
    """Who wrote what a subject's queries find; the inbox keeps the subjects' numbers beside each message."""
    m = db.table(Message)
    numbers: Any = sa.cast(m.c.hits, sa.Text)
    for sign, instead in ((" ", ""), ("[", ","), ("]", ",")):
        numbers = sa.func.replace(numbers, sign, instead)
    return _senders(numbers.contains(f",{int(one.value)},"), m.c.posted_at >= moment - timedelta(days=one.days))


def _objects(one: Condition, moment: datetime) -> Select:
    return _against(one.value)


def _own(one: Condition, moment: datetime) -> Select:
    found = own.contacts(one, moment).subquery()
    return sa.select(_contact(found.c.contact_id))


BUILT: dict[str, tuple[Build, bool]] = {
    "platform": (_platform, False),
    "language": (_language, False),
    "place": (_place, False),
    "followers": (_followers, False),
    "first_seen": (_first_seen, False),
    "name": (_name, False),
    "email": (_email, False),
    "linked": (_linked, False),
    "crm_object": (_crm_object, False),
    "company": (_company, False),
    "orders": (_orders, True),
    "order_value": (_order_value, True),
    "last_order": (_last_order, True),
    "order_state": (_order_state, True),
    "order_channel": (_order_channel, True),
    "country": (_country, True),
    "event": (_event, True),
    "interest": (_interest, True),
    "last_event": (_last_event, True),
    "messages": (_messages, False),
    "last_message": (_last_message, False),
    "negative_share": (_negative_share, False),
    "sentiment": (_fact("sentiment"), False),
    "emotion": (_fact("emotion"), False),
    "intent": (_fact("intent"), False),
    "urgency": (_fact("urgency"), False),
    "label": (_label, False),
    "subject": (_subject, False),
    "objects": (_objects, False),
}
"""Field → its set of people, and whether it is built on orders and behaviour."""
