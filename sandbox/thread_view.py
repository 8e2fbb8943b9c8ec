"""A customer's conversations with a brand, as the "be a customer" page shows them."""

from __future__ import annotations

from typing import Any

from sandbox import keys
from sandbox.clock import parse
from sandbox.world import World

Doc = dict[str, Any]
SHOWN = 30


def threads(world: World, person: str, brand: Doc) -> list[list[Doc]]:
    """Conversations, the latest first; each a list of messages, oldest first."""
    platform = brand["platform"]
    who, us = world.accounts[platform, person], world.ours[brand["key"]]
    found = globals()[f"_{platform}"](world, who, us)
    found.sort(key=lambda thread: thread[-1]["at"], reverse=True)
    shown: list[list[Doc]] = found[:SHOWN]
    return shown


def _line(key: str, name: str, mine: bool, text: str, at: str, **more: Any) -> Doc:
    when = parse(at)
    return {
        "key": key,
        "name": name,
        "mine": mine,
        "text": text,
        "at": at,
        "shown_at": when.strftime("%Y-%m-%d %H:%M UTC"),
        "private": False,
        "edited": False,
        **more,
    }


def _mastodon(world: World, who: Doc, us: Doc) -> list[list[Doc]]:
    state = world.mastodon
    roots: dict[str, None] = {}
    for number in state.authored[who["id"]]:
        status = state.statuses[str(number)]
        if us["id"] in status["mentions"]:
            roots.setdefault(status["root"])
    found = []
    for root in roots:
        top = state.statuses[root]
        line = [status for status in [top, *state.descendants(top)] if not status["deleted_at"]]
        found.append(
            [
                _line(
                    keys.mastodon(status),
                    state.accounts[status["account"]]["display_name"],
                    status["account"] == who["id"],
                    status["plain"],
                    status["created_at"],
                    private=status["visibility"] == "direct",
                    edited=bool(status["edited_at"]),
                    lang=status["language"],
                )
                for status in line
                if status["visibility"] != "direct" or who["id"] in (status["account"], *status["mentions"])
            ]
        )
    return [thread for thread in found if thread]


def _bluesky(world: World, who: Doc, us: Doc) -> list[list[Doc]]:
    state = world.bluesky
    roots: dict[str, None] = {}
    for uri in state.authored[who["did"]]:
        value = state.records[uri]["value"]
        root = value.get("reply", {}).get("root", {}).get("uri", uri)
        if root.split("/")[2] == us["did"] or us["did"] in str(value.get("facets", "")):
            roots.setdefault(root)
    found = [thread for thread in (_below(world, root, who) for root in roots) if thread]
    talk = [
        _line(
            keys.bluesky_message(message),
            state.actors[message["sender"]]["display_name"],
            message["sender"] == who["did"],
            message["text"],
            message["sent_at"],
            private=True,
            lang=who["language"],
        )
        for convo in state.convos.values()
        if set(convo["members"]) == {who["did"], us["did"]}
        for message in (state.messages[key] for key in state.talk[convo["id"]])
        if not message["deleted_at"]
    ]
    return [*found, talk] if talk else found


def _below(world: World, uri: str, who: Doc) -> list[Doc]:
    state = world.bluesky
    record = state.live(uri)
    lines = []
    if record:
        author = state.actors[record["did"]]
        lines.append(
            _line(
                keys.bluesky(record),
                author["display_name"],
                author is who,
                record["value"]["text"],
                record["value"]["createdAt"],
                lang=next(iter(record["value"].get("langs", [])), None),
                fixed=True,
            )
        )
    for child in state.replies.get(uri, []):
        lines += _below(world, child, who)
    return lines


def _telegram(world: World, who: Doc, us: Doc) -> list[list[Doc]]:
    state = world.telegram
    talk = [
        _line(
            keys.telegram(state, message),
            message["body"]["from"]["first_name"],
            message["sender"] == who["id"],
            message["body"].get("text") or message["body"].get("caption") or "…",
            message["posted_at"],
            private=True,
            edited=message["edited"],
            lang=who["language_code"],
        )
        for message in state.messages.values()
        if message["body"]["chat"]["id"] == who["id"] and not message["deleted_at"]
    ]
    return [talk] if talk else []
