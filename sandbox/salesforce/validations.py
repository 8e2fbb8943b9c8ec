"""Validation rules: records whose field holds what an administrator's formula forbids are refused with its message.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_calls_concepts_core_data_objects.htm
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import RowError
from sandbox.salesforce.fields import Table

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

SHELF = "validation_rules"
CODE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def add(org: Org, object_: str, field: str, without: str, message: str) -> str:
    """A rule that refuses records of an object whose field contains a text; its number."""
    number = str(len(org.shelf(SHELF)) + 1)
    org.shelf(SHELF)[number] = {"object": object_, "field": field, "without": without, "message": message}
    return number


def check(org: Org, table: Table, row: Mapping[str, Any]) -> None:
    """Refuse a record that breaks a rule."""
    for rule in org.shelf(SHELF).values():
        if rule["object"] == table.name and rule["without"] in str(row.get(rule["field"]) or ""):
            raise RowError(CODE, rule["message"], rule["field"])
