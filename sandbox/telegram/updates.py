"""How the bot gets its updates: long polling or a webhook. https://core.telegram.org/bots/api#getting-updates"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from sandbox.telegram.errors import Refused, bad
from sandbox.telegram.state import Telegram
from sandbox.web import truth, whole

Doc = dict[str, Any]
LONGEST_POLL = 50.0
HOOKED = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
POLLED_TWICE = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0


async def get_updates(state: Telegram, doc: Doc) -> Any:
    """Waiting updates from ``offset`` on; earlier ones are confirmed and forgotten."""
    if state.bot["url"]:
        raise Refused(409, HOOKED)
    state.poll += 1
    mine = state.poll
    state.arrived.set()
    if "allowed_updates" in doc and doc["allowed_updates"] is not None:
        state.configure(allowed=list(doc["allowed_updates"]))
    offset, limit = int(doc.get("offset") or 0), whole(doc.get("limit"), 100, 100)
    if offset > 0:
        state.confirm(offset)
    elif offset < 0:
        kept = list(state.queue)[offset:]
        state.confirm(int(kept[0]) if kept else 0)
    deadline = time.monotonic() + min(float(doc.get("timeout") or 0), LONGEST_POLL)
    while not state.queue and time.monotonic() < deadline and not state.closing:
        state.arrived.clear()
        try:
            await asyncio.wait_for(state.arrived.wait(), deadline - time.monotonic())
        except TimeoutError:
            break
        if state.poll != mine:
            raise Refused(409, POLLED_TWICE)
    found = state.waiting(limit)
    for update in found:
        mark_served(state, update)
    return found


def mark_served(state: Telegram, update: Doc) -> None:
    """Note that the bot has been given this update."""
    key = str(update["update_id"])
    if key not in state.served:
        state.served[key] = {}


async def set_webhook(state: Telegram, doc: Doc) -> Any:
    """``url`` (http on loopback is accepted here), ``secret_token``, ``allowed_updates``."""
    url = str(doc.get("url") or "")
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if url and not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    secret = str(doc.get("secret_token") or "")
    if secret and not all(sign.isascii() and (sign.isalnum() or sign in "_-") for sign in secret):
        raise bad("secret token contains unallowed characters")
    changes: Doc = {"url": url, "secret": secret, "error": None}
    if doc.get("allowed_updates") is not None:
        changes["allowed"] = list(doc["allowed_updates"])
    if truth(doc.get("drop_pending_updates")):
        state.confirm(2**62)
    state.configure(**changes)
    return True


async def delete_webhook(state: Telegram, doc: Doc) -> Any:
    if truth(doc.get("drop_pending_updates")):
        state.confirm(2**62)
    state.configure(url="", secret="", error=None)
    return True


async def webhook_info(state: Telegram, doc: Doc) -> Any:
    """https://core.telegram.org/bots/api#webhookinfo"""
    bot = state.bot
    info: Doc = {"url": bot["url"], "has_custom_certificate": False, "pending_update_count": len(state.queue)}
    if bot["url"]:
        info["max_connections"] = 40
    if bot.get("error"):
        info |= {"last_error_date": bot["error"]["at"], "last_error_message": bot["error"]["text"]}
    if bot.get("allowed"):
        info["allowed_updates"] = bot["allowed"]
    return info


async def deliver(state: Telegram) -> None:
    """Post waiting updates to the webhook, in order, each until it is answered by 2xx; runs for ever."""
    pause = FIRST_PAUSE
    while True:
        update = next(iter(state.queue.values()), None)
        if update is None or not state.bot["url"]:
            state.arrived.clear()
            await state.arrived.wait()
            continue
        mark_served(state, update)
        trouble = await asyncio.to_thread(_send, state.bot["url"], state.bot["secret"], update)
        if trouble is None:
            state.queue.pop(str(update["update_id"]), None)
            pause = FIRST_PAUSE
        else:
            state.bots["bot"] = state.bot | {"error": {"at": int(time.time()), "text": trouble}}
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _send(url: str, secret: str, update: Doc) -> str | None:
    """One delivery; None when it was answered by 2xx, else what went wrong."""
    headers = {"Content-Type": "application/json"}
    if secret:
        headers["X-Telegram-Bot-Api-Secret-Token"] = secret
    request = urllib.request.Request(url, json.dumps(update).encode(), headers)  # noqa: S310 - setWebhook checked it
    try:
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - setWebhook checked it
            return None
    except urllib.error.HTTPError as problem:
        problem.close()
        return f"Wrong response from the webhook: {problem.code} {problem.reason}"
    except OSError as problem:
        return f"Connection failed: {problem}"
