"""`/live`: the event stream of an open page."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from core import db
from inbox import notices, visibility
from inbox.visibility import Sight
from web import kept, presence, render, sessions, shell, thread
from web import live as live_events
from web.fanout import Hub
from web.permissions import allow, granted
from web.place import LARGEST
from web.reader import Reader

RECHECK = 60.0
"""Seconds after which a stream looks whether its reader may still read."""

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("messages.read"))]


@router.get("/live/mine")
def mine(reader: Reading) -> PlainTextResponse:
    """The number beside the inbox, after an event that may have changed it."""
    return PlainTextResponse(reader.number(shell.mine(reader)))


@router.get("/live/present")
def present(reader: Reading, ids: str = "") -> Response:
    """Who else is at these conversations."""
    numbers = [int(one) for one in ids.split(",") if one.isascii() and one.isdigit() and len(one) < 16]
    with db.read() as session:
        found = presence.of(session, numbers, reader)
    return render.part("parts/present.html", reader, found=found)


@router.post("/live/here")
def here(
    reader: Reading,
    page: Annotated[str, Form()] = "",
    at: Annotated[int, Form()] = 0,
    before: Annotated[int, Form()] = 0,
    writes: Annotated[str, Form()] = "",
    reads: Annotated[str, Form()] = "",
) -> Response:
    """The reader's page shows a conversation (`at`; 0: none), and showed `before`; `writes` says that they write.

    With `reads` what they were told of it has been read.
    """
    if not re.fullmatch("[a-z0-9]{8,16}", page) or not 0 <= at < LARGEST or not 0 <= before < LARGEST:
        raise HTTPException(400)
    if at:
        with db.read() as session:
            thread.find(session, at, reader)
    if at and reads == "yes":
        with db.read() as session:
            told = notices.unread_of(session, reader.actor, at)
        if told:
            with db.write() as session:
                notices.read(session, reader.actor, conversation_id=at)
    presence.tell(reader.user_id, page, at, before=before, writes=writes == "yes")
    return Response(status_code=204)


@router.get("/live")
async def live(request: Request, reader: Reading, after: str = "") -> StreamingResponse:
    """Events after `Last-Event-ID` (a reconnect) or `after` (where the page was rendered)."""
    last = request.headers.get("last-event-id") or after
    token = request.cookies.get(sessions.cookie_name(request), "")
    return StreamingResponse(
        _lines(request.app.state.hub, last[:64], token, reader),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _lines(hub: Hub, last: str, token: str, reader: Reader) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    sight, checked = reader.sight, time.monotonic()
    async for event in hub.events(last):
        changed = live_events.of_session(event.data) if event is not None else 0
        if changed == reader.user_id or time.monotonic() - checked > RECHECK:
            signed = await run_in_threadpool(sessions.find, token)
            may = granted(signed.role, signed.kept.grants) if signed is not None else frozenset()
            if signed is None or "messages.read" not in may:
                return
            sight = kept.sight(signed.user_id, signed.kept, may)
            checked = time.monotonic()
        if event is None:
            yield b": still here\n\n"
        elif changed:
            continue
        elif sight.whole or not event.data or await run_in_threadpool(_told, sight, event.data):
            yield event.sse()


def _told(sight: Sight, data: str) -> bool:
    """The event is about a conversation that its reader sees, or saw until just now."""
    told = json.loads(data)
    number = told.get("conversation_id") or told.get("talk")
    if not number:  # no conversation: what pages look after themselves
        return True
    with db.read() as session:
        return visibility.told(session, sight, int(number))
