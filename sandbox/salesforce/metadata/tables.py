"""From the metadata of an object to its table: what a field's type means, and what it has to say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.salesforce.fields import Field, Table, read_only, system
from sandbox.salesforce.metadata.reading import Doc, Problem

NEEDED = {
    "Text": ("length",),
    "LongTextArea": ("length", "visibleLines"),
    "Number": ("precision", "scale"),
    "Percent": ("precision", "scale"),
    "Currency": ("precision", "scale"),
    "Checkbox": ("defaultValue",),
    "Picklist": ("valueSet",),
    "Lookup": ("referenceTo", "relationshipName"),
    "Url": (), "DateTime": (), "Date": (), "Email": (), "Phone": (), "TextArea": (),
}  # fmt: skip
"""Types of fields this org has, and what each must say beside its label."""
BARRED = {
    "length": {"Text", "LongTextArea"}, "precision": {"Number", "Percent", "Currency"},
    "scale": {"Number", "Percent", "Currency"}, "referenceTo": {"Lookup"}, "valueSet": {"Picklist"},
    "unique": {"Text", "Number", "Email"}, "externalId": {"Text", "Number", "Email"}, "caseSensitive": {"Text"},
    "visibleLines": {"LongTextArea"},
}  # fmt: skip
"""What may be said of some types only."""
PLAIN = {"Url": ("url", 255), "DateTime": ("datetime", 0), "Date": ("date", 0), "Email": ("email", 80),
         "Phone": ("phone", 40), "TextArea": ("textarea", 255)}  # fmt: skip
NUMBERS = {"Number": "double", "Percent": "percent", "Currency": "currency"}
CUSTOM = re.compile(r"[A-Za-z](?:[A-Za-z0-9]|_(?!_))*__c")
OWN = ("label", "pluralLabel", "nameField", "sharingModel", "deploymentStatus")


def check_object(doc: Doc) -> None:
    """What a custom object has to say about itself. Raises Problem."""
    if not doc.get("label"):
        raise Problem("Must specify a non-empty label for the CustomObject")
    if doc.get("nameField", {}).get("type") not in ("Text", "AutoNumber"):
        raise Problem("Must specify a nameField of type Text or AutoNumber")
    for name in OWN:
        if name not in doc:
            raise Problem(f"Required field is missing: {name}")


def check_field(doc: Doc, known: Iterable[str], before: Doc | None) -> None:
    """What a field has to say; `known` are the objects it may point at. Raises Problem."""
    name, type_ = doc.get("fullName", ""), doc.get("type")
    if not CUSTOM.fullmatch(name):
        raise Problem(f"Invalid fullName for the CustomField: {name}")
    if not doc.get("label"):
        raise Problem("Must specify a non-empty label for the CustomField")
    if type_ not in NEEDED:
        raise Problem("Required field is missing: type" if type_ is None else f"This org has no fields of type {type_}")
    for one in NEEDED[type_]:
        if one not in doc:
            raise Problem(f"Must specify '{one}' for a CustomField of type {type_}")
    for one, types in BARRED.items():
        if doc.get(one) and type_ not in types:
            raise Problem(f"Can not specify '{one}' for a CustomField of type {type_}")
    if type_ == "Lookup" and doc["referenceTo"] not in known:
        raise Problem(f"referenceTo value of '{doc['referenceTo']}' does not resolve to a valid sObject type")
    if before is not None and before["type"] != type_:
        raise Problem(f"Cannot update a field from a {before['type']} to a {type_}")


def field(doc: Doc) -> Field:
    """The field as records and descriptions know it."""
    name, type_ = doc["fullName"], doc["type"]
    nillable = not doc.get("required", False)
    if type_ in PLAIN:
        kind, length = PLAIN[type_]
        return Field(name, kind, length, nillable=nillable)
    if type_ in NUMBERS:
        return Field(name, NUMBERS[type_], precision=doc["precision"], scale=doc["scale"], nillable=nillable)
    if type_ == "Checkbox":
        return Field(name, "boolean", nillable=False, defaulted=True, default=doc["defaultValue"] == "true")
    if type_ == "Lookup":
        relationship = f"{name[:-3]}__r"
        return Field(name, "reference", 18, targets=(doc["referenceTo"],), relationship=relationship,
                     children_name=f"{doc['relationshipName']}__r", nillable=nillable)  # fmt: skip
    if type_ == "Picklist":
        definition = doc["valueSet"].get("valueSetDefinition", {})
        values = tuple(one["fullName"] for one in definition.get("value", ()))
        restricted = doc["valueSet"].get("restricted", False)
        return Field(name, "picklist", 255, values=values, restricted=restricted, nillable=nillable)
    if type_ == "LongTextArea":
        return Field(name, "textarea", doc["length"], nillable=nillable)
    return Field(
        name, "string", doc["length"], nillable=nillable, unique=doc.get("unique", False),
        external_id=doc.get("externalId", False), case_sensitive=doc.get("caseSensitive", False),
    )  # fmt: skip


def tables(standard: Iterable[Table], objects: Mapping[str, Doc]) -> list[Table]:
    """All objects of an org: the standard ones with their custom fields, then the custom ones."""
    own = [_custom(name, doc) for name, doc in objects.items() if name.endswith("__c")]
    return [_extended(table, objects.get(table.name)) for table in standard] + own


def _extended(table: Table, doc: Doc | None) -> Table:
    return table if doc is None else replace(table, fields=(*table.fields, *map(field, doc["fields"].values())))


def _custom(name: str, doc: Doc) -> Table:
    named: dict[str, Any] = doc["nameField"]
    if named["type"] == "AutoNumber":
        digits = re.search(r"\{(0+)\}", named.get("displayFormat", "{0}"))
        width = len(digits[1]) if digits else 1
        pattern = re.sub(r"\{0+\}", f"{{:0{width}d}}", named.get("displayFormat", "{0}"))
        title = read_only(Field("Name", "string", 80, defaulted=True, auto_number=pattern))
    else:
        title = Field("Name", "string", 80, defaulted=True)
    fields = (*system(), title, *map(field, doc["fields"].values()))
    return Table(name, doc["prefix"], doc["label"], doc["pluralLabel"], fields)
