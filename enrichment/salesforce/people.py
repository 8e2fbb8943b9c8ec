"""Reading contacts and leads: which fields an org has for whom, and one record as a person.

Which fields hold handles, addresses and phones is asked from the org (`describe`), since every org names its
own: a field holds handles of a platform when its name contains the platform's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from enrichment.crm import HUB_ID, CrmPerson, Needed, PersonObject

HANDLE_WORDS = {
    word: word
    for word in (
        "mastodon", "bluesky", "telegram", "instagram", "facebook", "linkedin", "youtube", "tiktok",
        "threads", "reddit", "pinterest", "discord", "nostr", "lemmy", "pixelfed", "peertube",
    )
} | {"twitter": "x"}  # fmt: skip
"""Part of a field's name → platform."""
TEXT_TYPES = frozenset({"string", "url", "textarea"})
BASE = ("Id", "FirstName", "LastName", "Name", "IsDeleted", "MasterRecordId", "SystemModstamp")
PLACE = {"Contact": ("MailingCity", "MailingCountry"), "Lead": ("City", "Country")}
ONLY = {
    "Contact": ("AccountId", *PLACE["Contact"]),
    "Lead": ("Company", "IsConverted", "ConvertedContactId", *PLACE["Lead"]),
}
CONSENT = ("HasOptedOutProcessing", "HasOptedOutProfiling", "ShouldForget")


FLAGS = frozenset({"IsDeleted", "IsConverted", *CONSENT})


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of one object the hub reads, by what they hold."""

    object: PersonObject
    plain: tuple[str, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    websites: tuple[str, ...]
    handles: tuple[tuple[str, str], ...]
    """(field, platform)."""
    individual: bool
    """The org keeps privacy records, and the link to them is readable."""

    def select(self) -> str:
        """The list of columns for a query."""
        names = dict.fromkeys((*self.plain, *self.emails, *self.phones, *self.websites))
        names |= dict.fromkeys(field for field, _ in self.handles)
        if self.individual:
            names |= {f"Individual.{flag}": None for flag in CONSENT}
        return ", ".join(names)


def layout(object_: PersonObject, description: Mapping[str, Any]) -> Layout:
    """Sort the readable fields of an object by what they hold."""
    fields = {f["name"]: f for f in description["fields"]}
    handles = []
    for name, field in fields.items():
        platform = _platform(name)
        if platform and field["type"] in TEXT_TYPES:
            handles.append((name, platform))
    taken = {name for name, _ in handles}

    def of(type_: str, *without: str) -> tuple[str, ...]:
        found = (n for n, f in fields.items() if f["type"] == type_ and n not in taken)
        return tuple(n for n in found if not any(word in n.lower() for word in without))

    return Layout(
        object_,
        tuple(n for n in (*BASE, *ONLY[object_]) if n in fields),
        of("email"),
        of("phone", "fax", "assistant"),
        of("url", "photo"),
        tuple(handles),
        "IndividualId" in fields,
    )


def _platform(name: str) -> str:
    lower = name.lower()
    return next((platform for word, platform in HANDLE_WORDS.items() if word in lower), "")


def nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a bulk answer, all texts under dotted names, in the shape of a query's record."""
    found: dict[str, Any] = {}
    for name, text in row.items():
        *parents, last = name.split(".")
        inner = found
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = text == "true" if last in FLAGS else text
    return found


def person(found: Layout, row: Mapping[str, Any]) -> CrmPerson:
    """One record as a person; values are as they stand in the org."""

    def texts(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for name in names if (value := row.get(name))))

    heir = row.get("ConvertedContactId") or ""
    orphaned = bool(row.get("IsConverted")) and not heir  # what it became was deleted, and it takes no writes
    city, country = (row.get(name) or "" for name in PLACE[found.object])
    individual = row.get("Individual") or {}
    return CrmPerson(
        object=found.object,
        id=row["Id"],
        first_name=row.get("FirstName") or "",
        last_name=row.get("LastName") or "",
        name=row.get("Name") or "",
        emails=texts(found.emails),
        phones=texts(found.phones),
        handles={platform: row[name] for name, platform in reversed(found.handles) if row.get(name)},
        websites=texts(found.websites),
        company=row.get("Company") or "",
        company_id=row.get("AccountId") or "",
        city=city,
        country=country,
        modified=datetime.fromisoformat(row["SystemModstamp"]),
        deleted=bool(row.get("IsDeleted")) or orphaned,
        merged_into=row.get("MasterRecordId") or "",
        converted_to=heir,
        objects_to_processing=any(individual.get(flag) for flag in CONSENT),
    )


INPUT = {
    "email": "email", "phone": "phone", "url": "link", "int": "number", "double": "number", "currency": "number",
    "percent": "number", "date": "date", "boolean": "flag", "picklist": "choice",
}  # fmt: skip
"""A field's type there → how it is asked for; all others are texts."""
ASKED = ("string", "textarea", *INPUT)


def needed(description: Mapping[str, Any]) -> list[Needed]:
    """The fields of an object that may be written to a new record, by what they hold."""
    found = []
    for field in description["fields"]:
        if not field["createable"] or field["type"] not in ASKED or field["name"] == HUB_ID:
            continue
        required = not field["nillable"] and not field["defaultedOnCreate"] and field["type"] != "boolean"
        options = tuple(one["value"] for one in field.get("picklistValues", ()) if one["active"])
        kind = INPUT.get(field["type"], "text")
        found.append(Needed(field["name"], field["label"], kind, options if kind == "choice" else (), required))
    return found
