"""How every address of the API answers: who calls is asked first, refusals are problems, the limit is told."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Coroutine
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from core import audit, log
from core.errors import AuthExpired, BadPayload, NotConfigured, Rejected, TryLater
from core.settings import settings
from inbox import attachments
from web import permissions
from web.api.limit import Stand
from web.api.v1 import problem, reading
from web.api.v1.problem import Refused

logger = log.get("web.api")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
PLAIN: dict[type[Exception], int] = {
    permissions.NotSignedIn: 401,
    permissions.Forbidden: 403,
    ClientDisconnect: 400,  # nobody reads it
}
"""Refusals without words of their own."""


class Route(APIRoute):
    """A route of the JSON API."""

    def get_route_handler(self) -> Handler:
        """The handler, with who calls before it and refusals after it."""
        inner, asked = super().get_route_handler(), permissions.permissions_of(self)
        let_in = permissions.allow(*asked) if asked else None

        async def handle(request: Request) -> Response:
            try:
                if let_in is not None:
                    await let_in(request)  # before the body is looked at
                    self.demand_json(request)
                    request.state.digest = await self.taken(request)
                    audit.through.set(f"api_token:{request.state.token_id}")
                response = await inner(request)
            except Exception as error:
                response = _refused(error)
            if request.method == "GET" and response.status_code == 200:
                response = reading.tagged(request, response)
            stand: Stand | None = getattr(request.state, "stand", None)
            if stand is not None:
                response.headers.update(stand.headers())
            return response

        return handle

    def demand_json(self, request: Request) -> None:
        """Refused for a body of another type, as curl sends it unless told otherwise."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.headers.get("content-length", "") in ("", "0") and "transfer-encoding" not in request.headers:
            return  # what is missing is told with the other values
        if self.body_field is not None and not (kind == "application/json" or kind.endswith("+json")):
            raise Refused(415)

    async def taken(self, request: Request) -> str:
        """What tells this request from another one: method, address and body."""
        return hashlib.sha256(_words(request) + await request.body()).hexdigest()


class Streamed(Route):
    """A route that takes a content as it is: it goes into a file on the disk as it comes, `request.state.content`."""

    def get_route_handler(self) -> Handler:
        """The handler, and the file is gone after it."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            with tempfile.TemporaryFile(dir=settings().data_dir) as request.state.content:
                return await inner(request)

        return handle

    async def taken(self, request: Request) -> str:
        """The same, and the body is in the file. Refused once it is larger than an attachment may be."""
        digest, size = hashlib.sha256(_words(request)), 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > settings().attachment_mb * 1_000_000:
                raise Refused(413, attachments.LARGE)
            digest.update(chunk)
            await run_in_threadpool(request.state.content.write, chunk)
        return digest.hexdigest()


def _words(request: Request) -> bytes:
    return f"{request.method} {request.url.path}?{request.url.query}\n".encode()


def _refused(error: Exception) -> Response:
    """The refusal that an error stands for; what nobody expected goes on to the log."""
    if isinstance(error, Refused):
        return problem.answer(error.status, error.detail, error.code)
    if isinstance(error, problem.Unfit):
        return problem.several(error.wrong)
    if isinstance(error, RequestValidationError):
        return problem.unfit(error)
    if type(error) in PLAIN:
        return problem.answer(PLAIN[type(error)])
    if isinstance(error, permissions.TooMany):
        return problem.answer(429, f"Send this again in {error.stand.wait} s.")
    if isinstance(error, HTTPException):
        return problem.answer(error.status_code, headers=error.headers)
    if isinstance(error, Rejected | BadPayload | NotConfigured | AuthExpired):
        field = str(getattr(error, "field", ""))
        wrong = [problem.Wrong(where=f"body.{field}", why=str(error))] if field else []
        return problem.answer(422, str(error), "rejected", errors=wrong)
    if isinstance(error, TryLater | sa.exc.OperationalError):
        logger.warning("not answered now", error=type(error).__name__)
        return problem.answer(503)
    raise error


def router() -> APIRouter:
    """A router of the API; its routes name their addresses in full."""
    return APIRouter(route_class=Route)
