"""Jobs and where they stand: what ingest and query jobs have in common.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/get_job_info.htm
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from sandbox.salesforce import ids, values
from sandbox.salesforce.calls import Call
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.org import Org

Job = dict[str, Any]
PREFIX = "750"
DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
ENDED = ("JobComplete", "Aborted", "Failed")
HIDDEN = ("next", "rows", "uploads", "soql", "order")
"""What the org itself keeps about a job and nobody is told."""


def shelf(org: Org) -> MutableMapping[str, Job]:
    return org.shelf("bulk")


def contents(org: Org) -> MutableMapping[str, dict[str, Any]]:
    """Uploaded files by job, and results by `job:part`."""
    return org.shelf("bulk.contents")


def make(call: Call, kind: str, given: Mapping[str, Any], **more: Any) -> Job:
    """A new job; the format is refused where the platform has none like it."""
    if given.get("contentType", "CSV") != "CSV":
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : Unsupported contentType: {given['contentType']}")
    for name, known in (("lineEnding", ENDINGS), ("columnDelimiter", DELIMITERS)):
        if name in given and given[name] not in known:
            raise unreadable(name, given[name], known)
    number = call.org.number("bulk job")
    now = values.stamp(call.org.clock())
    job = {
        "id": ids.make(PREFIX, number),
        "operation": given.get("operation"),
        "object": None,
        "createdById": call.org.user_id,
        "createdDate": now,
        "systemModstamp": now,
        "state": "Open",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(call.version),
        "jobType": kind,
        "lineEnding": given.get("lineEnding", "LF"),
        "columnDelimiter": given.get("columnDelimiter", "COMMA"),
        "order": number,
        **more,
    }
    shelf(call.org)[job["id"]] = job
    return job


def unreadable(name: str, value: Any, known: Mapping[str, Any]) -> ApiError:
    text = f"{value!r} not a valid value for enum {name}, must be one of {', '.join(known)}"
    return ApiError(400, "JSON_PARSER_ERROR", text)


def named(call: Call, kind: str, id_: str) -> Job:
    found = shelf(call.org).get(ids.full(id_) or "")
    if found is None or found["jobType"] != kind:
        raise not_found()
    return found


def change(org: Org, job: Job, **more: Any) -> Job:
    """Store what is new about a job."""
    job = {**job, **more, "systemModstamp": values.stamp(org.clock())}
    shelf(org)[job["id"]] = job
    return job


def shown(job: Job, *names: str) -> dict[str, Any]:
    """What a caller sees of a job; with `names` only these."""
    if names:
        return {name: job.get(name) for name in names}
    return {name: value for name, value in job.items() if name not in HIDDEN}


def wrong_state(job: Job, wanted: str) -> ApiError:
    text = f"InvalidJobState : Job {job['id']} is in state {job['state']}; {wanted}"
    return ApiError(400, "INVALIDJOBSTATE", text)


def drop(org: Org, job: Job) -> None:
    """The job, its file and its results."""
    kept = contents(org)
    for key in [key for key in kept if key.partition(":")[0] == job["id"]]:
        del kept[key]
    del shelf(org)[job["id"]]


def listing(call: Call, kind: str) -> dict[str, Any]:
    found = sorted((j for j in shelf(call.org).values() if j["jobType"] == kind), key=lambda j: j["order"])
    return {"done": True, "nextRecordsUrl": None, "records": [shown(job) for job in found]}
