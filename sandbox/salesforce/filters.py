"""Conditions of a query as functions over records."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from sandbox.salesforce import dates, ids, soql
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.fields import NUMBERS, Field, Table
from sandbox.salesforce.org import Org, Record
from sandbox.salesforce.values import stamp

Test = Callable[[Record], bool]
Get = Callable[[Record], Any]
COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class Resolver:
    """Names of one query, looked up in the tables with errors that show the place."""

    def __init__(self, org: Org, table: Table, text: str) -> None:
        self.org, self.table, self.text = org, table, text

    def refuse(self, code: str, at: int, message: str) -> ApiError:
        return ApiError(400, code, soql.positioned(self.text, at, message))

    def path(self, path: soql.Path) -> tuple[Field, Get]:
        """The field at the end of a path, and how to read it from a record of the query's object."""
        table, hops = self.table, []
        parts = list(path.parts)
        if len(parts) > 1 and parts[0].lower() == table.name.lower():
            parts.pop(0)
        for name in parts[:-1]:
            parent = table.by_relationship.get(name.lower())
            if parent is None or (table.name, parent.name) in self.org.hidden:
                raise self.refuse(
                    "INVALID_FIELD",
                    path.at,
                    f"Didn't understand relationship '{name}' in field path. If you are attempting to use a "
                    "custom relationship, be sure to append the '__r' after the custom relationship name. "
                    "Please reference your WSDL or the describe call for the appropriate names.",
                )
            hops.append(parent.name)
            table = self.org.tables[parent.targets[0]]
        field = self.org.field(table, parts[-1])
        if field is None:
            raise self.refuse(
                "INVALID_FIELD",
                path.at,
                f"No such column '{parts[-1]}' on entity '{table.name}'. If you are attempting to use a "
                "custom field, be sure to append the '__c' after the custom field name. Please reference "
                "your WSDL or the describe call for the appropriate names.",
            )
        return field, self._getter(hops, field.name)

    def _getter(self, hops: list[str], name: str) -> Get:
        if not hops:
            return operator.methodcaller("get", name)

        def get(row: Record) -> Any:
            current: Record | None = row
            for hop in hops:
                current = self.parent(current, hop)
                if current is None:
                    return None
            return current.get(name) if current else None

        return get

    def parent(self, row: Record | None, field: str) -> Record | None:
        id_ = row.get(field) if row else None
        table = self.org.object_of(id_) if id_ else None
        return self.org.get(table.name, id_) if table and id_ else None


def build(names: Resolver, where: Any, select: Callable[[soql.Query], Iterable[Any]]) -> Test:
    """The condition as a test; `select` runs an inner query and gives the values of its one column."""
    if isinstance(where, soql.Logic):
        parts = [build(names, part, select) for part in where.parts]
        if where.operator == "NOT":
            return lambda row: not parts[0](row)
        joined = all if where.operator == "AND" else any
        return lambda row: joined(part(row) for part in parts)
    field, get = names.path(where.path)
    if not field.filterable:
        text = f"field '{field.name}' can not be filtered in a query call"
        raise names.refuse("INVALID_FIELD", where.path.at, text)
    return _compare(names, where, field, _folded(field, get), select)


def _compare(
    names: Resolver,
    where: soql.Compare,
    field: Field,
    get: Get,
    select: Callable[[soql.Query], Iterable[Any]],
) -> Test:
    if where.operator in ("IN", "NOT IN"):
        if isinstance(where.value, soql.Query):
            found = {v for v in select(where.value) if v is not None}
        else:
            found = {constant(names, field, literal) for literal in where.value}
        if where.operator == "IN":
            return lambda row: get(row) in found
        return lambda row: get(row) not in found
    if where.operator == "LIKE":
        if field.type in NUMBERS | {"boolean", "date", "datetime", "id", "reference"}:
            raise names.refuse("INVALID_FIELD", where.path.at, "invalid operator on " + field.type + " field")
        pattern = _like(where.value.value)
        return lambda row: (value := get(row)) is not None and pattern.fullmatch(value) is not None
    if where.value.kind == "word":
        return _in_days(where.operator, get, _span(field, where.value.value, names.org.clock()))
    wanted = constant(names, field, where.value)
    if where.operator == "=":
        return lambda row: get(row) == wanted
    if where.operator == "!=":
        return lambda row: get(row) != wanted
    compare = COMPARE[where.operator]
    return lambda row: wanted is not None and (value := get(row)) is not None and compare(value, wanted)


def _in_days(sign: str, get: Get, span: tuple[str, str]) -> Test:
    start, end = span
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda value: start <= value < end,
        "!=": lambda value: not start <= value < end,
        "<": lambda value: value < start,
        "<=": lambda value: value < end,
        ">": lambda value: value >= end,
        ">=": lambda value: value >= start,
    }
    test = tests[sign]
    return lambda row: sign == "!=" if (value := get(row)) is None else test(value)


def _span(field: Field, word: str, now: datetime) -> tuple[str, str]:
    start, end = dates.days(word, now.astimezone(UTC).date())
    if field.type == "date":
        return start.isoformat(), end.isoformat()
    return _midnight(start), _midnight(end)


def _midnight(day: date) -> str:
    return stamp(datetime.combine(day, time(), UTC))


def _folded(field: Field, get: Get) -> Get:
    """Text is compared without regard to case, as the platform does."""
    if field.case_sensitive or field.type in NUMBERS | {"boolean", "date", "datetime", "id", "reference"}:
        return get

    def folded(row: Record) -> Any:
        value = get(row)
        return value.lower() if value is not None else None

    return folded


def constant(names: Resolver, field: Field, literal: soql.Literal) -> Any:
    """The literal in the stored form of the field's values; raises INVALID_FIELD where the type differs."""
    if literal.kind == "null":
        return None
    if field.type in NUMBERS:
        wanted, quoted = "number", "double" if field.type != "int" else "int"
    elif field.type == "boolean":
        wanted, quoted = "boolean", "boolean"
    elif field.type in ("date", "datetime"):
        wanted, quoted = field.type, "dateTime" if field.type == "datetime" else "date"
    else:
        return _text(names, field, literal)
    if literal.kind != wanted:
        text = f"{_criterion(field)} {quoted} and should not be enclosed in quotes"
        raise names.refuse("INVALID_FIELD", literal.at, text)
    if wanted == "datetime":
        return stamp(datetime.fromisoformat(literal.value))
    return literal.value


def _criterion(field: Field) -> str:
    return f"value of filter criterion for field '{field.name}' must be of type"


def _text(names: Resolver, field: Field, literal: soql.Literal) -> str:
    if literal.kind != "string":
        text = f"{_criterion(field)} string and should be enclosed in quotes"
        raise names.refuse("INVALID_FIELD", literal.at, text)
    value = soql.unescape(literal.value)
    if field.type in ("id", "reference"):
        full = ids.full(value)
        if full is None:
            raise names.refuse("INVALID_QUERY_FILTER_OPERATOR", literal.at, f"invalid ID field: {value}")
        return full
    return value if field.case_sensitive else value.lower()


def _like(raw: str) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."}
    found, at = "", 0
    while at < len(raw):
        if raw[at] == "\\":
            found += re.escape(soql.ESCAPES.get(raw[at + 1], raw[at + 1]).lower())
            at += 2
            continue
        found += wild.get(raw[at]) or re.escape(raw[at].lower())
        at += 1
    return re.compile(found, re.DOTALL | re.IGNORECASE)
