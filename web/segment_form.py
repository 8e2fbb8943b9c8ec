"""The form of a segment: groups of conditions as fields with numbers in their names, changed by its buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import Rejected
from enrichment.segments import conditions
from enrichment.segments.conditions import Condition, Group

MOST_GROUPS = 10
PLACE = re.compile(r"g(\d{1,2})c(\d{1,2})_(field|op|value|days|currency)", re.ASCII)
DEED = re.compile(r"(add|drop):(\d{1,2})(?::(\d{1,2}))?", re.ASCII)


@dataclass
class Row:
    """One condition as it is typed."""

    field: str
    op: str = ""
    value: str = ""
    days: str = ""
    currency: str = ""
    problem: str = ""

    def raw(self) -> dict[str, Any]:
        """As conditions take it."""
        return {"field": self.field, "op": self.op, "value": self.value, "days": self.days, "currency": self.currency}


@dataclass
class Part:
    """One group as it is typed."""

    match: str = "all"
    rows: list[Row] = field(default_factory=list)


@dataclass
class Draft:
    """A segment as it is typed."""

    name: str = ""
    match: str = "all"
    parts: list[Part] = field(default_factory=lambda: [Part()])

    def group(self) -> Group | None:
        """The filter; None when a row makes no sense (it says why then), or there is no row yet."""
        good = True
        for row in (row for part in self.parts for row in part.rows):
            try:
                conditions.condition(row.raw())
                row.problem = ""
            except Rejected as error:
                row.problem, good = str(error), False
        filled = [part for part in self.parts if part.rows]
        if not good or not filled:
            return None
        return conditions.read({
            "match": self.match,
            "of": [{"match": part.match, "of": [row.raw() for row in part.rows]} for part in filled],
        })  # fmt: skip


def read(form: Mapping[str, Any]) -> Draft:
    """What a browser sent; unknown fields are left out."""

    def text(name: str, longest: int = 300) -> str:
        value = form.get(name, "")
        return value[:longest] if isinstance(value, str) else ""

    cells: dict[tuple[int, int], dict[str, str]] = {}
    for name in form:
        found = PLACE.fullmatch(name)
        if found:
            cells.setdefault((int(found[1]), int(found[2])), {})[found[3]] = text(name)
    number = min(max([int(text("groups", 3) or 0) if text("groups", 3).isdecimal() else 0, 1]), MOST_GROUPS)
    parts = [Part("any" if text(f"g{n}_match") == "any" else "all") for n in range(number)]
    for (n, _), cell in sorted(cells.items()):
        if n < number and conditions.asked(cell.get("field", "")) and len(parts[n].rows) < conditions.MOST:
            parts[n].rows.append(Row(**cell))
    return Draft(text("name", 100), "any" if text("match") == "any" else "all", parts)


def change(draft: Draft, deed: str, form: Mapping[str, Any]) -> None:
    """What a button other than the main one does: a further group or condition, or one less."""
    if deed == "group" and len(draft.parts) < MOST_GROUPS:
        draft.parts.append(Part())
    found = DEED.fullmatch(deed)
    if not found or int(found[2]) >= len(draft.parts):
        return
    part = draft.parts[int(found[2])]
    if found[1] == "add":
        field = conditions.asked(str(form.get(f"add{found[2]}", "")))
        if field is not None and len(part.rows) < conditions.MOST:
            days = str(conditions.DAYS) if field.timed else ""
            part.rows.append(Row(field.name, conditions.ops(field)[0], days=days))
    elif found[3] is None:
        if len(draft.parts) > 1:
            draft.parts.remove(part)
    elif int(found[3]) < len(part.rows):
        del part.rows[int(found[3])]


def of(name: str, group: Group) -> Draft | None:
    """A kept filter as a form; None for one with groups in groups, which the form cannot show."""
    if not any(isinstance(one, Group) for one in group.of):
        return Draft(name, "all", [Part(group.match, [_row(one) for one in group.of if isinstance(one, Condition)])])
    parts = []
    for one in group.of:
        inner = one if isinstance(one, Group) else Group("all", (one,))
        if any(isinstance(deeper, Group) for deeper in inner.of):
            return None
        parts.append(Part(inner.match, [_row(leaf) for leaf in inner.of if isinstance(leaf, Condition)]))
    return Draft(name, group.match, parts) if len(parts) <= MOST_GROUPS else None


def _row(one: Condition) -> Row:
    return Row(one.field, one.op, one.value, str(one.days or ""), one.currency)
