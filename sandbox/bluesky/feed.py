"""Reading: notifications, posts, threads, search, profiles. https://docs.bsky.app/docs/category/http-reference"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.bluesky import views
from sandbox.bluesky.auth import state_of, viewer
from sandbox.bluesky.errors import Refused, invalid
from sandbox.bluesky.state import POST, Bluesky
from sandbox.web import parameters, reply, whole

Doc = dict[str, Any]
DEFAULT_DEPTH, DEFAULT_HEIGHT, MOST = 6, 80, 1000
SEARCHED = 5000


async def list_notifications(request: Request) -> Response:
    """Newest first; ``cursor`` continues with older ones; ``reasons`` filters."""
    state, who = state_of(request), viewer(request)
    query = request.query_params
    inbox = state.inboxes[who["did"]]
    cursor = query.get("cursor", "")
    place = bisect_left(inbox, int(cursor)) if cursor.isdigit() else len(inbox)
    reasons = set(query.getlist("reasons"))
    limit = whole(query.get("limit"), 50, 100)
    found: list[int] = []
    while place > 0 and len(found) < limit:
        place -= 1
        if not reasons or state.notices[str(inbox[place])]["reason"] in reasons:
            found.append(inbox[place])
    seen_at = state.seen.get(who["did"], {}).get("at", "")
    for key in found:
        notice = state.notices[str(key)]
        state.serve(notice["uri"])
    body: Doc = {
        "notifications": [views.notification(state, key, seen_at) for key in found],
        "priority": False,
    }
    if found:
        body["cursor"] = str(found[-1])
    if seen_at:
        body["seenAt"] = seen_at
    return reply(body)


async def unread_count(request: Request) -> Response:
    state, who = state_of(request), viewer(request)
    seen_at = state.seen.get(who["did"], {}).get("at", "")
    unread = [key for key in state.inboxes[who["did"]] if seen_at and state.notices[str(key)]["at"] > seen_at]
    return reply({"count": len(unread)})


async def update_seen(request: Request) -> Response:
    state, who = state_of(request), viewer(request)
    state.seen[who["did"]] = {"at": str((await parameters(request)).get("seenAt") or "")}
    return Response(status_code=200)


async def get_posts(request: Request) -> Response:
    """Up to 25 posts; those that are gone are simply missing."""
    state, who = state_of(request), viewer(request)
    uris = request.query_params.getlist("uris")
    if not uris:
        raise invalid('Params must have the property "uris"')
    if len(uris) > 25:
        raise invalid("Error: uris must not have more than 25 elements")
    found = [record for record in (_by_any_name(state, uri) for uri in uris) if record]
    _mark(state, who, found)
    return reply({"posts": [views.post(state, record) for record in found]})


async def get_post_thread(request: Request) -> Response:
    """The tree around a post: answers to depth 6 unless asked for more, parents to height 80."""
    state, who = state_of(request), viewer(request)
    query = request.query_params
    record = _by_any_name(state, query.get("uri", ""))
    if record is None:
        raise Refused(400, "NotFound", f"Post not found: {query.get('uri', '')}")
    depth = _between(query.get("depth"), DEFAULT_DEPTH)
    height = _between(query.get("parentHeight"), DEFAULT_HEIGHT)
    tree = views.thread(state, record, depth, height)
    _mark(state, who, _inside(state, tree))
    return reply({"thread": tree})


async def search_posts(request: Request) -> Response:
    """Newest first; every word of ``q`` must stand in the text; cursor is an offset, as on the real one."""
    state, who = state_of(request), viewer(request)
    query = request.query_params
    words = query.get("q", "").lower().replace('"', "").split()
    if not words:
        raise invalid('Params must have the property "q"')
    limit, start = whole(query.get("limit"), 25, 100), int(query.get("cursor") or 0)
    since, until, lang = query.get("since", ""), query.get("until", ""), query.get("lang")
    tags = [f"#{tag.lower()}" for tag in query.getlist("tag")]
    hits = []
    for uri in reversed(state.posts[-SEARCHED:]):
        record = state.records[uri]
        text = record["value"]["text"].lower()
        if not all(word in text for word in [*words, *tags]) or (since and record["indexed_at"] < since):
            continue
        if (until and record["indexed_at"] >= until) or (lang and lang not in record["value"].get("langs", [])):
            continue
        hits.append(record)
    found = hits[start : start + limit]
    _mark(state, who, found)
    body: Doc = {"posts": [views.post(state, record) for record in found], "hitsTotal": len(hits)}
    if start + limit < len(hits):
        body["cursor"] = str(start + limit)
    return reply(body)


async def author_feed(request: Request) -> Response:
    """An actor's posts, newest first; the cursor is the last one's time."""
    state, who = state_of(request), viewer(request)
    query = request.query_params
    actor = _actor(state, query.get("actor", ""))
    limit, cursor = whole(query.get("limit"), 50, 100), query.get("cursor", "")
    mine = sorted((state.records[uri] for uri in state.authored[actor["did"]]), key=lambda doc: doc["indexed_at"])
    older = [doc for doc in reversed(mine) if not cursor or doc["indexed_at"] < cursor]
    if query.get("filter") == "posts_no_replies":
        older = [doc for doc in older if "reply" not in doc["value"]]
    found = older[:limit]
    _mark(state, who, found)
    body: Doc = {"feed": [{"post": views.post(state, record)} for record in found]}
    if len(older) > limit:
        body["cursor"] = found[-1]["indexed_at"]
    return reply(body)


async def get_profile(request: Request) -> Response:
    state, _ = state_of(request), viewer(request)
    return reply(views.detailed(state, _actor(state, request.query_params.get("actor", ""))))


async def get_profiles(request: Request) -> Response:
    state, _ = state_of(request), viewer(request)
    names = request.query_params.getlist("actors")
    if len(names) > 25:
        raise invalid("Error: actors must not have more than 25 elements")
    found = [state.find_actor(name) for name in names]
    return reply({"profiles": [views.detailed(state, actor) for actor in found if actor]})


async def resolve_handle(request: Request) -> Response:
    """com.atproto.identity.resolveHandle, without authentication."""
    actor = state_of(request).find_actor(request.query_params.get("handle", ""))
    if actor is None:
        raise invalid("Unable to resolve handle")
    return reply({"did": actor["did"]})


def _actor(state: Bluesky, name: str) -> Doc:
    actor = state.find_actor(name)
    if actor is None:
        raise invalid("Profile not found")
    return actor


def _by_any_name(state: Bluesky, uri: str) -> Doc | None:
    owner, _, rest = uri.removeprefix("at://").partition("/")
    actor = state.find_actor(owner)
    record = state.live(f"at://{actor['did']}/{rest}") if actor else None
    return record if record and record["collection"] == POST else None


def _between(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdigit() or int(text) > MOST:
        raise invalid(f"Error: depth must be an integer between 0 and {MOST}")
    return int(text)


def _mark(state: Bluesky, who: Doc, records: Sequence[Doc]) -> None:
    for record in records if who["ours"] else []:
        state.serve(record["uri"])


def _inside(state: Bluesky, node: Doc) -> list[Doc]:
    if "post" not in node:
        return []
    found = [state.records[node["post"]["uri"]]]
    for other in [*node.get("replies", []), *([node["parent"]] if "parent" in node else [])]:
        found += _inside(state, other)
    return found
