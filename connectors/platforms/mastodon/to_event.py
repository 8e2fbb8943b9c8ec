"""Mastodon's entities as events: pure.

https://docs.joinmastodon.org/entities/Status/ · https://docs.joinmastodon.org/entities/Notification/
Pleroma, Akkoma, GoToSocial, Pixelfed and Friendica answer the same entities with fields missing, so
only `id`, `created_at` and `account` are counted on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.text import plain
from core.event import Attachment, Author, Event, Kind, Link, Origin, Visibility

Doc = Mapping[str, Any]

VISIBILITY: dict[str, Visibility] = {
    "public": "public",
    "unlisted": "unlisted",
    "local": "followers",
    "private": "followers",
    "mutuals_only": "followers",
    "direct": "private",
}
"""An unknown word is taken as private: nothing shows wider than its writer meant."""

MEDIA = {"image": "image", "gifv": "video", "video": "video", "audio": "audio"}
NOTICES: dict[str, Kind] = {
    "favourite": "like",
    "reblog": "repost",
    "follow": "follow",
    "reaction": "reaction",
    "emoji_reaction": "reaction",
    "pleroma:emoji_reaction": "reaction",
}
CARRIERS = frozenset({"mention", "status", "update", "quote", "quoted_update"})
"""Notification types that bring a message of its own; every other one only tells about something."""

_HREF = re.compile(r"""href=["']([^"']+)["']""")


@dataclass(frozen=True)
class Us:
    """Our account: the id our server uses for it, its actor URI and address, and our server's host."""

    id: str
    uri: str
    acct: str
    host: str


@dataclass(frozen=True)
class Place:
    """Where a status stands: its event key and, where known, the key of the thread's root."""

    key: str
    thread: str | None = None


def host_of(address: str) -> str:
    """The host (with port) of an address."""
    return urlsplit(address).netloc.lower()


def when(text: Any) -> datetime:
    """A point in time as ISO 8601; without a zone it is UTC."""
    moment = datetime.fromisoformat(str(text))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def actor_id(account: Doc) -> str:
    """The immutable id: the actor URI, or the profile address on servers that do not say it."""
    return str(account.get("uri") or account["url"])


def status_key(status: Doc, host: str) -> str:
    """The event key of a status, the same from whichever server it is seen."""
    address = status.get("uri") or status.get("url")
    return f"mastodon:{address}" if address else local_key(host, str(status["id"]))


def local_key(host: str, status_id: str) -> str:
    """The key of a status of which only our server's own id is known."""
    return f"mastodon:{host}:status:{status_id}"


def handle(account: Doc) -> str:
    """`name@server`: `acct` is bare for accounts of our own server, so the actor's host is added."""
    acct = str(account.get("acct") or account.get("username") or "")
    return acct if "@" in acct or not acct else f"{acct}@{host_of(actor_id(account))}"


def author(account: Doc) -> Author:
    """An account as an author. Fields of the profile that are no address become lines of the bio."""
    links, lines = [], [plain(str(account.get("note") or ""))]
    for entry in account.get("fields") or ():
        name, value = plain(str(entry.get("name") or "")), str(entry.get("value") or "")
        if found := _HREF.search(value):
            links.append(Link(url=_unescaped(found[1]), label=name, verified=bool(entry.get("verified_at"))))
        elif text := plain(value):
            if text.startswith(("https://", "http://")):
                links.append(Link(url=text, label=name, verified=bool(entry.get("verified_at"))))
            else:
                lines.append(f"{name}: {text}")
    return Author(
        platform="mastodon",
        id=actor_id(account),
        handle=handle(account),
        name=str(account.get("display_name") or account.get("username") or ""),
        url=str(account.get("url") or ""),
        avatar_url=str(account.get("avatar_static") or account.get("avatar") or ""),
        bio="\n".join(line for line in lines if line),
        links=tuple(links),
        followers=_count(account.get("followers_count")),
        following=_count(account.get("following_count")),
        bot=bool(account.get("bot")),
    )


def _unescaped(href: str) -> str:
    return plain(href) if "&" in href else href


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def attachment(media: Doc) -> Attachment:
    """A media attachment; `type` may be unknown to us."""
    return Attachment.model_validate(
        {
            "kind": MEDIA.get(str(media.get("type")), "unknown"),
            "url": str(media.get("url") or media.get("remote_url") or media.get("preview_url") or ""),
            "alt": str(media.get("description") or ""),
            "remote_id": str(media.get("id") or ""),
        }
    )


def mentions_us(status: Doc, us: Us) -> bool:
    """Whether our account is among the mentions, by our server's id or by address."""
    return any(
        str(mention.get("id")) == us.id or (mention.get("acct") or "") in (us.acct, us.acct.split("@")[0])
        for mention in status.get("mentions") or ()
    )


def quotes_us(status: Doc, us: Us) -> bool:
    """Whether a post of ours is quoted (Mastodon 4.5, https://docs.joinmastodon.org/entities/Quote/)."""
    quote = status.get("quote") or {}
    quoted = quote.get("quoted_status") or quote
    return bool(quoted.get("account")) and str(quoted["account"].get("id")) == us.id


def _kind(status: Doc, us: Us, outbound: bool, visibility: Visibility, notice: str) -> Kind:
    quoting = quotes_us(status, us) or notice in ("quote", "quoted_update")
    addressed = outbound or quoting or mentions_us(status, us) or notice == "mention"
    if visibility == "private":
        return "dm"
    if not addressed:
        return "post"
    if status.get("in_reply_to_id"):
        return "reply"
    if outbound:
        return "post"
    return "quote" if quoting else "mention"


def status_event(
    status: Doc, us: Us, parents: Mapping[str, Place], origin: Origin = "inbox", notice: str = ""
) -> Event:
    """A status as an event.

    `parents` maps our server's ids to places. `origin` says by which way it came and is turned into
    `inbox` when the status is ours or addresses us; `notice` is the type of the notification it came by.
    """
    outbound = actor_id(status["account"]) == us.uri or str(status["account"].get("id")) == us.id
    visibility = VISIBILITY.get(str(status.get("visibility") or "public"), "private")
    kind = _kind(status, us, outbound, visibility, notice)
    key, parent_id = status_key(status, us.host), status.get("in_reply_to_id")
    place = parents.get(str(parent_id)) if parent_id else Place(key, key)
    return Event(
        key=key,
        platform="mastodon",
        kind=kind,
        direction="outbound" if outbound else "inbound",
        origin="inbox" if outbound or kind != "post" else origin,
        author=author(status["account"]),
        text=plain(str(status.get("content") or "")),
        language=str(status.get("language") or ""),
        posted_at=when(status["created_at"]),
        edited_at=when(status["edited_at"]) if status.get("edited_at") else None,
        parent_key=None if not parent_id else place.key if place else local_key(us.host, str(parent_id)),
        thread_key=place.thread if place else None,
        visibility=visibility,
        url="" if visibility == "private" else str(status.get("url") or status.get("uri") or ""),
        ref=reference(status),
        subject=plain(str(status.get("spoiler_text") or "")),
        hashtags=tuple(str(tag["name"]) for tag in status.get("tags") or ()),
        attachments=tuple(attachment(media) for media in status.get("media_attachments") or ()),
        counts=_counts(status),
        raw={name: value for name, value in status.items() if name != "account"},
    )


def _counts(status: Doc) -> dict[str, int]:
    names = {"likes": "favourites_count", "reposts": "reblogs_count", "replies": "replies_count"}
    found = {name: _count(status.get(field)) for name, field in names.items()}
    return {name: value for name, value in found.items() if value is not None}


def reference(status: Doc) -> str:
    """What a reply needs: id, who to address, and how wide it may be at most."""
    return json.dumps(
        {
            "id": str(status["id"]),
            "acct": str(status["account"].get("acct") or ""),
            "mentions": [str(mention.get("acct") or "") for mention in status.get("mentions") or ()],
            "visibility": str(status.get("visibility") or "public"),
        },
        ensure_ascii=False,
    )


def notification_event(notice: Doc, us: Us, parents: Mapping[str, Place]) -> Event:
    """A notification as an event: the message it brings, or the fact that somebody did something.

    Unknown types become `unsupported`: shown, never dropped.
    """
    kind, status = str(notice["type"]), notice.get("status")
    if kind in CARRIERS and status:
        origin: Origin = "context" if kind == "update" else "inbox"
        return status_event(status, us, parents, origin, kind)
    seen_by = str((status or {}).get("visibility") or "public")
    brief = {"id": status.get("id"), "uri": status.get("uri"), "url": status.get("url")} if status else None
    about = status_key(status, us.host) if status else None
    return Event(
        key=f"mastodon:{us.host}:notification:{notice['id']}",
        platform="mastodon",
        kind=NOTICES.get(kind, "unsupported"),
        author=author(notice["account"]) if notice.get("account") else None,
        text=str(notice.get("emoji") or ""),
        posted_at=when(notice["created_at"]),
        parent_key=about,
        visibility=VISIBILITY.get(seen_by, "private"),
        url=str(status.get("url") or "") if status else "",
        subject="" if kind in NOTICES else kind,
        raw={name: value for name, value in notice.items() if name not in ("account", "status")}
        | ({"status": brief} if brief else {}),
    )
