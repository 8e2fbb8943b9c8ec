"""Records that are there before anybody calls, made as by an administrator.

Two ways to write them: a list of rows that name their type, with parents named by fields of their own,
`{"attributes": {"type": "Contact"}, "LastName": "Weber", "Account": {"Name": "Nordwind"}}`; or a mapping from
objects to rows that may carry a `key`, by which later rows name them as parents,
`{"Account": [{"key": "nord", "Name": "Nordwind"}], "Contact": [{"LastName": "Weber", "Account": "nord"}]}`. There a
day may be given as `{"days_ago": 3}`. What only the platform fills in, as an order's total, is filled in by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from datetime import timedelta
from typing import Any

from sandbox.salesforce.fields import Table
from sandbox.salesforce.org import ADMIN_USER, INTEGRATION_USER, Org

Row = Mapping[str, Any]
Rows = Iterable[Row] | Mapping[str, Sequence[Row]]


def found(org: Org, records: Rows, keys: MutableMapping[str, dict[str, Any]]) -> None:
    """Make the records; `keys` learns `{"object": …, "Id": …}` of every row that has a key."""
    if not isinstance(records, Mapping):
        seed(org, records)
        return
    for object_, rows in records.items():
        for row in rows:
            table = org.table(object_)
            plain = {n: _value(org, table, keys, n, v) for n, v in row.items() if n != "key"}
            id_ = seed(org, [{"attributes": {"type": object_}, **plain}])[0]
            if "key" in row:
                keys[str(row["key"])] = {"object": object_, "Id": id_}


def _value(org: Org, table: Table, keys: Mapping[str, dict[str, Any]], name: str, value: Any) -> Any:
    """A parent's key becomes its id, or a mapping with it; a span a day; anything else stays."""
    if isinstance(value, Mapping) and "days_ago" in value:
        return (org.clock() - timedelta(days=value["days_ago"])).date().isoformat()
    known = keys.get(value) if isinstance(value, str) else None
    if known is None:
        return value
    parent, field = table.by_relationship.get(name.lower()), table.by_name.get(name.lower())
    if parent is not None and known["object"] in parent.targets:
        return {"Id": known["Id"]}
    return known["Id"] if field is not None and known["object"] in field.targets else value


def seed(org: Org, rows: Iterable[Row]) -> list[str]:
    """Create rows that name their type; a parent that is not there is made. Ids in the same order."""
    org.act_as(ADMIN_USER)
    try:
        return [_one(org, row) for row in rows]
    finally:
        org.act_as(INTEGRATION_USER)


def _one(org: Org, row: Row) -> str:
    table = org.table(row["attributes"]["type"])
    plain = {}
    for name, value in row.items():
        parent = table.by_relationship.get(name.lower())
        if parent is None or not isinstance(value, Mapping):
            plain[name] = value
            continue
        target = parent.targets[0]
        same = (r for r in org.rows(target) if all(r.get(k) == v for k, v in value.items()))
        known = next(same, None)
        plain[parent.name] = known["Id"] if known else _one(org, {"attributes": {"type": target}, **value})
    given = org.parse(table, plain)
    id_ = org.insert(table, {field: value for field, value in given.items() if field.createable})
    filled = {field.name: value for field, value in given.items() if not field.createable}
    if filled:
        org.set(table.name, id_, filled)
    return id_
