"""What the Bluesky PDS and its chat service deliver to our accounts."""

from __future__ import annotations

from typing import Any

from sandbox import keys
from sandbox.bluesky.state import POST, Bluesky
from sandbox.clock import parse
from sandbox.world import World

Doc = dict[str, Any]
SEEN_FOR_SURE = 10.0
REACTIONS = {"like": "like", "repost": "repost", "follow": "follow"}


def collect(world: World) -> Doc:
    """``events``, ``sent``, ``unknown`` and ``hidden`` of this platform."""
    state = world.bluesky
    wanted: dict[str, tuple[str, str]] = {}
    events: list[Doc] = []
    for notice in state.notices.values():
        record = state.records[notice["uri"]]
        handle = state.actors[notice["to"]]["handle"]
        if notice["reason"] in REACTIONS:
            events.append(_reaction(state, notice, record, handle))
        elif not record["deleted_at"] or record["uri"] in state.served:
            wanted.setdefault(record["uri"], (handle, notice["reason"]))
    for uri, record in state.records.items():
        if record.get("origin") == "api" and record["collection"] == POST:
            wanted.setdefault(uri, (state.actors[record["did"]]["handle"], "own"))
    for uri, (handle, _) in list(wanted.items()):
        for above in _ancestors(state, state.records[uri]):
            wanted.setdefault(above["uri"], (handle, "above"))
    events += [_post(state, state.records[uri], *how) for uri, how in wanted.items()]
    own = {uri: record for uri, record in state.records.items() if uri not in wanted and _own(state, record)}
    for record in own.values():
        events.append(_post(state, record, state.actors[record["did"]]["handle"], "own") | {"optional": True})
    wanted |= dict.fromkeys(own, ("", "own"))
    events += [_message(state, message) for message in state.messages.values() if _ours(state, message)]
    posts = [uri for uri, record in state.records.items() if record["collection"] == POST]
    return {
        "events": events,
        "sent": [_sent(state, key, doc) for key, doc in state.sent.items() if _is_text(state, key, doc)],
        "unknown": [],
        "hidden": [f"bluesky:{uri}" for uri in posts if uri not in wanted],
    }


def _own(state: Bluesky, record: Doc) -> bool:
    """A post of ours that stands: our own list shows it, whether or not somebody's answer leads there."""
    return record["collection"] == POST and state.actors[record["did"]]["ours"] and not record["deleted_at"]


def _ancestors(state: Bluesky, record: Doc) -> list[Doc]:
    """What getPostThread shows above a post: ends at a deleted or blocked one."""
    line: list[Doc] = []
    while True:
        uri = record["value"].get("reply", {}).get("parent", {}).get("uri")
        above = state.records.get(uri or "")
        if above is None or (above["deleted_at"] and above["uri"] not in state.served):
            return line
        if {f"{above['did']} {record['did']}", f"{record['did']} {above['did']}"} & set(state.blocks):
            return line
        line.append(above)
        record = above


def _post(state: Bluesky, record: Doc, handle: str, reason: str) -> Doc:
    author, value = state.actors[record["did"]], record["value"]
    parent = value.get("reply", {}).get("parent", {}).get("uri")
    if author["ours"]:
        kind = "reply" if parent else "post"
    elif reason == "above":
        kind = "context"
    else:
        kind = "quote" if reason == "quote" else "reply" if parent else "mention"
    deleted = bool(record["deleted_at"])
    event: Doc = {
        "key": keys.bluesky(record),
        "platform": "bluesky",
        "account": handle,
        "kind": kind,
        "direction": "outbound" if author["ours"] else "inbound",
        "author": author["did"],
        "text": None if deleted else value["text"],
        "parent": f"bluesky:{parent}" if parent else None,
        "posted_at": value["createdAt"],
        "edited": False,
        "deleted": deleted,
        "private": False,
        "labels": record.get("labels", {}),
        "permalink": f"https://bsky.app/profile/{author['did']}/post/{record['rkey']}",
    }
    if kind == "quote":
        event["parent_unspecified"] = True
    if kind == "context":
        event["kind_accepted"] = ["context", "post", "reply"]
    if deleted:
        event["deletion_visible"] = "lookup"
        served = state.served.get(record["uri"])
        unsure = served is None or not _long_enough(served["at"], record["deleted_at"])
        event["optional"] = kind == "context" or unsure
    return event


def _long_enough(seen: str, deleted: str) -> bool:
    return (parse(deleted) - parse(seen)).total_seconds() > SEEN_FOR_SURE


def _reaction(state: Bluesky, notice: Doc, record: Doc, handle: str) -> Doc:
    event: Doc = {
        "key": keys.bluesky(record),
        "platform": "bluesky",
        "account": handle,
        "kind": REACTIONS[notice["reason"]],
        "direction": "inbound",
        "author": record["did"],
        "text": None,
        "text_unspecified": True,
        "parent": None,
        "parent_unspecified": True,
        "target": f"bluesky:{notice['subject']}" if notice["subject"] else None,
        "posted_at": record["value"].get("createdAt", record["indexed_at"]),
        "edited": False,
        "deleted": False,
        "private": False,
        "labels": {},
        "permalink": None,
    }
    if record["deleted_at"]:
        event["optional"] = True
    return event


def _ours(state: Bluesky, message: Doc) -> bool:
    return any(state.actors[did]["ours"] for did in state.convos[message["convo"]]["members"])


def _message(state: Bluesky, message: Doc) -> Doc:
    members = state.convos[message["convo"]]["members"]
    us = next(did for did in members if state.actors[did]["ours"])
    other = next((did for did in members if did != us), us)
    outbound, deleted = message["sender"] == us, bool(message["deleted_at"])
    event: Doc = {
        "key": keys.bluesky_message(message),
        "platform": "bluesky",
        "account": state.actors[us]["handle"],
        "kind": "dm",
        "direction": "outbound" if outbound else "inbound",
        "author": message["sender"],
        "text": None if deleted else message["text"],
        "parent": None,
        "parent_unspecified": True,
        "posted_at": message["sent_at"],
        "edited": False,
        "deleted": deleted,
        "private": True,
        "labels": message.get("labels", {}),
        "permalink": None,
    }
    if outbound:
        event["other_side"] = other
    if deleted:
        served = state.served.get(message["id"])
        event["deletion_visible"] = "poll"
        event["optional"] = served is None or not _long_enough(served["at"], message["deleted_at"])
    return event


def _is_text(state: Bluesky, key: str, doc: Doc) -> bool:
    return bool(doc["kind"] == "message" or state.records[key]["collection"] == POST)


def _sent(state: Bluesky, key: str, doc: Doc) -> Doc:
    is_message = doc["kind"] == "message"
    known = state.messages[key] if is_message else state.records[key]
    parent = None if is_message else known["value"].get("reply", {}).get("parent", {}).get("uri")
    return {
        "platform": "bluesky",
        "account": state.actors[doc["account"]]["handle"],
        "key": keys.bluesky_message(known) if is_message else keys.bluesky(known),
        "text": known["text"] if is_message else known["value"]["text"],
        "answered": doc["answered"],
        "files": 0 if is_message else _files(known["value"].get("embed") or {}),
        "idempotency_key": doc["key"],
        "to": f"bluesky:{parent}" if parent else None,
        "conversation": known["convo"] if is_message else None,
        "posted_at": known["sent_at"] if is_message else known["indexed_at"],
    }


def _files(embed: Doc) -> int:
    return len(embed.get("images") or []) + ("video" in embed)
