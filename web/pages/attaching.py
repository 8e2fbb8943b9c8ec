"""`/inbox/{number}/files…`: what is attached to drafts, replies and notes; `…/media/…`: pictures of customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import FileResponse
from sqlmodel import Session

from connectors import pictures
from core import db
from core.errors import Rejected, TryLater
from core.settings import settings
from inbox import attachments, files, filetypes
from inbox.file_models import Attached
from inbox.models import Message
from web import attaching, render, thread
from web.permissions import allow
from web.place import LARGEST
from web.reader import Reader

BODY_LIMIT = 52_000_000
"""Bytes of one upload: the largest file that the settings allow, and the form around it."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=600",
    "Cross-Origin-Resource-Policy": "same-origin",
}

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("messages.read"))]
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
Part = Annotated[int, Form(ge=0, lt=LARGEST)]
"""Of a case of several conversations the one that is answered."""


# --- beside a draft -----------------------------------------------------------------------------------


@router.post("/inbox/{conversation_id}/files", max_body_size=BODY_LIMIT)
def add(
    request: Request,
    conversation_id: int,
    reader: Managing,
    upload: Annotated[Sequence[UploadFile], File(alias="files")] = (),
    kind: Annotated[str, Form()] = "",
    part: Part = 0,
) -> Response:
    """Put files beside one's draft; what is wrong with one is said, the others stay."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
    wrong = ""
    for one in upload:
        data = one.file.read(settings().attachment_mb * 1_000_000 + 1)
        try:
            with db.write() as session:
                attachments.add(session, conversation_id, reader.actor, one.filename or "", data)
        except Rejected as error:
            wrong = reader.words(str(error))
    return _shelf(request, conversation_id, reader, (kind, part), wrong)


@router.post("/inbox/{conversation_id}/files/{file_id}")
def describe(
    conversation_id: int,
    file_id: int,
    reader: Managing,
    texts: Annotated[dict[int, str], Depends(attaching.alts)],
) -> Response:
    """Say what a picture shows."""
    with db.write() as session:
        thread.find(session, conversation_id, reader)
        attachments.describe(session, conversation_id, reader.actor, {file_id: texts.get(file_id, "")})
    return Response(status_code=204)


@router.post("/inbox/{conversation_id}/files/{file_id}/remove")
def remove(
    request: Request,
    conversation_id: int,
    file_id: int,
    reader: Managing,
    kind: Annotated[str, Form()] = "",
    part: Part = 0,
) -> Response:
    """Take a file away again."""
    with db.write() as session:
        thread.find(session, conversation_id, reader)
        attachments.remove(session, conversation_id, reader.actor, file_id if file_id < LARGEST else 0)
    return _shelf(request, conversation_id, reader, (kind, part), "")


def _shelf(request: Request, conversation_id: int, reader: Reader, chosen: tuple[str, int], wrong: str) -> Response:
    if not render.wants_part(request):
        if wrong:
            raise HTTPException(422, wrong)
        query = thread.kept(request)
        return render.to(f"/inbox/{conversation_id}{'?' + query if query else ''}#compose")
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request, whole=False)
        talk = thread.answering(thread.of_part(session, talk, reader, *chosen), chosen[0])
        return render.part("parts/files.html", reader, 422 if wrong else 200, talk=talk, upload_wrong=wrong)


# --- handed out ---------------------------------------------------------------------------------------


@router.get("/inbox/{conversation_id}/files/{file_id}")
def content(conversation_id: int, file_id: int, reader: Reading) -> Response:
    """A file: a picture to be shown, anything else as a download; one beside a draft for its author alone."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        row = session.get(Attached, file_id) if file_id < LARGEST else None
        if row is None or row.conversation_id != conversation_id or row.message_id is not None:
            raise HTTPException(404)
        if row.reply_id is None and row.note_id is None and row.author != reader.actor:
            raise HTTPException(404)
    return _handed(row)


@router.get("/inbox/{conversation_id}/media/{message_id}/{place}")
def picture(conversation_id: int, message_id: int, place: int, reader: Reading) -> Response:
    """A picture of a message, fetched once by this hub: who reads calls no strange host."""
    with db.read() as session:
        url = _address(session, conversation_id, message_id, place, reader)
        row = attachments.picture(session, message_id, place)
    if row is None or not files.path(row.digest).exists():
        try:
            data = pictures.fetch(url)
        except (Rejected, TryLater) as error:
            raise HTTPException(404) from error
        with db.write() as session:
            _address(session, conversation_id, message_id, place, reader)  # it may have been deleted meanwhile
            row = attachments.keep_picture(session, conversation_id, message_id, place, data)
    return _handed(row)


def _address(session: Session, conversation_id: int, message_id: int, place: int, reader: Reader) -> str:
    """Where a picture of a message lies; 404 when the reader sees no such picture."""
    thread.find(session, conversation_id, reader)
    message = session.get(Message, message_id) if message_id < LARGEST else None
    found = message is not None and message.conversation_id == conversation_id and message.deleted_at is None
    if message is None or not found or not 0 <= place < len(message.attachments):
        raise HTTPException(404)
    one = message.attachments[place]
    if one.get("kind") != "image" or not one.get("url"):
        raise HTTPException(404)
    return str(one["url"])


def _handed(row: Attached) -> Response:
    shown = row.mime in filetypes.SHOWN
    path = files.path(row.digest)
    if not path.exists():
        raise HTTPException(404)
    return FileResponse(
        path, media_type=row.mime if shown else filetypes.UNKNOWN, filename=row.name, headers=HEADERS,
        content_disposition_type="inline" if shown else "attachment",
    )  # fmt: skip
