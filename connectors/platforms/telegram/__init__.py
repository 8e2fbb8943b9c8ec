"""Telegram's Bot API: https://core.telegram.org/bots/api

One feed, `updates`: by long poll (the cursor is the next update's number, and asking with it confirms
everything before, so a page is confirmed only after it was stored) or by webhook, proven by a secret
header. A bot cannot look anything up: there is no thread, no recheck, and no counting.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors import attaching
from connectors.answers import Answer, loads
from connectors.base import AccountRef, Budget, Keep, TokenStore, Unable, convert_all, keep_nothing
from connectors.client import Client
from connectors.platforms.telegram import uploads
from connectors.platforms.telegram import window as window
from connectors.platforms.telegram.to_event import album_event, events, message_event, user
from connectors.refusals import REFUSED, TOO_LONG
from connectors.text import utf16
from core.errors import AuthExpired, BadPayload, NotConfigured, Rejected, TryLater, WiderhallError
from core.event import Event, Page, Profile, Reply

PAGE = 100
LIMIT = 4096
POLL_SECONDS = 25
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header
UPDATES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "callback_query",
    "poll_answer",
    "my_chat_member",
    "chat_join_request",
)
"""Reactions come only when they are asked for."""
WEBHOOK_SET = (
    "Telegram delivers this bot's updates to a webhook, so they cannot be polled. Either let that webhook "
    "point to this installation, or end it with Telegram's deleteWebhook."
)


def connect(account: AccountRef, tokens: TokenStore, budget: Budget | None, *, allow_private: bool = False) -> Telegram:
    """The connector of a bot; `tokens` hold `token` and, for webhooks, `webhook_secret`."""
    token = tokens.get().get("token", "")
    if ":" not in token:
        raise NotConfigured("A Telegram bot needs the token that @BotFather gave it, like 123456:ABC….")
    base = account.base_url or "https://api.telegram.org"
    client = Client(f"{base.rstrip('/')}/bot{token}", budget=budget, refusal=refusal, allow_private=allow_private)
    return Telegram(account, tokens, client, token.partition(":")[0])


def refusal(answer: Answer) -> WiderhallError | None:
    """Telegram's own envelope, https://core.telegram.org/bots/api#making-requests"""
    try:
        body = answer.object()
    except BadPayload:
        return None
    code, words = answer.status, str(body.get("description") or "")
    extra = body.get("parameters") if isinstance(body.get("parameters"), dict) else {}
    if code == 429:
        return TryLater("Telegram asks to wait", float((extra or {}).get("retry_after") or 30.0))
    if code in (401, 404):
        return AuthExpired("Telegram does not know this bot token: make a new one with @BotFather and reconnect.")
    if code == 409 and "webhook" in words:
        return NotConfigured(WEBHOOK_SET)
    if code == 409:
        return TryLater("Another program polls this bot; only one may.", 30.0)
    if code >= 500 and body.get("ok") is False:
        return TryLater(f"Telegram has a fault and did nothing ({words})", 5.0)
    if extra and extra.get("migrate_to_chat_id"):
        return Rejected("The group became a supergroup: answer in its new chat.", "migrated")
    return Rejected(REFUSED % {"platform": "Telegram", "why": words or code}, str(code))


class Telegram(Unable):
    """One bot."""

    title = "Telegram"

    def __init__(self, account: AccountRef, tokens: TokenStore, client: Client, bot_id: str) -> None:
        self._account, self._tokens, self._client = account, tokens, client
        self._bot_id = bot_id
        self._username = account.handle.lstrip("@")

    def _call(self, method: str, body: Mapping[str, Any] | None = None, **options: Any) -> Any:
        return _result(self._client.call("POST", method, json=dict(body or {}), **options).object())

    def check(self) -> Profile:
        me = self._call("getMe", keyed=True)
        hook = self._call("getWebhookInfo", keyed=True)
        warnings = []
        if not me.get("can_read_all_group_messages"):
            warnings.append("Privacy mode is on: in groups the bot sees only what is addressed to it.")
        if hook.get("last_error_message"):
            warnings.append(f"Telegram could not deliver to the webhook: {hook['last_error_message']}")
        if hook.get("url"):
            warnings.append("A webhook is set: updates are delivered, not polled.")
        return Profile(
            author=user(me),
            limits={"max_characters": LIMIT},
            abilities=("reply", "dm", "delete"),
            warnings=tuple(warnings),
        )

    def feeds(self) -> tuple[str, ...]:
        return ("updates",)

    def pull(self, feed: str, cursor: str | None) -> Iterator[Page]:
        if feed != "updates":
            raise NotConfigured(f"Telegram has no feed {feed!r}; there is updates.")
        offset = int(cursor) if cursor and cursor.isdigit() else 0
        while found := self._updates(offset, 0):
            following = _following(found, offset)
            yield self._page(found, str(following))
            if following == offset:
                return
            offset = following

    def _updates(self, offset: int, seconds: int) -> list[Any]:
        body: dict[str, Any] = {"limit": PAGE, "timeout": seconds, "allowed_updates": list(UPDATES)}
        if offset:
            body["offset"] = offset
        found = self._call("getUpdates", body, keyed=True, timeout=seconds + 15.0)
        if not isinstance(found, list):
            raise BadPayload("Telegram answered with updates that are no list.")
        return found

    def _page(self, updates: Sequence[Any], cursor: str | None) -> Page:
        found, bad = convert_all(
            updates, lambda update: events(update, self._bot_id, self._username), "telegram updates"
        )
        return Page(events=found, bad=bad, cursor=cursor)

    def stream(self) -> Iterator[Page | None]:
        """Long polling; asking again confirms what was yielded before, so it must be stored by then."""
        offset = 0
        while True:
            found = self._updates(offset, POLL_SECONDS)
            offset = _following(found, offset)
            yield self._page(found, None) if found else None

    def receive(self, headers: Mapping[str, str], body: bytes) -> Page:
        secret = self._tokens.get().get("webhook_secret", "")
        if not secret:
            raise NotConfigured("No webhook was set up for this bot: `subscribe` makes its secret.")
        given = next((value for name, value in headers.items() if name.lower() == SECRET_HEADER), "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise Rejected("The delivery does not carry this bot's secret.", "bad_signature")
        try:
            update = loads(body)
        except (ValueError, RecursionError) as error:
            raise BadPayload("The delivery is not JSON.") from error
        if not isinstance(update, dict) or "update_id" not in update:
            raise BadPayload("The delivery is not a Telegram update.")
        return self._page([update], None)

    def subscribe(self, address: str) -> None:
        """Have updates delivered to an https address, or polled again when it is empty."""
        if not address:
            self._call("deleteWebhook", keyed=True)
            return
        secret = self._tokens.get().get("webhook_secret") or secrets.token_urlsafe(32)
        self._tokens.save({**self._tokens.get(), "webhook_secret": secret})
        body = {"url": address, "secret_token": secret, "allowed_updates": list(UPDATES)}
        self._call("setWebhook", body, keyed=True)

    def send(self, reply: Reply, keep: Keep = keep_nothing) -> Event:
        """Post once. There is neither a key nor a look-up: no answer means `Unknown`."""
        if (count := utf16(reply.text)) > LIMIT:
            raise Rejected(TOO_LONG % {"count": count, "platform": "Telegram", "most": LIMIT}, "too_long")
        ref = _parent(reply)
        body: dict[str, Any] = {"chat_id": ref["chat_id"], "text": reply.text}
        if ref.get("message_id"):
            body["reply_parameters"] = {"message_id": ref["message_id"], "allow_sending_without_reply": True}
        for field in ("business_connection_id", "message_thread_id"):
            if ref.get(field):
                body[field] = ref[field]
        if not reply.files:
            return message_event(self._call("sendMessage", body, interactive=True), self._bot_id, self._username)
        attaching.check("telegram", reply)
        upload = uploads.of(reply.files, body)
        answer = self._client.call(
            "POST", upload.method, form=upload.form, files=upload.fields, interactive=True, timeout=120.0
        )
        found = _result(answer.object())
        return album_event(found if isinstance(found, list) else [found], self._bot_id, self._username)

    def delete(self, ref: str) -> None:
        """Delete a message of ours, an album as a whole, within 48 hours; what is gone already is no error."""
        place = json.loads(ref)
        body = {"chat_id": place["chat_id"], "message_id": place["message_id"]}
        if album := place.get("album"):
            body = {"chat_id": place["chat_id"], "message_ids": album}
        try:
            self._call("deleteMessages" if album else "deleteMessage", body, keyed=True, interactive=True)
        except Rejected as refused:
            if "not found" not in str(refused):
                raise


def _result(answer: Mapping[str, Any]) -> Any:
    if answer.get("ok") is not True:
        raise BadPayload("Telegram answered without a result.")
    return answer.get("result")


def _following(updates: Sequence[Any], offset: int) -> int:
    """The number after the last update; unreadable ones do not hold the queue up."""
    numbers = [update.get("update_id") for update in updates if isinstance(update, dict)]
    return max([offset, *(number + 1 for number in numbers if isinstance(number, int))])


def _parent(reply: Reply) -> Mapping[str, Any]:
    """Where an answer goes: the answered message, or the recipient's private chat."""
    try:
        found = json.loads(reply.parent_ref) if reply.parent_ref else {}
    except ValueError:
        found = {}
    if isinstance(found, dict) and found.get("chat_id"):
        return found
    if reply.recipient is not None:
        return {"chat_id": reply.recipient.id}
    raise NotConfigured("The message this answers cannot be addressed on Telegram: answer another one.")
