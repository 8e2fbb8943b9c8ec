"""The list of people by a custom field: which one is shown, what has to stand in it, and by what it is sorted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment.directory import BY_FIELD, SORTS
from enrichment.segments import conditions
from enrichment.segments.conditions import ALONE, Condition
from inbox.fields import store
from inbox.fields.kinds import CHOSEN, Definition
from web import field_words
from web.place import LARGEST
from web.reader import Reader


@dataclass(frozen=True, slots=True)
class Chosen:
    """A field as an address names it."""

    field: Definition | None = None
    how: str = ""
    value: str = ""
    """As it was typed."""
    own: Condition | None = None
    problem: str = ""
    """Why nothing is asked about it."""

    @property
    def ops(self) -> Sequence[str]:
        """How it is asked."""
        asked = conditions.asked(field_words.name(self.field)) if self.field is not None else None
        return conditions.ops(asked) if asked is not None else ()

    @property
    def takes(self) -> str:
        """What is typed: date, days, number, option or text; empty where nothing is."""
        if self.field is None or not self.how or self.how in ALONE:
            return ""
        if self.field.kind == "date":
            return "date" if self.how in ("since", "until") else "days"
        return "option" if self.field.kind in CHOSEN else "number" if self.field.kind == "number" else "text"


def chosen(session: Session, number: str, how: str, value: str, reader: Reader) -> Chosen:
    """The field of that number, and what is asked about it; nothing for a field that there is not."""
    try:
        digits = number.isascii() and number.isdecimal() and int(number) < LARGEST
        field = store.find(session, int(number) if digits else 0, "person")
    except Rejected:
        return Chosen()
    if not how:
        return Chosen(field)
    typed = db.sound(value)[:500].strip()
    try:
        text = "".join(field_words.typed(field, [typed], reader)) if typed and how not in ALONE else typed
        raw = {"field": field_words.name(field), "op": how, "value": text}
        return Chosen(field, how, typed, conditions.condition(raw))
    except Rejected as error:
        return Chosen(field, how, typed, problem=str(error) if value else "")


def sort(wanted: str, field: Definition | None) -> str:
    """How the list is sorted: as wanted, where that can be."""
    return wanted if wanted in SORTS or (wanted in BY_FIELD and field is not None) else SORTS[0]
