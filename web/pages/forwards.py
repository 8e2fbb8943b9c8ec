"""`/inbox/{number}/forward`: a conversation, or some of its messages, to others by e-mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db, mail
from core.errors import Rejected
from inbox import forwards
from inbox.forward_models import Forward
from inbox.forwards import BadAddress, Wanted
from inbox.models import Message
from web import actors, entries, forward_words, forwarding, place, render, thread
from web.permissions import allow
from web.reader import Reader

router = APIRouter()

Forwarding = Annotated[Reader, Depends(allow("conversations.forward"))]


@router.get("/inbox/{conversation_id}/forward")
def form(request: Request, conversation_id: int, reader: Forwarding) -> Response:
    """The form, and what was forwarded before."""
    return _page(request, conversation_id, reader, {})


@router.post("/inbox/{conversation_id}/forward")
def forward(
    request: Request,
    conversation_id: int,
    reader: Forwarding,
    to: Annotated[str, Form()] = "",
    subject: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    what: Annotated[str, Form()] = "all",
    message: Annotated[Sequence[str], Form()] = (),
) -> Response:
    """One mail to each address."""
    chosen = [int(one) for one in message if one.isascii() and one.isdigit() and len(one) < 16]
    typed = {"to": to, "subject": subject, "note": note.replace("\r\n", "\n"), "what": what, "chosen": chosen}
    with db.read() as session:
        thread.find(session, conversation_id, reader)
    if not mail.is_set_up():
        return _page(request, conversation_id, reader, typed, {"to": reader.words(forward_words.NOT_SET_UP)})
    wanted = Wanted(forwards.addresses(to), subject, str(typed["note"]), None if what == "all" else chosen)
    try:
        with db.write() as session:
            forwards.add(session, conversation_id, wanted, reader.actor, forwarding.domain())
    except BadAddress as error:
        wrong = reader.words(forward_words.BAD_ADDRESS, address=error.address)
        return _page(request, conversation_id, reader, typed, {"to": wrong})
    except Rejected as error:
        field = forward_words.FIELDS.get(str(error), "to")
        return _page(request, conversation_id, reader, typed, {field: reader.words(str(error))})
    return render.to(f"/inbox/{conversation_id}/forward", "forwarded")


@router.post("/inbox/{conversation_id}/forward/{forward_id}/retry")
def retry(conversation_id: int, forward_id: int, reader: Forwarding) -> Response:
    """Send one again that failed, or of which nobody knows."""
    with db.write() as session:
        thread.find(session, conversation_id, reader)
        row = session.get(Forward, forward_id) if forward_id < place.LARGEST else None
        if row is None or row.conversation_id != conversation_id:
            raise HTTPException(404)
        forwards.retry(session, forward_id, reader.actor)
    return render.to(f"/inbox/{conversation_id}/forward", "forwarded")


def _page(
    request: Request, conversation_id: int, reader: Reader, typed: Mapping[str, Any],
    wrong: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request)
        rows = forwards.of_conversation(session, conversation_id)
        names = actors.names(session, {one.author for one in rows})
    given = {"to": "", "subject": "", "note": "", "what": "all", "chosen": [], **typed}
    return render.page(
        request, reader, "forward_mail.html", 422 if wrong else 200, talk=talk, typed=given, wrong=wrong or {},
        rows=rows, names={one.author: actors.named(one.author, names, reader) for one in rows},
        messages=_choosable(talk.page.entries), ready=mail.is_set_up(), states=forward_words.STATES,
        unset=forward_words.NOT_SET_UP,
    )  # fmt: skip


def _choosable(found: Sequence[entries.Entry]) -> list[tuple[Message, str]]:
    """The newest messages with their authors, oldest first."""
    return [(one.message, one.author) for one in found if one.message is not None and one.message.deleted_at is None]
