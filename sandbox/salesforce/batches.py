"""Many records in one call: collections (200) and composite calls (25).

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.salesforce import ids
from sandbox.salesforce.calls import Answer, Call
from sandbox.salesforce.errors import ApiError, RowError
from sandbox.salesforce.fields import Field, Table
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import external_id, show_fields

MOST_RECORDS = 200
MOST_SUBREQUESTS = 25
MOST_QUERIES = 5
ROLLED_BACK = RowError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
LOCKED = RowError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records")
Job = Callable[[], dict[str, Any]]
"""Writes one record and returns what its result says beside success."""


class _Undo(Exception):
    """Leaves the transaction of a batch in which a record failed."""


def insert(call: Call) -> Answer:
    records = _records(call)
    parsed = [(table := _type(call, r), call.org.parse(table, r)) for r in records]

    def job(table: Table, given: dict[Field, Any]) -> dict[str, Any]:
        if table.by_name["id"] in given:
            raise RowError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
        return {"id": call.org.insert(table, given)}

    return _results(call, [partial(job, *p) for p in parsed])


def update(call: Call) -> Answer:
    records = _records(call)
    parsed = [(table := _type(call, r), call.org.parse(table, r)) for r in records]

    def job(table: Table, given: dict[Field, Any]) -> dict[str, Any]:
        id_ = ids.full(given.pop(table.by_name["id"], None))
        if id_ is None:
            raise RowError("MISSING_ARGUMENT", "Id not specified in an update call")
        call.org.update(table, id_, given)
        return {"id": id_}

    return _results(call, [partial(job, *p) for p in parsed])


def upsert(call: Call, object_: str, name: str) -> Answer:
    """Create or change by external id; a key that stands twice in one call is refused on both rows."""
    table = call.org.table(object_)
    field = external_id(call, table, name)
    records = _records(call)
    for record in records:
        if _type(call, record).name != table.name:
            raise ApiError(400, "INVALID_INPUT", f"all records must be of type {table.name}")
    parsed = [call.org.parse(table, record) for record in records]
    times = Counter(given.get(field) for given in parsed)
    twice = {key for key, number in times.items() if number > 1}

    def job(given: dict[Field, Any]) -> dict[str, Any]:
        return upsert_row(call.org, table, field, given, twice)

    return _results(call, [partial(job, given) for given in parsed])


def upsert_row(
    org: Org, table: Table, field: Field, given: dict[Field, Any], twice: Collection[Any] = ()
) -> dict[str, Any]:
    """Create or change one record by its key; a key out of `twice` is refused."""
    key = given.get(field)
    if key is None:
        raise RowError("MISSING_ARGUMENT", f"{field.name} not specified")
    if key in twice:
        raise RowError("DUPLICATE_VALUE", f"Duplicate external id specified: {key}", field.name)
    found = org.find(table, field, key)
    if len(found) > 1:
        text = f"{field.name}: more than one record found for external id field: {[r['Id'] for r in found]}"
        raise RowError("DUPLICATE_EXTERNAL_ID", text, field.name)
    if found:
        org.update(table, found[0]["Id"], {f: v for f, v in given.items() if f is not field})
        return {"id": found[0]["Id"], "created": False}
    return {"id": org.insert(table, given), "created": True}


def delete(call: Call) -> Answer:
    wanted = [i for i in call.query.get("ids", "").split(",") if i]
    _capped(wanted)

    def job(given: str) -> dict[str, Any]:
        id_ = ids.full(given)
        table = call.org.object_of(id_) if id_ else None
        if id_ is None or table is None:
            raise RowError("MALFORMED_ID", f"malformed id {given}")
        call.org.delete(table, id_)
        return {"id": id_}

    return _results(call, [partial(job, i) for i in wanted], all_or_none=call.flag("allOrNone"))


def read(call: Call, object_: str) -> Answer:
    """Records by id in the order asked for; null where there is none."""
    table = call.org.table(object_)
    asked: Mapping[str, Any] = call.query
    if call.method == "POST":
        asked = call.mapping()
    wanted, names = (v.split(",") if isinstance(v := asked.get(k, ""), str) else v for k in ("ids", "fields"))
    found = [call.org.get(table.name, ids.full(i) or "") for i in wanted]
    return Answer([show_fields(call, table, r, names) if r and not r["IsDeleted"] else None for r in found])


def composite(call: Call) -> Answer:
    """Up to 25 calls in one; later ones may use results of earlier ones as `@{reference.id}`."""
    body = call.mapping()
    requests = body.get("compositeRequest")
    if not isinstance(requests, list) or len(requests) > MOST_SUBREQUESTS:
        text = f"The number of subrequests must be between 1 and {MOST_SUBREQUESTS}"
        raise ApiError(400, "LIMIT_EXCEEDED", text)
    if sum("/query" in str(r.get("url")) for r in requests) > MOST_QUERIES:
        raise ApiError(400, "LIMIT_EXCEEDED", f"A composite call may hold {MOST_QUERIES} queries at most")
    done, _ = series(call, requests, strict=bool(body.get("allOrNone")))
    return Answer({"compositeResponse": shown(done)})


def series(call: Call, requests: list[dict[str, Any]], *, strict: bool) -> tuple[dict[str, Answer], bool]:
    """Answers by reference, in order, and whether all went well; when strict, one that fails undoes the others."""
    done: dict[str, Answer] = {}
    try:
        with call.org.transaction():
            for request in requests:
                done[request["referenceId"]] = answer = _part(call, request, done)
                if strict and answer.status >= 400:
                    raise _Undo
    except _Undo:
        text = "The transaction was rolled back since another operation in the same transaction failed."
        halted = Answer([{"errorCode": "PROCESSING_HALTED", "message": text}], 400)
        names = [r["referenceId"] for r in requests]
        done = {n: done[n] if n in done and done[n].status >= 400 else halted for n in names}
    return done, all(one.status < 400 for one in done.values())


def shown(done: Mapping[str, Answer]) -> list[dict[str, Any]]:
    """The answers of a composite call as they are sent."""
    return [
        {"body": a.body, "httpHeaders": dict(a.headers), "httpStatusCode": a.status, "referenceId": name}
        for name, a in done.items()
    ]


def _part(call: Call, request: Mapping[str, Any], done: Mapping[str, Answer]) -> Answer:
    try:
        url = urlsplit(_filled(str(request["url"]), done))
        body = json.loads(_filled(json.dumps(request.get("body")), done))
    except KeyError as missing:
        text = f"Invalid reference specified. No value for {missing.args[0]} found in the earlier results"
        return Answer([{"errorCode": "PROCESSING_HALTED", "message": text}], 400)
    segments = tuple(unquote(s) for s in url.path.strip("/").split("/"))
    inner = Call(
        call.desk,
        str(request.get("method", "GET")).upper(),
        segments[3:],
        call.version,
        dict(parse_qsl(url.query)),
        {k.lower(): v for k, v in (request.get("httpHeaders") or {}).items()},
        body,
        call.fault,
    )
    return call.desk.answer(inner)


def _filled(text: str, done: Mapping[str, Answer]) -> str:
    def value(match: re.Match[str]) -> str:
        name, *path = match[1].split(".")
        if name not in done:
            raise KeyError(match[1])
        current = done[name].body
        for part in path:
            key, _, index = part.partition("[")
            current = current[key] if not index else current[key][int(index.rstrip("]"))]
        return str(current)

    return re.sub(r"@\{([\w.\[\]]+)\}", value, text)


def _records(call: Call) -> list[dict[str, Any]]:
    records = call.mapping().get("records")
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "records: a list of objects is required")
    _capped(records)
    return records


def _capped(items: list[Any]) -> None:
    if len(items) > MOST_RECORDS:
        text = f"record limit reached. cannot submit more than {MOST_RECORDS} records with this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", text)


def _type(call: Call, record: Mapping[str, Any]) -> Table:
    attributes = record.get("attributes")
    if not isinstance(attributes, dict) or "type" not in attributes:
        raise ApiError(400, "INVALID_INPUT", "The type attribute is required for each record")
    return call.org.table(attributes["type"])


def _results(call: Call, jobs: list[Job], *, all_or_none: bool | None = None) -> Answer:
    """Run each job on its own; with all-or-none one failure undoes the others and marks them so."""
    strict = call.mapping().get("allOrNone") is True if all_or_none is None else all_or_none
    locked = bool(call.fault("lock"))
    found: list[dict[str, Any]] = []
    try:
        with call.org.transaction():
            for n, job in enumerate(jobs):
                found.append(_result(call, job, locked=locked and n == 0))
            if strict and not all(r["success"] for r in found):
                raise _Undo
    except _Undo:
        undone = {"success": False, "errors": [ROLLED_BACK.body()]}
        found = [undone if r["success"] else r for r in found]
    return Answer(found)


def _result(call: Call, job: Job, *, locked: bool) -> dict[str, Any]:
    try:
        if locked:
            raise LOCKED
        with call.org.transaction():
            return {**job(), "success": True, "errors": []}
    except RowError as error:
        return {"success": False, "errors": [error.body()]}
