"""Mastodon's event stream: https://docs.joinmastodon.org/methods/streaming/

Server-sent events over HTTP. Servers that only stream over WebSocket (GoToSocial, Pleroma) or not at
all are polled. What happened while a stream was broken is fetched by the next pull: streamed pages
leave the cursors alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from connectors.answers import loads
from connectors.client import Client
from connectors.platforms.mastodon.server import Server
from core.errors import AuthExpired, BadPayload, NotConfigured, Rejected, TryLater

SILENCE = 90.0
"""Seconds without a line, heartbeats included, after which the line counts as dead."""


class Streamer:
    """The user stream of one account."""

    def __init__(self, client: Client, about: Server) -> None:
        self._client, self._about = client, about

    def _address(self) -> str:
        """The path of the stream; a streaming service on another host is called there."""
        told = self._about.streaming.replace("wss://", "https://", 1).replace("ws://", "http://", 1)
        if told and httpx.URL(told).host != self._client.host:
            return told.rstrip("/") + "/api/v1/streaming/user"
        return "/api/v1/streaming/user"

    def available(self) -> bool:
        """Whether the server streams over HTTP, by its health address; asks once."""
        try:
            self._client.get("/api/v1/streaming/health", headers={"Accept": "text/plain"})
        except (Rejected, AuthExpired, BadPayload, TryLater):
            return False
        return True

    def messages(self) -> Iterator[tuple[str, Any] | None]:
        """Event names with their payloads; None for a heartbeat. Raises `TryLater` when the line ends."""
        try:
            with self._client.lines(self._address(), silence=SILENCE) as lines:
                yield from parse(lines)
        except Rejected as refused:
            if refused.code in ("404", "no_address", "405", "400", "410"):
                raise NotConfigured(f"{self._client.host} has no event stream; it is polled.") from refused
            raise
        raise TryLater(f"{self._client.host} ended the stream", after=2.0)


def parse(lines: Iterator[str]) -> Iterator[tuple[str, Any] | None]:
    """Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

    A payload is JSON, for `delete` a bare id; some servers wrap a JSON text into JSON once more.
    """
    name, data = "", []
    for line in lines:
        if line.startswith(":"):
            yield None
        elif line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield name, payload(name, "\n".join(data))
            name, data = "", []


def payload(name: str, text: str) -> Any:
    """A payload as its value."""
    if name == "delete":
        return text.strip().strip('"')
    try:
        found = loads(text)
        return loads(found) if isinstance(found, str) else found
    except ValueError:
        return {"unreadable": text[:1000]}
