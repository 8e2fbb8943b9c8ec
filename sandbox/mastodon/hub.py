"""Who listens to which stream of the Mastodon server."""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Hub:
    """Queues of open streams by (account or tag, stream name)."""

    def __init__(self) -> None:
        self._queues: dict[tuple[str, str], set[asyncio.Queue[bytes]]] = defaultdict(set)

    def join(self, whom: str, stream: str) -> asyncio.Queue[bytes]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._queues[whom, stream].add(queue)
        return queue

    def leave(self, whom: str, stream: str, queue: asyncio.Queue[bytes]) -> None:
        self._queues[whom, stream].discard(queue)

    def close(self) -> None:
        """End every open stream."""
        for queues in self._queues.values():
            for queue in queues:
                queue.put_nowait(b"")

    def publish(self, whom: str, stream: str, event: str, payload: bytes) -> int:
        """Send one server-sent event; returns how many listeners it reached."""
        queues = self._queues.get((whom, stream), set())
        for queue in queues:
            queue.put_nowait(b"event: " + event.encode() + b"\ndata: " + payload + b"\n\n")
        return len(queues)
