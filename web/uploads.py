"""A CSV file that is imported in two steps: chosen and looked at, then sent again with what its columns are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastapi import UploadFile

from core.errors import Rejected
from enrichment import csv
from web.i18n import N_

SHOWN = 8
"""Rows of the preview."""
LIMIT = 700_000
"""Bytes of a file: with the words around it the form must stay below what the web takes."""
TOO_LARGE = N_("The file is larger than 700 kB. Split it, and import the parts one after the other.")
NO_FILE = N_("Choose a file first.")


@dataclass(frozen=True)
class Upload:
    """A file as the form carries it: its name, its text, and the text as a table."""

    name: str
    text: str
    sheet: csv.Sheet


def chosen(file: UploadFile | None, name: str) -> Upload:
    """A file that was just chosen, called `name` when the browser does not tell; Rejected with what is wrong."""
    data = file.file.read(LIMIT + 1) if file is not None else b""
    if not data:
        raise Rejected(NO_FILE)
    if len(data) > LIMIT:
        raise Rejected(TOO_LARGE)
    return Upload((file.filename if file is not None else "") or name, csv.text(data), csv.read(data))


def again(text: str, name: str) -> Upload:
    """The file as the preview sends it back; Rejected when it is none."""
    return Upload(name[:200], text, csv.read(text.encode()))


def mapping(upload: Upload, fields: Iterable[str], columns: Sequence[str] | None) -> dict[str, int]:
    """Field → place of its column, out of what was chosen for each field in their order; others are left out."""
    places = {field: int(place) for field, place in zip(fields, columns or (), strict=False)
              if place.isascii() and place.isdecimal()}  # fmt: skip
    return {field: place for field, place in places.items() if place < len(upload.sheet.columns)}
