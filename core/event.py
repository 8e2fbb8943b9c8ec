"""The platform-neutral words every connector speaks: frozen values, no I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Kind = Literal[
    "mention", "reply", "comment", "quote", "dm", "review",
    "post", "like", "repost", "follow", "reaction", "system", "unsupported",
]  # fmt: skip
Direction = Literal["inbound", "outbound"]
Visibility = Literal["public", "unlisted", "followers", "private"]
Origin = Literal["inbox", "listening", "context", "archive"]
Action = Literal["upsert", "delete"]

MESSAGE_KINDS: frozenset[str] = frozenset({"mention", "reply", "comment", "quote", "dm", "review"})
"""Kinds a person wrote to us or about us and that can be answered."""


class Value(BaseModel):
    """Base of all values here: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Link(Value):
    """An address a person declares on the profile; `verified` means the platform checked `rel=me`."""

    url: str
    label: str = ""
    verified: bool = False


class Author(Value):
    """A person or organisation on one platform, as the platform describes it.

    `id` never changes there (actor URI, DID, numeric user id); `handle` may. Counts are None when unknown.
    """

    platform: str
    id: str
    handle: str = ""
    name: str = ""
    url: str = ""
    avatar_url: str = ""
    bio: str = ""
    links: tuple[Link, ...] = ()
    location: str = ""
    language: str = ""
    followers: int | None = None
    following: int | None = None
    bot: bool = False
    domain_handle: bool = False
    """The handle is a domain this person controls (Bluesky), not one the host gave out."""


class Attachment(Value):
    """Something beside the text; `size` is in bytes."""

    kind: Literal["image", "video", "audio", "file", "location", "contact", "sticker", "link", "unknown"]
    url: str = ""
    mime: str = ""
    alt: str = ""
    size: int | None = None
    remote_id: str = ""


class Part(Value):
    """One of several posts of the platform that are one message here, like an item of an album."""

    key: str = Field(min_length=1, max_length=500)
    text: str = ""


class Event(Value):
    """One thing that happened on a platform.

    `key` is natural and unique over the installation, so a repeat is harmless. `action="delete"` needs
    only `key`, `platform`, `kind` and `posted_at` (the time the deletion was seen). `parent_key` is
    what this answers, `thread_key` what everything here hangs from where the platform says so (a root
    post, a private conversation). `ref` is what the platform needs to answer this (status id, at-uri
    and cid, chat and message id), as text that only its connector reads. `context` events are parents
    that were not addressed to us. `raw` keeps the platform's own words.
    """

    key: str = Field(min_length=1, max_length=500)
    platform: str
    kind: Kind
    action: Action = "upsert"
    direction: Direction = "inbound"
    origin: Origin = "inbox"
    author: Author | None = None
    text: str = ""
    language: str = ""
    posted_at: AwareDatetime
    edited_at: AwareDatetime | None = None
    parent_key: str | None = None
    thread_key: str | None = None
    visibility: Visibility = "public"
    url: str = ""
    ref: str = ""
    subject: str = ""
    """A content warning, title or subject line."""
    hashtags: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    parts: tuple[Part, ...] = ()
    """The posts it consists of when there are several, in their order; the first has the event's own key."""
    album: str = ""
    """The same for posts that the platform shows as one: they are one message here, however they arrive."""
    counts: dict[str, int] = Field(default_factory=dict)
    """likes, reposts, replies, as the platform counts them."""
    raw: dict[str, Any] = Field(default_factory=dict)

    @property
    def private(self) -> bool:
        """Only the parties of the conversation can read it."""
        return self.visibility == "private"


class Bad(Value):
    """An item that could not be read: kept and shown, never dropped. `raw` is its text, cut at 64 kB."""

    source: str
    reason: str
    raw: str = ""


class Page(Value):
    """What one step of a pull brings; stored in one transaction together with `cursor`.

    `cursor` is the connector's own text: handing it back continues exactly after this page. None
    leaves the stored cursor as it is.
    """

    events: tuple[Event, ...] = ()
    cursor: str | None = None
    bad: tuple[Bad, ...] = ()


class File(Value):
    """A file that goes with a reply: `path` is where it lies here, `size` is in bytes, `alt` what is to be seen."""

    name: str
    mime: str
    kind: str
    """image, video, audio or file."""
    size: int
    path: str
    alt: str = ""
    id: int = 0
    seconds: float = 0.0
    """Of a video; 0: not known."""
    width: int = 0
    height: int = 0
    """Of a video as it is shown, in pixels; 0: not known."""
    uploaded: str = ""
    """What the connector kept when the platform took the file in an earlier attempt."""


class Reply(Value):
    """What an agent sends. `key` is ours and the same on every attempt (the idempotency key)."""

    key: str
    text: str
    visibility: Visibility = "public"
    language: str = ""
    parent_ref: str = ""
    """`Event.ref` of the message that is answered."""
    parent_key: str | None = None
    thread_key: str | None = None
    recipient: Author | None = None
    files: tuple[File, ...] = ()
    first_attempt: bool = True
    """False after an attempt whose outcome is unknown: look before sending again."""


class Profile(Value):
    """Who an account of ours is on its platform, as the platform says: the answer of a check."""

    author: Author
    limits: dict[str, int] = Field(default_factory=dict)
    """For example `max_characters`."""
    mimes: tuple[str, ...] = ()
    """Media types of the files it takes; none: it does not say."""
    abilities: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Count(Value):
    """What the platform has in a window: event keys, for the ledger. `complete` False: it cannot say all."""

    feed: str
    since: AwareDatetime
    until: datetime
    keys: tuple[str, ...]
    complete: bool = True
