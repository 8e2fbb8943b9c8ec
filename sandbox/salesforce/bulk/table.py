"""CSV as the platform reads and writes it: header, quotes, line ends, and values out of text.

An empty cell says nothing about its field; `#N/A` empties the field.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_prepare_csv.htm
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.salesforce import values
from sandbox.salesforce.bulk.jobs import DELIMITERS, ENDINGS, Job
from sandbox.salesforce.errors import ApiError, RowError
from sandbox.salesforce.fields import NUMBERS, Field, Table
from sandbox.salesforce.org import Org

EMPTIED = "#N/A"
FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Unusable(Exception):
    """The file cannot be worked on at all: the job fails with these words."""


def read(job: Job, text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows; raises Unusable in the platform's words."""
    ending = ENDINGS[job["lineEnding"]]
    if ("\r\n" in text) != (ending == "\r\n") and "\n" in text:
        setting = job["lineEnding"]
        raise Unusable(
            f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {setting}"
        )
    lines = csv.reader(
        io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=DELIMITERS[job["columnDelimiter"]]
    )
    rows = [row for row in lines if row]
    if not rows:
        raise Unusable("InvalidBatch : The CSV file has no header row")
    header = rows[0]
    if len(set(header)) != len(header):
        raise Unusable(f"InvalidBatch : Duplicate field names in the header: {', '.join(header)}")
    return header, rows[1:]


def columns(org: Org, table: Table, header: Sequence[str]) -> list[tuple[Field, str]]:
    """For each column its field and, where a parent is named by its key, the key's name; Unusable if unknown."""
    found = []
    for name in header:
        field = org.field(table, name)
        if field is not None:
            found.append((field, ""))
            continue
        relation, _, key = name.partition(".")
        parent = table.by_relationship.get(relation.lower())
        if parent is None or not key or (table.name, parent.name) in org.hidden:
            raise Unusable(f"InvalidBatch : Field name not found : {name}")
        found.append((parent, key))
    return found


def record(found: Sequence[tuple[Field, str]], row: Sequence[str]) -> dict[Field, Any]:
    """The values of one row by field; raises RowError for what cannot be read."""
    if len(row) != len(found):
        raise RowError("INVALID_FIELD", f"The row has {len(row)} columns, the header has {len(found)}")
    given: dict[Field, Any] = {}
    for (field, key), cell in zip(found, row, strict=True):
        if cell == EMPTIED:
            given[field] = None
        elif cell and key:
            given[field] = {key: cell}
        elif cell:
            given[field] = _value(field, cell)
    return given


def _value(field: Field, cell: str) -> Any:
    wrong = RowError(
        "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{field.label}: value not of required type: {cell}", field.name
    )
    try:
        if field.type == "boolean":
            return FLAGS[cell.strip().lower()]
        if field.type in NUMBERS:
            return values.read(field, int(cell) if field.type == "int" else float(cell))
        return values.read(field, cell)
    except (KeyError, ValueError, ApiError):
        raise wrong from None


def write(job: Job, header: Sequence[str], rows: Iterable[Sequence[Any]], *, ending: str = "\n") -> str:
    """Every cell in quotes, as results come."""
    made = io.StringIO()
    writer = csv.writer(
        made, delimiter=DELIMITERS[job["columnDelimiter"]], lineterminator=ending, quoting=csv.QUOTE_ALL
    )
    writer.writerow(header)
    writer.writerows(rows)
    return made.getvalue()


def cell(value: Any) -> str:
    """A value in an answer."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def plucked(row: Mapping[str, Any], path: str) -> Any:
    """`Account.Name` out of a rendered record."""
    current: Any = row
    for part in path.split("."):
        current = next((v for k, v in current.items() if k.lower() == part.lower()), None) if current else None
    return current
