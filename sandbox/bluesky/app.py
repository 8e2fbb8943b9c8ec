"""The PDS's routes, its rate limit and its error bodies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.bluesky import auth, chat, feed, oauth, repo, video
from sandbox.bluesky.errors import Refused
from sandbox.bluesky.state import Bluesky
from sandbox.limits import Limits, Window
from sandbox.web import reply

QUERIES: dict[str, Callable[..., Any]] = {
    "com.atproto.server.getSession": auth.get_session,
    "com.atproto.server.getServiceAuth": video.service_auth,
    "com.atproto.identity.resolveHandle": feed.resolve_handle,
    "com.atproto.repo.getRecord": repo.get_record,
    "com.atproto.repo.listRecords": repo.list_records,
    "app.bsky.notification.listNotifications": feed.list_notifications,
    "app.bsky.notification.getUnreadCount": feed.unread_count,
    "app.bsky.feed.getPosts": feed.get_posts,
    "app.bsky.feed.getPostThread": feed.get_post_thread,
    "app.bsky.feed.searchPosts": feed.search_posts,
    "app.bsky.feed.getAuthorFeed": feed.author_feed,
    "app.bsky.video.getJobStatus": video.job_status,
    "app.bsky.video.getUploadLimits": video.upload_limits,
    "app.bsky.actor.getProfile": feed.get_profile,
    "app.bsky.actor.getProfiles": feed.get_profiles,
    "chat.bsky.convo.listConvos": chat.list_convos,
    "chat.bsky.convo.getConvo": chat.get_convo,
    "chat.bsky.convo.getConvoForMembers": chat.convo_for_members,
    "chat.bsky.convo.getMessages": chat.get_messages,
    "chat.bsky.convo.getLog": chat.get_log,
}
PROCEDURES: dict[str, Callable[..., Any]] = {
    "com.atproto.server.createSession": auth.create_session,
    "com.atproto.server.refreshSession": auth.refresh_session,
    "com.atproto.server.deleteSession": auth.delete_session,
    "com.atproto.repo.createRecord": repo.create_record,
    "com.atproto.repo.deleteRecord": repo.delete_record,
    "com.atproto.repo.uploadBlob": repo.upload_blob,
    "app.bsky.video.uploadVideo": video.upload_video,
    "app.bsky.notification.updateSeen": feed.update_seen,
    "chat.bsky.convo.sendMessage": chat.send_message,
    "chat.bsky.convo.deleteMessageForSelf": chat.delete_for_self,
    "chat.bsky.convo.updateRead": chat.update_read,
}
LIMIT, LIMIT_SECONDS = 3000, 300


async def xrpc(request: Request) -> Response:
    """Dispatch by method id; GET is a query, POST a procedure."""
    name = request.path_params["nsid"]
    handler = (QUERIES if request.method == "GET" else PROCEDURES).get(name)
    if handler is None:
        if name in QUERIES or name in PROCEDURES:
            raise Refused(405, "InvalidRequest", f"Incorrect HTTP method ({request.method}) for {name}")
        raise Refused(501, "MethodNotImplemented", "Method Not Implemented")
    answer: Response = await handler(request)
    return answer


def create_app(state: Bluesky, limits: Limits) -> ASGIApp:
    """The PDS over ``state``; 3,000 requests in five minutes per token."""
    routes = [
        Route("/xrpc/_health", _health),
        Route("/xrpc/{nsid}", xrpc, methods=["GET", "POST"]),
        Route("/.well-known/oauth-protected-resource", oauth.protected_resource),
        Route("/.well-known/oauth-authorization-server", oauth.authorization_server),
        Route("/oauth/par", oauth.par, methods=["POST"]),
        Route("/oauth/authorize", oauth.authorize, methods=["GET", "POST"]),
        Route("/oauth/token", oauth.token, methods=["POST"]),
        Route("/oauth/revoke", oauth.revoke, methods=["POST"]),
    ]
    handlers: dict[Any, Any] = {Refused: _refused, json.JSONDecodeError: _unreadable}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.state.bluesky = state
    return RateLimit(app, Window(limits, LIMIT, LIMIT_SECONDS))


async def _health(request: Request) -> Response:
    return reply({"version": "0.4.200"})


async def _refused(request: Request, problem: Exception) -> Response:
    if not isinstance(problem, Refused):
        raise problem
    return reply({"error": problem.name, "message": problem.message}, problem.status, problem.headers)


async def _unreadable(request: Request, problem: Exception) -> Response:
    return reply({"error": "InvalidRequest", "message": "Unable to parse the request body"}, 400)


class RateLimit:
    """ratelimit-* headers (epoch seconds) on every answer. https://docs.bsky.app/docs/advanced-guides/rate-limits"""

    def __init__(self, app: ASGIApp, window: Window) -> None:
        self.app, self.window = app, window

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        caller = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        allowed, remaining, reset = self.window.spend(caller.decode("latin-1"))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers["ratelimit-limit"] = str(LIMIT)
                headers["ratelimit-remaining"] = str(remaining)
                headers["ratelimit-reset"] = str(reset)
                headers["ratelimit-policy"] = f"{LIMIT};w={LIMIT_SECONDS}"
            await send(message)

        refusal = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
        app = self.app if allowed else reply(refusal, 429)
        await app(scope, receive, with_headers)
