"""The AppView's views of actors and posts. https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky"""

from __future__ import annotations

from typing import Any

from sandbox.bluesky.state import POST, Bluesky

Doc = dict[str, Any]
CREATED = "2023-05-01T00:00:00.000Z"


def basic(actor: Doc) -> Doc:
    """app.bsky.actor.defs#profileViewBasic"""
    return {
        "did": actor["did"],
        "handle": actor["handle"],
        "displayName": actor["display_name"],
        "avatar": f"https://cdn.bsky.example/img/avatar/plain/{actor['did']}@jpeg",
        "associated": {"chat": {"allowIncoming": "all"}},
        "viewer": {"muted": False, "blockedBy": False},
        "labels": [],
        "createdAt": CREATED,
    }


def profile(actor: Doc) -> Doc:
    """app.bsky.actor.defs#profileView"""
    return {**basic(actor), "description": actor["bio"], "indexedAt": CREATED}


def detailed(state: Bluesky, actor: Doc) -> Doc:
    """app.bsky.actor.defs#profileViewDetailed"""
    counts = {
        "followersCount": actor["followers"],
        "followsCount": actor["follows"],
        "postsCount": len(state.authored[actor["did"]]),
    }
    return {**profile(actor), **counts}


def post(state: Bluesky, record: Doc) -> Doc:
    """app.bsky.feed.defs#postView"""
    uri = record["uri"]
    view = {
        "uri": uri,
        "cid": record["cid"],
        "author": basic(state.actors[record["did"]]),
        "record": record["value"],
        "replyCount": sum(1 for key in state.replies.get(uri, []) if state.live(key)),
        "repostCount": state.reposts.get(uri, 0),
        "likeCount": state.likes.get(uri, 0),
        "quoteCount": state.quotes.get(uri, 0),
        "indexedAt": record["indexed_at"],
        "viewer": {"threadMuted": False, "embeddingDisabled": False},
        "labels": [],
    }
    embed = record["value"].get("embed") or {}
    if embed.get("$type") == "app.bsky.embed.images":
        shown = [_picture(record["did"], one) for one in embed["images"]]
        view["embed"] = {"$type": "app.bsky.embed.images#view", "images": shown}
    if embed.get("$type") == "app.bsky.embed.video":
        view["embed"] = _film(record["did"], embed)
    if embed.get("$type") == "app.bsky.embed.record":
        view["embed"] = {
            "$type": "app.bsky.embed.record#view",
            "record": _embedded(state, embed["record"]["uri"]),
        }
    return view


def _picture(did: str, image: Doc) -> Doc:
    """app.bsky.embed.images#viewImage"""
    place = f"{did}/{image['image']['ref']['$link']}@jpeg"
    base = "https://cdn.bsky.example/img"
    return {
        "thumb": f"{base}/feed_thumbnail/plain/{place}",
        "fullsize": f"{base}/feed_fullsize/plain/{place}",
        "alt": image["alt"],
    }


def _film(owner: str, embed: Doc) -> Doc:
    """app.bsky.embed.video#view"""
    link = embed["video"]["ref"]["$link"]
    address = f"https://video.bsky.app/watch/{owner}/{link}"
    more: Doc = {name: embed[name] for name in ("alt", "aspectRatio") if name in embed}
    return {
        "$type": "app.bsky.embed.video#view", "cid": link, "playlist": f"{address}/playlist.m3u8",
        "thumbnail": f"{address}/thumbnail.jpg", **more,
    }  # fmt: skip


def _embedded(state: Bluesky, uri: str) -> Doc:
    record = state.live(uri)
    if record is None:
        return {"$type": "app.bsky.embed.record#viewNotFound", "uri": uri, "notFound": True}
    return {
        "$type": "app.bsky.embed.record#viewRecord",
        "uri": uri,
        "cid": record["cid"],
        "author": basic(state.actors[record["did"]]),
        "value": record["value"],
        "labels": [],
        "indexedAt": record["indexed_at"],
    }


def notification(state: Bluesky, key: int, seen_at: str) -> Doc:
    """app.bsky.notification.listNotifications#notification; all are read before the first updateSeen."""
    notice = state.notices[str(key)]
    record = state.records[notice["uri"]]
    view = {
        "uri": record["uri"],
        "cid": record["cid"],
        "author": profile(state.actors[record["did"]]),
        "reason": notice["reason"],
        "record": record["value"],
        "isRead": not seen_at or notice["at"] <= seen_at,
        "indexedAt": notice["at"],
        "labels": [],
    }
    if notice["subject"]:
        view["reasonSubject"] = notice["subject"]
    return view


def thread(state: Bluesky, record: Doc, depth: int, height: int) -> Doc:
    """app.bsky.feed.defs#threadViewPost; ``replies`` is absent where the depth ends."""
    node: Doc = {"$type": "app.bsky.feed.defs#threadViewPost", "post": post(state, record)}
    above = record["value"].get("reply", {}).get("parent", {}).get("uri")
    if above and height > 0:
        node["parent"] = parent(state, record, above, height)
    if depth > 0:
        below = [state.live(key) for key in state.replies.get(record["uri"], [])]
        node["replies"] = [thread(state, child, depth - 1, 0) for child in below if child]
    return node


def parent(state: Bluesky, record: Doc, uri: str, height: int) -> Doc:
    """The post above, or what stands in its place when it is gone or blocked."""
    above = state.live(uri)
    if above is None or above["collection"] != POST:
        return {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri, "notFound": True}
    if f"{above['did']} {record['did']}" in state.blocks or f"{record['did']} {above['did']}" in state.blocks:
        return {
            "$type": "app.bsky.feed.defs#blockedPost",
            "uri": uri,
            "blocked": True,
            "author": {"did": above["did"], "viewer": {"blockedBy": True}},
        }
    return thread(state, above, 0, height - 1)
