"""Who asks the Mastodon server, and what they may do."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from sandbox.mastodon.state import Mastodon
from sandbox.web import bearer

Doc = dict[str, Any]


class Denied(Exception):
    """A refusal in Mastodon's words: ``{"error": message}`` with this status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def state_of(request: Request) -> Mastodon:
    state: Mastodon = request.app.state.mastodon
    return state


def viewer(request: Request, scope: str = "read") -> Doc:
    """The account whose token this is; refuses unknown tokens (401) and missing scopes (403)."""
    token = bearer(request) or request.query_params.get("access_token")
    known = state_of(request).owner(token)
    if known is None:
        raise Denied(401, "The access token is invalid")
    granted, account = known
    if not account:
        raise Denied(422, "This method requires an authenticated user")
    base = scope.split(":")[0]
    if not {scope, base} & set(granted["scopes"].split()):
        raise Denied(403, "This action is outside the authorized scopes")
    return account


def maybe_viewer(request: Request) -> Doc:
    """The account behind the token, or an empty one; a wrong token is refused all the same."""
    token = bearer(request)
    if token is None:
        return {}
    known = state_of(request).owner(token)
    if known is None:
        raise Denied(401, "The access token is invalid")
    return known[1]


def visible_status(request: Request, who: Doc) -> Doc:
    status = state_of(request).visible(request.path_params["id"], who)
    if status is None:
        raise Denied(404, "Record not found")
    return status
