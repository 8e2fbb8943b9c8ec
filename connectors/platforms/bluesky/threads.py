"""What stands above a post: https://docs.bsky.app/docs/api/app-bsky-feed-get-post-thread

Trees are cut at a height, so where a parent is named but missing the walk goes on post by post.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.client import Client
from connectors.platforms.bluesky.to_event import owner, placeholder, posted_at
from core.errors import Rejected
from core.event import Event

Doc = Mapping[str, Any]
HEIGHT = 1000
STEPS = 100


def above(client: Client, uri: str) -> tuple[list[Doc], list[Event]]:
    """The views of the parents, oldest first, and placeholders for those that are gone or blocked."""
    try:
        params = {"uri": uri, "depth": 0, "parentHeight": HEIGHT}
        node = client.get("/xrpc/app.bsky.feed.getPostThread", params).object().get("thread") or {}
    except Rejected as refused:
        if refused.code == "NotFound":
            return [], []
        raise
    views: list[Doc] = []
    holes: list[Event] = []
    lowest = node.get("post")
    last: Doc = lowest or {}
    while isinstance(node := node.get("parent") or {}, dict) and node:
        if not node.get("post"):
            holes.append(_hole(node, _date(last)))
            return views[::-1], holes
        last = node["post"]
        views.append(last)
    for _ in range(STEPS):
        parent = ((last.get("record") or {}).get("reply") or {}).get("parent") or {}
        if not parent.get("uri"):
            break
        found = posts(client, [str(parent["uri"])])
        if not found:
            holes.append(placeholder(str(parent["uri"]), "not found", _date(last), owner(str(parent["uri"]))))
            break
        last = found[0]
        views.append(last)
    return views[::-1], holes


def posts(client: Client, uris: list[str]) -> list[Doc]:
    """Up to 25 posts; those that are gone are missing from the answer."""
    found = client.get("/xrpc/app.bsky.feed.getPosts", [("uris", uri) for uri in uris]).object()
    return [view for view in found.get("posts") or () if isinstance(view, dict) and view.get("uri")]


def deleted(client: Client, uri: str) -> bool:
    """Whether a post is gone for good, rather than hidden from us by a block."""
    try:
        params = {"uri": uri, "depth": 0, "parentHeight": 0}
        node = client.get("/xrpc/app.bsky.feed.getPostThread", params).object().get("thread") or {}
    except Rejected as refused:
        if refused.code == "NotFound":
            return True
        raise
    return bool(node.get("notFound"))


def _date(view: Doc) -> datetime:
    return posted_at(view["record"], view.get("indexedAt"))


def _hole(node: Doc, seen_at: datetime) -> Event:
    uri = str(node.get("uri") or "")
    return placeholder(uri, "blocked" if node.get("blocked") else "not found", seen_at, owner(uri))
