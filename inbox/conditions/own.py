"""Conditions on custom fields, which are named as `inbox.fields.naming` says.

A date stands for its noon in UTC: so it lies in the same day of a period, whatever the asker's zone. What lies ahead,
and what is over, is told by the day in UTC; today is both.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.conditions.tree import Asker, Condition
from inbox.fields.models import CustomField, FieldValue
from inbox.fields.naming import parts
from inbox.fields.people import order, standing
from inbox.knowledge import Attribute
from inbox.models import Contact, Conversation, Identity
from inbox.survivorship import OWN, Statement

DIGITS = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_LOWER = {one: one + 32 for one in range(ord("A"), ord("Z") + 1)}
Values = Mapping[str, Collection[str]]


# --- as SQL ---------------------------------------------------------------------------------------------


def sql(one: Condition, asker: Asker) -> sa.ColumnElement[bool]:
    """The condition on `conversation`."""
    found = parts(one.field)
    assert found is not None  # noqa: S101  # as the tree was read
    subject, kind, field_id = found
    c = db.table(Conversation)
    if subject == "conversation":
        v = db.table(FieldValue).alias()
        there = sa.exists().where(v.c.conversation_id == c.c.id, v.c.field_id == field_id)
        value, ours = v.c.value, v.c.field_id == field_id
    else:
        there, value, ours = _shown(field_id)
    if "none" in one.values and one.op in ("is", "is_not"):
        keys = [key for key in one.values if key != "none"]
        either = sa.or_(~there, there.where(_matches(value, ours, keys, kind, one, asker))) if keys else ~there
    elif one.op in ("filled", "empty"):
        return there if one.op == "filled" else ~there
    elif one.op == "no":
        return ~there.where(value == "yes")
    else:
        either = there.where(_matches(value, ours, list(one.values), kind, one, asker))
    return sa.not_(either) if one.op in ("is_not", "has_not", "not_within") else either


def _shown(field_id: int) -> tuple[Any, Any, Any]:
    """Of a conversation's person: (the statement that this field shows exists, its value, that it is of this field)."""
    c, a, i = db.table(Conversation), db.table(Attribute).alias(), db.table(Identity).alias()
    first, k = db.table(Attribute).alias(), db.table(Contact).alias()
    whole = i.join(k, sa.or_(k.c.id == i.c.contact_id, k.c.survivor_id == i.c.contact_id))
    shown = (
        sa.select(first.c.id)
        .select_from(whole.join(first, first.c.contact_id == k.c.id))
        .where(i.c.id == c.c.identity_id, first.c.name == f"{OWN}{field_id}", first.c.removed_at.is_(None))
        .order_by(*order(first))
        .limit(1)
        .correlate(c)
        .scalar_subquery()
    )
    ours = a.c.name == f"{OWN}{field_id}"
    return sa.select(a.c.id).where(a.c.id == shown, ours).correlate(c).exists(), a.c.value, ours


def _matches(
    value: sa.ColumnElement[str],
    ours: sa.ColumnElement[bool],
    values: Sequence[str],
    kind: str,
    one: Condition,
    asker: Asker,
) -> sa.ColumnElement[bool]:
    if kind in ("text", "link"):
        return lowered(value).contains(lower(values[0]), autoescape=True)
    if kind == "number":
        numeric = sa.and_(ours, _is_number(one.field))  # whatever else stands there is no number
        number: sa.ColumnElement[Any] = sa.case((numeric, sa.cast(value, sa.Float)))
        return number >= one.number if one.op == "at_least" else number <= one.number
    if kind == "date":
        since, until = _days(one, asker)
        return sa.and_(*([value >= since] if since else []), *([value < until] if until else []), value != "")
    if kind == "flag":
        return value == "yes"
    if kind == "choice":
        return value.in_(values)
    return sa.or_(*(("," + value + ",").contains(f",{key},", autoescape=True) for key in values))


def _is_number(name: str) -> sa.ColumnElement[bool]:
    """The field is what its name says: an address may name one that holds texts."""
    found, f = parts(name), db.table(CustomField)
    return sa.exists().where(f.c.id == (found[2] if found else 0), f.c.kind == "number")


def _days(one: Condition, asker: Asker) -> tuple[str, str]:
    """From which day, and before which; empty where nothing is asked."""
    today = asker.now.astimezone(UTC).date()
    if one.op == "ahead":
        return today.isoformat(), (today + timedelta(days=one.number + 1)).isoformat()
    if one.op != "between":
        return day(asker.now - timedelta(days=one.number)), (today + timedelta(days=1)).isoformat()
    since, until = one.ends
    return day(since) if since is not None else "", day(until) if until is not None else ""


def day(at: datetime) -> str:
    """The first day whose noon is not before a moment."""
    shifted = at.astimezone(UTC) - timedelta(hours=12)
    return (shifted.date() + timedelta(days=shifted.time() != time())).isoformat()


def lower(text: str) -> str:
    """ASCII letters alone, as both engines do it."""
    return text.translate(_LOWER)


def lowered(value: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The same as SQL."""
    return sa.func.lower(sa.collate(value, "C") if db.dialect() == "postgresql" else value)


# --- as a test of one conversation ------------------------------------------------------------------------


def read(session: Session, ids: Sequence[int], names: Collection[str]) -> dict[int, dict[str, set[str]]]:
    """{conversation: {field's name: values}} of these fields."""
    asked = {name: split for name in names if (split := parts(name)) is not None}
    found: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    own = {number: name for name, (subject, _, number) in asked.items() if subject == "conversation"}
    if own:
        v = db.table(FieldValue)
        query = sa.select(v.c.conversation_id, v.c.field_id, v.c.value)
        for row in session.execute(query.where(v.c.conversation_id.in_(ids), v.c.field_id.in_(sorted(own)))):
            found[row.conversation_id][own[row.field_id]].add(row.value)
    people = {number: name for name, (subject, _, number) in asked.items() if subject == "person"}
    if people:
        c, i, k, a = (db.table(one) for one in (Conversation, Identity, Contact, Attribute))
        query = (
            sa.select(c.c.id.label("talk"), a.c.name, a.c.value, a.c.source, a.c.at, a.c.confidence)
            .join(i, i.c.id == c.c.identity_id)
            .join(k, sa.or_(k.c.id == i.c.contact_id, k.c.survivor_id == i.c.contact_id))
            .join(a, a.c.contact_id == k.c.id)
        )
        wanted = [f"{OWN}{number}" for number in sorted(people)]
        said: dict[int, list[Statement]] = defaultdict(list)
        for row in session.execute(query.where(c.c.id.in_(ids), a.c.name.in_(wanted), a.c.removed_at.is_(None))):
            said[row.talk].append(Statement(*row[1:]))
        for talk, some in said.items():
            for number, shown in standing(some).items():
                found[talk][people[number]].add(shown.value)
    return found


def holds(one: Condition, values: Collection[str], asker: Asker) -> bool:
    """Whether the condition holds where these values stand: the same answers as `sql`. Pure."""
    found = parts(one.field)
    assert found is not None  # noqa: S101  # as the tree was read
    if one.op in ("filled", "empty"):
        return bool(values) == (one.op == "filled")
    said = any(_holds(one, found[1], value, asker) for value in values)
    if "none" in one.values and one.op in ("is", "is_not"):
        said = said or not values
    return said != (one.op in ("is_not", "has_not", "not_within", "no"))


def _holds(one: Condition, kind: str, value: str, asker: Asker) -> bool:
    if kind in ("text", "link"):
        return lower(one.values[0]) in lower(value)
    if kind == "number":
        number = float(value) if DIGITS.fullmatch(value) else math.nan  # nan is neither more nor less
        return number >= one.number if one.op == "at_least" else number <= one.number
    if kind == "date":
        since, until = _days(one, asker)
        return (not since or value >= since) and (not until or value < until)
    if kind == "flag":
        return value == "yes"
    return bool({*value.split(",")} & {*one.values})
