"""`/inbox/{number}/split-from/{message}`: a second matter in a thread becomes a conversation of its own, and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from core import db
from core.errors import Rejected
from inbox.cuts import store
from inbox.models import Message
from web import place, render, thread
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader

router = APIRouter()
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
REFUSALS = (
    N_("Only conversations of the inbox are split."),
    N_("This message is not in this conversation."),
    N_("Something they wrote has to stay, and something they wrote has to go: choose a later message."),
    N_("It is part of a merged case. Split the case first."),
    N_("This conversation was not split off another one."),
)


@router.get("/inbox/{conversation_id}/split-from/{message_id}")
def look(request: Request, conversation_id: int, message_id: int, reader: Managing) -> Response:
    """What would go, and what would stay."""
    return _page(request, conversation_id, message_id, reader)


@router.post("/inbox/{conversation_id}/split-from/{message_id}")
def split(request: Request, conversation_id: int, message_id: int, reader: Managing) -> Response:
    """Have the message and all after it be a conversation of its own; the toast takes it back."""
    try:
        with db.write() as session:
            thread.find(session, conversation_id, reader)
            number, _ = store.split_from(session, conversation_id, min(message_id, place.LARGEST), reader.actor)
    except Rejected as error:
        return _page(request, conversation_id, message_id, reader, 422, reader.words(str(error)))
    return render.to(f"/inbox/{_seen(number, conversation_id, reader)}#conversation", "split-off")


@router.post("/inbox/{conversation_id}/split-back")
def take_back(request: Request, conversation_id: int, reader: Managing) -> Response:
    """Have a conversation that was split off go on where it came from."""
    try:
        with db.write() as session:
            row = thread.row(session, conversation_id)
            thread.find(session, thread.goes_on_in(session, row, reader) or conversation_id, reader)
            came_from = store.ends(session, conversation_id).came_from
            if came_from:
                thread.find(session, came_from, reader)
            target, _ = store.take_back(session, conversation_id, reader.actor)
    except Rejected as error:
        with db.read() as session:
            talk = thread.refused(thread.load(session, conversation_id, reader, request), reader.words(str(error)))
            beside = thread.beside(session, talk, reader)
        return render.page(request, reader, "conversation.html", 422, talk=talk, **beside)
    return render.to(f"/inbox/{target}#conversation", "split-back")


def _seen(number: int, otherwise: int, reader: Reader) -> int:
    """The new conversation; the old one for who sees only what is given to them."""
    with db.read() as session:
        try:
            return thread.find(session, number, reader).id or otherwise
        except HTTPException:
            return otherwise


def _page(
    request: Request, conversation_id: int, message_id: int, reader: Reader, status: int = 200, problem: str = ""
) -> Response:
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request, whole=False)
        message = session.get(Message, message_id) if message_id < place.LARGEST else None
        if message is None or (message.conversation_id != conversation_id and not problem):
            raise HTTPException(404)
        going = None
        try:
            going = store.looked_at(session, conversation_id, message_id)
        except Rejected as error:
            problem = problem or reader.words(str(error))
        shown = message if message.conversation_id == conversation_id else None
    return render.page(
        request, reader, "split_from.html", status, talk=talk, message=shown, number=message_id, going=going,
        problem=problem,
    )  # fmt: skip
