"""A simulated Salesforce org over real HTTP: it answers, and above all refuses, as the platform does.

It begins without the hub's objects and fields: they are deployed through the Metadata API.

Faults it serves by itself (ordered through the sandbox): `lock` (the first row of a write), `limit` (403
REQUEST_LIMIT_EXCEEDED), `expired` (401 INVALID_SESSION_ID), `html401` (401 with a page for people),
`bulk_failed` (the next bulk job that is worked on fails as a whole).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.salesforce import founding, hooks, page, routes
from sandbox.salesforce.bulk.work import Hands
from sandbox.salesforce.calls import Answer, Call, Desk
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.metadata import soap
from sandbox.salesforce.metadata.deployments import Deployments
from sandbox.salesforce.meter import Meter
from sandbox.salesforce.oauth import CLIENT_ID, CLIENT_SECRET, Door, Refused
from sandbox.salesforce.org import INTEGRATION_USER, Clock, Org, Shelves

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "INTEGRATION_USER", "create_app"]

VERSIONS = range(31, 69)
"""API versions the org answers to; older ones are retired."""
LOGIN_PAGE = "<html><head><title>Session Expired</title></head><body>Your session has ended. Log in.</body></html>"
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


class TakesFaults(Protocol):
    """`sandbox.faults.Faults`."""

    def take(self, service: str, kind: str, method: str, path: str) -> Mapping[str, Any] | None: ...


def create_app(store: Shelves, faults: TakesFaults, records: founding.Rows, clock: Clock) -> Starlette:
    """The org as an application; `records` (see `founding`) are made when the store has no org yet.

    The shelf `salesforce.keys` tells which record a key of theirs became.
    """
    org = Org(store, clock)
    settings = store.shelf("salesforce.settings")
    desk = Desk(org, Meter(settings), routes.answer, Hands(org))
    door = Door(org, store.shelf("salesforce.apps"), store.shelf("salesforce.tokens"))
    if "founded" not in settings:
        founding.found(org, records, store.shelf("salesforce.keys"))
        settings["founded"] = {"at": clock().isoformat()}
    front = _Front(desk, door, faults)
    return Starlette(
        routes=[
            Route("/", front.overview),
            Route("/page/{object}", front.listing),
            Route("/page/{object}/{id}", front.record),
            Route("/lightning/r/{object}/{id}/view", front.record),
            Route("/_org/{hook}", front.hook, methods=["POST"]),
            Route("/services/oauth2/token", front.token, methods=["POST"]),
            Route("/services/Soap/m/{version}", front.metadata, methods=["POST"]),
            Route("/services/data", front.versions),
            Route("/services/data/{rest:path}", front.api, methods=METHODS),
        ]
    )


class _Front:
    """HTTP on one side, calls of the org on the other."""

    def __init__(self, desk: Desk, door: Door, faults: TakesFaults) -> None:
        self.desk, self.door, self.faults = desk, door, faults
        self.deployments = Deployments(desk.org)

    async def token(self, request: Request) -> Response:
        async with request.form() as form:
            fields = {k: v for k, v in form.items() if isinstance(v, str)}
        try:
            found = self.door.sign_in(fields, request.headers.get("authorization", ""), _base(request))
        except Refused as refusal:
            body = {"error": refusal.error, "error_description": refusal.description}
            return JSONResponse(body, 400)
        return JSONResponse(found, headers={"Cache-Control": "no-store"})

    async def metadata(self, request: Request) -> Response:
        """The Metadata API: SOAP, with the session inside the envelope."""
        self.desk.meter.count()
        ended = self._fault(request, "expired") is not None

        def valid(session: str) -> bool:
            return not ended and self.door.valid(f"Bearer {session}") is not None

        status, body = soap.answer(await request.body(), self.deployments, valid)
        return Response(body, status, {"Sforce-Limit-Info": self.desk.meter.header}, "text/xml; charset=utf-8")

    async def versions(self, request: Request) -> Response:
        found = [{"label": f"Version {v}", "url": f"/services/data/v{v}.0", "version": f"{v}.0"} for v in VERSIONS]
        return JSONResponse(found)

    async def api(self, request: Request) -> Response:
        version, segments = _address(request)
        if not version:
            return await self.versions(request)
        refused = self._refuse(request, version)
        if refused is not None:
            return refused
        self.desk.meter.count()
        try:
            answer = routes.answer(await self._call(request, version, segments))
        except ApiError as error:
            answer = Answer(error.body(), error.status)
        self.desk.hands.press(lambda kind: self.faults.take("salesforce", kind, "BULK", "/bulk"))
        headers = {**answer.headers, "Sforce-Limit-Info": self.desk.meter.header}
        if answer.text is not None:
            return Response(answer.text, answer.status, headers, "text/csv; charset=UTF-8")
        if answer.body is None:
            return Response(status_code=answer.status, headers=headers)
        return JSONResponse(answer.body, answer.status, headers=headers)

    def _refuse(self, request: Request, version: str) -> Response | None:
        """What stands between a caller and the org: retired versions, sessions, limits."""
        number = int(version.partition(".")[0])
        if number not in VERSIONS:
            retired = number < VERSIONS.start
            error = ApiError(410, "UNSUPPORTED_API_VERSION", "Version is retired") if retired else not_found()
            return JSONResponse(error.body(), error.status)
        if self._fault(request, "html401"):
            return HTMLResponse(LOGIN_PAGE, 401)
        signed_in = self.door.valid(request.headers.get("authorization", ""))
        if not signed_in or self._fault(request, "expired"):
            error = ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
            return JSONResponse(error.body(), 401)
        if self.desk.meter.exhausted or self._fault(request, "limit"):
            error = ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            return JSONResponse(error.body(), 403, headers={"Sforce-Limit-Info": self.desk.meter.header})
        return None

    def _fault(self, request: Request, kind: str) -> Mapping[str, Any] | None:
        return self.faults.take("salesforce", kind, request.method, request.url.path)

    async def _call(self, request: Request, version: str, segments: tuple[str, ...]) -> Call:
        raw = await request.body()
        uploaded = request.method == "PUT"  # a file, whatever its type says
        try:
            body = json.loads(raw) if raw.strip() and not uploaded else None
        except ValueError as error:
            raise ApiError(400, "JSON_PARSER_ERROR", f"Unexpected character: {error}") from error
        return Call(
            self.desk,
            request.method,
            segments,
            version,
            dict(request.query_params),
            dict(request.headers),
            body,
            lambda kind: self._fault(request, kind),
            raw,
        )

    async def hook(self, request: Request) -> Response:
        body = json.loads(await request.body() or b"{}")
        try:
            return JSONResponse(hooks.run(self.desk, self.door, request.path_params["hook"], body))
        except ApiError as error:
            return JSONResponse(error.body(), error.status)

    async def overview(self, request: Request) -> Response:
        return HTMLResponse(page.overview(self.desk.org, _root(request)))

    async def listing(self, request: Request) -> Response:
        table = self.desk.org.tables.get(request.path_params["object"])
        if table is None:
            return HTMLResponse("There is no such object.", 404)
        return HTMLResponse(page.listing(self.desk.org, table, _root(request)))

    async def record(self, request: Request) -> Response:
        table = self.desk.org.tables.get(request.path_params["object"])
        row = self.desk.org.get(table.name, request.path_params["id"]) if table else None
        if table is None or row is None:
            return HTMLResponse("There is no such record.", 404)
        return HTMLResponse(page.one(self.desk.org, table, row, _root(request)))


def _root(request: Request) -> str:
    """Where the org is mounted; empty when it has an address of its own."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{_root(request)}"


def _address(request: Request) -> tuple[str, tuple[str, ...]]:
    """Version and path after it; each part is decoded on its own, so a key may hold a slash as %2F."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    path = raw.decode("ascii", "replace").partition("/services/data/")[2]
    version, *segments = path.rstrip("/").split("/")
    match = re.fullmatch(r"v(\d+\.\d)", version)
    if match is None:
        return "", ()
    return match[1], tuple(unquote(s) for s in segments)
