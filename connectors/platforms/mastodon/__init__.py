"""Mastodon and what speaks its client API: Pleroma, Akkoma, GoToSocial, Pixelfed, Friendica.

https://docs.joinmastodon.org/client/intro/ · one account on one server. Feeds: `notifications`
(mentions, answers, direct messages, favourites, boosts, follows), `conversations` (direct messages
again, since servers may hide them from notifications), `own` (what we wrote, from wherever), and
`tag:…` and `search:…` for listening.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote

from connectors.base import AccountRef, Budget, Keep, Seen, TokenStore, Unable, convert, keep_nothing, now
from connectors.client import Bearer, Client
from connectors.platforms.mastodon.lists import Listing
from connectors.platforms.mastodon.places import Places
from connectors.platforms.mastodon.sending import Sender
from connectors.platforms.mastodon.server import Server, about, refusal
from connectors.platforms.mastodon.stream import Streamer
from connectors.platforms.mastodon.to_event import (
    Place,
    Us,
    actor_id,
    author,
    handle,
    host_of,
    local_key,
    notification_event,
    status_event,
    when,
)
from connectors.platforms.mastodon.uploads import Uploads
from core.errors import BadPayload, NotConfigured, Rejected
from core.event import Bad, Count, Event, Origin, Page, Profile, Reply

Doc = Mapping[str, Any]
HISTORY_DAYS = 30
NOT_OFFERED = ("404", "405", "410", "501", "no_address")


def connect(account: AccountRef, tokens: TokenStore, budget: Budget | None, *, allow_private: bool = False) -> Mastodon:
    """The connector of an account; `tokens` hold `token`."""
    token = tokens.get().get("token", "")
    if not token or not account.base_url:
        raise NotConfigured("A Mastodon account needs the address of its server and an access token.")
    client = Client(account.base_url, budget=budget, auth=Bearer(token), refusal=refusal, allow_private=allow_private)
    return Mastodon(account, client)


class Mastodon(Unable):
    """One account on one server; asks the server who we are once, when that is first needed."""

    title = "Mastodon"

    def __init__(self, account: AccountRef, client: Client) -> None:
        self._account, self._client = account, client

    @cached_property
    def _me(self) -> Doc:
        return self._client.get("/api/v1/accounts/verify_credentials").object()

    @cached_property
    def us(self) -> Us:
        """Our account as the server names it."""
        uri = actor_id(self._me)
        return Us(id=str(self._me["id"]), uri=uri, acct=handle(self._me), host=host_of(uri))

    @cached_property
    def _server(self) -> Server:
        return about(self._client)

    @cached_property
    def _places(self) -> Places:
        return Places(self._client, self.us.host)

    def check(self) -> Profile:
        self.__dict__.pop("_me", None)
        me, facts = author(self._me), self._server
        warnings = []
        if not facts.version:
            warnings.append("The server tells nothing about itself, so Mastodon's usual limits are assumed.")
        if not Streamer(self._client, self._server).available():
            warnings.append("The server offers no event stream; the account is polled.")
        return Profile(
            author=me,
            limits={
                "max_characters": facts.characters,
                "characters_per_url": facts.url_length,
                **facts.file_limits,
            },
            mimes=facts.mimes,
            abilities=("reply", "dm", "favourite", "boost", "delete", "listen"),
            warnings=tuple(warnings),
        )

    def feeds(self) -> tuple[str, ...]:
        return ("notifications", "conversations", "own")

    def pull(self, feed: str, cursor: str | None) -> Iterator[Page]:
        name, _, terms = feed.partition(":")
        if name == "search":
            yield from self._search(terms)
            return
        listing = self._listing(feed)
        history = now() - timedelta(days=float(self._account.config.get("history_days", HISTORY_DAYS)))
        try:
            for step in listing.steps(cursor, history):
                events, bad = self._events(name, step.items)
                yield Page(events=events, bad=bad, cursor=step.cursor.text())
        except Rejected as refused:
            if name != "conversations" or refused.code not in NOT_OFFERED:
                raise  # without this list, direct messages still come as mentions

    def _listing(self, feed: str) -> Listing:
        name, _, terms = feed.partition(":")
        match name:
            case "notifications":
                return Listing(self._client, "/api/v1/notifications")
            case "conversations":
                return Listing(
                    self._client,
                    "/api/v1/conversations",
                    page_id=lambda item: str(item["last_status"]["id"]),
                    time=lambda item: when(item["last_status"]["created_at"]),
                )
            case "own":
                path = f"/api/v1/accounts/{self.us.id}/statuses"
                return Listing(self._client, path, {"exclude_reblogs": "true"})
            case "tag":
                return Listing(self._client, f"/api/v1/timelines/tag/{quote(terms.lstrip('#'), safe='')}")
        raise NotConfigured(f"Mastodon has no feed {feed!r}; there are {', '.join(self.feeds())}, tag: and search:.")

    def _events(self, name: str, items: Sequence[Any]) -> tuple[tuple[Event, ...], tuple[Bad, ...]]:
        if name == "notifications":
            parents = self._places.of(_statuses(items, "status"))
            return convert(items, lambda item: notification_event(item, self.us, parents), "mastodon notifications")
        if name == "conversations":
            return self._conversations(items)
        return self._plain(items, "listening" if name in ("tag", "search") else "inbox", f"mastodon {name}")

    def _plain(self, items: Sequence[Any], origin: Origin, source: str) -> tuple[tuple[Event, ...], tuple[Bad, ...]]:
        parents = self._places.of(_statuses(items))
        return convert(
            items,
            lambda item: None if item.get("reblog") else status_event(item, self.us, parents, origin),
            source,
        )

    def _conversations(self, items: Sequence[Any]) -> tuple[tuple[Event, ...], tuple[Bad, ...]]:
        """The last message of each conversation, with what stands above it when that was never seen.

        Threads hang on references: only where the parent cannot be had, the server's own conversation
        id (which differs by account) holds them together.
        """
        events: list[Event] = []
        bad: list[Bad] = []
        for item in items:
            try:
                status = item["last_status"]
                if status is None:
                    continue
                found, unread = self._direct(str(item["id"]), status)
            except (KeyError, TypeError, AttributeError):
                found, unread = convert(
                    [item],
                    lambda row: status_event(row["last_status"], self.us, {}),
                    "mastodon conversations",
                )
            events += found
            bad += unread
        return tuple({event.key: event for event in events}.values()), tuple(bad)

    def _direct(self, conversation: str, status: Doc) -> tuple[tuple[Event, ...], tuple[Bad, ...]]:
        parent_id = str(status.get("in_reply_to_id") or "")
        rows: list[Any] = [status]
        if parent_id and self._places.known(parent_id) is None:
            rows = [*self._above(str(status["id"])), status]
        parents = self._places.of(_statuses(rows))
        if parent_id and parent_id not in parents:
            thread = f"mastodon:{self.us.host}:conversation:{conversation}"
            parents[parent_id] = Place(local_key(self.us.host, parent_id), thread)
        return convert(rows, lambda row: status_event(row, self.us, parents, "context"), "mastodon conversations")

    def _above(self, status_id: str) -> list[Any]:
        try:
            found = self._client.get(f"/api/v1/statuses/{status_id}/context").object()
        except (Rejected, BadPayload):
            return []
        above = found.get("ancestors")
        return above if isinstance(above, list) else []

    def _search(self, terms: str) -> Iterator[Page]:
        """Newest matches; the server searches full text only where its operator set that up."""
        found = self._client.get("/api/v2/search", {"q": terms, "type": "statuses", "limit": 40}).object()
        items = [row for row in found.get("statuses") or () if row]
        if items:
            events, bad = self._plain(list(reversed(items)), "listening", "mastodon search")
            yield Page(events=events, bad=bad)

    def thread(self, ref: str) -> Page:
        status_id = _id(ref)
        rows = self._above(status_id)
        itself = self._places.one(status_id)
        events, bad = self._plain([*rows, *([itself] if itself else [])], "context", "mastodon thread")
        return Page(events=events, bad=bad)

    def recheck(self, seen: Sequence[Seen]) -> Page:
        wanted = {_id(row.ref): row for row in seen if row.ref}
        found = {str(row["id"]): row for row in self._places.fetch(list(wanted))}
        events, bad = self._plain(list(found.values()), "context", "mastodon recheck")
        missing = [row for name, row in wanted.items() if name not in found and self._places.one(name) is None]
        gone = tuple(
            Event(key=row.key, platform="mastodon", kind=row.kind, action="delete", posted_at=now()) for row in missing
        )
        return Page(events=(*events, *gone), bad=bad)

    def send(self, reply: Reply, keep: Keep = keep_nothing) -> Event:
        return Sender(self._client, self.us, self._server, self._places, Uploads(self._client, keep)).send(reply)

    def delete(self, ref: str) -> None:
        """Take back a status of ours; one that is gone already is no error."""
        Sender(self._client, self.us, self._server, self._places).delete(ref)

    def count(self, feed: str, since: datetime, until: datetime) -> Count:
        """Every key in a window, read newest first; search cannot be counted."""
        name = feed.partition(":")[0]
        if name == "search":
            return Count(feed=feed, since=since, until=until, keys=(), complete=False)
        keys: dict[str, None] = {}
        for step in self._listing(feed).steps(None, since.astimezone(UTC) - timedelta(hours=1)):
            events, _ = self._events(name, step.items)
            keys.update(dict.fromkeys(event.key for event in events if since <= event.posted_at < until))
        return Count(feed=feed, since=since, until=until, keys=tuple(keys))

    def stream(self) -> Iterator[Page | None]:
        streamer = Streamer(self._client, self._server)
        for notice in streamer.messages():
            yield None if notice is None else self._streamed(*notice)

    def _streamed(self, name: str, payload: Any) -> Page | None:
        """A streamed event as a page; None for what does not concern us."""
        match name:
            case "notification":
                events, bad = self._events("notifications", [payload])
            case "conversation":
                events, bad = self._events("conversations", [payload])
            case "update" | "status.update":
                events, bad = self._plain([payload], "context", "mastodon stream")
                events = tuple(event for event in events if event.kind != "post" or event.direction == "outbound")
            case "delete":
                events, bad = self._deleted(str(payload)), ()
            case _:
                return None
        return Page(events=events, bad=bad) if events or bad else None

    def _deleted(self, status_id: str) -> tuple[Event, ...]:
        place = self._places.known(status_id)
        if place is None:
            return ()
        return (Event(key=place.key, platform="mastodon", kind="mention", action="delete", posted_at=now()),)


def _statuses(items: Sequence[Any], inside: str = "") -> list[Doc]:
    rows = [item.get(inside) if inside else item for item in items if isinstance(item, dict)]
    return [row for row in rows if isinstance(row, dict)]


def _id(ref: str) -> str:
    return str(json.loads(ref)["id"])
