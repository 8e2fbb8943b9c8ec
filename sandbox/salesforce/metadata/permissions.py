"""What is deployed is seen by nobody until a permission set that opens it is assigned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sandbox.salesforce.metadata.reading import Doc


@dataclass(frozen=True, slots=True)
class Barred:
    """What a user may not see, and what it may not change."""

    hidden: set[tuple[str, str]] = field(default_factory=set)
    fixed: set[tuple[str, str]] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)


def barred(objects: Mapping[str, Doc], sets: Iterable[Doc]) -> Barred:
    """Of the deployed objects and fields those that none of the permission sets opens."""
    readable, editable, seen = set(), set(), set()
    for one in sets:
        for opened in one.get("fieldPermissions", ()):
            object_, _, name = opened["field"].partition(".")
            readable |= {(object_, name)} if opened.get("readable") else set()
            editable |= {(object_, name)} if opened.get("editable") else set()
        seen |= {p["object"] for p in one.get("objectPermissions", ()) if p["allowRead"]}
    deployed = {(object_, name) for object_, doc in objects.items() for name in doc["fields"]}
    closed = {name for name in objects if name.endswith("__c") and name not in seen}
    return Barred(deployed - readable, deployed & readable - editable, closed)
