"""Calls that only look: resources, limits, descriptions, queries, and what changed.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getupdated.htm
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sandbox.salesforce import describe, query
from sandbox.salesforce.calls import Answer, Call, Desk
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.query import Found
from sandbox.salesforce.values import stamp

PAGE, SMALLEST_PAGE = 2000, 200
OPEN_CURSORS = 10
UPDATED_REACH, DELETED_REACH = timedelta(days=30), timedelta(days=15)


def resources(call: Call) -> Answer:
    names = ("sobjects", "limits", "query", "queryAll", "composite", "jobs")
    return Answer({name: f"/services/data/v{call.version}/{name}" for name in names})


def limits(call: Call) -> Answer:
    """Every limit with what is left of it; the one that counts is `DailyApiRequests`."""
    meter = call.desk.meter
    daily = {"Max": meter.limit, "Remaining": max(0, meter.limit - meter.used)}
    return Answer({"DailyApiRequests": daily, "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000}})


def everything(call: Call) -> Answer:
    return Answer(describe.everything(call.org, call.version))


def brief(call: Call, object_: str) -> Answer:
    return Answer({"objectDescribe": describe.brief(call.org.table(object_), call.version), "recentItems": []})


def whole(call: Call, object_: str) -> Answer:
    return Answer(describe.whole(call.org, call.org.table(object_), call.version))


def run(call: Call) -> Answer:
    return _query(call, deleted=False)


def run_all(call: Call) -> Answer:
    """Deleted records too."""
    return _query(call, deleted=True)


def _query(call: Call, *, deleted: bool) -> Answer:
    if "q" not in call.query:
        raise ApiError(400, "MALFORMED_QUERY", "SOQL statement cannot be empty")
    found = query.run(call.org, call.query["q"], call.version, deleted=deleted)
    return _page(call, found, "", 0)


def more(call: Call, locator: str) -> Answer:
    """The next page: `<cursor>-<rows already given>`."""
    cursor, _, start = locator.rpartition("-")
    if cursor not in call.desk.cursors or not start.isdigit():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(call, call.desk.cursors[cursor], cursor, int(start))


def _page(call: Call, found: Found, cursor: str, start: int) -> Answer:
    size = _page_size(call)
    rows = found.rows[start : start + size]
    done = start + len(rows) >= len(found.rows)
    body: dict[str, Any] = {"totalSize": found.total, "done": done}
    if not done:
        cursor = cursor or _keep(call.desk, found)
        body["nextRecordsUrl"] = f"/services/data/v{call.version}/query/{cursor}-{start + size}"
    body["records"] = [found.show(row) for row in rows]
    return Answer(body)


def _page_size(call: Call) -> int:
    match = re.search(r"batchSize=(\d+)", call.headers.get("sforce-query-options", ""), re.IGNORECASE)
    return max(SMALLEST_PAGE, min(PAGE, int(match[1]))) if match else PAGE


def _keep(desk: Desk, found: Found) -> str:
    number = int(next(reversed(desk.cursors), "01g0")[4:15] or "0") + 1
    cursor = f"01gr{number:011d}AAA"
    desk.cursors[cursor] = found
    while len(desk.cursors) > OPEN_CURSORS:
        desk.cursors.popitem(last=False)
    return cursor


def updated(call: Call, object_: str) -> Answer:
    """Ids of living records created or changed in a span; seconds of the limits are ignored."""
    table = call.org.table(object_)
    start, end = _span(call, UPDATED_REACH)
    rows = call.org.rows(table.name)
    found = [r["Id"] for r in rows if not r["IsDeleted"] and start <= r["SystemModstamp"] < end]
    return Answer({"ids": found, "latestDateCovered": end})


def deleted(call: Call, object_: str) -> Answer:
    table = call.org.table(object_)
    start, end = _span(call, DELETED_REACH)
    found = [
        {"id": r["Id"], "deletedDate": r["SystemModstamp"]}
        for r in call.org.rows(table.name)
        if r["IsDeleted"] and start <= r["SystemModstamp"] < end
    ]
    earliest = stamp(call.org.clock() - DELETED_REACH)
    return Answer({"deletedRecords": found, "earliestDateAvailable": earliest, "latestDateCovered": end})


def _span(call: Call, reach: timedelta) -> tuple[str, str]:
    try:
        start, end = (datetime.fromisoformat(call.query[k].replace(" ", "+")) for k in ("start", "end"))
    except (KeyError, ValueError):
        raise ApiError(400, "INVALID_FIELD", "start and end are required as ISO 8601 date and time") from None
    start, end = (moment.replace(second=0, microsecond=0) for moment in (start, end))
    if end - start < timedelta(minutes=1):
        text = "endDate must be at least one minute greater than startDate"
        raise ApiError(400, "INVALID_REPLICATION_DATE", text)
    if call.org.clock() - start > reach:
        text = f"startDate cannot be more than {reach.days} days ago"
        raise ApiError(400, "INVALID_REPLICATION_DATE", text)
    return stamp(start), stamp(end)


def record_count(call: Call) -> Answer:
    wanted = [n for n in call.query.get("sObjects", "").split(",") if n]
    tables = [call.org.table(name) for name in wanted] or list(call.org.tables.values())
    counts = [{"count": sum(not r["IsDeleted"] for r in call.org.rows(t.name)), "name": t.name} for t in tables]
    return Answer({"sObjects": counts})
