"""`/conversations/…`: a thread, answering it, closing it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session
from ulid import ULID

from connectors.capabilities import BY_NAME
from core import db
from core.errors import Rejected
from inbox import desk, replies
from inbox.models import Conversation, ReplyRow
from web import live, render, talk
from web.i18n import N_
from web.permissions import Forbidden, allow
from web.reader import Reader

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("messages.read"))]
Replying = Annotated[Reader, Depends(allow("conversations.reply"))]
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]


@router.get("/conversations/{conversation_id}")
def show(request: Request, conversation_id: int, reader: Reading) -> Response:
    """The thread."""
    return _page(request, conversation_id, reader)


@router.get("/fragments/conversations/{conversation_id}")
def fragment(conversation_id: int, reader: Reading) -> Response:
    """The entries alone, for a page that is open already."""
    with db.read() as session:
        found = _load(session, conversation_id, reader)
        return HTMLResponse(render.text("parts/entries.html", reader, talk=found))


@router.post("/conversations/{conversation_id}/reply")
def reply(
    request: Request,
    conversation_id: int,
    reader: Replying,
    text: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
) -> Response:
    """Queue an answer; the form's key makes a second click harmless."""
    _may_read(conversation_id, reader)
    try:
        with db.write() as session:
            queued = replies.queue(
                session,
                conversation_id,
                text.replace("\r\n", "\n"),
                author=reader.actor,
                key=key[:80] or None,
            )
            anchor = f"r{queued.id}"
    except Rejected as error:
        return _page(request, conversation_id, reader, 422, reader.words(str(error)), text)
    return render.to(f"/conversations/{conversation_id}#{anchor}")


@router.post("/conversations/{conversation_id}/state")
def set_state(conversation_id: int, reader: Managing, state: Annotated[str, Form()]) -> Response:
    """Close or reopen."""
    _may_read(conversation_id, reader)
    if state not in ("closed", "open"):
        raise HTTPException(400)
    with db.write() as session:
        desk.set_state(session, conversation_id, state, reader.actor)
    return render.to(f"/conversations/{conversation_id}", "closed" if state == "closed" else "reopened")


@router.post("/replies/{reply_id}/undo")
def undo(reply_id: int, reader: Replying) -> Response:
    """Take a reply back while it waits."""
    conversation_id = _of_reply(reply_id, reader)
    with db.write() as session:
        done = replies.undo(session, reply_id, reader.actor)
    return render.to(f"/conversations/{conversation_id}", "reply-undone" if done else "reply-left")


@router.post("/replies/{reply_id}/retry")
def retry(reply_id: int, reader: Replying) -> Response:
    """Send a failed or unclear reply again."""
    conversation_id = _of_reply(reply_id, reader)
    with db.write() as session:
        replies.retry(session, reply_id, reader.actor)
    return render.to(f"/conversations/{conversation_id}#r{reply_id}", "reply-retried")


def _load(session: Session, conversation_id: int, reader: Reader) -> talk.Talk:
    found = talk.load(session, conversation_id, reader)
    if found is None:
        raise HTTPException(404)
    if found.conversation.private and not reader.may("messages.private"):
        raise Forbidden
    return found


def _page(
    request: Request,
    conversation_id: int,
    reader: Reader,
    status: int = 200,
    problem: str = "",
    draft: str = "",
) -> Response:
    position = live.position()
    with db.read() as session:
        found = _load(session, conversation_id, reader)
        return render.page(
            request,
            reader,
            "conversation.html",
            status,
            talk=found,
            position=position,
            problem=problem,
            draft=draft,
            key=str(ULID()),
            limit=_limit(found),
            counting=BY_NAME[found.account.platform].counting if found.account.platform in BY_NAME else "",
            closed_door=_closed_door(found),
        )


def _limit(found: talk.Talk) -> int:
    """How long an answer may be: what the account's server said, else the platform's row."""
    row = BY_NAME.get(found.account.platform)
    if row is None or found.answers is None:
        return 0
    said = found.account.config.get("limits", {}).get("max_characters")
    if found.answers.visibility == "private":
        return row.dm_limit if row.dm_limit != row.limit or not said else int(said)
    return int(said) if said else row.limit


def _closed_door(found: talk.Talk) -> str:
    """Why nothing can be answered here; empty when it can."""
    row = BY_NAME.get(found.account.platform)
    if row is None or not row.reply:
        return N_("This came from an archive: it can be read here, but not answered.")
    if found.account.state == "removed":
        return N_("The account was removed. Connect it again to answer.")
    if found.account.state == "auth_expired":
        return N_("The account's sign-in has expired. Connect it again to answer.")
    if found.answers is None:
        return N_("There is nothing in this conversation that can be answered.")
    return ""


def _may_read(conversation_id: int, reader: Reader) -> None:
    with db.read() as session:
        conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise HTTPException(404)
    if conversation.private and not reader.may("messages.private"):
        raise Forbidden


def _of_reply(reply_id: int, reader: Reader) -> int:
    with db.read() as session:
        row = session.get(ReplyRow, reply_id)
        conversation_id = row.conversation_id if row is not None else 0
    _may_read(conversation_id, reader)
    return conversation_id
