"""Conditions of a segment on custom fields: of whom what stands there fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from enrichment.segments.conditions import Condition
from inbox.conditions import own
from inbox.fields import naming
from inbox.fields.people import shown_in

NEGATED = {"is_not": "is", "has_not": "has", "not_within": "within", "no": "yes", "empty": "filled"}
"""How what holds for all others is asked."""


def contacts(one: Condition, moment: datetime) -> sa.Select[Any]:
    """Contacts in whose field that stands, or of whom just that is not so where it is denied."""
    found = naming.parts(one.field)
    assert found is not None  # noqa: S101  # as the filter was read
    shown = shown_in(found[2], found[1])
    return sa.select(shown.c.contact_id).where(*_fits(shown.c.value, found[1], one, moment))


def _fits(value: Any, kind: str, one: Condition, moment: datetime) -> list[Any]:
    op = NEGATED.get(one.op, one.op)
    if op == "filled":
        return []
    if kind == "flag":
        return [value == "yes"]
    if kind == "choice":
        return [value == one.value]
    if kind == "several":
        return [("," + value + ",").contains(f",{one.value},", autoescape=True)]
    if kind == "number":
        number = sa.cast(value, sa.Float)
        return [number >= one.number if op == "at_least" else number <= one.number if op == "at_most" else
                number == one.number]  # fmt: skip
    if kind == "date":
        return _dates(value, op, one, moment)
    words = own.lower(one.value)
    text = own.lowered(value)
    return [text.contains(words, autoescape=True) if op == "has" else text == words]


def _dates(value: Any, op: str, one: Condition, moment: datetime) -> list[Any]:
    if op == "since":
        return [value >= one.value]
    if op == "until":
        return [value <= one.value]
    today = moment.astimezone(UTC).date()
    if op == "ahead":
        return [value >= today.isoformat(), value <= (today + timedelta(days=int(one.value))).isoformat()]
    return [value >= own.day(moment - timedelta(days=int(one.value))), value <= today.isoformat()]
