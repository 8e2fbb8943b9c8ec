"""Duplicate rules: records that look like one that is there are refused, while the rule is active and blocks.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_duplicaterule.htm
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import DuplicateError
from sandbox.salesforce.fields import Field, Table, flag, read_only, system, text, texts

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

RULE = Table(
    "DuplicateRule",
    "0Bm",
    "Duplicate Rule",
    "Duplicate Rules",
    (
        *system(owner=False),
        text("DeveloperName", 80),
        *texts(80, "MasterLabel SobjectType"),
        read_only(flag("IsActive", default=True)),
    ),
    writable=False,
)
SHELF = "duplicate_rules"
ALERT = "Use one of these records?"


def add(org: Org, name: str, object_: str, fields: Sequence[str]) -> str:
    """A rule that blocks records of an object that agree with another in all of these fields; its id."""
    id_ = org.make("DuplicateRule", DeveloperName=name, MasterLabel=name, SobjectType=object_, IsActive=True)
    org.shelf(SHELF)[id_] = {"object": object_, "fields": list(fields), "name": name}
    return id_


def check(org: Org, table: Table, row: Mapping[str, Any]) -> None:
    """Refuse a record that an active rule takes for one that is there."""
    for rule_id, rule in org.shelf(SHELF).items():
        if rule["object"] != table.name or not (org.get("DuplicateRule", rule_id) or {}).get("IsActive"):
            continue
        fields = [found for name in rule["fields"] if (found := table.by_name.get(name.lower())) is not None]
        same = [one["Id"] for one in org.rows(table.name) if one["Id"] != row.get("Id") and _alike(one, row, fields)]
        if same:
            raise DuplicateError(ALERT, rule["name"], table.name, same)


def _alike(one: Mapping[str, Any], other: Mapping[str, Any], fields: Sequence[Field]) -> bool:
    pairs = [(one.get(field.name), other.get(field.name)) for field in fields]
    return not one["IsDeleted"] and all(
        left is not None and right is not None and str(left).lower() == str(right).lower() for left, right in pairs
    )
