"""`/inbox/{number}/state/…`, `/snooze`, `/unread`, `/watch`: closed, put away, spam, unread, watched; and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import desk, sightings, stood, watching
from web import render, snoozing, thread
from web.i18n import N_
from web.pages.thread import Deed, do
from web.permissions import allow
from web.reader import Reader

router = APIRouter()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]

STATES = {"closed": "closed", "open": "reopened", "spam": "spam"}
"""State → the note about it."""


@router.post("/inbox/{conversation_id}/state/{state}")
def set_state(
    request: Request, conversation_id: int, state: str, reader: Managing, was: Annotated[str, Form()] = ""
) -> Response:
    """Close, open again, or mark as spam; with `was`, what stood there before stands there again."""
    if state not in STATES:
        raise HTTPException(404)
    with db.read() as session:
        before = stood.written(thread.find(session, conversation_id, reader))

    def deed(session: Session) -> bool:
        if state == "open" and was:
            return desk.restore(session, conversation_id, *stood.read(was), reader.actor)
        return desk.set_state(session, conversation_id, state, reader.actor)

    said = {
        "closed": N_("The conversation is closed."),
        "open": N_("It was taken back.") if was else N_("The conversation is open again."),
        "spam": N_("Marked as spam. Further messages do not open it."),
    }[state]
    back = "" if state == "open" else "state/open"
    return do(request, conversation_id, reader, deed, reader.words(said), STATES[state], back, {"was": before})


@router.post("/inbox/{conversation_id}/snooze")
def snooze(request: Request, conversation_id: int, reader: Managing, until: Annotated[str, Form()] = "") -> Response:
    """Put away until a moment."""
    moment = snoozing.moment(until, reader)
    with db.read() as session:
        before = stood.written(thread.find(session, conversation_id, reader))

    def deed(session: Session) -> bool:
        if moment is None:
            raise Rejected(N_("That is no date and time. Choose one that lies ahead."))
        return desk.snooze(session, conversation_id, moment, reader.actor)

    shown = reader.short(moment) if moment is not None else ""
    said = reader.words(N_("Snoozed until %(moment)s, or until a new message."), moment=shown)
    return do(request, conversation_id, reader, deed, said, "snoozed", "state/open", {"was": before})


@router.post("/inbox/{conversation_id}/unread")
def unread(request: Request, conversation_id: int, reader: Reading) -> Response:
    """Unread again for the reader alone, until they open it anew."""
    with db.write() as session:
        done = sightings.put_back(session, reader.actor, thread.find(session, conversation_id, reader))
    said = N_("Unread again, for you alone.") if done else N_("Nothing has come in that could be unread.")
    if not render.wants_part(request):
        return render.to("/inbox", "unread" if done else "")
    return render.told(Response(status_code=204), reader.words(said), "ok" if done else "", events=["row"])


@router.post("/inbox/{conversation_id}/watch")
def watch(request: Request, conversation_id: int, reader: Reading) -> Response:
    """The reader is told what happens here, whoever takes care of it."""
    said = reader.words(N_("You are told what happens here."))
    deed: Deed = lambda session: watching.watch(session, conversation_id, reader.actor)  # noqa: E731  # one use
    return do(request, conversation_id, reader, deed, said, "saved", "unwatch")


@router.post("/inbox/{conversation_id}/unwatch")
def unwatch(request: Request, conversation_id: int, reader: Reading) -> Response:
    """Not any more."""
    said = reader.words(N_("You do not watch this conversation any more."))
    deed: Deed = lambda session: watching.leave(session, conversation_id, reader.actor)  # noqa: E731  # one use
    return do(request, conversation_id, reader, deed, said, "saved", "watch")
