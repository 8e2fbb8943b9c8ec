"""What an object and its fields are: the words in which the org's tables are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "percent": "xsd:double",
    "currency": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
}
NUMBERS = frozenset({"int", "double", "percent", "currency"})


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field, named as in a describe answer where Salesforce has a word for it."""

    name: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    default: Any = None
    defaulted: bool = False
    """The org fills it in when a create call leaves it out."""
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    targets: tuple[str, ...] = ()
    relationship: str = ""
    children_name: str = ""
    """Name of the list of children on the parent that this lookup makes."""
    cascade: bool = False
    """A record goes when the one it points at here is deleted."""
    auto_number: str = ""
    """Format of the running number, for example `SI-{:05d}`."""

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def label(self) -> str:
        if self.custom:
            return self.name[:-3].replace("_", " ")
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name)
        return re.sub(r"\bId$", "ID", words)

    @property
    def required(self) -> bool:
        return not self.nillable and not self.defaulted and self.createable

    @property
    def filterable(self) -> bool:
        return self.type != "textarea" or self.length <= 255


@dataclass(frozen=True, eq=False)
class Table:
    """One object: its id prefix, its labels, its fields."""

    name: str
    prefix: str
    label: str
    plural: str
    fields: tuple[Field, ...]
    mergeable: bool = False
    writable: bool = True
    lacks: tuple[str, ...] = ()
    """Abilities in a describe answer that most objects have and this one has not."""
    children: tuple[tuple[str, Field], ...] = field(default=())
    """(object, reference field) of everything that points here; filled when the tables are joined."""

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by lower-case name: the API does not care about case."""
        return {f.name.lower(): f for f in self.fields}

    @cached_property
    def by_relationship(self) -> dict[str, Field]:
        return {f.relationship.lower(): f for f in self.fields if f.relationship}

    @cached_property
    def indexed(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.unique or f.external_id or f.type == "reference")

    @cached_property
    def required(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.required)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        return {f.name: f.default for f in self.fields if f.default is not None}


def text(name: str, length: int, *, required: bool = False, **more: Any) -> Field:
    return Field(name, "string", length, nillable=not required, **more)


def texts(length: int, names: str) -> list[Field]:
    return [text(name, length) for name in names.split()]


def kind(type_: str, length: int, names: str, **more: Any) -> list[Field]:
    """Several fields of one type that need no more words: phones, addresses, dates."""
    return [Field(name, type_, length, **more) for name in names.split()]


def pick(name: str, length: int, values: str, **more: Any) -> Field:
    """A picklist; the values are separated by `|`."""
    return Field(name, "picklist", length, values=tuple(values.split("|")), **more)


def number(name: str, precision: int = 18, scale: int = 0, type_: str = "double", **more: Any) -> Field:
    return Field(name, type_, precision=precision, scale=scale, **more)


def flag(name: str, *, default: bool = False, **more: Any) -> Field:
    return Field(name, "boolean", nillable=False, defaulted=True, default=default, **more)


def ref(name: str, *targets: str, relationship: str = "", children: str = "", **more: Any) -> Field:
    """A lookup; the relationship's name follows from the field's: `AccountId` → `Account`."""
    if not relationship:
        relationship = f"{name[:-3]}__r" if name.endswith("__c") else name.removesuffix("Id")
    return Field(name, "reference", 18, targets=targets, relationship=relationship, children_name=children, **more)


def read_only(one: Field) -> Field:
    return replace(one, createable=False, updateable=False)


def system(*, owner: bool = True) -> list[Field]:
    """The fields every record has and only the org writes (the owner may be changed)."""
    filled: dict[str, Any] = {"nillable": False, "defaulted": True}
    found = [
        read_only(Field("Id", "id", 18, nillable=False, defaulted=True)),
        read_only(flag("IsDeleted")),
        *(read_only(f) for f in kind("datetime", 0, "CreatedDate LastModifiedDate SystemModstamp", **filled)),
        read_only(ref("CreatedById", "User", relationship="CreatedBy", **filled)),
        read_only(ref("LastModifiedById", "User", relationship="LastModifiedBy", **filled)),
    ]
    if owner:
        found.append(ref("OwnerId", "User", relationship="Owner", **filled))
    return found


def merged_into(name: str) -> Field:
    return read_only(ref("MasterRecordId", name))


def person() -> list[Field]:
    return [
        text("LastName", 80, required=True),
        text("FirstName", 40),
        read_only(text("Name", 121, required=True)),
    ]
