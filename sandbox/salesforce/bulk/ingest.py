"""Ingest jobs: make, upload one file, close or abort, look, fetch results, delete.

    Open ── UploadComplete ── InProgress ── JobComplete
      └─ Aborted ─┘               └─ Failed (the file cannot be worked on)

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/walkthrough_upsert.htm
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/upload_job_data.htm
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/get_job_failed_results.htm
"""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.bulk import jobs, table
from sandbox.salesforce.bulk.jobs import Job
from sandbox.salesforce.calls import Answer, Call
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.records import external_id

KIND = "V2Ingest"
MOST_BYTES = 150_000_000
OPERATIONS = {name: name for name in ("insert", "update", "upsert", "delete", "hardDelete")}
BRIEF = (
    "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state", "externalIdFieldName",
    "concurrencyMode", "contentType", "apiVersion",
)  # fmt: skip
TWICE = (
    "ClientInputError : Found multiple contents for job: <{}>, please 'Close' / 'Abort' / 'Delete' the current Job "
    "then create a new Job and make sure you only do 'PUT' once on a given Job."
)


def create(call: Call) -> Answer:
    given = call.mapping()
    if given.get("operation") not in OPERATIONS:
        raise jobs.unreadable("operation", given.get("operation"), OPERATIONS)
    if given["operation"] == "hardDelete":
        raise ApiError(
            400,
            "FEATURENOTENABLED",
            "FeatureNotEnabled : hardDelete operation requires special user profile permission",
        )
    if not given.get("object"):
        raise ApiError(400, "INVALIDJOB", "InvalidJob : No object specified")
    try:
        target = call.org.table(str(given["object"]))
    except ApiError:
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : Unable to find object: {given['object']}") from None
    key = given.get("externalIdFieldName")
    if (given["operation"] == "upsert") != bool(key):
        text = "Upsert operation requires externalIdFieldName" if not key else "externalIdFieldName is for upsert only"
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : {text}")
    if key:
        try:
            key = external_id(call, target, str(key)).name
        except ApiError:
            text = f"InvalidJob : Field name provided, {key} is not an External ID or indexed field for {target.name}"
            raise ApiError(400, "INVALIDJOB", text) from None
    job = jobs.make(call, KIND, given, object=target.name, externalIdFieldName=key, uploads=0, next=0, rows=0)
    job = jobs.change(call.org, job, contentUrl=f"services/data/v{call.version}/jobs/ingest/{job['id']}/batches")
    return Answer(jobs.shown(job, *BRIEF, "contentUrl", "lineEnding", "columnDelimiter"))


def upload(call: Call, id_: str) -> Answer:
    """The one file of a job, as text/csv in UTF-8."""
    job = jobs.named(call, KIND, id_)
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/csv":
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Unsupported content type {kind!r}; text/csv is needed")
    if job["state"] != "Open":
        raise jobs.wrong_state(job, "data can be uploaded to an open job only")
    if len(call.raw) > MOST_BYTES:
        raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", "Request entity is too large: 150 MB is the maximum of one job")
    if not job["uploads"]:
        try:
            jobs.contents(call.org)[job["id"]] = {"csv": call.raw.decode("utf-8")}
        except UnicodeDecodeError:
            raise ApiError(400, "CLIENTINPUTERROR", "ClientInputError : The data is not in UTF-8") from None
    jobs.change(call.org, job, uploads=job["uploads"] + 1)
    return Answer(status=201)


def close(call: Call, id_: str) -> Answer:
    """UploadComplete starts the work, Aborted ends it."""
    job = jobs.named(call, KIND, id_)
    wanted = call.mapping().get("state")
    if wanted not in ("UploadComplete", "Aborted"):
        raise ApiError(400, "INVALIDJOBSTATE", f"InvalidJobState : state {wanted} cannot be asked for")
    allowed = ("Open",) if wanted == "UploadComplete" else ("Open", "UploadComplete", "InProgress")
    if job["state"] not in allowed:
        raise jobs.wrong_state(job, f"it cannot become {wanted}")
    if wanted == "UploadComplete" and job["uploads"] != 1:
        words = TWICE.format(job["id"]) if job["uploads"] else "ClientInputError : No data was uploaded for this job"
        job = jobs.change(call.org, job, state="Failed", errorMessage=words)
    else:
        job = jobs.change(call.org, job, state=wanted)
    return Answer(jobs.shown(job, *BRIEF))


def look(call: Call, id_: str) -> Answer:
    return Answer({**_FIGURES, **jobs.shown(jobs.named(call, KIND, id_))})


_FIGURES: dict[str, Any] = dict.fromkeys(
    ("retries", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime", "numberRecordsProcessed",
     "numberRecordsFailed"), 0,
)  # fmt: skip


def everything(call: Call) -> Answer:
    return Answer(jobs.listing(call, KIND))


def delete(call: Call, id_: str) -> Answer:
    job = jobs.named(call, KIND, id_)
    if job["state"] not in ("UploadComplete", *jobs.ENDED):
        raise jobs.wrong_state(job, "abort it before it is deleted")
    jobs.drop(call.org, job)
    return Answer(status=204)


# --- results ---------------------------------------------------------------------------------------


def successful(call: Call, id_: str) -> Answer:
    """`sf__Id,sf__Created` and the columns as they were sent; in no order anybody may rely on."""
    job, header, rows = _uploaded(call, id_)
    done = [(id_, created, rows[n]) for n, id_, created, error in _results(call, job) if not error]
    return _csv(job, ["sf__Id", "sf__Created", *header], ([i, table.cell(c), *row] for i, c, row in reversed(done)))


def failed(call: Call, id_: str) -> Answer:
    """`sf__Id,sf__Error` and the columns; an error reads `CODE:message:fields --`."""
    job, header, rows = _uploaded(call, id_)
    bad = [(i, error, rows[n]) for n, i, _, error in _results(call, job) if error]
    return _csv(job, ["sf__Id", "sf__Error", *header], ([i, error, *row] for i, error, row in reversed(bad)))


def unprocessed(call: Call, id_: str) -> Answer:
    job, header, rows = _uploaded(call, id_)
    return _csv(job, header, rows[job["next"] :])


def _uploaded(call: Call, id_: str) -> tuple[Job, list[str], list[list[str]]]:
    job = jobs.named(call, KIND, id_)
    if job["state"] not in jobs.ENDED:
        raise jobs.wrong_state(job, "results are there once it has ended")
    text = jobs.contents(call.org).get(job["id"], {}).get("csv", "")
    try:
        header, rows = table.read(job, text)
    except table.Unusable:
        return job, [], []
    return job, header, rows


def _results(call: Call, job: Job) -> list[Any]:
    """[row's number, record id, created, error] of everything that was worked on."""
    kept = jobs.contents(call.org)
    parts = (kept[f"{job['id']}:{start}"]["results"] for start in job.get("parts", ()))
    return [one for part in parts for one in part]


def _csv(job: Job, header: list[str], rows: Any) -> Answer:
    return Answer(text=table.write(job, header, rows))
