"""Bluesky, on any personal data server of the AT Protocol: https://docs.bsky.app/docs/api/

Feeds: `notifications` (mentions, answers, quotes, likes, reposts, follows), `chat` (direct messages),
`own` (what we wrote, from wherever), and `tag:…` and `search:…` for listening. `isRead` is never a
cursor: before the first `updateSeen` it is true for everything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from connectors.base import AccountRef, Budget, Keep, Seen, TokenStore, Unable, convert, keep_nothing, now
from connectors.client import Client
from connectors.dpop import BoundTokens
from connectors.platforms.bluesky.chat import NO_PRIVILEGE, Chat, chat_refusal
from connectors.platforms.bluesky.newest import Listing
from connectors.platforms.bluesky.people import profiles
from connectors.platforms.bluesky.sending import DM_LIMIT, LIMIT, Sender
from connectors.platforms.bluesky.session import PasswordSession, refusal
from connectors.platforms.bluesky.threads import above, deleted, posts
from connectors.platforms.bluesky.to_event import author, notification_event, post_event, when
from connectors.platforms.bluesky.videos import Videos, service_of
from core.errors import NotConfigured
from core.event import Bad, Count, Event, Origin, Page, Profile, Reply

HISTORY_DAYS = 30
PAGE = 100
AT_ONCE = 25


def connect(account: AccountRef, tokens: TokenStore, budget: Budget | None, *, allow_private: bool = False) -> Bluesky:
    """The connector of an account; `tokens` hold `identifier` and `password`, or OAuth's tokens."""
    return Bluesky(account, tokens, budget, allow_private)


class Bluesky(Unable):
    """One account; signs in when that is first needed."""

    title = "Bluesky"

    def __init__(self, account: AccountRef, tokens: TokenStore, budget: Budget | None, allow_private: bool) -> None:
        self._account, self._tokens = account, tokens
        self._budget, self._allow_private = budget, allow_private

    @cached_property
    def _session(self) -> BoundTokens | PasswordSession:
        if self._tokens.get().get("dpop_key"):
            return BoundTokens(self._tokens, self._allow_private)
        return PasswordSession(self._tokens, self._account.base_url, self._allow_private)

    def _server(self) -> str:
        if isinstance(self._session, PasswordSession):
            return self._session.server()
        return self._tokens.get().get("pds") or self._account.base_url

    @cached_property
    def _client(self) -> Client:
        return Client(
            self._server(),
            budget=self._budget,
            auth=self._session,
            refusal=refusal,
            allow_private=self._allow_private,
        )

    @cached_property
    def us(self) -> str:
        """Our DID."""
        if self._account.external_id.startswith("did:"):
            return self._account.external_id
        return str(self._client.get("/xrpc/com.atproto.server.getSession").object()["did"])

    @cached_property
    def _chat(self) -> Chat:
        client = Client(
            self._server(),
            budget=self._budget,
            auth=self._session,
            refusal=chat_refusal,
            allow_private=self._allow_private,
        )
        return Chat(client, self._client, self.us)

    def check(self) -> Profile:
        did = str(self._client.get("/xrpc/com.atproto.server.getSession").object()["did"])
        profile = self._client.get("/xrpc/app.bsky.actor.getProfile", {"actor": did}).object()
        messages = self._chat.usable()
        return Profile(
            author=author(profile),
            limits={"max_characters": LIMIT, "max_dm_characters": DM_LIMIT},
            abilities=("reply", *(("dm",) if messages else ()), "like", "repost", "delete", "listen"),
            warnings=() if messages else (NO_PRIVILEGE,),
        )

    def feeds(self) -> tuple[str, ...]:
        return ("notifications", "chat", "own")

    def _history(self) -> datetime:
        return now() - timedelta(days=float(self._account.config.get("history_days", HISTORY_DAYS)))

    def pull(self, feed: str, cursor: str | None) -> Iterator[Page]:
        if feed == "chat":
            yield from self._chat.pull(cursor, self._history())
            return
        listing = self._listing(feed)
        for step in listing.steps(cursor, self._history()):
            events, bad = self._events(feed, step.items)
            yield Page(events=events, bad=bad, cursor=step.cursor.text())

    def _listing(self, feed: str) -> Listing:
        name, _, terms = feed.partition(":")
        match name:
            case "notifications":
                return Listing(self._fetch("app.bsky.notification.listNotifications", "notifications"))
            case "own":
                return Listing(
                    self._fetch("app.bsky.feed.getAuthorFeed", "feed", actor=self.us, filter="posts_with_replies"),
                    name=lambda item: str(item["post"]["uri"]),
                    time=lambda item: when(item["post"]["indexedAt"]),
                )
            case "tag":
                terms = f"#{terms.lstrip('#')}"
                return Listing(self._fetch("app.bsky.feed.searchPosts", "posts", q=terms, sort="latest"))
            case "search":
                return Listing(self._fetch("app.bsky.feed.searchPosts", "posts", q=terms, sort="latest"))
        raise NotConfigured(f"Bluesky has no feed {feed!r}; there are {', '.join(self.feeds())}, tag: and search:.")

    def _fetch(self, method: str, field: str, **params: str) -> Callable[[str | None], tuple[list[Any], str | None]]:
        def fetch(place: str | None) -> tuple[list[Any], str | None]:
            more = {"cursor": place} if place else {}
            found = self._client.get(f"/xrpc/{method}", {**params, "limit": PAGE, **more}).object()
            items, following = found.get(field), found.get("cursor")
            return items if isinstance(items, list) else [], _again(following, place)

        return fetch

    def _events(self, feed: str, items: Sequence[Any]) -> tuple[tuple[Event, ...], tuple[Bad, ...]]:
        if feed == "notifications":
            people = profiles(self._client, _authors(items))
            return convert(items, lambda item: notification_event(item, self.us, people), "bluesky notifications")
        if feed == "own":
            mine = [item for item in items if not (isinstance(item, dict) and item.get("reason"))]
            return self._posts([item.get("post") if isinstance(item, dict) else item for item in mine], "inbox")
        return self._posts(items, "listening")

    def _posts(self, views: Sequence[Any], origin: Origin) -> tuple[tuple[Event, ...], tuple[Bad, ...]]:
        people = profiles(self._client, _authors(views))
        return convert(views, lambda view: post_event(view, self.us, people, origin), f"bluesky {origin}")

    def thread(self, ref: str) -> Page:
        views, holes = above(self._client, str(json.loads(ref).get("uri") or ""))
        events, bad = self._posts(views, "context")
        return Page(events=(*holes, *events), bad=bad)

    def recheck(self, seen: Sequence[Seen]) -> Page:
        wanted = {uri: row for row in seen if (uri := _uri(row.ref))}
        names, views = list(wanted), []
        for start in range(0, len(names), AT_ONCE):
            views += posts(self._client, names[start : start + AT_ONCE])
        found = {str(view["uri"]) for view in views}
        events, bad = self._posts(views, "context")
        gone = tuple(
            Event(key=row.key, platform="bluesky", kind=row.kind, action="delete", posted_at=now())
            for uri, row in wanted.items()
            if uri not in found and deleted(self._client, uri)
        )
        return Page(events=(*events, *gone), bad=bad)

    def send(self, reply: Reply, keep: Keep = keep_nothing) -> Event:
        service = service_of(self._server(), self._account.config)
        videos = Videos(self._client, self.us, service, keep, allow_private=self._allow_private)
        return Sender(self._client, self._chat, self.us, videos).send(reply)

    def delete(self, ref: str) -> None:
        """Take back a post of ours; one that is gone already is no error."""
        Sender(self._client, self._chat, self.us).delete(ref)

    def count(self, feed: str, since: datetime, until: datetime) -> Count:
        """Every key in a window, read newest first; a search answers only part of what there is."""
        if feed == "chat":
            return Count(feed=feed, since=since, until=until, keys=tuple(self._chat.keys(since, until)))
        keys: dict[str, None] = {}
        for step in self._listing(feed).steps(None, since.astimezone(UTC) - timedelta(hours=1)):
            events, _ = self._events(feed, step.items)
            keys.update(dict.fromkeys(event.key for event in events if since <= event.posted_at < until))
        complete = not feed.startswith(("tag:", "search:"))
        return Count(feed=feed, since=since, until=until, keys=tuple(keys), complete=complete)


def _again(cursor: Any, place: str | None) -> str | None:
    """The next page's cursor. One that is a date would skip items of that very moment: ask for them again."""
    if not cursor:
        return None
    text = str(cursor)
    if "T" not in text or "-" not in text:
        return text
    try:
        later = when(text) + timedelta(milliseconds=1)
    except ValueError:
        return text
    moved = later.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text if moved == place else moved


def _authors(views: Sequence[Any]) -> list[str]:
    people = [view.get("author") for view in views if isinstance(view, dict)]
    return [str(person["did"]) for person in people if isinstance(person, dict) and person.get("did")]


def _uri(ref: str) -> str:
    return str(json.loads(ref).get("uri") or "") if ref else ""
