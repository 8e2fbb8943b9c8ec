"""Columns and rows of a file of contacts in words: its own fields, and why a row is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from enrichment import csv
from inbox.fields import store
from inbox.fields.kinds import Definition
from inbox.fields.people import name_of
from web import field_words, people_words
from web.reader import Reader


@dataclass(frozen=True, slots=True)
class Rows:
    """What can be imported by somebody; `custom` are the fields they may fill in."""

    custom: Sequence[Definition]
    every: Sequence[Definition]
    reader: Reader

    def labels(self) -> dict[str, str]:
        """Field → what it is called, in the order of the form."""
        known = {one: self.reader.words(people_words.CONTACT_FIELDS[one]) for one in csv.FIELDS}
        return known | {name_of(one.id): one.name(self.reader.language) for one in self.custom}

    def guess(self, columns: Sequence[str]) -> dict[str, int]:
        """Field → column, for the headings that are known."""
        return csv.guess(columns, csv.known(self.custom))

    def why(self, reason: str) -> str:
        """Why a row is left out."""
        kind, _, rest = reason.partition(":")
        number, _, sentence = rest.partition(":")
        if kind != "field":
            return self.reader.words(people_words.BAD_ROWS[reason])
        name = next((one.name(self.reader.language) for one in self.every if str(one.id) == number), "")
        said = self.reader.words(sentence)
        return f"{name or self.reader.words(field_words.NO_SUCH)}: {said}"


def of(session: Session, reader: Reader) -> Rows:
    """The fields there are now."""
    every = store.every(session, "person", archived=True)
    custom = [one for one in every if not one.archived and field_words.may_fill(one, reader)]
    return Rows(custom, every, reader)
