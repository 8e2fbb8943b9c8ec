"""The Mastodon server's routes and its rate limit."""

from __future__ import annotations

import time

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.limits import Limits, Window
from sandbox.mastodon import lists, media, oauth, server, statuses, streaming
from sandbox.mastodon.access import Denied
from sandbox.mastodon.state import Mastodon
from sandbox.web import reply

ROUTES = [
    Route("/api/v1/notifications", lists.notifications),
    Route("/api/v1/notifications/{id}", lists.notification),
    Route("/api/v1/statuses", statuses.create, methods=["POST"]),
    Route("/api/v1/statuses", statuses.several),
    Route("/api/v1/statuses/{id}", statuses.show),
    Route("/api/v1/statuses/{id}", statuses.edit, methods=["PUT"]),
    Route("/api/v1/statuses/{id}", statuses.delete, methods=["DELETE"]),
    Route("/api/v1/statuses/{id}/context", statuses.context),
    Route("/api/v1/statuses/{id}/history", statuses.history),
    Route("/api/v1/statuses/{id}/source", statuses.source),
    Route("/api/v1/statuses/{id}/{verb}", statuses.react, methods=["POST"]),
    Route("/api/v1/conversations", lists.conversations),
    Route("/api/v1/conversations/{id}/read", lists.mark_read, methods=["POST"]),
    Route("/api/v1/timelines/tag/{tag}", lists.tag_timeline),
    Route("/api/v1/timelines/public", lists.public_timeline),
    Route("/api/v1/timelines/home", lists.home_timeline),
    Route("/api/v1/accounts/verify_credentials", server.verify_credentials),
    Route("/api/v1/accounts/lookup", server.lookup),
    Route("/api/v1/accounts/search", server.search_accounts),
    Route("/api/v1/accounts/{id}", server.account),
    Route("/api/v1/accounts/{id}/statuses", lists.account_statuses),
    Route("/api/v2/search", server.search),
    Route("/api/v1/instance", server.instance),
    Route("/api/v2/instance", server.instance),
    Route("/api/v2/media", media.upload, methods=["POST"]),
    Route("/api/v1/media", media.upload, methods=["POST"]),
    Route("/api/v1/media/{id}", media.media),
    Route("/api/v1/apps", oauth.register, methods=["POST"]),
    Route("/api/v1/apps/verify_credentials", oauth.verify_app),
    Route("/oauth/authorize", oauth.authorize, methods=["GET", "POST"]),
    Route("/oauth/token", oauth.token, methods=["POST"]),
    Route("/oauth/revoke", oauth.revoke, methods=["POST"]),
    Route("/.well-known/oauth-authorization-server", oauth.metadata),
    Route("/api/v1/streaming/health", streaming.health),
    Route("/api/v1/streaming", streaming.stream),
    Route("/api/v1/streaming/{name:path}", streaming.stream),
]


def create_app(state: Mastodon, limits: Limits) -> ASGIApp:
    """The server over ``state``; 300 requests in five minutes per token, as documented."""
    app = Starlette(routes=ROUTES, exception_handlers={Denied: _denied, 404: _unknown})
    app.state.mastodon = state
    return RateLimit(app, state, Window(limits, 300, 300))


async def _denied(request: Request, problem: Exception) -> Response:
    if not isinstance(problem, Denied):
        raise problem
    if problem.status == 401 and request.app.state.mastodon.quirks.get("plain_400"):
        return PlainTextResponse("Bad Request", 400)
    return reply({"error": problem.message}, problem.status)


async def _unknown(request: Request, problem: Exception) -> Response:
    return reply({"error": "Not Found"}, 404)


class RateLimit:
    """X-RateLimit headers on every answer, and 429 beyond the limit. https://docs.joinmastodon.org/api/rate-limits/"""

    def __init__(self, app: ASGIApp, state: Mastodon, window: Window) -> None:
        self.app, self.state, self.window = app, state, window

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/") or "/streaming" in scope["path"]:
            await self.app(scope, receive, send)
            return
        caller = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        allowed, remaining, reset = self.window.spend(caller.decode("latin-1"))
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(reset))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and not self.state.quirks.get("no_rate_headers"):
                headers = MutableHeaders(raw=message["headers"])
                headers["X-RateLimit-Limit"] = str(self.window.limit)
                headers["X-RateLimit-Remaining"] = str(remaining)
                headers["X-RateLimit-Reset"] = stamp
            await send(message)

        if allowed:
            await self.app(scope, receive, with_headers)
        else:
            await reply({"error": "Too many requests"}, 429)(scope, receive, with_headers)
