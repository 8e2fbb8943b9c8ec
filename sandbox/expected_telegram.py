"""What the Bot API delivers to our bot."""

from __future__ import annotations

from typing import Any

from sandbox import keys
from sandbox.brands import brands, shown_handle
from sandbox.telegram.state import Telegram
from sandbox.world import World

Doc = dict[str, Any]


def collect(world: World) -> Doc:
    """``events``, ``sent``, ``unknown`` and ``hidden`` of this platform."""
    state = world.telegram
    handle = shown_handle(brands()[state.bot["brand"]])
    events: dict[str, Doc] = {}
    hidden, unknown, sent = [], [], []
    for message in state.messages.values():
        if message.get("album"):
            continue  # a further post of an album, which is one message
        key = keys.telegram(state, message)
        answered = state.sent.get(message["key"], {}).get("answered", True)
        if message["sender"] == state.bot["user"]["id"]:
            sent.append(_sent(state, message, handle, answered))
        if not answered:
            unknown.append(key)
        elif message["silent"]:
            hidden.append(key)
        else:
            events[key] = _event(state, message, handle)
            _add_context(state, message, handle, events)
    hidden = [key for key in hidden if key not in events]
    updates = [doc for doc in (_update(state, key, doc, handle) for key, doc in state.history.items()) if doc]
    return {"events": [*events.values(), *updates], "sent": sent, "unknown": unknown, "hidden": hidden}


def _add_context(state: Telegram, message: Doc, handle: str, events: dict[str, Doc]) -> None:
    parent = state.messages.get(message["parent"] or "")
    if parent and parent["silent"] and message["sender"] != state.bot["user"]["id"]:
        context = _event(state, parent, handle) | {"kind": "context", "optional": True}
        context["kind_accepted"] = ["context", "post", "reply"]
        context |= {"parent": None, "parent_unspecified": True}  # an embedded copy does not say what it answers
        events.setdefault(context["key"], context)


def _event(state: Telegram, message: Doc, handle: str) -> Doc:
    body = message["body"]
    private = body["chat"]["type"] == "private"
    outbound = message["sender"] == state.bot["user"]["id"]
    text = body.get("text", body.get("caption"))
    known = bool(message["deleted_at"]) and (outbound or bool(message["business"]))
    parent = _answered(state, message)
    username = body["chat"].get("username")
    event: Doc = {
        "key": keys.telegram(state, message),
        "platform": "telegram",
        "account": handle,
        "kind": "dm" if private else "reply" if parent else "mention",
        "direction": "outbound" if outbound else "inbound",
        "author": str(message["sender"]),
        "text": None if known else text,
        "parent": keys.telegram(state, parent) if parent else None,
        "posted_at": message["posted_at"],
        "edited": message["edited"],
        "deleted": known,
        "private": private,
        "labels": message.get("labels", {}),
        "permalink": None if private else f"https://t.me/{username}/{body['message_id']}",
    }
    if text is None:
        event["text_unspecified"] = True
    if outbound and private:
        event["other_side"] = str(body["chat"]["id"])
    if outbound and not parent:
        event["parent_unspecified"] = True
    if known:
        event["deletion_visible"] = "poll"
    return event


def _answered(state: Telegram, message: Doc) -> Doc | None:
    """What a message answers; a post of an album stands for the first of them."""
    parent = state.messages.get(message["parent"] or "")
    return state.messages.get(parent["album"]) if parent and parent.get("album") else parent


def _update(state: Telegram, key: str, doc: Doc, handle: str) -> Doc | None:
    """Updates that are no message of a person."""
    if not doc.get("expected"):
        return None
    event: Doc = {
        "key": f"telegram:{state.bot['user']['id']}:update:{key}",
        "platform": "telegram",
        "account": handle,
        "kind": doc["expected"],
        "kind_accepted": ["system", "unsupported", "reaction"],
        "direction": "inbound",
        "author": None,
        "author_unspecified": True,
        "text": None,
        "text_unspecified": True,
        "parent": None,
        "parent_unspecified": True,
        "posted_at": doc["at"],
        "posted_at_unspecified": True,
        "edited": False,
        "deleted": False,
        "private": True,
        "private_unspecified": True,
        "labels": {},
        "permalink": None,
    }
    return event


def _sent(state: Telegram, message: Doc, handle: str, answered: bool) -> Doc:
    parent = _answered(state, message)
    body = message["body"]
    return {
        "platform": "telegram",
        "account": handle,
        "key": keys.telegram(state, message),
        "text": body.get("text", body.get("caption")),
        "answered": answered,
        "files": message.get("items") or sum(field in body for field in ("photo", "video", "audio", "document")),
        "idempotency_key": None,
        "to": keys.telegram(state, parent) if parent else None,
        "conversation": str(body["chat"]["id"]),
        "posted_at": message["posted_at"],
    }
