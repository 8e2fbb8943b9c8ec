"""Server-sent events. https://docs.joinmastodon.org/methods/streaming/"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from sandbox.mastodon.access import Denied, state_of, viewer
from sandbox.mastodon.state import Mastodon

STREAMS = ("user", "user/notification", "direct", "hashtag")


async def health(request: Request) -> Response:
    """Answers ``OK`` while streaming works."""
    if state_of(request).quirks.get("no_streaming"):
        raise Denied(404, "Not Found")
    return PlainTextResponse("OK")


async def stream(request: Request) -> Response:
    """``/api/v1/streaming/user`` and ``/api/v1/streaming?stream=user``, also direct and hashtag."""
    state = state_of(request)
    if state.quirks.get("no_streaming"):
        raise Denied(404, "Not Found")
    who = viewer(request, "read:statuses")
    name = request.path_params.get("name") or request.query_params.get("stream", "")
    name = name.replace(":", "/").rstrip("/")
    if name not in STREAMS:
        raise Denied(400, "Unknown stream type")
    whom = request.query_params.get("tag", "").lower() if name == "hashtag" else who["id"]
    headers = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(state, whom, name), 200, headers, "text/event-stream")


async def _events(state: Mastodon, whom: str, name: str) -> AsyncIterator[bytes]:
    key = name.split("/")[0]
    queue = state.hub.join(whom, key)
    try:
        yield b":)\n"
        while True:
            try:
                chunk = await asyncio.wait_for(queue.get(), state.heartbeat)
            except TimeoutError:
                yield b":thump\n"
                continue
            if not chunk:
                return
            if "/" not in name or chunk.startswith(b"event: notification"):
                yield chunk
    finally:
        state.hub.leave(whom, key, queue)
