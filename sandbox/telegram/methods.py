"""The Bot API's methods for writing and looking things up. https://core.telegram.org/bots/api#available-methods"""

from __future__ import annotations

from typing import Any

from sandbox.telegram.entities import plain, units
from sandbox.telegram.errors import Refused, bad
from sandbox.telegram.state import Telegram

Doc = dict[str, Any]
TEXT_LIMIT, MOST_DELETED = 4096, 100


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
    return {name: value for name, value in file.items() if name != "mime_type"}


async def send_message(state: Telegram, doc: Doc) -> Any:
    text = plain(str(doc.get("text") or ""), doc.get("parse_mode"))
    if not text.strip():
        raise bad("message text is empty")
    if units(text) > TEXT_LIMIT:
        raise bad("message is too long")
    return send(state, doc, {"text": text})


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


async def delete_messages(state: Telegram, doc: Doc) -> Any:
    """https://core.telegram.org/bots/api#deletemessages: those that cannot be found are skipped."""
    wanted = doc.get("message_ids")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MOST_DELETED:
        raise bad("message identifiers are not specified" if not wanted else "too many message identifiers specified")
    chat = _chat(state, doc)
    found = [state.messages.get(f"{chat['id']}:{number}") for number in wanted]
    there = [one for one in found if one is not None and not one["deleted_at"]]
    if any(one["sender"] != state.bot["user"]["id"] for one in there):
        raise bad("message can't be deleted")
    for one in there:
        state.delete(one)
    return True


def send(state: Telegram, doc: Doc, content: Doc, **more: Any) -> Doc:
    """Post what a method sends, as an answer where the call says so."""
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
    message = state.post(state.bot["user"], chat, content, reply_to=key, business=business, origin="api", **more)
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
