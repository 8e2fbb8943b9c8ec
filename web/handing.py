"""Files handed out to who sees their conversation: of replies, notes and drafts; pictures that customers sent."""

from __future__ import annotations

from fastapi import HTTPException, Response
from fastapi.responses import FileResponse
from sqlmodel import Session

from connectors import pictures
from core import db
from core.errors import Rejected, TryLater
from inbox import attachments, files, filetypes
from inbox.file_models import Attached
from inbox.models import Message
from web import thread
from web.place import LARGEST
from web.reader import Reader

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=600",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def found(session: Session, conversation_id: int, file_id: int, reader: Reader) -> Attached:
    """A file of a reply or a note, or one beside the reader's own draft; 404 for any other."""
    thread.find(session, conversation_id, reader)
    row = session.get(Attached, file_id) if file_id < LARGEST else None
    if row is None or row.conversation_id != conversation_id or row.message_id is not None:
        raise HTTPException(404)
    if row.reply_id is None and row.note_id is None and row.author != reader.actor:
        raise HTTPException(404)
    return row


def picture(conversation_id: int, message_id: int, place: int, reader: Reader) -> Attached:
    """A picture of a message, fetched when it is not here yet; 404 when the reader sees no such picture."""
    with db.read() as session:
        url = _address(session, conversation_id, message_id, place, reader)
        row = attachments.picture(session, message_id, place)
    if row is not None and files.path(row.digest).exists():
        return row
    try:
        data = pictures.fetch(url)
    except (Rejected, TryLater) as error:
        raise HTTPException(404) from error
    with db.write() as session:
        _address(session, conversation_id, message_id, place, reader)  # it may have been deleted meanwhile
        return attachments.keep_picture(session, conversation_id, message_id, place, data)


def _address(session: Session, conversation_id: int, message_id: int, place: int, reader: Reader) -> str:
    """Where a picture of a message lies; 404 when the reader sees no such picture."""
    thread.find(session, conversation_id, reader)
    message = session.get(Message, message_id) if message_id < LARGEST else None
    there = message is not None and message.conversation_id == conversation_id and message.deleted_at is None
    if message is None or not there or not 0 <= place < len(message.attachments):
        raise HTTPException(404)
    one = message.attachments[place]
    if one.get("kind") != "image" or not one.get("url"):
        raise HTTPException(404)
    return str(one["url"])


def handed(row: Attached, *, shown: bool = True) -> Response:
    """The content, or the parts of it that a player asks for (RFC 9110, 14): 206, 416 for a part that is not there.

    A picture may be shown and a video or a sound played where `shown`, all else is a download.
    """
    shown = shown and row.mime in filetypes.SHOWN | filetypes.PLAYED
    path = files.path(row.digest)
    try:
        there = path.stat()
    except FileNotFoundError as error:
        raise HTTPException(404) from error
    return FileResponse(
        path, media_type=row.mime if shown else filetypes.UNKNOWN, filename=row.name, headers=HEADERS,
        content_disposition_type="inline" if shown else "attachment", stat_result=there,
    )  # fmt: skip
