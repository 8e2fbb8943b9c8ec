"""Telegram's updates as events: pure. https://core.telegram.org/bots/api#update"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core import names
from core.event import Attachment, Author, Event, Kind, Part, Visibility

Doc = Mapping[str, Any]

MESSAGES = ("message", "channel_post", "business_message")
EDITED = ("edited_message", "edited_channel_post", "edited_business_message")
SYSTEM = ("my_chat_member", "chat_member", "chat_join_request", "business_connection")
MEDIA = {
    "photo": "image",
    "video": "video",
    "animation": "video",
    "video_note": "video",
    "voice": "audio",
    "audio": "audio",
    "document": "file",
    "sticker": "sticker",
    "contact": "contact",
    "location": "location",
    "venue": "location",
}
SERVICE = (
    "new_chat_members",
    "left_chat_member",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
    "message_auto_delete_timer_changed",
    "forum_topic_created",
    "forum_topic_closed",
    "forum_topic_reopened",
    "video_chat_started",
    "video_chat_ended",
    "boost_added",
    "chat_background_set",
    "write_access_allowed",
)
"""Fields that make a message a notice by Telegram itself."""


def moment(seconds: Any) -> datetime:
    """Unix seconds, as Telegram dates everything."""
    return datetime.fromtimestamp(int(seconds), UTC)


def user(person: Doc) -> Author:
    """A user as an author."""
    name = names.whole(*(str(person.get(part) or "") for part in ("first_name", "last_name")))
    handle = str(person.get("username") or "")
    return Author(
        platform="telegram",
        id=str(person["id"]),
        handle=handle,
        name=name,
        url=f"https://t.me/{handle}" if handle else "",
        language=str(person.get("language_code") or ""),
        bot=bool(person.get("is_bot")),
    )


def sender(message: Doc) -> Author | None:
    """Who wrote a message: a user, or the chat in whose name it was written."""
    chat = message.get("sender_chat")
    if chat:
        handle = str(chat.get("username") or "")
        return Author(
            platform="telegram",
            id=str(chat["id"]),
            handle=handle,
            name=str(chat.get("title") or ""),
            url=f"https://t.me/{handle}" if handle else "",
        )
    return user(message["from"]) if message.get("from") else None


def key(bot_id: str, chat_id: object, message_id: object) -> str:
    """The event key of a message; edits keep it."""
    return f"telegram:{bot_id}:{chat_id}:{message_id}"


def events(update: Doc, bot_id: str, username: str) -> Iterator[Event]:
    """What one update says. Kinds we do not know become `unsupported`, shown and never dropped.

    `bot_id` and `username` are our bot's. In groups, the message that is answered comes along as context.
    """
    name = next((field for field in update if field != "update_id"), "")
    body = update.get(name) or {}
    if name in MESSAGES or name in EDITED:
        above = _parent(body)
        if above and body["chat"]["type"] != "private" and above["chat"]["id"] == body["chat"]["id"]:
            copy = message_event(above, bot_id, username)
            if copy.direction == "inbound":  # a copy without its own parent: never more than context
                yield copy.model_copy(update={"origin": "context"})
        yield message_event(body, bot_id, username)
    elif name == "deleted_business_messages":
        for message_id in body["message_ids"]:
            yield Event(
                key=key(bot_id, body["chat"]["id"], message_id),
                platform="telegram",
                kind="dm",
                action="delete",
                posted_at=datetime.now(UTC),
            )
    else:
        yield _other(update, name, body, bot_id)


def message_event(message: Doc, bot_id: str, username: str) -> Event:
    """A message of a private chat, group, channel or business account."""
    chat = message["chat"]
    writer = sender(message)
    private = chat["type"] == "private"
    outbound = _outbound(message, bot_id)
    kind = _kind(message, bot_id, username, private, outbound)
    parent, topic = _parent(message), message.get("message_thread_id")
    itself = key(bot_id, chat["id"], message["message_id"])
    thread = key(bot_id, chat["id"], topic) if topic and message.get("is_topic_message") else None
    return Event(
        key=itself,
        platform="telegram",
        kind=kind,
        direction="outbound" if outbound else "inbound",
        author=writer,
        text=_text(message),
        posted_at=moment(message["date"]),
        edited_at=moment(message["edit_date"]) if message.get("edit_date") else None,
        parent_key=key(bot_id, parent["chat"]["id"], parent["message_id"]) if parent else None,
        thread_key=f"telegram:{bot_id}:{chat['id']}" if private else thread,
        visibility=_visibility(chat),
        url=f"https://t.me/{chat['username']}/{message['message_id']}" if not private and chat.get("username") else "",
        ref=reference(message),
        subject="" if private else str(chat.get("title") or ""),
        hashtags=tuple(_hashtags(message)),
        attachments=tuple(_attachments(message)),
        album=key(bot_id, chat["id"], f"album:{group}") if (group := message.get("media_group_id")) else "",
        raw={name: value for name, value in message.items() if name != "reply_to_message"},
    )


def album_event(messages: Sequence[Doc], bot_id: str, username: str) -> Event:
    """What we sent, as one event: an album is several messages there, the first of which is answered."""
    items = [message_event(one, bot_id, username) for one in messages]
    first = items[0]
    if len(items) == 1:
        return first
    numbers = [one["message_id"] for one in messages]
    return first.model_copy(
        update={
            "attachments": tuple(each for one in items for each in one.attachments),
            "parts": tuple(Part(key=one.key, text=one.text) for one in items),
            "ref": json.dumps({**json.loads(first.ref), "album": numbers}),
            "raw": {"album": [one.raw for one in items]},
        }
    )


def _visibility(chat: Doc) -> Visibility:
    if chat["type"] == "private":
        return "private"
    return "public" if chat.get("username") else "followers"


def _outbound(message: Doc, bot_id: str) -> bool:
    """Written by our bot, or by the owner of the business account it answers for."""
    writer = str((message.get("from") or {}).get("id") or "")
    ours = bool(message.get("business_connection_id")) and writer != str(message["chat"]["id"])
    return writer == bot_id or ours


def _kind(message: Doc, bot_id: str, username: str, private: bool, outbound: bool) -> Kind:
    if any(field in message for field in SERVICE):
        return "system"
    if private:
        return "dm"
    if _parent(message):
        return "reply"
    return "mention" if not outbound and _named(message, bot_id, username) else "post"


def _parent(message: Doc) -> Doc | None:
    """What a message answers; in a forum every message formally answers the notice that opened its topic."""
    above = message.get("reply_to_message")
    return None if not above or "forum_topic_created" in above else above


def _named(message: Doc, bot_id: str, username: str) -> bool:
    """Whether a text names our bot: @name, a link to it, or a command for it."""
    for mark, part in _marked(message):
        if mark["type"] == "text_mention" and str(mark["user"]["id"]) == bot_id:
            return True
        if mark["type"] == "mention" and username and part.lower() == f"@{username}".lower():
            return True
        if mark["type"] == "bot_command" and part.lower().partition("@")[2] in ("", username.lower()):
            return True
    return False


def _marked(message: Doc) -> Iterator[tuple[Doc, str]]:
    """Entities with the text they mark; offsets count UTF-16 units."""
    units = _text(message).encode("utf-16-le", "surrogatepass")
    for mark in message.get("entities") or message.get("caption_entities") or ():
        start, length = int(mark["offset"]) * 2, int(mark["length"]) * 2
        yield mark, units[start : start + length].decode("utf-16-le", "replace")


def _text(message: Doc) -> str:
    return str(message.get("text") or message.get("caption") or "")


def _hashtags(message: Doc) -> Iterator[str]:
    for mark, part in _marked(message):
        if mark["type"] == "hashtag":
            yield part.lstrip("#").partition("@")[0]


def _attachments(message: Doc) -> Iterator[Attachment]:
    for field, kind in MEDIA.items():
        media = message.get(field)
        if not media or (field == "location" and message.get("venue")):
            continue
        media = media[-1] if isinstance(media, list) else media  # the largest of a photo's sizes
        yield Attachment.model_validate(
            {
                "kind": kind,
                "url": _map(media) if kind == "location" else "",
                "mime": str(media.get("mime_type") or ""),
                "alt": str(media.get("file_name") or media.get("emoji") or media.get("phone_number") or ""),
                "size": media.get("file_size"),
                "remote_id": str(media.get("file_id") or ""),
            }
        )


def _map(media: Doc) -> str:
    place = media.get("location") or media
    return f"geo:{place.get('latitude')},{place.get('longitude')}"


def reference(message: Doc) -> str:
    """What an answer needs."""
    ref = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
    for field in ("business_connection_id", "message_thread_id"):
        if message.get(field):
            ref[field] = message[field]
    return json.dumps(ref)


def _other(update: Doc, name: str, body: Doc, bot_id: str) -> Event:
    """Reactions, membership and everything else that is no message."""
    reaction = name in ("message_reaction", "message_reaction_count")
    person, chat = body.get("from") or body.get("user"), body.get("chat")
    about = key(bot_id, chat["id"], body["message_id"]) if chat and body.get("message_id") else None
    kind: Kind = "reaction" if reaction else "system" if name in SYSTEM else "unsupported"
    return Event(
        key=f"telegram:{bot_id}:update:{update['update_id']}",
        platform="telegram",
        kind=kind,
        author=user(person) if isinstance(person, dict) and "id" in person else None,
        text=_emoji(body) if reaction else "",
        posted_at=moment(body["date"]) if body.get("date") else datetime.now(UTC),
        parent_key=about if reaction else None,
        visibility=_visibility(chat) if chat else "private",
        subject="" if reaction else name,
        raw=dict(update),
    )


def _emoji(body: Doc) -> str:
    return "".join(str(one.get("emoji") or "") for one in body.get("new_reaction") or ())
