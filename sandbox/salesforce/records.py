"""Calls about one record, named by its id or by an external id.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_upsert.htm
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from sandbox.salesforce import ids
from sandbox.salesforce.calls import Answer, Call
from sandbox.salesforce.errors import ApiError, RowError, not_found, unknown_column
from sandbox.salesforce.fields import Field, Table
from sandbox.salesforce.org import Record

T = TypeVar("T")


def create(call: Call, object_: str) -> Answer:
    table = call.org.table(object_)
    given = call.org.parse(table, call.mapping())
    id_field = table.by_name["id"]
    if id_field in given:
        raise ApiError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    id_ = _alone(call, lambda: call.org.insert(table, given))
    return Answer(_saved(id_), 201, {"Location": _address(call, table, id_)})


def read(call: Call, object_: str, id_: str) -> Answer:
    table = call.org.table(object_)
    return _show(call, table, _row(call, table, id_))


def update(call: Call, object_: str, id_: str) -> Answer:
    table = call.org.table(object_)
    row = _row(call, table, id_)
    _unmodified(call, row)
    given = call.org.parse(table, call.mapping())
    _alone(call, lambda: call.org.update(table, row["Id"], given))
    return Answer(status=204)


def delete(call: Call, object_: str, id_: str) -> Answer:
    table = call.org.table(object_)
    row = _row(call, table, id_)
    _alone(call, lambda: call.org.delete(table, row["Id"]))
    return Answer(status=204)


def read_by_key(call: Call, object_: str, name: str, key: str) -> Answer:
    table = call.org.table(object_)
    found = call.org.find(table, external_id(call, table, name), key)
    if len(found) > 1:
        return _several(call, table, found)
    if not found:
        raise not_found()
    return _show(call, table, found[0])


def upsert_by_key(call: Call, object_: str, name: str, key: str) -> Answer:
    """201 when it was created, 200 when it was there, 300 with the addresses when the key matches twice."""
    table = call.org.table(object_)
    field = external_id(call, table, name)
    given = call.org.parse(table, call.mapping())
    if field in given:
        text = f"The {field.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", text)
    found = call.org.find(table, field, key)
    if len(found) > 1:
        return _several(call, table, found)
    if found:
        _unmodified(call, found[0])
        _alone(call, lambda: call.org.update(table, found[0]["Id"], given))
        return Answer(_saved(found[0]["Id"]) | {"created": False})
    if call.flag("updateOnly"):
        raise not_found()
    id_ = _alone(call, lambda: call.org.insert(table, given | {field: key}))
    return Answer(_saved(id_) | {"created": True}, 201, {"Location": _address(call, table, id_)})


def delete_by_key(call: Call, object_: str, name: str, key: str) -> Answer:
    table = call.org.table(object_)
    found = call.org.find(table, external_id(call, table, name), key)
    if len(found) > 1:
        return _several(call, table, found)
    if not found:
        raise not_found()
    _alone(call, lambda: call.org.delete(table, found[0]["Id"]))
    return Answer(status=204)


def external_id(call: Call, table: Table, name: str) -> Field:
    """The field if it may serve as a key: marked as external id, or the record id itself."""
    field = call.org.field(table, name)
    if field is None or not (field.external_id or field.type == "id"):
        text = f"Provided external ID field does not exist or is not accessible: {name}"
        raise not_found(text)
    return field


def show_fields(call: Call, table: Table, row: Record, names: list[str] | None = None) -> dict[str, Any]:
    """A record with the fields asked for, all visible ones by default."""
    fields = [f for f in table.fields if (table.name, f.name) not in call.org.hidden]
    if names is not None:
        fields = []
        for name in names:
            field = call.org.field(table, name)
            if field is None:
                raise unknown_column(name, table.name)
            fields.append(field)
    attributes = {"type": table.name, "url": _address(call, table, row["Id"])}
    return {"attributes": attributes} | {f.name: row.get(f.name) for f in fields}


def _alone(call: Call, do: Callable[[], T]) -> T:
    """A write about one record: its refusal is the refusal of the call."""
    if call.fault("lock"):
        raise ApiError(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records")
    try:
        with call.org.transaction():
            return do()
    except RowError as error:
        raise error.alone() from error


def _row(call: Call, table: Table, id_: str) -> Record:
    full = ids.full(id_)
    row = call.org.get(table.name, full) if full else None
    if row is None:
        raise not_found()
    if row["IsDeleted"]:
        raise RowError("ENTITY_IS_DELETED", "entity is deleted").alone()
    return row


def _show(call: Call, table: Table, row: Record) -> Answer:
    since = _header_date(call, "if-modified-since")
    if since and datetime.fromisoformat(row["LastModifiedDate"]) <= since:
        return Answer(status=304)
    names = call.query.get("fields")
    return Answer(show_fields(call, table, row, names.split(",") if names else None))


def _unmodified(call: Call, row: Record) -> None:
    since = _header_date(call, "if-unmodified-since")
    if since and datetime.fromisoformat(row["LastModifiedDate"]) > since:
        text = "The resource was modified since the time given in If-Unmodified-Since"
        raise ApiError(412, "PRECONDITION_FAILED", text)


def _header_date(call: Call, name: str) -> datetime | None:
    if name not in call.headers:
        return None
    try:
        found = parsedate_to_datetime(call.headers[name])
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _several(call: Call, table: Table, rows: list[Record]) -> Answer:
    return Answer([_address(call, table, row["Id"]) for row in rows], 300)


def _address(call: Call, table: Table, id_: str) -> str:
    return f"/services/data/v{call.version}/sobjects/{table.name}/{id_}"


def _saved(id_: str) -> dict[str, Any]:
    return {"id": id_, "success": True, "errors": []}
