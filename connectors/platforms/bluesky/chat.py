"""Direct messages: https://docs.bsky.app/docs/api/chat-bsky-convo-list-convos

Calls go to the account's own server, which passes them on to the chat service. The first pull walks
the conversations; from then on the log says what happened, deletions included. App passwords need the
privilege for direct messages: without it this feed is empty and the check warns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.answers import Answer, reason
from connectors.base import convert
from connectors.client import Client
from connectors.platforms.bluesky.people import profiles
from connectors.platforms.bluesky.session import refusal
from connectors.platforms.bluesky.to_event import message_event, when
from core.errors import BadPayload, NotConfigured, Rejected, WiderhallError
from core.event import Event, Page

PROXY = {"atproto-proxy": "did:web:api.bsky.chat#bsky_chat"}
PAGE = 100
NO_PRIVILEGE = (
    "This sign-in may not read direct messages: make an app password that allows access to direct messages, "
    "or connect by OAuth."
)
MESSAGE_LOGS = ("logCreateMessage", "logDeleteMessage")


def chat_refusal(answer: Answer) -> WiderhallError | None:
    """A missing privilege is something to set up, not a dead sign-in."""
    code, words = reason(answer)
    text = words.lower()
    if code == "ScopeMissingError" or "bad token" in text or "missing required scope" in text:
        return NotConfigured(NO_PRIVILEGE)
    return refusal(answer)


@dataclass(frozen=True)
class Cursor:
    """`log`: the place in the log; `rev`: conversations up to here are walked; `walked`: all are."""

    log: str = ""
    rev: str = ""
    walked: bool = False

    def text(self) -> str:
        return json.dumps(vars(self))

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """A cursor as `text` wrote it; what cannot be read starts over, which is safe."""
        try:
            doc = json.loads(text or "{}")
            return cls(str(doc.get("log") or ""), str(doc.get("rev") or ""), bool(doc.get("walked")))
        except (ValueError, AttributeError):
            return cls()


class Chat:
    """The conversations of one account."""

    def __init__(self, client: Client, people: Client, us: str) -> None:
        self._client, self._people, self._us = client, people, us

    def _get(self, name: str, params: Mapping[str, Any] | None = None, interactive: bool = False) -> dict[str, Any]:
        path = f"/xrpc/chat.bsky.convo.{name}"
        return self._client.get(path, params, headers=PROXY, interactive=interactive).object()

    def post(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A write; nothing keeps it from happening twice."""
        path = f"/xrpc/chat.bsky.convo.{name}"
        return self._client.post(path, dict(body), headers=PROXY, interactive=True).object()

    def usable(self) -> bool:
        """Whether this sign-in may read messages."""
        try:
            self._get("listConvos", {"limit": 1})
        except (NotConfigured, Rejected):
            return False
        return True

    def pull(self, text: str | None, history_from: datetime) -> Iterator[Page]:
        """Everything since a cursor; without one, the conversations back to `history_from`."""
        cursor = Cursor.read(text)
        try:
            if not (cursor.walked and cursor.log):
                cursor = replace(cursor, log=cursor.log or str(self._get("getLog").get("cursor") or ""))
                yield from self._walk(cursor, history_from)
            yield from self._follow(cursor)
        except NotConfigured:
            return

    def _walk(self, cursor: Cursor, history_from: datetime) -> Iterator[Page]:
        convos = [convo for convo in self._convos() if str(convo["rev"]) > cursor.rev]
        for convo in sorted(convos, key=lambda row: str(row["rev"])):
            cursor = replace(cursor, rev=str(convo["rev"]))
            found = self.messages(str(convo["id"]), history_from)
            yield self._page([(str(convo["id"]), row) for row in found], cursor)
        yield Page(cursor=replace(cursor, walked=True).text())

    def _convos(self) -> Iterator[dict[str, Any]]:
        place, seen = None, set[str]()
        while True:
            found = self._get("listConvos", {"limit": PAGE, **({"cursor": place} if place else {})})
            yield from (row for row in found.get("convos") or () if isinstance(row, dict) and row.get("rev"))
            place = found.get("cursor")
            if not place or place in seen or not found.get("convos"):
                return
            seen.add(str(place))

    def messages(self, convo: str, since: datetime, interactive: bool = False) -> list[Any]:
        """The messages of a conversation back to a time, oldest first."""
        rows: list[Any] = []
        place, seen = None, set[str]()
        while True:
            params = {"convoId": convo, "limit": PAGE, **({"cursor": place} if place else {})}
            found = self._get("getMessages", params, interactive)
            part = found.get("messages") or []
            rows += part
            place = found.get("cursor")
            if not part or not place or place in seen or _before(part[-1], since):
                return rows[::-1]
            seen.add(str(place))

    def _follow(self, cursor: Cursor) -> Iterator[Page]:
        """The log since a place. An installation of the service without a log is walked again instead."""
        while cursor.log:
            found = self._get("getLog", {"cursor": cursor.log})
            logs = [row for row in found.get("logs") or () if isinstance(row, dict)]
            revs = [str(row["rev"]) for row in logs if row.get("rev")]
            place = max([cursor.log, *revs, str(found.get("cursor") or "")])
            rows = [(str(row.get("convoId")), row.get("message")) for row in logs if _about_message(row)]
            moved, cursor = place != cursor.log, replace(cursor, log=place)
            if rows or moved:
                yield self._page(rows, cursor)
            if not moved:
                return

    def _page(self, rows: list[tuple[str, Any]], cursor: Cursor) -> Page:
        senders = [str(row["sender"]["did"]) for _, row in rows if _has_sender(row)]
        people = profiles(self._people, senders)

        def event(row: tuple[str, Any]) -> Event:
            return message_event(row[1], row[0], self._us, people)

        events, bad = convert(rows, event, "bluesky chat")
        return Page(events=events, bad=bad, cursor=cursor.text())

    def event(self, message: Mapping[str, Any], convo: str) -> Event:
        """One message as an event."""
        return message_event(message, convo, self._us, profiles(self._people, [self._us]))

    def convo_with(self, did: str) -> str:
        """The conversation with a person, made when there is none."""
        found = self._get("getConvoForMembers", {"members": did}, interactive=True)
        try:
            return str(found["convo"]["id"])
        except (KeyError, TypeError) as error:
            raise BadPayload("The chat service named no conversation.") from error

    def keys(self, since: datetime, until: datetime) -> list[str]:
        """The event keys of the messages in a window."""
        keys = []
        for convo in self._convos():
            rows = [(str(convo["id"]), row) for row in self.messages(str(convo["id"]), since)]
            page = self._page(rows, Cursor())
            keys += [event.key for event in page.events if since <= event.posted_at < until]
        return keys


def _about_message(row: Mapping[str, Any]) -> bool:
    return str(row.get("$type") or "").rpartition("#")[2] in MESSAGE_LOGS


def _has_sender(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("sender"), dict) and bool(row["sender"].get("did"))


def _before(row: Any, since: datetime) -> bool:
    try:
        return when(row["sentAt"]) < since
    except (KeyError, TypeError, ValueError):
        return False
