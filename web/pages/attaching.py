"""`/inbox/{number}/files…`: what is attached to drafts, replies and notes; `…/media/…`: pictures of customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, HTTPException, Request, Response, UploadFile

from core import db
from core.errors import Rejected
from core.settings import LARGEST_ATTACHMENT_MB
from inbox import attachments, files
from web import attaching, handing, render, thread
from web.permissions import AskedFirst, allow
from web.place import LARGEST
from web.reader import Reader

BODY_LIMIT = (LARGEST_ATTACHMENT_MB + 2) * 1_000_000
"""Bytes of one upload: the largest file that the settings allow, and the form around it."""

router = APIRouter(route_class=AskedFirst)

Reading = Annotated[Reader, Depends(allow("messages.read"))]
Writing = Annotated[Reader, Depends(allow("conversations.reply", "conversations.manage"))]
Part = Annotated[int, Form(ge=0, lt=LARGEST)]
"""Of a case of several conversations the one that is answered."""


# --- beside a draft -----------------------------------------------------------------------------------


@router.post("/inbox/{conversation_id}/files", max_body_size=BODY_LIMIT)
def add(
    request: Request,
    conversation_id: int,
    reader: Writing,
    upload: Annotated[Sequence[UploadFile], File(alias="files")] = (),
    kind: Annotated[str, Form()] = "",
    part: Part = 0,
) -> Response:
    """Put files beside one's draft; what is wrong with one is said, the others stay."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
    wrong = ""
    for one in upload:
        try:
            with files.mapped(one.file) as data, db.write() as session:
                attachments.add(session, conversation_id, reader.actor, one.filename or "", data)
        except Rejected as error:
            wrong = reader.words(str(error))
    return _shelf(request, conversation_id, reader, (kind, part), wrong)


@router.post("/inbox/{conversation_id}/files/{file_id}")
def describe(
    conversation_id: int,
    file_id: int,
    reader: Writing,
    texts: Annotated[dict[int, str], Depends(attaching.alts)],
) -> Response:
    """Say what a picture or a video shows."""
    with db.write() as session:
        thread.find(session, conversation_id, reader)
        attachments.describe(session, conversation_id, reader.actor, {file_id: texts.get(file_id, "")})
    return Response(status_code=204)


@router.post("/inbox/{conversation_id}/files/{file_id}/remove")
def remove(
    request: Request,
    conversation_id: int,
    file_id: int,
    reader: Writing,
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
    """A file: a picture to be shown, a video or a sound to be played, anything else as a download.

    One beside a draft is for its author alone; players ask for parts of it.
    """
    with db.read() as session:
        row = handing.found(session, conversation_id, file_id, reader)
    return handing.handed(row)


@router.get("/inbox/{conversation_id}/media/{message_id}/{place}")
def picture(conversation_id: int, message_id: int, place: int, reader: Reading) -> Response:
    """A picture of a message, fetched once by this hub: who reads calls no strange host."""
    return handing.handed(handing.picture(conversation_id, message_id, place, reader))
