"""The Bot API's methods for writing and looking things up. https://core.telegram.org/bots/api#available-methods"""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.datastructures import UploadFile

from sandbox.telegram.entities import plain, units
from sandbox.telegram.errors import Refused, bad
from sandbox.telegram.state import Telegram

Doc = dict[str, Any]
TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
PHOTO_BYTES, FILE_BYTES = 10_000_000, 50_000_000


async def get_me(state: Telegram, doc: Doc) -> Any:
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": True,
        "has_main_web_app": False,
    }
    return {**state.user_view(state.bot["user"]), **abilities}


async def get_chat(state: Telegram, doc: Doc) -> Any:
    """https://core.telegram.org/bots/api#chatfullinfo"""
    chat = _chat(state, doc)
    full: Doc = {
        **chat,
        "accent_color_id": 3,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": True,
            "limited_gifts": True,
            "unique_gifts": True,
            "premium_subscription": True,
            "gifts_from_channels": True,
        },
    }
    bio = state.users.get(str(chat["id"]), {}).get("bio")
    return {**full, "bio": bio} if bio else full


async def get_file(state: Telegram, doc: Doc) -> Any:
    file = state.files.get(str(doc.get("file_id") or ""))
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    return file


async def send_message(state: Telegram, doc: Doc) -> Any:
    text = plain(str(doc.get("text") or ""), doc.get("parse_mode"))
    if not text.strip():
        raise bad("message text is empty")
    if units(text) > TEXT_LIMIT:
        raise bad("message is too long")
    return _send(state, doc, {"text": text})


async def send_photo(state: Telegram, doc: Doc) -> Any:
    file = await _file(state, doc, "photo")
    if file.get("file_size", 0) > PHOTO_BYTES:
        raise bad("file is too big for a photo")
    sizes = [{name: file[name] for name in ("file_id", "file_unique_id")} | {"width": 800, "height": 600}]
    return _send(state, doc, {"photo": sizes, **_caption(doc)})


async def send_document(state: Telegram, doc: Doc) -> Any:
    file = await _file(state, doc, "document")
    shown = {name: file[name] for name in ("file_id", "file_unique_id")}
    return _send(state, doc, {"document": shown, **_caption(doc)})


async def edit_text(state: Telegram, doc: Doc) -> Any:
    message = _own(state, doc, "message can't be edited")
    text = plain(str(doc.get("text") or ""), doc.get("parse_mode"))
    if not text.strip():
        raise bad("message text is empty")
    if units(text) > TEXT_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    if text == message["body"].get("text"):
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly the same"
            " as a current content and reply markup of the message"
        )
    state.edit(message, text)
    return message["body"]


async def delete_message(state: Telegram, doc: Doc) -> Any:
    state.delete(_own(state, doc, "message can't be deleted"))
    return True


def _send(state: Telegram, doc: Doc, content: Doc) -> Doc:
    chat = _chat(state, doc)
    key = None
    wanted = doc.get("reply_parameters") or {}
    target = wanted.get("message_id") or doc.get("reply_to_message_id")
    if target:
        key = f"{chat['id']}:{target}"
        found = state.messages.get(key)
        if found is None or found["deleted_at"]:
            if not (wanted.get("allow_sending_without_reply") or doc.get("allow_sending_without_reply")):
                raise bad("message to be replied not found")
            key = None
    business = doc.get("business_connection_id")
    message = state.post(state.bot["user"], chat, content, reply_to=key, business=business, origin="api")
    answered = not doc["_answer_lost"]
    state.sent[message["key"]] = {"answered": answered}
    body: Doc = message["body"]
    return body


def _chat(state: Telegram, doc: Doc) -> Doc:
    wanted = str(doc.get("chat_id") or "")
    if not wanted:
        raise bad("chat_id is empty")
    if wanted.startswith("@"):
        named = [chat for chat in state.chats.values() if chat.get("username") == wanted[1:]]
        chat = next((chat for chat in named if chat["type"] != "private"), None)
    else:
        chat = state.chats.get(wanted)
    if chat is None:
        raise bad("chat not found")
    if state.users.get(wanted, {}).get("blocked"):
        raise Refused(403, "Forbidden: bot was blocked by the user")
    return chat


def _own(state: Telegram, doc: Doc, refusal: str) -> Doc:
    message = state.messages.get(f"{_chat(state, doc)['id']}:{doc.get('message_id')}")
    if message is None or message["deleted_at"]:
        raise bad("message to edit not found" if "edited" in refusal else "message to delete not found")
    if message["sender"] != state.bot["user"]["id"]:
        raise bad(refusal)
    return message


def _caption(doc: Doc) -> Doc:
    caption = plain(str(doc.get("caption") or ""), doc.get("parse_mode"))
    if units(caption) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return {"caption": caption} if caption else {}


async def _file(state: Telegram, doc: Doc, field: str) -> Doc:
    value = doc.get(field)
    if isinstance(value, UploadFile):
        content = await value.read()
        if not content:
            raise bad("file must be non-empty")
        if len(content) > FILE_BYTES:
            raise Refused(413, "Request Entity Too Large")
        return add_file(
            state, f"{field}s/{value.filename or 'file'}", hashlib.sha256(content).hexdigest(), len(content)
        )
    if value and str(value) in state.files:
        return state.files[str(value)]
    if value and str(value).startswith("http"):
        return add_file(state, f"{field}s/file_{len(state.files)}", hashlib.sha256(str(value).encode()).hexdigest(), 0)
    raise bad(f"there is no {field} in the request")


def add_file(state: Telegram, path: str, digest: str, size: int) -> Doc:
    """Remember a file by its digest; its content is not kept."""
    file: Doc = {"file_id": f"AgAD{digest[:40]}", "file_unique_id": f"AQAD{digest[:12]}", "file_path": path}
    if size:
        file["file_size"] = size
    state.files[file["file_id"]] = file
    return state.files[file["file_id"]]
