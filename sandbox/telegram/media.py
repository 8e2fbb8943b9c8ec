"""Files and albums. https://core.telegram.org/bots/api#sending-files and …#sendmediagroup"""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.datastructures import UploadFile

from sandbox.telegram.entities import plain, units
from sandbox.telegram.errors import Refused, bad
from sandbox.telegram.methods import send
from sandbox.telegram.state import Telegram

Doc = dict[str, Any]
CAPTION_LIMIT, MOST = 1024, 10
PHOTO_BYTES, FILE_BYTES = 10_000_000, 50_000_000
SORTS = ("photo", "video", "audio", "document")


async def send_photo(state: Telegram, doc: Doc) -> Any:
    return await _send_one(state, doc, "photo")


async def send_video(state: Telegram, doc: Doc) -> Any:
    return await _send_one(state, doc, "video")


async def send_audio(state: Telegram, doc: Doc) -> Any:
    return await _send_one(state, doc, "audio")


async def send_document(state: Telegram, doc: Doc) -> Any:
    return await _send_one(state, doc, "document")


async def _send_one(state: Telegram, doc: Doc, sort: str) -> Doc:
    return send(state, doc, {**_shown(await _file(state, doc.get(sort), sort), sort), **_caption(doc)})


async def send_media_group(state: Telegram, doc: Doc) -> Any:
    """An album: all of it or nothing."""
    items = doc.get("media")
    if not isinstance(items, list):
        raise bad('parameter "media" is required')
    if not items:
        raise bad("there are no messages to send")
    if len(items) > MOST:
        raise bad("too many messages to send as an album")
    sorts = [str(one.get("type")) for one in items]
    for sort in sorts:
        if sort not in SORTS:
            raise bad(f"can't parse InputMedia: type \"{sort}\" can't be used in sendMediaGroup")
        if sort in ("document", "audio") and set(sorts) != {sort}:
            raise bad(f"{sort} can't be mixed with other media types")
    contents = []
    for one, sort in zip(items, sorts, strict=True):
        name = str(one.get("media") or "")
        given = doc.get(name.removeprefix("attach://")) if name.startswith("attach://") else name
        contents.append({**_shown(await _file(state, given, sort), sort), **_caption(one)})
    if len(contents) == 1:
        return [send(state, doc, contents[0])]
    group = str(13_000_000_000_000_000 + len(state.messages))
    sent: list[Doc] = []
    for content in contents:
        first = f"{sent[0]['chat']['id']}:{sent[0]['message_id']}" if sent else None
        sent.append(send(state, doc, {"media_group_id": group, **content}, album=first, items=len(contents)))
    return sent


def _shown(file: Doc, sort: str) -> Doc:
    """A file as the field of a message; what is no MPEG-4 goes as a document."""
    bare = {name: file[name] for name in ("file_id", "file_unique_id")}
    size = {"file_size": file["file_size"]} if file.get("file_size") else {}
    if sort == "photo":
        if file.get("file_size", 0) > PHOTO_BYTES:
            raise bad("file is too big for a photo")
        return {"photo": [{**bare, **size, "width": 800, "height": 600}]}
    told = {**bare, **size, "mime_type": file.get("mime_type", ""), "file_name": file["file_path"].partition("/")[2]}
    if sort == "video" and file.get("mime_type") == "video/mp4":
        return {"video": {**told, "width": 640, "height": 360, "duration": 5}}
    if sort == "audio" and file.get("mime_type") in ("audio/mpeg", "audio/mp4"):
        return {"audio": {**told, "duration": 5}}
    return {"document": told}


def _caption(doc: Doc) -> Doc:
    caption = plain(str(doc.get("caption") or ""), doc.get("parse_mode"))
    if units(caption) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return {"caption": caption} if caption else {}


async def _file(state: Telegram, value: Any, sort: str) -> Doc:
    if isinstance(value, UploadFile):
        content = await value.read()
        if not content:
            raise bad("file must be non-empty")
        if len(content) > FILE_BYTES:
            raise Refused(413, "Request Entity Too Large")
        digest = hashlib.sha256(content).hexdigest()
        path = f"{sort}s/{value.filename or 'file'}"
        return add_file(state, path, digest, len(content), value.content_type or "")
    if value and str(value) in state.files:
        return state.files[str(value)]
    if value and str(value).startswith("http"):
        return add_file(state, f"{sort}s/file_{len(state.files)}", hashlib.sha256(str(value).encode()).hexdigest(), 0)
    raise bad(f"there is no {sort} in the request")


def add_file(state: Telegram, path: str, digest: str, size: int, mime: str = "") -> Doc:
    """Remember a file by its digest; its content is not kept."""
    file: Doc = {"file_id": f"AgAD{digest[:40]}", "file_unique_id": f"AQAD{digest[:12]}", "file_path": path}
    if size:
        file["file_size"] = size
    if mime:
        file["mime_type"] = mime
    state.files[file["file_id"]] = file
    return state.files[file["file_id"]]
