"""Bluesky's views as events: pure.

https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky · notifications, posts, messages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from core.event import Attachment, Author, Event, Kind, Origin

Doc = Mapping[str, Any]

ACTS: dict[str, Kind] = {
    "like": "like",
    "like-via-repost": "like",
    "repost": "repost",
    "repost-via-repost": "repost",
    "follow": "follow",
}
MESSAGES = frozenset({"mention", "reply", "quote", "subscribed-post"})
HOSTED = (".bsky.social", ".bsky.team")
"""Handles below these are given out by the host; any other handle is a domain somebody controls."""
SKEW = timedelta(minutes=5)
"""A post cannot be younger than its arrival: a later date than this is taken for a wrong clock."""


def when(text: Any) -> datetime:
    """A point in time as ISO 8601; without a zone it is UTC."""
    moment = datetime.fromisoformat(str(text))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def posted_at(record: Doc, indexed_at: Any) -> datetime:
    """When something was written: the writer's own date unless it is unreadable or in the future."""
    seen = when(indexed_at) if indexed_at else None
    try:
        written = when(record["createdAt"])
    except (KeyError, ValueError, OverflowError):
        if seen is None:
            raise
        return seen
    return seen if seen is not None and written > seen + SKEW else written


def owner(uri: str) -> str:
    """The DID of whose record an at-uri names."""
    return uri.removeprefix("at://").partition("/")[0]


def rkey(uri: str) -> str:
    """The last part of an at-uri."""
    return uri.rpartition("/")[2]


def author(profile: Doc) -> Author:
    """Any of the profile views; the basic one knows no bio, only the detailed one counts."""
    handle = str(profile.get("handle") or "")
    known = handle not in ("", "handle.invalid")
    return Author(
        platform="bluesky",
        id=str(profile["did"]),
        handle=handle if known else "",
        name=str(profile.get("displayName") or ""),
        url=f"https://bsky.app/profile/{handle if known else profile['did']}",
        avatar_url=str(profile.get("avatar") or ""),
        bio=str(profile.get("description") or ""),
        followers=profile.get("followersCount"),
        following=profile.get("followsCount"),
        bot=any(label.get("val") == "bot" for label in profile.get("labels") or ()),
        domain_handle=known and not handle.endswith(HOSTED),
    )


def features(record: Doc) -> Iterator[Doc]:
    """Links, mentions and tags of a record."""
    for facet in record.get("facets") or ():
        yield from facet.get("features") or ()


def quoted(record: Doc) -> str:
    """The at-uri a record embeds, or an empty text."""
    embed = record.get("embed") or {}
    inner = embed.get("record") or {}
    return str(inner.get("uri") or (inner.get("record") or {}).get("uri") or "")


def _kind(record: Doc, us: str, outbound: bool, reason: str) -> Kind:
    reply = record.get("reply")
    if outbound:
        return "reply" if reply else "post"
    if reply and owner(str(reply["parent"]["uri"])) == us:
        return "reply"
    if reason == "quote" or (quoted(record) and owner(quoted(record)) == us):
        return "quote"
    mentioned = any(str(feature.get("did")) == us for feature in features(record))
    if mentioned or reason in ("mention", "reply"):
        return "reply" if reply else "mention"
    return "post"


def post_event(view: Doc, us: str, profiles: Mapping[str, Doc], origin: Origin = "inbox", reason: str = "") -> Event:
    """A post (or the notification it came by) as an event; `us` is our DID.

    `origin` says by which way it came and becomes `inbox` when the post is ours or addresses us.
    """
    record, uri = view["record"], str(view["uri"])
    profile = {**view["author"], **profiles.get(str(view["author"]["did"]), {})}
    outbound = profile["did"] == us
    kind, reply = _kind(record, us, outbound, reason), record.get("reply")
    return Event(
        key=f"bluesky:{uri}",
        platform="bluesky",
        kind=kind,
        direction="outbound" if outbound else "inbound",
        origin="inbox" if outbound or kind != "post" else origin,
        author=author(profile),
        text=str(record.get("text") or ""),
        language=str((record.get("langs") or [""])[0]),
        posted_at=posted_at(record, view.get("indexedAt")),
        parent_key=f"bluesky:{reply['parent']['uri']}" if reply else None,
        thread_key=f"bluesky:{reply['root']['uri']}" if reply else f"bluesky:{uri}",
        url=address(profile, uri),
        ref=reference(view),
        hashtags=_tags(record),
        attachments=tuple(_attachments(record)),
        counts=_counts(view),
        raw={name: value for name, value in view.items() if name not in ("author", "isRead", "viewer")},
    )


def address(profile: Doc, uri: str) -> str:
    """The public page of a post, by DID: handles change."""
    return f"https://bsky.app/profile/{profile['did']}/post/{rkey(uri)}"


def reference(view: Doc) -> str:
    """What an answer needs: this post and the root of its thread, each with its content's hash."""
    itself = {"uri": str(view["uri"]), "cid": str(view["cid"])}
    root = (view["record"].get("reply") or {}).get("root") or itself
    return json.dumps({**itself, "root": {"uri": str(root["uri"]), "cid": str(root["cid"])}})


def _tags(record: Doc) -> tuple[str, ...]:
    tags = [str(feature["tag"]) for feature in features(record) if feature.get("tag")]
    return tuple(dict.fromkeys([*tags, *(str(tag) for tag in record.get("tags") or ())]))


def _attachments(record: Doc) -> Iterator[Attachment]:
    embed = record.get("embed") or {}
    embed = embed.get("media") or embed
    for image in embed.get("images") or ():
        yield _blob("image", image.get("image") or {}, str(image.get("alt") or ""))
    if embed.get("video"):
        yield _blob("video", embed["video"], str(embed.get("alt") or ""))
    if (external := embed.get("external")) and external.get("uri"):
        yield Attachment(kind="link", url=str(external["uri"]), alt=str(external.get("title") or ""))


def _blob(kind: str, blob: Doc, alt: str) -> Attachment:
    link = blob.get("ref") or {}
    size = blob.get("size")
    return Attachment.model_validate(
        {
            "kind": kind,
            "mime": str(blob.get("mimeType") or ""),
            "alt": alt,
            "size": size if isinstance(size, int) else None,
            "remote_id": str(link.get("$link") or "") if isinstance(link, dict) else str(link),
        }
    )


def _counts(view: Doc) -> dict[str, int]:
    names = {"likes": "likeCount", "reposts": "repostCount", "replies": "replyCount", "quotes": "quoteCount"}
    return {name: int(view[field]) for name, field in names.items() if isinstance(view.get(field), int)}


def notification_event(notice: Doc, us: str, profiles: Mapping[str, Doc]) -> Event:
    """A notification as an event; reasons we do not know become `unsupported`, shown and never dropped."""
    reason = str(notice["reason"])
    if reason in MESSAGES:
        return post_event(notice, us, profiles, reason=reason)
    record = notice.get("record") or {}
    subject = (record.get("subject") or {}) if isinstance(record.get("subject"), dict) else {}
    about = subject.get("uri") or notice.get("reasonSubject")
    kind = ACTS.get(reason, "unsupported")
    return Event(
        key=f"bluesky:{notice['uri']}",
        platform="bluesky",
        kind=kind,
        author=author({**notice["author"], **profiles.get(str(notice["author"]["did"]), {})}),
        posted_at=posted_at(record, notice.get("indexedAt")),
        parent_key=f"bluesky:{about}" if about and kind != "follow" else None,
        subject=reason if kind == "unsupported" else "",
        raw={name: value for name, value in notice.items() if name not in ("author", "isRead")},
    )


def message_event(message: Doc, convo_id: str, us: str, profiles: Mapping[str, Doc]) -> Event:
    """A chat message; a deleted one stays in the list as a view without text."""
    key = f"bluesky:chat:{convo_id}:{message['id']}"
    did = str(message["sender"]["did"])
    if str(message.get("$type") or "").endswith("deletedMessageView"):
        return Event(key=key, platform="bluesky", kind="dm", action="delete", posted_at=when(message["sentAt"]))
    return Event(
        key=key,
        platform="bluesky",
        kind="dm",
        direction="outbound" if did == us else "inbound",
        author=author(profiles.get(did) or {"did": did}),
        text=str(message.get("text") or ""),
        posted_at=when(message["sentAt"]),
        thread_key=f"bluesky:chat:{convo_id}",
        visibility="private",
        ref=json.dumps({"convo": convo_id, "message": str(message["id"])}),
        attachments=tuple(
            Attachment(kind="link", url=f"https://bsky.app/profile/{owner(uri)}/post/{rkey(uri)}")
            for uri in [quoted(message)]
            if uri
        ),
        raw=dict(message),
    )


def placeholder(uri: str, word: str, seen_at: datetime, did: str = "") -> Event:
    """What stands where a parent is gone or blocked, so that the thread stays whole."""
    return Event(
        key=f"bluesky:{uri}",
        platform="bluesky",
        kind="unsupported",
        origin="context",
        author=Author(platform="bluesky", id=did) if did else None,
        posted_at=seen_at,
        subject=word,
        raw={"uri": uri, "state": word},
    )
