"""Answers on Bluesky: https://docs.bsky.app/docs/api/com-atproto-repo-create-record

A post's record key is made from our own key, so a repeat would hit the same record. A used record key
is answered by 500, like any fault: after every unclear outcome the record is looked up first. Chat
messages have no key and take no pictures; before a repeat the conversation's messages after the answered one are read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors import attaching
from connectors.base import now
from connectors.client import Client
from connectors.platforms.bluesky.chat import Chat
from connectors.platforms.bluesky.people import profiles
from connectors.platforms.bluesky.richtext import facets
from connectors.platforms.bluesky.to_event import post_event, when
from connectors.platforms.bluesky.videos import Videos
from connectors.refusals import TOO_BIG, TOO_LONG
from connectors.text import graphemes
from core.errors import BadPayload, NotConfigured, Rejected, TryLater, Unknown
from core.event import Event, File, Reply

POST = "app.bsky.feed.post"
LIMIT, LIMIT_BYTES = 300, 3000
DM_LIMIT, DM_LIMIT_BYTES = 1000, 10_000
ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
FIRST_MICROSECOND, MICROSECONDS = 1_700_000_000_000_000, 31_536_000_000_000


def record_key(key: str) -> str:
    """A timestamp identifier (https://atproto.com/specs/tid) that is always the same for the same key."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:12], "big")
    value = ((FIRST_MICROSECOND + number // 1024 % MICROSECONDS) << 10) | (number % 1024)
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(60, -1, -5))


def fits(text: str, most: int, most_bytes: int) -> None:
    """Refuse what the platform would refuse, with both numbers."""
    count, size = graphemes(text), len(text.encode())
    if count > most:
        raise Rejected(TOO_LONG % {"count": count, "platform": "Bluesky", "most": most}, "too_long")
    if size > most_bytes:
        raise Rejected(TOO_BIG % {"count": size, "platform": "Bluesky", "most": most_bytes}, "too_long")


class Sender:
    """Posts, messages and deletions of one account."""

    def __init__(self, client: Client, chat: Chat, us: str, videos: Videos | None = None) -> None:
        self._client, self._chat, self._us = client, chat, us
        self._videos = videos or Videos(client, us)

    def send(self, reply: Reply) -> Event:
        """Post once; a repeat answers the post of the first time."""
        parent = _parent(reply)
        attaching.check("bluesky", reply.model_copy(update={"visibility": "private"}) if parent.get("convo") else reply)
        if parent.get("convo") or reply.visibility == "private":
            return self._message(reply, parent)
        return self._post(reply, parent)

    # -- posts ----------------------------------------------------------------------------------

    def _post(self, reply: Reply, parent: Mapping[str, Any]) -> Event:
        fits(reply.text, LIMIT, LIMIT_BYTES)
        key = record_key(reply.key)
        found = None if reply.first_attempt else self._record(key)
        return self._event(found or self._create(key, self._build(reply, parent) | self._embed(reply)))

    def _embed(self, reply: Reply) -> dict[str, Any]:
        """The uploaded pictures, https://docs.bsky.app/docs/advanced-guides/posts#images-embeds, or the video."""
        if not reply.files:
            return {}
        if reply.files[0].kind == "video":
            return {"embed": self._videos.embed(reply.files[0])}
        images = [{"alt": one.alt, "image": self._upload(one)} for one in reply.files]
        return {"embed": {"$type": "app.bsky.embed.images", "images": images}}

    def _upload(self, file: File) -> dict[str, Any]:
        """A picture as a blob, which the server drops when no record comes to name it."""
        answer = self._client.call(
            "POST", "/xrpc/com.atproto.repo.uploadBlob", content=attaching.place(file),
            headers={"Content-Type": file.mime}, keyed=True, interactive=True,
        )  # fmt: skip
        blob = answer.object().get("blob")
        if not isinstance(blob, dict):
            raise BadPayload("Bluesky took a picture and did not say how it is called.")
        return blob

    def _build(self, reply: Reply, parent: Mapping[str, Any]) -> dict[str, Any]:
        record: dict[str, Any] = {
            "$type": POST,
            "text": reply.text,
            "createdAt": now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        if reply.language:
            record["langs"] = [reply.language]
        if found := facets(reply.text, self._did):
            record["facets"] = found
        if parent:
            itself = {"uri": parent["uri"], "cid": parent["cid"]}
            record["reply"] = {"root": parent.get("root") or itself, "parent": itself}
        return record

    def _create(self, key: str, record: dict[str, Any]) -> dict[str, Any]:
        body = {"repo": self._us, "collection": POST, "rkey": key, "record": record}
        try:
            found = self._client.post("/xrpc/com.atproto.repo.createRecord", body, interactive=True).object()
            return {"uri": found["uri"], "cid": found["cid"], "value": record}
        except (Unknown, Rejected, KeyError) as error:
            known = self._record(key)
            if known is not None:
                return known
            if isinstance(error, Rejected):
                raise
            raise TryLater("Bluesky did not confirm the post; it is looked up before it is sent again.", 2.0) from error

    def _record(self, key: str) -> dict[str, Any] | None:
        """Our post with this record key, or None."""
        params = {"repo": self._us, "collection": POST, "rkey": key}
        try:
            return self._client.get("/xrpc/com.atproto.repo.getRecord", params, interactive=True).object()
        except Rejected as refused:
            if refused.code in ("RecordNotFound", "InvalidRequest"):
                return None
            raise

    def _event(self, found: Mapping[str, Any]) -> Event:
        people = profiles(self._client, [self._us])
        author = people.get(self._us, {"did": self._us})
        record = found["value"]
        view = {**found, "author": author, "record": record, "indexedAt": record["createdAt"]}
        return post_event({name: part for name, part in view.items() if name != "value"}, self._us, people)

    def _did(self, handle: str) -> str | None:
        try:
            params = {"handle": handle}
            found = self._client.get("/xrpc/com.atproto.identity.resolveHandle", params, interactive=True)
            return str(found.object()["did"])
        except (Rejected, KeyError):
            return None

    # -- messages -------------------------------------------------------------------------------

    def _message(self, reply: Reply, parent: Mapping[str, Any]) -> Event:
        fits(reply.text, DM_LIMIT, DM_LIMIT_BYTES)
        convo = str(parent.get("convo") or "")
        if not convo:
            if reply.recipient is None:
                raise Rejected("A direct message needs somebody it is addressed to.", "no_recipient")
            convo = self._chat.convo_with(reply.recipient.id)
        if not reply.first_attempt and (sent := self._sent(convo, reply.text, str(parent.get("message") or ""))):
            return self._chat.event(sent, convo)
        message: dict[str, Any] = {"text": reply.text}
        if found := facets(reply.text, self._did):
            message["facets"] = found
        return self._chat.event(self._chat.post("sendMessage", {"convoId": convo, "message": message}), convo)

    def _sent(self, convo: str, text: str, after: str) -> Mapping[str, Any] | None:
        """Our newest message with this text behind the answered one."""
        rows = self._chat.messages(convo, now() - timedelta(days=2), interactive=True)
        ids = [str(row.get("id")) for row in rows]
        behind = rows[ids.index(after) + 1 :] if after in ids else rows
        mine = [row for row in behind if row.get("text") == text and row["sender"]["did"] == self._us]
        return max(mine, key=lambda row: when(row["sentAt"]), default=None)

    def delete(self, ref: str) -> None:
        """Delete a post of ours everywhere; a message only from our own view, as the service has it."""
        parent = json.loads(ref)
        if parent.get("convo"):
            self._chat.post("deleteMessageForSelf", {"convoId": parent["convo"], "messageId": parent["message"]})
            return
        body = {"repo": self._us, "collection": POST, "rkey": str(parent["uri"]).rpartition("/")[2]}
        self._client.post("/xrpc/com.atproto.repo.deleteRecord", body, keyed=True, interactive=True)


def _parent(reply: Reply) -> Mapping[str, Any]:
    if not reply.parent_ref:
        return {}
    try:
        found = json.loads(reply.parent_ref)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not (found.get("convo") or (found.get("uri") and found.get("cid"))):
        raise NotConfigured("The message this answers cannot be addressed on Bluesky: answer another one.")
    return found
