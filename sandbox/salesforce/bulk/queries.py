"""Query jobs: a whole answer as CSV, in pages that `Sforce-Locator` leads through.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/query_create_job.htm
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/query_get_job_results.htm
"""

from __future__ import annotations

import base64
import binascii

from sandbox.salesforce import query, soql
from sandbox.salesforce.bulk import jobs, table
from sandbox.salesforce.bulk.jobs import ENDINGS, Job
from sandbox.salesforce.calls import Answer, Call
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.query import Found

KIND = "V2Query"
OPERATIONS = {"query": False, "queryAll": True}
USUAL_PAGE, MOST = 10_000, 250_000
BRIEF = (
    "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state", "concurrencyMode",
    "contentType", "apiVersion", "lineEnding", "columnDelimiter",
)  # fmt: skip


def create(call: Call) -> Answer:
    """The query runs at once; what it may not ask is refused here."""
    given = call.mapping()
    if given.get("operation") not in OPERATIONS:
        raise jobs.unreadable("operation", given.get("operation"), OPERATIONS)
    text = str(given.get("query", ""))
    if not text.strip():
        raise ApiError(400, "MALFORMED_QUERY", "SOQL statement cannot be empty")
    parsed = soql.parse(text)
    _allowed(parsed)
    found = query.run(call.org, text, call.version, deleted=OPERATIONS[given["operation"]])
    target = call.org.table(parsed.source).name
    job = jobs.make(call, KIND, given, object=target, soql=text, state="UploadComplete")
    call.desk.answers[job["id"]] = found
    return Answer(jobs.shown(job, *BRIEF))


def _allowed(parsed: soql.Query) -> None:
    """Bulk queries know no grouping, no aggregates, no OFFSET and no lists of children."""
    aggregate = parsed.counts_only or any(isinstance(item, soql.Aggregate) for item in parsed.select)
    for wrong, words in (
        (aggregate or parsed.group, "Aggregate Relationships not supported in Bulk Query"),
        (parsed.offset, "Bulk queries do not support OFFSET"),
        (any(isinstance(item, soql.Query) for item in parsed.select), "Nested queries not supported in Bulk Query"),
        (any(isinstance(item, soql.AllFields) for item in parsed.select), "FIELDS() not supported in Bulk Query"),
    ):
        if wrong:
            raise ApiError(400, "API_ERROR", f"FeatureNotEnabled : {words}")


def look(call: Call, id_: str) -> Answer:
    """Done at the second look, as jobs are seldom done at the first."""
    job = jobs.named(call, KIND, id_)
    shown = {"retries": 0, "totalProcessingTime": 0, "numberRecordsProcessed": 0, **jobs.shown(job)}
    if job["state"] == "UploadComplete":
        jobs.change(call.org, job, state="InProgress")
    elif job["state"] == "InProgress":
        total = len(_answer(call, job).rows)
        done = jobs.change(call.org, job, state="JobComplete", numberRecordsProcessed=total)
        shown |= jobs.shown(done)
    return Answer(shown)


def everything(call: Call) -> Answer:
    return Answer(jobs.listing(call, KIND))


def close(call: Call, id_: str) -> Answer:
    job = jobs.named(call, KIND, id_)
    if call.mapping().get("state") != "Aborted":
        raise ApiError(400, "INVALIDJOBSTATE", "InvalidJobState : a query job can be aborted only")
    if job["state"] in jobs.ENDED:
        raise jobs.wrong_state(job, "it has ended")
    return Answer(jobs.shown(jobs.change(call.org, job, state="Aborted"), *BRIEF))


def delete(call: Call, id_: str) -> Answer:
    job = jobs.named(call, KIND, id_)
    if job["state"] not in jobs.ENDED:
        raise jobs.wrong_state(job, "abort it before it is deleted")
    call.desk.answers.pop(job["id"], None)
    jobs.drop(call.org, job)
    return Answer(status=204)


def results(call: Call, id_: str) -> Answer:
    """One page; `Sforce-Locator: null` stands on the last one."""
    job = jobs.named(call, KIND, id_)
    if job["state"] != "JobComplete":
        raise jobs.wrong_state(job, "results are there once it is complete")
    most = call.query.get("maxRecords", str(USUAL_PAGE))
    if not most.isdigit() or not 0 < int(most) <= MOST:
        raise ApiError(400, "INVALID_FIELD", f"maxRecords must be between 1 and {MOST}")
    found, start = _answer(call, job), _start(call.query.get("locator", ""))
    rows = found.rows[start : start + int(most)]
    header = [".".join(path.parts) for path in soql.parse(job["soql"]).select if isinstance(path, soql.Path)]
    lines = ([table.cell(table.plucked(row, name)) for name in header] for row in map(found.show, rows))
    following = start + len(rows)
    headers = {
        "Sforce-Locator": _locator(following) if following < len(found.rows) else "null",
        "Sforce-NumberOfRecords": str(len(rows)),
    }
    return Answer(text=table.write(job, header, lines, ending=ENDINGS[job["lineEnding"]]), headers=headers)


def _answer(call: Call, job: Job) -> Found:
    """As it was found when the job was made; found again when the org was started anew meanwhile."""
    if job["id"] not in call.desk.answers:
        deleted = OPERATIONS[job["operation"]]
        call.desk.answers[job["id"]] = query.run(call.org, job["soql"], call.version, deleted=deleted)
    return call.desk.answers[job["id"]]


def _locator(place: int) -> str:
    return base64.b64encode(str(place).encode()).decode().rstrip("=")


def _start(locator: str) -> int:
    if not locator:
        return 0
    try:
        return int(base64.b64decode(locator + "=" * (-len(locator) % 4)))
    except (ValueError, binascii.Error):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", f"invalid query locator: {locator}") from None
