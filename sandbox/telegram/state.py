"""What the simulated Telegram knows, and the verbs that change it."""

from __future__ import annotations

import asyncio
import copy
from datetime import datetime
from typing import Any

from sandbox.clock import Clock, iso
from sandbox.store import Store
from sandbox.telegram.entities import entities

Doc = dict[str, Any]
NOT_BY_DEFAULT = ("chat_member", "message_reaction", "message_reaction_count")


class Telegram:
    """Users, chats, messages and the queue of updates for the one bot."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.clock = clock
        self.users = store.shelf("telegram.users")
        self.chats = store.shelf("telegram.chats")
        self.messages = store.shelf("telegram.messages")
        self.queue = store.shelf("telegram.queue")
        self.history = store.shelf("telegram.history")
        self.bots = store.shelf("telegram.bots")
        self.files = store.shelf("telegram.files")
        self.sent = store.shelf("telegram.sent")
        self.served = store.shelf("telegram.served")
        self.quirks: dict[str, Any] = {}
        self.arrived = asyncio.Event()
        self.poll = 0
        self.closing = False
        self._last_update = max((int(key) for key in [*self.queue, *self.history]), default=718_000_000)
        self._last_message = max((int(key.split(":")[1]) for key in self.messages), default=100)

    # -- people and chats -----------------------------------------------------------------------

    def add_user(self, number: int, doc: Doc) -> Doc:
        """Add a user with a private chat of the same id; ``doc`` has first_name and perhaps more."""
        user = {"id": number, "is_bot": False, "bio": "", **doc}
        self.users[str(number)] = user
        if not user["is_bot"]:
            shown = {name: user[name] for name in ("first_name", "last_name", "username") if user.get(name)}
            self.add_chat({"id": number, "type": "private", **shown})
        return user

    def add_chat(self, chat: Doc) -> Doc:
        self.chats[str(chat["id"])] = chat
        return chat

    @property
    def bot(self) -> Doc:
        """The one bot: token, user, webhook."""
        return self.bots["bot"]

    def user_view(self, user: Doc) -> Doc:
        """https://core.telegram.org/bots/api#user"""
        names = ("id", "is_bot", "first_name", "last_name", "username", "language_code")
        return {name: user[name] for name in names if user.get(name) is not None}

    # -- messages -------------------------------------------------------------------------------

    def post(
        self,
        sender: Doc,
        chat: Doc,
        content: Doc,
        *,
        reply_to: str | None = None,
        at: datetime | None = None,
        business: str | None = None,
        silent: bool = False,
        **more: Any,
    ) -> Doc:
        """Put a message into a chat; ``content`` is text, photo, sticker… as fields of Message.

        ``silent`` messages are not delivered to the bot (group talk that privacy mode hides).
        """
        moment = at or self.clock()
        self._last_message += 1
        body: Doc = {
            "message_id": self._last_message,
            "from": self.user_view(sender),
            "chat": chat,
            "date": int(moment.timestamp()),
            **content,
        }
        for text, marks in (("text", "entities"), ("caption", "caption_entities")):
            if body.get(text) and marks not in body and entities(body[text]):
                body[marks] = entities(body[text])
        if business:
            body["business_connection_id"] = business
        parent = self.messages.get(reply_to or "")
        if parent:
            body["reply_to_message"] = {
                name: value for name, value in parent["body"].items() if name != "reply_to_message"
            }
        key = f"{chat['id']}:{self._last_message}"
        message = {
            "key": key,
            "body": body,
            "sender": sender["id"],
            "parent": parent["key"] if parent else None,
            "posted_at": iso(moment.replace(microsecond=0)),
            "edited": False,
            "deleted_at": None,
            "silent": silent,
            "business": business,
            **more,
        }
        self.messages[key] = message
        if sender["id"] != self.bot["user"]["id"] and not silent:
            self.emit("business_message" if business else "message", body)
        return message

    def edit(self, message: Doc, text: str) -> None:
        """Change a message's text (or caption); the bot is told unless it wrote it."""
        body = copy.deepcopy(message["body"])
        field, marks = ("caption", "caption_entities") if "caption" in body else ("text", "entities")
        body |= {field: text, "edit_date": int(self.clock().timestamp())}
        body.pop(marks, None)
        if entities(text):
            body[marks] = entities(text)
        message |= {"body": body, "edited": True}
        self.messages[message["key"]] = message
        if message["sender"] != self.bot["user"]["id"] and not message["silent"]:
            self.emit("edited_business_message" if message["business"] else "edited_message", body)

    def delete(self, message: Doc) -> None:
        """Delete a message; bots learn it only for business chats."""
        message["deleted_at"] = iso(self.clock())
        self.messages[message["key"]] = message
        if message["business"]:
            gone = {
                "business_connection_id": message["business"],
                "chat": message["body"]["chat"],
                "message_ids": [message["body"]["message_id"]],
            }
            self.emit("deleted_business_messages", gone)

    # -- updates --------------------------------------------------------------------------------

    def emit(self, kind: str, content: Doc, **more: Any) -> Doc | None:
        """Queue an update if the bot asked for this kind; it holds what is true at this moment."""
        allowed = self.bot.get("allowed") or []
        if (allowed and kind not in allowed) or (not allowed and kind in NOT_BY_DEFAULT):
            return None
        self._last_update += 1
        update = {"update_id": self._last_update, kind: copy.deepcopy(content)}
        self.queue[str(self._last_update)] = update
        if kind not in ("message", "edited_message", "business_message", "edited_business_message"):
            self.history[str(self._last_update)] = {"kind": kind, "at": iso(self.clock()), **more}
        self.arrived.set()
        return update

    def confirm(self, before: int) -> None:
        """Forget all updates with a smaller id than ``before``."""
        for key in [key for key in self.queue if int(key) < before]:
            del self.queue[key]

    def waiting(self, limit: int) -> list[Doc]:
        """The oldest waiting updates."""
        found = []
        for update in self.queue.values():
            found.append(update)
            if len(found) == limit:
                break
        return found

    def close(self) -> None:
        """Let open long polls end."""
        self.closing = True
        self.arrived.set()

    def configure(self, **changes: Any) -> None:
        """Change the bot's webhook or the kinds it asks for."""
        self.bots["bot"] = self.bot | changes
        self.arrived.set()
