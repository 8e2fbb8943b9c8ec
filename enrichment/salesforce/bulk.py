"""Bulk API 2.0: a file of rows in one job, a whole answer out of one; a handful of calls whatever their number.

Rows are matched by key, never by place: results come in another order than the file.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0.htm
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_prepare_csv.htm
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests

from core import outbox
from core.errors import BadPayload, Rejected, TryLater
from enrichment.crm import Progress, Stage
from enrichment.salesforce.client import Client, Refusal, Row, Saved

EMPTIED = "#N/A"
"""What empties a field; an empty cell leaves it as it is."""
PAGE = 25_000
"""Rows of an answer that are held at once."""
STAGES: dict[str, Stage] = {
    "Open": "open", "UploadComplete": "working", "InProgress": "working", "JobComplete": "done",
    "Failed": "failed", "Aborted": "failed",
}  # fmt: skip
ERROR = re.compile(r"([A-Z][A-Z0-9_]*):(.*?):?([\w,. ]*?)\s*--\s*", re.DOTALL)
FIRST_LOOK, LONGEST_LOOK, PATIENCE = 0.5, 15.0, 1800.0
"""Seconds between two looks at a query, and until it is given up."""
CSV = {"Content-Type": "text/csv; charset=UTF-8", "Accept": "application/json"}


# --- writing ---------------------------------------------------------------------------------------


def begin(client: Client, object_: str, key: str) -> str:
    """Make an upsert job by external id; returns its id."""
    body = {
        "object": object_, "operation": "upsert", "externalIdFieldName": key, "contentType": "CSV",
        "lineEnding": "LF", "columnDelimiter": "COMMA",
    }  # fmt: skip
    return str(_json(client.exchange("POST", "jobs/ingest", json=body))["id"])


def upload(client: Client, job: str, rows: Sequence[Row]) -> None:
    """Give a job its file and have it begin; a job takes one file."""
    client.exchange("PUT", f"jobs/ingest/{_id(job)}/batches", data=file(rows), headers=CSV)
    client.exchange("PATCH", f"jobs/ingest/{_id(job)}", json={"state": "UploadComplete"})


def progress(client: Client, job: str) -> Progress:
    """How far a job is; `gone` when the org does not know it any more."""
    try:
        said = _json(client.exchange("GET", f"jobs/ingest/{_id(job)}"))
    except Rejected as error:
        if error.code == "NOT_FOUND":
            return Progress("gone")
        raise
    stage = STAGES.get(str(said.get("state")))
    if stage is None:
        raise BadPayload(f"Salesforce names a state of a bulk job that there is not: {said.get('state')!r}.")
    done, bad = int(said.get("numberRecordsProcessed") or 0), int(said.get("numberRecordsFailed") or 0)
    return Progress(stage, done, bad, str(said.get("errorMessage") or ""))


def results(client: Client, job: str, key: str, found: Progress) -> dict[str, Saved]:
    """What became of each row, by key; rows that were never worked on are left out."""
    saved: dict[str, Saved] = {}
    if found.processed > found.failed or found.stage == "failed":
        for row in _rows(client.exchange("GET", f"jobs/ingest/{_id(job)}/successfulResults")):
            saved[row[key]] = Saved(row["sf__Id"], row["sf__Created"].lower() == "true")
    if found.failed or found.stage == "failed":
        for row in _rows(client.exchange("GET", f"jobs/ingest/{_id(job)}/failedResults")):
            saved[row[key]] = Saved(row["sf__Id"], False, refusal(row["sf__Error"]))
    return saved


def drop(client: Client, job: str) -> None:
    """Delete a job with the file and results it holds; one that is open or at work is ended first."""
    try:
        client.exchange("DELETE", f"jobs/ingest/{_id(job)}")
    except Rejected as error:
        if error.code == "NOT_FOUND":
            return
        client.exchange("PATCH", f"jobs/ingest/{_id(job)}", json={"state": "Aborted"})
        client.exchange("DELETE", f"jobs/ingest/{_id(job)}")


def refusal(text: str) -> Refusal:
    """`CODE:message:fields --` taken apart."""
    match = ERROR.fullmatch(text)
    if match is None:
        return Refusal("UNKNOWN", text)
    fields = tuple(part.strip() for part in match[3].split(",") if part.strip())
    return Refusal(match[1], match[2], fields)


def file(rows: Sequence[Row]) -> bytes:
    """Rows as CSV: each column that any of them has; what a row does not have stays empty and is not changed."""
    flat = [dict(_flat(row)) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in flat)
    return made.getvalue().encode()


def fits(row: Row) -> bool:
    """False for a row with a text that means something else in a file."""
    return not any(isinstance(value, str) and value.strip() == EMPTIED for value in row.values())


def _flat(row: Row) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", _cell(inner)) for key, inner in value.items())
        else:
            yield name, _cell(value)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return EMPTIED
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace("\r\n", "\n").replace("\r", "\n")  # another line end would refuse the whole file


# --- reading ---------------------------------------------------------------------------------------


def query(client: Client, soql: str, *, deleted: bool = False) -> Iterator[dict[str, Any]]:
    """Rows of a query by the columns' names (`Account.Name`), all of them texts; None for what is empty.

    Holds one page at a time. TryLater when the org does not come to an end.
    """
    body = {"operation": "queryAll" if deleted else "query", "query": soql}
    job = str(_json(client.exchange("POST", "jobs/query", json=body))["id"])
    try:
        _wait(client, job)
        locator = ""
        while locator != "null":
            params = {"maxRecords": str(PAGE), **({"locator": locator} if locator else {})}
            page = client.exchange("GET", f"jobs/query/{_id(job)}/results", params=params)
            yield from ({name: value or None for name, value in row.items()} for row in _rows(page))
            locator = page.headers.get("Sforce-Locator", "null")
    finally:
        _drop_query(client, job)


def _wait(client: Client, job: str) -> None:
    pause, end = FIRST_LOOK, time.monotonic() + PATIENCE
    while True:
        said = _json(client.exchange("GET", f"jobs/query/{_id(job)}"))
        stage = STAGES.get(str(said.get("state")))
        if stage == "done":
            return
        if stage == "failed":
            raise TryLater(f"Salesforce gave a query up: {said.get('errorMessage') or said.get('state')}.", 300)
        outbox.keep_alive()
        if time.monotonic() > end:
            raise TryLater("Salesforce has not ended a query of half an hour.", 600)
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_LOOK)


def _drop_query(client: Client, job: str) -> None:
    """Its answer holds people's data; when it cannot be deleted, Salesforce does so after seven days."""
    try:
        client.exchange("DELETE", f"jobs/query/{_id(job)}")
    except (Rejected, TryLater):
        return


# --- beneath ---------------------------------------------------------------------------------------


def _id(job: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]{15,18}", job):
        raise BadPayload("Salesforce gave a bulk job an id that is none.")
    return job


def _json(answer: requests.Response) -> dict[str, Any]:
    found = answer.json()
    if not isinstance(found, dict):
        raise BadPayload("Salesforce answered about a bulk job with something else.")
    return found


def _rows(answer: requests.Response) -> Iterator[dict[str, str]]:
    """An empty body is an empty table."""
    return csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
