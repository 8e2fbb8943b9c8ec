"""What a new lead or contact is filled with: suggestions out of the profile, and what cannot be sent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from enrichment.crm import Needed

OBJECTS = ("Lead", "Contact")
FIELDS: Mapping[str, Mapping[str, int]] = {
    "Lead": {"FirstName": 40, "LastName": 80, "Company": 255, "Email": 80, "Phone": 40, "Website": 255},
    "Contact": {"FirstName": 40, "LastName": 80, "Email": 80, "Phone": 40},
}
"""Object → what is always asked, with the most characters it takes there."""
LONGEST = 255
FROM = {"Email": "email", "Phone": "phone", "Website": "site", "Company": "company"}
"""Field there → the name of what is known here."""


class Fact(Protocol):
    """What is known of a person, with its source."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...


def suggested(object_: str, facts: Sequence[Fact]) -> dict[str, tuple[str, Fact]]:
    """{field: (value, what it comes from)} of what is known, cut to what the field takes."""
    found: dict[str, tuple[str, Fact]] = {}
    for field, longest in FIELDS[object_].items():
        fact = next((one for one in facts if one.name == FROM.get(field)), None)
        if fact is not None:
            found[field] = (fact.value[:longest], fact)
    name = next((one for one in facts if one.name == "name"), None)
    if name is not None:
        first, last = split(name.value)
        found["LastName"] = (last[:80], name)
        if first:
            found["FirstName"] = (first[:40], name)
    return found


def split(name: str) -> tuple[str, str]:
    """First name and surname: the last word is the surname; a name without blanks is all surname."""
    first, _, last = " ".join(name.split()).rpartition(" ")
    return first, last


def asked(object_: str, needed: Iterable[Needed]) -> list[Needed]:
    """The fields of the form: the usual ones, then what this org needs besides, each once."""
    there = {one.name: one for one in needed}
    usual = [
        there.get(name) or Needed(name, name, "text", required=name == "LastName" or name == "Company")
        for name in FIELDS[object_]
    ]
    return [*usual, *(one for name, one in there.items() if name not in FIELDS[object_] and one.required)]


def wrong(object_: str, fields: Sequence[Needed], values: Mapping[str, str]) -> dict[str, str]:
    """{field: `empty`, `long` or `choice`} of what cannot be sent like that."""
    found: dict[str, str] = {}
    for one in fields:
        value = values.get(one.name, "")
        if one.required and not value:
            found[one.name] = "empty"
        elif len(value) > FIELDS[object_].get(one.name, LONGEST):
            found[one.name] = "long"
        elif value and one.options and value not in one.options:
            found[one.name] = "choice"
    return found
