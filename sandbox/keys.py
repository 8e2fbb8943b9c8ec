"""Event keys: what the world calls each message, and the way back."""

from __future__ import annotations

from typing import Any

Doc = dict[str, Any]


def mastodon(status: Doc) -> str:
    return f"mastodon:{status['uri']}"


def mastodon_uri(key: str | None) -> str:
    return (key or "").removeprefix("mastodon:")


def bluesky(record: Doc) -> str:
    return f"bluesky:{record['uri']}"


def bluesky_uri(key: str | None) -> str | None:
    return key.removeprefix("bluesky:") if key else None


def bluesky_message(message: Doc) -> str:
    return f"bluesky:chat:{message['convo']}:{message['id']}"


def message_id(key: str | None) -> str:
    """The id of a chat message from its key."""
    return (key or "").rsplit(":", 1)[-1]


def telegram(state: Any, message: Doc) -> str:
    return f"telegram:{state.bot['user']['id']}:{message['key']}"


def telegram_key(key: str | None) -> str | None:
    """``chat:message`` from an event key."""
    return key.split(":", 2)[2] if key else None
