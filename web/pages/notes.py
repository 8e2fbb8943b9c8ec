"""`/inbox/{number}/notes/…`: one's own notes written anew or taken away; whom a note can mention."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import notes
from inbox.models import Note
from web import mentions, render, thread
from web.i18n import N_
from web.permissions import allow
from web.place import LARGEST
from web.reader import Reader

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("conversations.manage"))]

SENTENCES = (
    N_("The note is empty. Write something first."),
    N_("This note is gone."),
    N_("Only who wrote a note can change it."),
    N_("Only who wrote a note can take it away."),
)
"""What inbox.notes says is wrong."""


@router.get("/inbox/{conversation_id}/mentionable")
def mentionable(request: Request, conversation_id: int, reader: Managing) -> Response:
    """Everybody who sees the conversation, and every team: whom an @ can name."""
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#conversation")
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        found = mentions.offered(session, conversation_id)
    return render.part("parts/mentionable.html", reader, everybody=found)


@router.post("/inbox/{conversation_id}/notes/{note_id}")
def change(
    request: Request, conversation_id: int, note_id: int, reader: Managing, text: Annotated[str, Form()] = ""
) -> Response:
    """Write a note of one's own anew."""
    words = text.replace("\r\n", "\n")
    try:
        with db.write() as session:
            _there(session, conversation_id, note_id, reader)
            notes.change(session, note_id, words, mentions.of(session, words, conversation_id), reader.actor)
    except Rejected as error:
        return _refused(request, str(error), reader)
    return _done(request, conversation_id, f"#n{note_id}", N_("The note was changed."), "note-changed", reader)


@router.post("/inbox/{conversation_id}/notes/{note_id}/remove")
def remove(request: Request, conversation_id: int, note_id: int, reader: Managing) -> Response:
    """Take a note of one's own away."""
    try:
        with db.write() as session:
            _there(session, conversation_id, note_id, reader)
            notes.remove(session, note_id, reader.actor)
    except Rejected as error:
        return _refused(request, str(error), reader)
    return _done(request, conversation_id, "#conversation", N_("The note is gone."), "note-removed", reader)


def _there(session: Session, conversation_id: int, note_id: int, reader: Reader) -> None:
    """404 when it is none of this conversation, or its conversation is not for this reader."""
    thread.find(session, conversation_id, reader)
    row = session.get(Note, note_id) if 0 < note_id < LARGEST else None
    if row is None or row.conversation_id != conversation_id:
        raise HTTPException(404)


def _done(request: Request, conversation_id: int, anchor: str, said: str, note: str, reader: Reader) -> Response:
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}{anchor}", note)
    return render.told(Response(status_code=204), reader.words(said), events=["thread"])


def _refused(request: Request, why: str, reader: Reader) -> Response:
    if not render.wants_part(request):
        raise HTTPException(422, reader.words(why))
    return render.told(Response(status_code=204), reader.words(why), "err")
