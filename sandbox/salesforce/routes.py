"""Which path of the REST interface leads to which function."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.salesforce import batches, graphs, lookups, records
from sandbox.salesforce.bulk import ingest, queries
from sandbox.salesforce.calls import Answer, Call
from sandbox.salesforce.errors import ApiError, not_found

ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", "", lookups.resources),
    ("GET", "sobjects", lookups.everything),
    ("GET", "sobjects/{}", lookups.brief),
    ("POST", "sobjects/{}", records.create),
    ("GET", "sobjects/{}/describe", lookups.whole),
    ("GET", "sobjects/{}/updated", lookups.updated),
    ("GET", "sobjects/{}/deleted", lookups.deleted),
    ("GET", "sobjects/{}/{}", records.read),
    ("PATCH", "sobjects/{}/{}", records.update),
    ("DELETE", "sobjects/{}/{}", records.delete),
    ("GET", "sobjects/{}/{}/{}", records.read_by_key),
    ("PATCH", "sobjects/{}/{}/{}", records.upsert_by_key),
    ("DELETE", "sobjects/{}/{}/{}", records.delete_by_key),
    ("GET", "query", lookups.run),
    ("GET", "query/{}", lookups.more),
    ("GET", "queryAll", lookups.run_all),
    ("GET", "queryAll/{}", lookups.more),
    ("GET", "limits", lookups.limits),
    ("GET", "limits/recordCount", lookups.record_count),
    ("POST", "composite", batches.composite),
    ("POST", "composite/graph", graphs.graphs),
    ("POST", "composite/sobjects", batches.insert),
    ("PATCH", "composite/sobjects", batches.update),
    ("DELETE", "composite/sobjects", batches.delete),
    ("GET", "composite/sobjects/{}", batches.read),
    ("POST", "composite/sobjects/{}", batches.read),
    ("PATCH", "composite/sobjects/{}/{}", batches.upsert),
    ("POST", "jobs/ingest", ingest.create),
    ("GET", "jobs/ingest", ingest.everything),
    ("GET", "jobs/ingest/{}", ingest.look),
    ("PATCH", "jobs/ingest/{}", ingest.close),
    ("DELETE", "jobs/ingest/{}", ingest.delete),
    ("PUT", "jobs/ingest/{}/batches", ingest.upload),
    ("GET", "jobs/ingest/{}/successfulResults", ingest.successful),
    ("GET", "jobs/ingest/{}/failedResults", ingest.failed),
    ("GET", "jobs/ingest/{}/unprocessedrecords", ingest.unprocessed),
    ("POST", "jobs/query", queries.create),
    ("GET", "jobs/query", queries.everything),
    ("GET", "jobs/query/{}", queries.look),
    ("PATCH", "jobs/query/{}", queries.close),
    ("DELETE", "jobs/query/{}", queries.delete),
    ("GET", "jobs/query/{}/results", queries.results),
)
PATTERNS = [(method, tuple(p for p in path.split("/") if p), do) for method, path, do in ROUTES]


def answer(call: Call) -> Answer:
    """Find the function and run it; refusals become answers."""
    try:
        return _find(call)
    except ApiError as error:
        return Answer(error.body(), error.status)


def _find(call: Call) -> Answer:
    path_known = False
    for method, pattern, do in PATTERNS:
        if len(pattern) != len(call.segments):
            continue
        if any(p not in ("{}", s) for p, s in zip(pattern, call.segments, strict=True)):
            continue
        path_known = True
        if method == call.method:
            return do(call, *(s for p, s in zip(pattern, call.segments, strict=True) if p == "{}"))
    if path_known:
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed")
    raise not_found()
