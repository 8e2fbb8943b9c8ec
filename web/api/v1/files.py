"""Files of a conversation: beside a draft, of replies and notes; pictures that customers sent."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import AfterValidator, Field
from sqlmodel import Session

from core import db
from core.settings import LARGEST_ATTACHMENT_MB
from inbox import attachments, files
from inbox.file_models import Attached
from web import handing, thread
from web.api.v1.change import Changing
from web.api.v1.conversations import HERE
from web.api.v1.problem import Refused
from web.api.v1.route import Streamed
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Moment, Shown, Text
from web.permissions import allow
from web.reader import Reader

TAG = "files"
FILES = HERE + "/{conversation_id}/files"
CONTENT_LIMIT = LARGEST_ATTACHMENT_MB * 1_000_000 * 4 // 3 + 4
"""Characters of a content: the largest file that the settings allow, in Base64."""
BODY_LIMIT = CONTENT_LIMIT + 100_000
RAW_LIMIT = (LARGEST_ATTACHMENT_MB + 1) * 1_000_000
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Writing = Annotated[Reader, Depends(allow("conversations.reply", "conversations.manage"))]


def _decodable(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a content is written in Base64 (RFC 4648), without line breaks") from error
    return value


class OneFile(Shown):
    """Something that is attached."""

    id: int
    name: str
    mime: str
    kind: Literal["image", "video", "audio", "file"]
    alt: str = Field(description="What a picture or a video shows, in words.")
    size: int = Field(description="Bytes.")
    seconds: float = Field(description="How long a video is; 0: it does not tell.")
    width: int = Field(description="What a video measures, in pixels; 0: it does not tell.")
    height: int
    author: str
    reply_id: int | None
    note_id: int | None = Field(description="Without both it lies beside the draft of the token's owner.")
    at: Moment


class NewFile(Given):
    """A file, as a part of JSON."""

    name: Text = Field(min_length=1, max_length=attachments.NAME)
    content: Annotated[str, AfterValidator(_decodable)] = Field(
        min_length=4,
        max_length=CONTENT_LIMIT,
        json_schema_extra={"contentEncoding": "base64"},
        description="In Base64.",
    )
    alt: Text = Field("", max_length=attachments.ALT, description="What a picture or a video shows, in words.")


class NewAlt(Given):
    """What a picture or a video shows."""

    alt: Text = Field(max_length=attachments.ALT)


@router.get(FILES, tags=[TAG])
def index(reader: Reading, conversation_id: Id) -> All[OneFile]:
    """The files of the replies and notes of a conversation, and those beside the draft of the token's owner."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        found = attachments.of_conversation(session, conversation_id, reader.actor)
        return All(items=[OneFile.model_validate(one) for one in found])


@router.get(FILES + "/{file_id}", tags=[TAG], response_class=Response, responses=CONTENT)
def content(reader: Reading, conversation_id: Id, file_id: Id) -> Response:
    """The content of a file, as it was attached; what it is stands in the list."""
    with db.read() as session:
        row = handing.found(session, conversation_id, file_id, reader)
    return handing.handed(row, shown=False)


@router.post(FILES, tags=[TAG], response_model=Made, status_code=201, max_body_size=BODY_LIMIT)
def add(change: Changing, reader: Writing, conversation_id: Id, body: NewFile) -> Response:
    """Put a file beside the draft of the token's owner; a reply or a note names it in its `files`. Ten at most."""

    def work(session: Session) -> Made:
        thread.find(session, conversation_id, reader)
        number = attachments.add(session, conversation_id, reader.actor, body.name, base64.b64decode(body.content))
        if body.alt:
            attachments.describe(session, conversation_id, reader.actor, {number: body.alt})
        return Made(id=number)

    return change.do(work, 201)


def upload(
    request: Request,
    change: Changing,
    reader: Writing,
    conversation_id: Id,
    name: Annotated[Text, Query(min_length=1, max_length=attachments.NAME)],
    alt: Annotated[Text, Query(max_length=attachments.ALT, description="What it shows, in words.")] = "",
) -> Response:
    """Put a file beside one's draft, its content as the body: for large ones, which are never in memory as a whole."""

    def work(session: Session) -> Made:
        thread.find(session, conversation_id, reader)
        with files.mapped(request.state.content) as data:
            number = attachments.add(session, conversation_id, reader.actor, name, data)
        if alt:
            attachments.describe(session, conversation_id, reader.actor, {number: alt})
        return Made(id=number)

    return change.do(work, 201)


router.add_api_route(
    FILES + "/upload", upload, methods=["POST"], tags=[TAG], response_model=Made, status_code=201,
    max_body_size=RAW_LIMIT, route_class_override=Streamed,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)  # fmt: skip


@router.post(FILES + "/{file_id}", tags=[TAG], response_model=Changed)
def describe(change: Changing, reader: Writing, conversation_id: Id, file_id: Id, body: NewAlt) -> Response:
    """Say what a picture or a video beside one's draft shows."""

    def work(session: Session) -> Changed:
        before = _beside(session, conversation_id, file_id, reader).alt
        attachments.describe(session, conversation_id, reader.actor, {file_id: body.alt})
        return Changed(id=file_id, changed=before != " ".join(body.alt.split()))

    return change.do(work)


@router.post(FILES + "/{file_id}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Writing, conversation_id: Id, file_id: Id) -> Response:
    """Take a file away from beside one's draft; those of replies and notes stay with them."""

    def work(session: Session) -> Changed:
        _beside(session, conversation_id, file_id, reader)
        return Changed(id=file_id, changed=attachments.remove(session, conversation_id, reader.actor, file_id))

    return change.do(work)


def _beside(session: Session, conversation_id: int, file_id: int, reader: Reader) -> Attached:
    thread.find(session, conversation_id, reader)
    found = {one.id: one for one in attachments.begun(session, conversation_id, reader.actor)}
    if file_id not in found:
        raise Refused(404)
    return found[file_id]


@router.get(
    HERE + "/{conversation_id}/messages/{message_id}/pictures/{place}", tags=[TAG], response_class=Response,
    responses=CONTENT,
)  # fmt: skip
def picture(reader: Reading, conversation_id: Id, message_id: Id, place: int) -> Response:
    """A picture of a message, fetched once by this hub; `place` counts the message's attachments from 0."""
    return handing.handed(handing.picture(conversation_id, message_id, place, reader), shown=False)
