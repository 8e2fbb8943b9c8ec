"""The form of a tree of conditions: fields with their place in the tree in their names, changed by buttons.

The second condition of the first group is `c.0.1_field`, `c.0.1_op` and `c.0.1_v`, the group itself `c.0_match`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from starlette.datastructures import FormData

from core.errors import Rejected
from inbox.conditions import tree
from inbox.conditions.tree import DEEPEST, EVERYTHING, MOST, Condition, Group
from web import inbox_query
from web.reader import Reader

NAME = re.compile(r"c((?:\.\d{1,2}){0,3})_(field|op|v|match|from|to)", re.ASCII)
DEED = re.compile(r"(add|group|drop):c((?:\.\d{1,2}){0,3})", re.ASCII)
Place = tuple[int, ...]


@dataclass
class Row:
    """One condition as it is typed."""

    field: str
    op: str = ""
    values: list[str] = dataclasses.field(default_factory=list)
    problem: str = ""
    fresh: bool = False
    """Just added: the cursor goes there."""

    @property
    def kind(self) -> str:
        """How its field is asked."""
        return _kind(self.field)

    @property
    def ops(self) -> tuple[tree.Op, ...]:
        """In which ways its field is asked."""
        return _ops(self.field)

    @property
    def alone(self) -> bool:
        """It is asked without a value."""
        return self.op in tree.ALONE

    @property
    def several(self) -> bool:
        """One of several values may be meant."""
        return self.op in ("is", "is_not")

    def day(self, number: int, reader: Reader) -> str:
        """The first or last day of a period, for the form."""
        try:
            at = datetime.fromisoformat(self.values[number])
        except (ValueError, IndexError):
            return ""
        return inbox_query.written(at, reader, end=number == 1)[:10]

    def condition(self) -> Condition:
        """The condition; Rejected with what is wrong."""
        return tree.condition({"field": self.field, "op": self.op, "value": self.values})


@dataclass
class Part:
    """One group as it is typed."""

    match: str = "all"
    of: list[Row | Part] = dataclasses.field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """Its conditions, those of groups in it too."""
        for one in self.of:
            if isinstance(one, Part):
                yield from one.rows()
            else:
                yield one

    def at(self, place: Place) -> Row | Part | None:
        """What stands at a place."""
        found: Row | Part | None = self
        for number in place:
            found = found.of[number] if isinstance(found, Part) and number < len(found.of) else None
        return found


def _kind(name: str) -> tree.Kind:
    """How a field is asked; only for those there are."""
    found = tree.asked(name)
    assert found is not None  # noqa: S101  # as the form was read
    return found.kind


def _ops(name: str) -> tuple[tree.Op, ...]:
    found = tree.asked(name)
    assert found is not None  # noqa: S101  # as the form was read
    return tree.ops(found)


def read(form: FormData, reader: Reader) -> Part:
    """What a browser sent; what is no condition is left out."""
    cells: dict[Place, dict[str, list[str]]] = {}
    for name in form:
        found = NAME.fullmatch(name)
        if found:
            place = tuple(int(one) for one in found[1].split(".")[1:])
            values = [str(one)[:300] for one in form.getlist(name)[: tree.VALUES + 1]]
            cells.setdefault(place, {})[found[2]] = values
    return _part(cells, (), reader)


def _part(cells: dict[Place, dict[str, list[str]]], place: Place, reader: Reader) -> Part:
    made = Part("any" if cells.get(place, {}).get("match") == ["any"] else "all")
    for below in sorted(one for one in cells if len(one) == len(place) + 1 and one[: len(place)] == place)[:MOST]:
        cell = cells[below]
        if "match" in cell and len(below) < DEEPEST:
            made.of.append(_part(cells, below, reader))
        elif tree.asked(name := cell.get("field", [""])[0]) is not None:
            made.of.append(_row(name, cell, reader))
    return made


def _row(name: str, cell: dict[str, list[str]], reader: Reader) -> Row:
    ops = _ops(name)
    op = cell.get("op", [""])[0]
    row = Row(name, op if op in ops else ops[0], [one for one in cell.get("v", []) if one.strip()])
    if row.op == "between":
        row.values = [_midnight(cell.get("from", [""])[0], 0, reader), _midnight(cell.get("to", [""])[0], 1, reader)]
    elif not row.several:
        row.values = row.values[:1]
    return row


def _midnight(text: str, days: int, reader: Reader) -> str:
    """The moment a day begins, or the one so many days later."""
    try:
        day = date.fromisoformat(text[:10]) + timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    return datetime.combine(day, time(), reader.zone).astimezone(UTC).isoformat() if 1990 <= day.year <= 2200 else ""


def change(draft: Part, deed: str, form: FormData) -> None:
    """What a button other than the main one does: a further condition or group, or one less."""
    found = DEED.fullmatch(deed)
    if not found:
        return
    place = tuple(int(one) for one in found[2].split(".")[1:])
    if found[1] == "drop":
        above = draft.at(place[:-1])
        if place and isinstance(above, Part) and place[-1] < len(above.of):
            del above.of[place[-1]]
        return
    part = draft.at(place)
    if not isinstance(part, Part) or sum(1 for _ in draft.rows()) >= MOST:
        return
    if found[1] == "add":
        name = str(form.get(f"c{found[2]}_add", ""))
        if tree.asked(name) is not None:
            part.of.append(Row(name, _ops(name)[0], fresh=True))
    elif len(place) + 1 < DEEPEST:
        part.of.append(Part("any" if part.match == "all" else "all"))


def group(draft: Part, *, say: bool = True) -> Group | None:
    """The filter; None when a row makes no sense (with `say` it tells why). Groups without rows are left out."""
    good = True
    for row in draft.rows():
        try:
            row.condition()
            row.problem = ""
        except Rejected as error:
            row.problem, good = str(error) if say else "", False
    if not good:
        return None
    raw: Any = _raw(draft)
    return tree.read(raw) if raw["of"] else EVERYTHING


def _raw(part: Part) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    for one in part.of:
        if isinstance(one, Row):
            found.append({"field": one.field, "op": one.op, "value": one.values})
        elif (inner := _raw(one))["of"]:
            found.append(inner)
    return {"match": part.match, "of": found}


def of(kept: Group) -> Part:
    """A filter as a form."""
    return Part(kept.match, [
        of(one) if isinstance(one, Group) else Row(one.field, one.op, list(one.values)) for one in kept.of
    ])  # fmt: skip
