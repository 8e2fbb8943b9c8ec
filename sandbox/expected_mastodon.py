"""What the Mastodon server's API delivers to our accounts."""

from __future__ import annotations

from typing import Any

from sandbox import keys
from sandbox.brands import brands, shown_handle
from sandbox.clock import parse
from sandbox.mastodon.state import DOMAIN, Mastodon
from sandbox.world import World

Doc = dict[str, Any]
SEEN_FOR_SURE = 10.0
KINDS = {"favourite": "like", "reblog": "repost", "follow": "follow"}


def collect(world: World) -> Doc:
    """``events``, ``sent``, ``unknown`` and ``hidden`` of this platform."""
    state = world.mastodon
    wanted = _wanted(state)
    events = [_event(state, state.statuses[key], handle) for key, handle in wanted.items()]
    own = {key: doc for key, doc in state.statuses.items() if key not in wanted and _own(state, doc)}
    events += [_event(state, doc, handle_of(state, doc["account"])) | {"optional": True} for doc in own.values()]
    events += [_notice(state, notice) for notice in state.notifications.values() if notice["type"] != "mention"]
    hidden = [keys.mastodon(doc) for key, doc in state.statuses.items() if key not in wanted | own]
    sent = []
    for key, doc in state.sent.items():
        status = state.statuses[key]
        sent.append(
            {
                "platform": "mastodon",
                "account": handle_of(state, doc["account"]),
                "key": keys.mastodon(status),
                "text": status["plain"],
                "answered": doc["answered"],
                "files": len(status["media"]),
                "idempotency_key": doc["key"],
                "to": _parent_key(state, status),
                "posted_at": status["created_at"],
            }
        )
    return {"events": events, "sent": sent, "unknown": [], "hidden": hidden}


def handle_of(state: Mastodon, account: str) -> str:
    return shown_handle(brands()[state.accounts[account]["brand"]])


def _wanted(state: Mastodon) -> dict[str, str]:
    """Status id → our handle: what addresses us or is ours by the API, with everything above it."""
    wanted: dict[str, str] = {}
    for key, status in state.statuses.items():
        author = state.accounts[status["account"]]
        named = [mention for mention in status["mentions"] if state.accounts[mention]["ours"]]
        delivered = bool(named) and not author["ours"]
        if delivered and _gone_unseen(state, status):
            continue
        if not delivered and status.get("origin") != "api":
            continue
        handle = handle_of(state, named[0] if delivered else author["id"])
        wanted[key] = handle
        for above in state.ancestors(status):
            wanted.setdefault(above["id"], handle)
        parent = status["parent"]
        while parent:
            if parent in state.served:
                wanted.setdefault(parent, handle)
            parent = state.statuses[parent]["parent"]
    return wanted


def _own(state: Mastodon, status: Doc) -> bool:
    """A status of ours that stands: our own list shows it, whether or not somebody's answer leads there."""
    return bool(state.accounts[status["account"]]["ours"]) and not status["deleted_at"]


def _gone_unseen(state: Mastodon, status: Doc) -> bool:
    return bool(status["deleted_at"]) and status["id"] not in state.served


def _event(state: Mastodon, status: Doc, handle: str) -> Doc:
    author = state.accounts[status["account"]]
    private = status["visibility"] in ("direct", "private")
    named = [mention for mention in status["mentions"] if state.accounts[mention]["ours"]]
    if author["ours"]:
        kind = "dm" if private else "reply" if status["parent"] else "post"
    elif not named:
        kind = "context"
    else:
        kind = "dm" if private else "reply" if status["parent"] else "mention"
    deleted = bool(status["deleted_at"])
    event: Doc = {
        "key": keys.mastodon(status),
        "platform": "mastodon",
        "account": handle,
        "kind": kind,
        "direction": "outbound" if author["ours"] else "inbound",
        "author": author["uri"],
        "text": None if deleted else status["plain"],
        "parent": _parent_key(state, status),
        "posted_at": status["created_at"],
        "edited": bool(status["edited_at"]),
        "deleted": deleted,
        "private": private,
        "labels": status.get("labels", {}),
        "permalink": None if private else status["url"],
    }
    if len(named) > 1:
        event["accounts"] = [handle_of(state, key) for key in named]
    if author["ours"] and private:
        others = [key for key in status["mentions"] if not state.accounts[key]["ours"]]
        event["other_side"] = state.accounts[others[0]]["uri"] if others else None
    if kind == "context":
        event["kind_accepted"] = ["context", "post", "reply"]
    if deleted:
        event["deletion_visible"] = "stream, lookup"
        event["optional"] = kind == "context" or not _seen_for_sure(state, status)
    return event


def _seen_for_sure(state: Mastodon, status: Doc) -> bool:
    """Whether the hub had at least ten seconds with a status before it was deleted."""
    served = state.served.get(status["id"])
    if served is None:
        return False
    return (parse(status["deleted_at"]) - parse(served["at"])).total_seconds() > SEEN_FOR_SURE


def _parent_key(state: Mastodon, status: Doc) -> str | None:
    parent = state.statuses.get(status["parent"] or "")
    return keys.mastodon(parent) if parent else None


def _notice(state: Mastodon, notice: Doc) -> Doc:
    """Favourites, boosts, follows and the server's own notices."""
    target = state.statuses.get(notice["status"] or "")
    event: Doc = {
        "key": f"mastodon:{DOMAIN}:notification:{notice['id']}",
        "platform": "mastodon",
        "account": handle_of(state, notice["to"]),
        "kind": KINDS.get(notice["type"], "system"),
        "direction": "inbound",
        "author": state.accounts[notice["account"]]["uri"],
        "text": None,
        "text_unspecified": True,
        "parent": None,
        "parent_unspecified": True,
        "target": keys.mastodon(target) if target else None,
        "posted_at": notice["created_at"],
        "edited": False,
        "deleted": False,
        "private": False,
        "labels": {},
        "permalink": None,
    }
    if event["kind"] == "system":
        event["kind_accepted"] = ["system", "unsupported"]
    if notice.get("gone"):
        event["optional"] = True
    return event
