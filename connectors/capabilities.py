"""THE table: one row per platform with its facts; behaviour is in the module of the same name.

docs/platforms/README.md shows this table, and tests/connectors/test_capabilities.py compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import NotConfigured

Need = Literal["base_url", "token", "identifier", "password"]
Counting = Literal["characters with urls as 23", "graphemes", "utf16", "none"]
Idempotency = Literal["key", "lookup", "none"]


IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")


VIDEOS = ("video/mp4", "video/quicktime", "video/webm")
SOUNDS = ("audio/mpeg", "audio/mp4", "audio/ogg")


@dataclass(frozen=True)
class Group:
    """Files that go together in one answer; those of two groups do not."""

    name: str
    """What docs/platforms/README.md calls them."""
    most: int
    mimes: tuple[str, ...] = ()
    """Media types; none: all that are in no other group."""


@dataclass(frozen=True)
class Carry:
    """The files that go with one answer: those of one group."""

    groups: tuple[Group, ...]
    image_bytes: int
    """Largest picture."""
    file_bytes: int = 0
    """Largest file that is no picture."""
    alt: int = 0
    """Characters that say what a picture or a video shows; 0: the platform has no such text."""
    seconds: int = 0
    """Longest video; 0: as long as its size allows."""
    text: int = 0
    """Longest text beside files; 0: as long as without."""


@dataclass(frozen=True)
class Capability:
    """What one platform can do and how it is reached. Limits are per message, rates per account."""

    name: str
    title: str
    auth: tuple[Literal["oauth", "token", "password", "file"], ...]
    needs: tuple[Need, ...]
    """What `accounts add` asks for when no OAuth is used."""
    base_url: str
    """Where it is unless told otherwise; empty: every server has its own address."""
    poll_seconds: int
    feeds: tuple[str, ...]
    listening: tuple[Literal["tag", "search"], ...]
    stream: bool
    long_poll: bool
    """Its stream is a long poll of the very feed that is pulled: only one of the two may ask."""
    webhook: bool
    reply: bool
    dm: bool
    recheck: bool
    """Single messages can be looked up again, so edits and deletions are seen."""
    delete: bool
    """A sent answer can be taken back on the platform."""
    limit: int
    """Longest public answer."""
    dm_limit: int
    counting: Counting
    rate: tuple[int, int]
    """Requests in so many seconds, until the platform says otherwise."""
    idempotency: Idempotency
    docs: str
    attach: Carry | None = None
    """Files that go with a public answer."""
    attach_dm: Carry | None = None
    aside: bool = False
    """A public message can be answered in private."""
    no_simulator: str = ""
    """Why the sandbox has none, if it has none."""


MASTODON_FILES = Carry(
    (Group("pictures", 4, IMAGES), Group("video or piece of music", 1, VIDEOS + SOUNDS)),
    image_bytes=16_000_000,
    file_bytes=99_000_000,
    alt=1500,
)
BLUESKY_FILES = Carry(
    (Group("pictures", 4, IMAGES), Group("video", 1, ("video/mp4",))),
    image_bytes=1_000_000,
    file_bytes=100_000_000,
    alt=1000,
    seconds=180,
)
TELEGRAM_FILES = Carry(
    (
        Group("pictures and videos", 10, ("image/jpeg", "image/png", "image/webp", "video/mp4")),
        Group("pieces of music", 10, ("audio/mpeg", "audio/mp4")),
        Group("other files", 10),
    ),
    image_bytes=10_000_000,
    file_bytes=50_000_000,
    text=1024,
)

TABLE: tuple[Capability, ...] = (
    Capability(
        name="mastodon",
        title="Mastodon",
        auth=("oauth", "token"),
        needs=("base_url", "token"),
        base_url="",
        poll_seconds=30,
        feeds=("notifications", "conversations", "own"),
        listening=("tag", "search"),
        stream=True,
        long_poll=False,
        webhook=False,
        reply=True,
        dm=True,
        recheck=True,
        delete=True,
        limit=500,
        dm_limit=500,
        counting="characters with urls as 23",
        rate=(300, 300),
        idempotency="key",
        docs="https://docs.joinmastodon.org/api/",
        attach=MASTODON_FILES,
        attach_dm=MASTODON_FILES,
        aside=True,
    ),
    Capability(
        name="bluesky",
        title="Bluesky",
        auth=("oauth", "password"),
        needs=("identifier", "password"),
        base_url="https://bsky.social",
        poll_seconds=20,
        feeds=("notifications", "chat", "own"),
        listening=("tag", "search"),
        stream=False,
        long_poll=False,
        webhook=False,
        reply=True,
        dm=True,
        recheck=True,
        delete=True,
        limit=300,
        dm_limit=1000,
        counting="graphemes",
        rate=(3000, 300),
        idempotency="lookup",
        docs="https://docs.bsky.app/docs/api/",
        attach=BLUESKY_FILES,
        aside=True,
    ),
    Capability(
        name="telegram",
        title="Telegram",
        auth=("token",),
        needs=("token",),
        base_url="https://api.telegram.org",
        poll_seconds=10,
        feeds=("updates",),
        listening=(),
        stream=True,
        long_poll=True,
        webhook=True,
        reply=True,
        dm=True,
        recheck=False,
        delete=True,
        limit=4096,
        dm_limit=4096,
        counting="utf16",
        rate=(1800, 60),
        idempotency="none",
        docs="https://core.telegram.org/bots/api",
        attach=TELEGRAM_FILES,
        attach_dm=TELEGRAM_FILES,
    ),
    Capability(
        name="archive",
        title="Archive",
        auth=("file",),
        needs=(),
        base_url="",
        poll_seconds=0,
        feeds=(),
        listening=(),
        stream=False,
        long_poll=False,
        webhook=False,
        reply=False,
        dm=False,
        recheck=False,
        delete=False,
        limit=0,
        dm_limit=0,
        counting="none",
        rate=(1, 1),
        idempotency="none",
        docs="https://www.rfc-editor.org/rfc/rfc4180",
        no_simulator="an archive is a file: the tests write their own",
    ),
)

BY_NAME = {row.name: row for row in TABLE}


def capability(platform: str) -> Capability:
    """The row of a platform; raises `NotConfigured` and names those there are."""
    try:
        return BY_NAME[platform]
    except KeyError:
        known = ", ".join(BY_NAME)
        raise NotConfigured(f"There is no platform {platform!r} here; there are {known}.") from None
