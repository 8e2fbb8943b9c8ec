"""Everything that comes in pages: notifications, conversations, timelines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.mastodon.access import Denied, maybe_viewer, state_of, viewer
from sandbox.mastodon.paging import link_header, page
from sandbox.web import reply, truth, whole

Doc = dict[str, Any]


async def notifications(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/notifications/#get"""
    state, who = state_of(request), viewer(request, "read:notifications")
    query = request.query_params
    only = set(query.getlist("types[]"))
    without = set(query.getlist("exclude_types[]"))

    def keep(number: int) -> bool:
        kind = state.notifications[str(number)]["type"]
        return (not only or kind in only) and kind not in without

    found = page(state.inboxes[who["id"]], request, 80, 40, keep)
    bodies = []
    for number in found:
        notice = state.notifications[str(number)]
        state.serve(notice["status"])
        bodies.append(state.views.notification(notice))
    return _page(request, [str(number) for number in found], bodies, whole(query.get("limit"), 40, 80))


async def notification(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/notifications/#get-one"""
    state, who = state_of(request), viewer(request, "read:notifications")
    notice = state.notifications.get(request.path_params["id"])
    if notice is None or notice["to"] != who["id"] or notice.get("gone"):
        raise Denied(404, "Record not found")
    state.serve(notice["status"])
    return reply(state.views.notification(notice))


async def conversations(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/conversations/#get (paged by the last status's id)"""
    state, who = state_of(request), viewer(request, "read:statuses")
    if state.quirks.get("empty_conversations"):
        return reply([])
    mine = {int(doc["last"]): doc for doc in state.conversations.values() if doc["account"] == who["id"]}
    found = page(sorted(mine), request, 40, 20, lambda _: True)
    for number in found:
        state.serve(str(number))
    bodies = [state.views.conversation(mine[number]) for number in found]
    limit = whole(request.query_params.get("limit"), 20, 40)
    return _page(request, [str(number) for number in found], bodies, limit)


async def mark_read(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/conversations/#read"""
    state, who = state_of(request), viewer(request, "write:conversations")
    for key, doc in state.conversations.items():
        if doc["id"] == request.path_params["id"] and doc["account"] == who["id"]:
            state.conversations[key] = doc | {"unread": False}
            return reply(state.views.conversation(doc))
    raise Denied(404, "Record not found")


async def tag_timeline(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/timelines/#tag"""
    who = maybe_viewer(request)
    return _timeline(request, who, state_of(request).tagged.get(request.path_params["tag"].lower(), []))


async def public_timeline(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/timelines/#public"""
    return _timeline(request, maybe_viewer(request), state_of(request).public)


async def home_timeline(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/timelines/#home (our accounts follow nobody: their own posts)"""
    who = viewer(request, "read:statuses")
    return _timeline(request, who, state_of(request).authored[who["id"]])


async def account_statuses(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/accounts/#statuses"""
    state, who = state_of(request), maybe_viewer(request)
    account = request.path_params["id"]
    if account not in state.accounts:
        raise Denied(404, "Record not found")
    no_replies = truth(request.query_params.get("exclude_replies"))

    def keep(status: Doc) -> bool:
        return not (no_replies and status["parent"])

    return _timeline(request, who, state.authored[account], keep)


def _timeline(
    request: Request, who: Doc, ids: Sequence[int], keep: Callable[[Doc], bool] = lambda status: True
) -> Response:
    state = state_of(request)

    def shown(number: int) -> bool:
        return state.visible(str(number), who) is not None and keep(state.statuses[str(number)])

    found = [str(number) for number in page(ids, request, 40, 20, shown)]
    if who.get("ours"):
        for key in found:
            state.serve(key)
    bodies = [state.views.status(state.statuses[key], who.get("id", "")) for key in found]
    return _page(request, found, bodies, whole(request.query_params.get("limit"), 20, 40))


def _page(request: Request, keys: list[str], bodies: list[bytes], limit: int) -> Response:
    first, last = (keys[0], keys[-1]) if keys else (None, None)
    headers = link_header(request, first, last, len(keys) == limit)
    return reply(b"[" + b",".join(bodies) + b"]", headers=headers)
