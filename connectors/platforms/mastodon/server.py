"""What a Mastodon server says about itself, and how its refusals are read.

https://docs.joinmastodon.org/methods/instance/ (v2 since Mastodon 4.0; others answer only v1).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from connectors.answers import Answer, reason
from connectors.client import Client
from core.errors import AuthExpired, BadPayload, Rejected, WiderhallError

Doc = Mapping[str, Any]
KEPT_SECONDS = 3600.0
DEFAULT_CHARACTERS = 500
DEFAULT_URL_LENGTH = 23


@dataclass(frozen=True)
class Server:
    """Limits in characters; `streaming` is the address of the streaming service or empty.

    Of files: https://docs.joinmastodon.org/entities/Instance/#media_attachments; 0 and none where it tells nothing.
    """

    title: str
    version: str
    characters: int
    url_length: int
    streaming: str
    image_bytes: int = 0
    video_bytes: int = 0
    """Of sounds, too."""
    mimes: tuple[str, ...] = ()
    """Media types of the files it takes."""

    @property
    def file_limits(self) -> dict[str, int]:
        """What it says of the size of files."""
        told = {"image_bytes": self.image_bytes, "video_bytes": self.video_bytes}
        return {name: most for name, most in told.items() if most}


_kept: dict[str, tuple[float, Server]] = {}


def refusal(answer: Answer) -> WiderhallError | None:
    """Dead tokens: 401 with JSON, 403 for a locked account, or a plain-text 400 by some servers."""
    code, words = reason(answer)
    text = f"{code} {words}".lower()
    json_body = answer.body.lstrip()[:1] in (b"{", b"[")
    if answer.status == 401 or (answer.status == 400 and not json_body and _reads(answer)):
        return AuthExpired(f"{answer.host} no longer accepts the token: connect the account again")
    if answer.status == 403 and ("disabled" in text or "suspended" in text or "token" in text):
        return AuthExpired(f"{answer.host} has closed the account or its token ({words}): look there first")
    if answer.status == 404 and not json_body:
        return Rejected(f"{answer.host} has no such address", "no_address")
    if answer.status in (404, 410):
        return Rejected(f"{answer.host} has no such thing ({words})", "404")
    return None


def _reads(answer: Answer) -> bool:
    """Whether the path is one that only a token can spoil (a WebSocket's door answers 400 to everybody)."""
    path = httpx.URL(answer.url).path
    return "/api/" in path and "/streaming" not in path and b"bad" in answer.body[:200].lower()


def about(client: Client) -> Server:
    """The server's facts, kept for an hour; servers that tell nothing get Mastodon's defaults."""
    address = str(client.base)
    at, known = _kept.get(address, (0.0, None))
    if known is not None and time.monotonic() - at < KEPT_SECONDS:
        return known
    for path in ("/api/v2/instance", "/api/v1/instance"):
        try:
            found = _read(client.get(path).object())
        except (Rejected, BadPayload):
            continue
        _kept[address] = (time.monotonic(), found)
        return found
    return Server(client.host, "", DEFAULT_CHARACTERS, DEFAULT_URL_LENGTH, "")


def _read(doc: Doc) -> Server:
    configuration = _part(doc, "configuration")
    statuses, media = _part(configuration, "statuses"), _part(configuration, "media_attachments")
    mimes = media.get("supported_mime_types")
    urls = {**_part(doc, "urls"), **_part(configuration, "urls")}
    return Server(
        title=str(doc.get("title") or ""),
        version=str(doc.get("version") or ""),
        characters=_positive(statuses.get("max_characters"), doc.get("max_toot_chars")) or DEFAULT_CHARACTERS,
        url_length=_positive(statuses.get("characters_reserved_per_url")) or DEFAULT_URL_LENGTH,
        streaming=str(urls.get("streaming") or urls.get("streaming_api") or ""),
        image_bytes=_positive(media.get("image_size_limit")),
        video_bytes=_positive(media.get("video_size_limit")),
        mimes=tuple(str(one) for one in mimes) if isinstance(mimes, list) else (),
    )


def _part(doc: Doc, name: str) -> Doc:
    found = doc.get(name)
    return found if isinstance(found, dict) else {}


def _positive(*values: Any) -> int:
    return next((value for value in values if isinstance(value, int) and value > 0), 0)
