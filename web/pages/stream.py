"""`/live`: the event stream of an open page."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from web import sessions, shell
from web.fanout import Hub
from web.permissions import PERMISSIONS, allow
from web.reader import Reader

RECHECK = 60.0
"""Seconds after which a stream looks whether its reader may still read."""

router = APIRouter()


@router.get("/live/mine")
def mine(reader: Annotated[Reader, Depends(allow("messages.read"))]) -> PlainTextResponse:
    """The number beside the inbox, after an event that may have changed it."""
    return PlainTextResponse(reader.number(shell.mine(reader)))


@router.get("/live")
async def live(
    request: Request, reader: Annotated[Reader, Depends(allow("messages.read"))], after: str = ""
) -> StreamingResponse:
    """Events after `Last-Event-ID` (a reconnect) or `after` (where the page was rendered)."""
    last = request.headers.get("last-event-id") or after
    token = request.cookies.get(sessions.cookie_name(request), "")
    return StreamingResponse(
        _lines(request.app.state.hub, last[:64], token),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _lines(hub: Hub, last: str, token: str) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    checked = time.monotonic()
    async for event in hub.events(last):
        if time.monotonic() - checked > RECHECK:
            signed = await run_in_threadpool(sessions.find, token)
            if signed is None or signed.role not in PERMISSIONS["messages.read"]:
                return
            checked = time.monotonic()
        yield b": still here\n\n" if event is None else event.sse()
