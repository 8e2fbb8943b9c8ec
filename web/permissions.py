"""Who may do what: one table; a route that names no permission and is not public does not start."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Mount

from core import db
from inbox import workers
from web import sessions, tokens
from web.api import limit
from web.reader import Reader

ROLES = ("admin", "agent", "marketer", "dpo")
"""Administrator, agent, marketer, data-protection officer: built in, and never changed."""

PERMISSIONS: dict[str, frozenset[str]] = {
    "self": frozenset(ROLES),
    "messages.read": frozenset(ROLES),
    "messages.private": frozenset(ROLES) - workers.PUBLIC_ONLY,
    "conversations.reply": frozenset({"admin", "agent"}),
    "replies.send": frozenset({"admin", "agent"}),
    "replies.approve": frozenset({"admin"}),
    "conversations.forward": frozenset({"admin", "agent"}),
    "messages.correct": frozenset({"admin", "agent"}),
    "conversations.manage": frozenset({"admin", "agent"}),
    "rules.manage": frozenset({"admin"}),
    "views.keep": frozenset({"admin", "agent", "marketer"}),
    "views.share": frozenset({"admin", "agent"}),
    "shared.edit": frozenset({"admin"}),
    "accounts.read": frozenset({"admin", "agent", "marketer"}),
    "accounts.manage": frozenset({"admin"}),
    "dead.read": frozenset({"admin"}),
    "dead.manage": frozenset({"admin"}),
    "people.read": frozenset(ROLES),
    "people.review": frozenset({"admin", "agent"}),
    "people.object": frozenset({"admin", "dpo"}),
    "people.erase": frozenset({"admin", "dpo"}),
    "users.manage": frozenset({"admin"}),
    "roles.manage": frozenset({"admin"}),
    "teams.manage": frozenset({"admin"}),
    "surveys.manage": frozenset({"admin"}),
    "fields.manage": frozenset({"admin"}),
    "listening.read": frozenset(ROLES),
    "listening.manage": frozenset({"admin", "marketer"}),
    "labels.teach": frozenset({"admin", "agent", "marketer"}),
    "reports.read": frozenset(ROLES),
    "metrics.own": frozenset({"admin", "agent"}),
    "metrics.read": frozenset({"admin"}),
    "reports.share": frozenset({"admin", "marketer"}),
    "cases.open": frozenset({"admin", "agent"}),
    "crm.read": frozenset({"admin", "dpo"}),
    "crm.manage": frozenset({"admin"}),
    "segments.read": frozenset(ROLES),
    "segments.manage": frozenset({"admin", "marketer"}),
    "segments.export": frozenset({"admin", "marketer"}),
    "keys.manage": frozenset({"admin"}),
    "webhooks.manage": frozenset({"admin"}),
    "model.read": frozenset({"admin", "marketer"}),
    "model.manage": frozenset({"admin"}),
    "system.read": frozenset({"admin"}),
}
"""Permission → roles that have it. What is not here, nobody may."""

NEEDS: dict[str, str] = {
    **dict.fromkeys(
        (
            "messages.private", "conversations.reply", "replies.approve", "conversations.forward",
            "conversations.manage", "messages.correct", "cases.open",
        ),
        "messages.read",
    ),
    **dict.fromkeys(("people.review", "people.object", "people.erase"), "people.read"),
    **dict.fromkeys(("segments.manage", "segments.export"), "segments.read"),
    "listening.manage": "listening.read",
    "reports.share": "reports.read",
    "accounts.manage": "accounts.read",
    "dead.manage": "dead.read",
    "crm.manage": "crm.read",
    "model.manage": "model.read",
}  # fmt: skip
"""Permission → the one without which it counts for nothing: who does something sees what it is done to."""

PERSON_NOTES = "people.review"
"""Who writes notes on people: on their pages, beside conversations, and by programs."""

_BUILT_IN = {role: frozenset(name for name, roles in PERMISSIONS.items() if role in roles) for role in ROLES}

PUBLIC: dict[str, str] = {
    "/healthz": "says only that the process is up",
    "/readyz": "asked by load balancers; names parts, no data",
    "/metrics": "guarded by itself: loopback, or the token of the settings",
    "/hooks/{platform}/{account_id}": "the connector verifies each delivery's signature",
    "/api/track": "programs of the organisation; asks for a write key",
    "/api/identify": "programs of the organisation; asks for a write key",
    "/api/batch": "programs of the organisation; asks for a write key",
    "/api/v1/openapi.json": "describes the JSON API; holds no data",
    "/oauth/client-metadata.json": "read by the platforms' authorisation servers",
    "/signin": "the way in",
    "/signin/forgot": "asks for a link by mail; answers everybody the same",
    "/signin/password": "asks for the link of a mail, which nobody can guess",
    "/signin/second": "the way in; asks for what the password opened",
    "/signin/second/options": "the way in; asks for what the password opened",
    "/signin/second/passkey": "the way in; asks for what the password opened",
    "/signin/enrol": "the way in; asks for what the password opened",
    "/signin/passkey": "the way in; asks for a passkey",
    "/signin/passkey/options": "the way in; a question that a passkey answers",
    "/signin/oidc": "the way to the provider",
    "/signin/oidc/callback": "the way back from the provider; asks for what was begun here",
    "/setup": "the first user; asks for the set-up token and is shut once a user exists",
    "/s/{token}": "customers answer a survey; whoever has the link's token, which nobody can guess",
    "/s/{token}/stop": "customers say that they are not to be asked again, by the same link",
    "/static": "style sheets and scripts",
}
"""Routes without a sign-in, each with its reason."""

API = "/api/v1/"
"""Addresses of the JSON API: opened by a token alone, never by a browser's sign-in, so that they need no CSRF token."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Dependency = Callable[[Request], Awaitable[Reader]]


class NotSignedIn(Exception):
    """There is no valid sign-in behind the request."""


class Forbidden(Exception):
    """Signed in, but not allowed; or a form that did not come from our own page."""

    def __init__(self, why: str = "permission") -> None:
        super().__init__(why)
        self.why = why


class TooMany(Exception):
    """A token has sent as much as it may; `stand` says when it may again."""

    def __init__(self, stand: limit.Stand) -> None:
        super().__init__(stand)
        self.stand = stand


def granted(role: str, kept: str = "") -> frozenset[str]:
    """Everything a role may do; `kept` is the JSON list that one made here has in its row, read with the sign-in."""
    if role in ROLES:
        return _BUILT_IN[role]
    return _own(kept) if kept else frozenset()


@lru_cache(maxsize=256)
def _own(kept: str) -> frozenset[str]:
    return supported(json.loads(kept))


def supported(given: Iterable[str]) -> frozenset[str]:
    """Those of the permissions that exist, and whose need is among them."""
    found = frozenset(given) & PERMISSIONS.keys()
    return frozenset(one for one in found if NEEDS.get(one, one) in found)


def allow(*asked: str) -> Dependency:
    """A dependency that lets in who has one of the permissions: by sign-in, for changes with the page's CSRF token.

    Under `API` by a token alone, within its scopes.
    """
    for permission in asked:
        if permission not in PERMISSIONS:
            raise KeyError(f"There is no permission {permission!r} in web/permissions.py.")

    async def checked(request: Request) -> Reader:
        if request.url.path.startswith(API):
            caller = await _caller(request)
            if not any(map(caller.may, asked)):
                raise Forbidden
            return caller
        signed = await _signed(request)
        if signed is None:
            raise NotSignedIn
        reader = _reader(request, signed)
        if request.method not in SAFE:
            await _csrf(request, signed.csrf)
        if not any(map(reader.may, asked)):
            raise Forbidden
        return reader

    checked.permissions = asked  # type: ignore[attr-defined]  # read by check_routes
    return checked


class AskedFirst(APIRoute):
    """A route that takes files: who sends one is asked before any of it is read. The form's token comes with it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with sign-in, site and permission before it."""
        inner, asked = super().get_route_handler(), permissions_of(self)

        async def handle(request: Request) -> Response:
            signed = await _signed(request)
            if signed is None:
                raise NotSignedIn
            reader = _reader(request, signed)
            if request.method not in SAFE:
                same_site(request)
            if not any(map(reader.may, asked)):
                raise Forbidden
            return await inner(request)

        return handle


def _reader(request: Request, signed: sessions.Signed) -> Reader:
    """Who is signed in; known to the request before anything is refused: the refusal speaks the reader's language."""
    reader = Reader.signed(request, signed, granted(signed.role, signed.kept.grants))
    request.state.user_id, request.state.reader = signed.user_id, reader
    return reader


async def _signed(request: Request) -> sessions.Signed | None:
    token = request.cookies.get(sessions.cookie_name(request), "")
    if not token:
        return None
    if db.dialect() != "sqlite":
        return await run_in_threadpool(sessions.find, token)
    signed = sessions.look_up(token)  # a read of SQLite waits for nobody and is over before a thread has begun
    if signed is not None and signed.stale:
        await run_in_threadpool(sessions.touch, signed)
    return signed


async def _caller(request: Request) -> Reader:
    """Whom the request's token speaks for; looked up and counted once for each request."""
    known = getattr(request.state, "reader", None)
    if isinstance(known, Reader):
        return known
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    held = await run_in_threadpool(tokens.find, token.strip()) if scheme.lower() == "bearer" else None
    if held is None:
        raise NotSignedIn
    reader = held.reader(granted(held.role, held.kept.grants))
    request.state.user_id, request.state.reader, request.state.token_id = held.user_id, reader, held.id
    stand = await run_in_threadpool(limit.request, held.id)
    request.state.stand = stand
    if stand is not None and stand.wait:
        raise TooMany(stand)
    return reader


async def _csrf(request: Request, expected: str) -> None:
    same_site(request)
    given = request.headers.get("x-csrf-token")
    if given is None:
        given = str((await request.form()).get("csrf", ""))
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forbidden("csrf")


def same_site(request: Request) -> None:
    """Forbidden when the browser says that a change was asked for by another site's page."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("csrf")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("csrf")


# --- deny by default ---------------------------------------------------------------------------------


def permission_of(route: BaseRoute) -> str | None:
    """The first of the permissions a route asks for; None when it asks for none."""
    return next(iter(permissions_of(route)), None)


def permissions_of(route: BaseRoute) -> tuple[str, ...]:
    """The permissions of which a route asks for one, anywhere among its dependencies."""
    dependant: Any = getattr(route, "dependant", None)
    waiting = [dependant] if dependant is not None else []
    while waiting:
        one = waiting.pop()
        found: tuple[str, ...] = getattr(one.call, "permissions", ())
        if found:
            return found
        waiting.extend(one.dependencies)
    return ()


def check_routes(routes: Iterable[BaseRoute], public: Mapping[str, str] = PUBLIC) -> None:
    """RuntimeError when a route neither asks for a permission nor is public with a reason."""
    for route in routes:
        path = str(getattr(route, "path", "")) or repr(route)
        if permission_of(route) is None and path not in public:
            kind = "mount" if isinstance(route, Mount) else "route"
            raise RuntimeError(f"The {kind} {path} asks for no permission. Add Depends(allow(…)) or list it in PUBLIC.")
