"""`/inbox/{number}/messages/{message}/correct`: what a message is rated as, corrected in one click and taken back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox.models import Message
from sentiment import corrections
from sentiment.upkeep import Correction
from web import actors, place, rating, render, thread
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader
from web.thread import Log

HERE = "/inbox/{conversation_id}/messages/{message_id}/correct"
MORE = "more"
"""Stands for everything a message is rated by."""

router = APIRouter()

Correcting = Annotated[Reader, Depends(allow("messages.correct"))]


@router.get(HERE)
def choose(request: Request, conversation_id: int, message_id: int, reader: Correcting, task: str = MORE) -> Response:
    """The classes to choose from: the menu of a chip, or a page with all of them."""
    with db.read() as session:
        talk, message, standing = _found(session, conversation_id, message_id, reader, request)
    tasks = [task] if task in rating.TASK_WORDS else list(rating.TASK_WORDS)
    choices = rating.choices(message, standing, tasks, reader)
    if render.wants_part(request):
        return render.part("parts/correct_menu.html", reader, talk=talk, message=message, choices=choices)
    return render.page(request, reader, "correct.html", talk=talk, message=message, choices=choices)


@router.post(HERE)
def correct(
    request: Request,
    conversation_id: int,
    message_id: int,
    reader: Correcting,
    task: Annotated[str, Form()] = "",
    label: Annotated[str, Form()] = "",
) -> Response:
    """Say what a message is; without a label the annotator's word stands again. The toast takes it back."""
    with db.read() as session:
        _found(session, conversation_id, message_id, reader, request)
    if task not in rating.TASK_WORDS:
        raise HTTPException(400)
    before = ""
    try:
        with db.write() as session:
            if label:
                before = corrections.correct(session, message_id, task, label, reader.actor)
            else:
                corrections.undo(session, message_id, task, reader.actor)
    except Rejected as error:
        raise HTTPException(422) from error
    with db.read() as session:
        talk, message, standing = _found(session, conversation_id, message_id, reader, request)
        names = actors.names(session, {row.author for row in standing.values()})
    if not render.wants_part(request):
        return render.to(f"{talk.to()}#m{message_id}", "corrected" if label else "uncorrected")
    named = {row.author: actors.named(row.author, names, reader) for row in standing.values()}
    chips = rating.chips(message, standing, named, reader)
    answer = render.part("parts/rated.html", reader, talk=talk, message=message, chips=chips, focus=task)
    shown = rating.shown(task, label, reader) if label else ""
    said = N_("Corrected: %(rating)s.") if label else N_("The annotator's word stands again.")
    back = talk.to(f"messages/{message_id}/correct") if label else ""
    values = {"task": task, "label": before}
    return render.told(answer, reader.words(said, rating=shown), "ok", back, values, ["thread"])


def _found(
    session: Session, conversation_id: int, message_id: int, reader: Reader, request: Request
) -> tuple[Log, Message, dict[str, Correction]]:
    """The message in its conversation, if this reader may read it, with the corrections that stand."""
    talk = thread.bare(session, conversation_id, reader, request)
    message = session.get(Message, message_id) if message_id < place.LARGEST else None
    if message is None or message.conversation_id != conversation_id or not corrections.correctable(message):
        raise HTTPException(404)
    return talk, message, corrections.standing(session, [message_id]).get(message_id, {})
