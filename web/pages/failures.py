"""What went wrong, as a page in the reader's language or as JSON for scripts."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import db, log
from core.errors import TryLater
from web import auth, render, sessions
from web.api.v1 import problem
from web.i18n import N_
from web.permissions import SAFE, Forbidden, NotSignedIn
from web.reader import Reader

logger = log.get("web")

TEXTS: dict[int, tuple[str, str]] = {
    400: (
        N_("That request makes no sense here"),
        N_("Something in the address or the form does not fit. Go back and try again."),
    ),
    401: (
        N_("Your session has ended"),
        N_("Nothing was saved. Sign in again: what you typed stands in the form then."),
    ),
    403: (
        N_("You may not do this"),
        N_("Your role does not include it. Ask an administrator of this hub for it, or for another role."),
    ),
    404: (N_("There is nothing here"), N_("The address may be mistyped, or what stood here was removed.")),
    405: (N_("This does not work that way"), N_("Go back and use the buttons on the page.")),
    413: (N_("That is too much at once"), N_("What you sent is too large. Shorten it and send it again.")),
    500: (
        N_("Something broke here"),
        N_("It was noted in the log. Try again; if it happens again, tell an administrator."),
    ),
    503: (
        N_("Not just now"),
        N_("A part of the hub is away for a moment. Nothing is lost; try again in a minute."),
    ),
}
ENDED = "session-ended"
STALE_FORM = N_("The form was too old, or did not come from this hub's own page. Load the page again and repeat it.")


def reader_of(request: Request) -> Reader:
    """Who the failed request came from, as far as that is known."""
    found = getattr(request.state, "reader", None)
    return found if isinstance(found, Reader) else Reader.visitor(request)


def show(request: Request, status: int, text: str = "", who: Sequence[str] = ()) -> Response:
    """A failure as HTML for people, else as JSON; `who` are names of people who can help."""
    if problem.concerns(request):
        return problem.answer(status)
    reader = reader_of(request)
    title, standard = TEXTS.get(status, TEXTS[400 if status < 500 else 500])
    words = reader.words(text or standard)
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"error": words, **({"stale": True} if text == STALE_FORM else {})}, status)
    again = _address(request) if request.method in SAFE else ""
    return render.page(
        request, reader, "failure.html", status, title=reader.words(title), text=words, code=status, who=who,
        again=again, stale=text == STALE_FORM, position="",
    )  # fmt: skip


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _administrators() -> list[str]:
    """Whom to ask; nobody when that cannot be read now."""
    try:
        with db.read() as session:
            return [one.name for one in auth.everybody(session) if one.role == "admin" and not one.disabled][:5]
    except sa.exc.SQLAlchemyError:
        return []


def register(app: FastAPI) -> None:
    """Have every kind of failure shown."""

    @app.exception_handler(NotSignedIn)
    async def _signed_out(request: Request, _: Exception) -> Response:
        if problem.concerns(request):
            return problem.answer(401)
        if "text/html" not in request.headers.get("accept", "") or "hx-request" in request.headers:
            return JSONResponse({"error": "Sign in first."}, 401)
        if request.method not in SAFE:
            return show(request, 401)
        target = _address(request)
        ended = sessions.cookie_name(request) in request.cookies
        return RedirectResponse(
            f"/signin{render.query(next=target.removeprefix('/') and target, note=ENDED if ended else '')}", 303
        )

    @app.exception_handler(Forbidden)
    async def _forbidden(request: Request, error: Forbidden) -> Response:
        if error.why == "csrf":
            return show(request, 403, STALE_FORM)
        return show(request, 403, who=await run_in_threadpool(_administrators))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        answer = show(request, error.status_code)
        answer.headers.update(error.headers or {})  # Allow, with 405
        return answer

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, _: Exception) -> Response:
        return show(request, 400)

    @app.exception_handler(TryLater)
    async def _later(request: Request, _: Exception) -> Response:
        return show(request, 503)


class Broken:
    """The last net: an unexpected error becomes a page, inside the middleware that adds headers and logs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            logger.error("request failed", error=type(error).__name__, exc_info=error)
            busy = isinstance(error, sa.exc.OperationalError)
            await show(Request(scope, receive), 503 if busy else 500)(scope, receive, send)


class TooLarge:
    """No body larger than its address takes; refused like everything else, not in the framework's plain words."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = RequestBodyLimitMiddleware(app, limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain = False

        async def watched(message: Message) -> None:
            nonlocal plain
            if message["type"] == "http.response.start" and message["status"] == 413:
                plain = Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain")
            if not plain:
                await send(message)

        await self.app(scope, receive, watched)
        if plain:
            await show(Request(scope, receive), 413)(scope, receive, send)
