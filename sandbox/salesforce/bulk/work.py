"""Working on closed jobs, in parts of 200 rows: each part stands, or fails row by row, on its own.

The work goes on by itself while the org runs; `hold` (see `hooks`) keeps it from beginning.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.batches import LOCKED, upsert_row
from sandbox.salesforce.bulk import jobs, table
from sandbox.salesforce.bulk.jobs import Job
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.fields import Field, Table
from sandbox.salesforce.org import Org

PART = 200
Fault = Callable[[str], Mapping[str, Any] | None]


class Hands:
    """Whoever works on the jobs of one org."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.held = False
        self._task: asyncio.Task[None] | None = None
        self._read: dict[str, tuple[list[str], list[list[str]]]] = {}

    def press(self, fault: Fault) -> None:
        """See to it that work which waits goes on in the running loop."""
        if self.held or not waiting(self.org):
            return
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self._go_on(fault))

    async def _go_on(self, fault: Fault) -> None:
        while not self.held and self.step(fault):
            await asyncio.sleep(0)

    def finish(self, fault: Fault) -> int:
        """Everything that waits, at once; returns the number of parts."""
        parts = 0
        while self.step(fault):
            parts += 1
        return parts

    def step(self, fault: Fault) -> bool:
        """One part of the oldest job; False when there is none."""
        job = next(iter(waiting(self.org)), None)
        if job is None:
            return False
        if fault("bulk_failed"):
            jobs.change(
                self.org, job, state="Failed", errorMessage="InternalServerError : An unexpected error occurred"
            )
            return True
        try:
            header, rows = self._rows(job)
            columns = table.columns(self.org, self.org.table(job["object"]), header)
            _complete(job, columns)
        except table.Unusable as error:
            jobs.change(self.org, job, state="Failed", errorMessage=str(error))
            return True
        self._part(job, columns, rows, locked=bool(fault("lock")))
        return True

    def _rows(self, job: Job) -> tuple[list[str], list[list[str]]]:
        if job["id"] not in self._read:
            self._read = {job["id"]: table.read(job, jobs.contents(self.org)[job["id"]]["csv"])}
        return self._read[job["id"]]

    def _part(self, job: Job, columns: list[tuple[Field, str]], rows: list[list[str]], *, locked: bool) -> None:
        start, until = job["next"], min(job["next"] + PART, len(rows))
        part = rows[start:until]
        twice = _twice(job, columns, part)
        results = []
        for n, row in enumerate(part, start):
            results.append([n, *_one(self.org, job, columns, row, twice, locked=locked and n == start)])
        jobs.contents(self.org)[f"{job['id']}:{start}"] = {"results": results}
        bad = sum(bool(error) for *_, error in results)
        done = until >= len(rows)
        jobs.change(
            self.org, job, next=until, rows=len(rows), state="JobComplete" if done else "InProgress",
            numberRecordsProcessed=until, numberRecordsFailed=job.get("numberRecordsFailed", 0) + bad,
            parts=[*job.get("parts", ()), start],
        )  # fmt: skip


def waiting(org: Org) -> list[Job]:
    """Closed ingest jobs with rows left, the oldest first."""
    found = (j for j in jobs.shelf(org).values() if j["jobType"] == "V2Ingest")
    return sorted((j for j in found if j["state"] in ("UploadComplete", "InProgress")), key=lambda j: j["order"])


def _complete(job: Job, columns: list[tuple[Field, str]]) -> None:
    key = job["externalIdFieldName"] or ("Id" if job["operation"] != "insert" else "")
    if key and not any(field.name == key for field, _ in columns):
        raise table.Unusable(f"InvalidBatch : Field name not found : {key}")


def _twice(job: Job, columns: list[tuple[Field, str]], part: list[list[str]]) -> set[str]:
    """Keys that stand more than once in a part: the platform refuses all of their rows."""
    if not job["externalIdFieldName"]:
        return set()
    place = next(n for n, (field, _) in enumerate(columns) if field.name == job["externalIdFieldName"])
    times = Counter(row[place] for row in part if len(row) > place)
    return {key for key, number in times.items() if number > 1}


def _one(
    org: Org, job: Job, columns: list[tuple[Field, str]], row: list[str], twice: set[str], *, locked: bool
) -> tuple[str, bool, str]:
    """Record id, whether it was created, and the error."""
    try:
        if locked:
            raise LOCKED
        given = table.record(columns, row)
        with org.transaction():
            return (*_written(org, org.table(job["object"]), job, given, twice), "")
    except RowError as error:
        return "", False, f"{error.code}:{error.message}:{','.join(error.fields)} --"


def _written(org: Org, target: Table, job: Job, given: dict[Field, Any], twice: set[str]) -> tuple[str, bool]:
    operation = job["operation"]
    if operation == "insert":
        return org.insert(target, given), True
    if operation == "upsert":
        made = upsert_row(org, target, target.by_name[job["externalIdFieldName"].lower()], given, twice)
        return str(made["id"]), bool(made["created"])
    id_ = ids.full(given.pop(target.by_name["id"], None))
    if id_ is None:
        raise RowError("MISSING_ARGUMENT", f"Id not specified in {operation} call")
    if operation == "delete":
        org.delete(target, id_)
    else:
        org.update(target, id_, given)
    return id_, False
