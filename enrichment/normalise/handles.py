"""Handles of each platform in one form, however somebody typed them into a CRM.

| platform | forms that mean the same                                                       | one form       |
|----------|--------------------------------------------------------------------------------|----------------|
| mastodon | `@user@server`, `https://server/@user`, `https://server/users/user` (its URI)  | `user@server`  |
| bluesky  | `@name.bsky.social`, `https://bsky.app/profile/…`, `at://did:plc:…`, a DID     | name or DID    |
| telegram | `@name`, `t.me/name`, `tg://resolve?domain=name`, `tg://user?id=5`, the number | `name` or id   |
| others   | `@name`, a profile's address (its last part)                                   | `name`         |
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import parse_qs, unquote, urlsplit

_ACTOR = re.compile(r"^/(?:@|users/|u/|user/|profile/|author/|accounts/)?([^/@]+)(?:@([^/@]+))?/?$")
_TELEGRAM_NAME = re.compile(r"^[a-z][a-z0-9_]{2,31}$")
_LABEL = re.compile(r"^(?:mastodon|fediverse|bluesky|telegram|instagram|handle)\s*:\s*", re.IGNORECASE)


def comparable(platform: str, handle: str) -> str:
    """The one form of a handle; empty when it is none on this platform."""
    handle = unicodedata.normalize("NFKC", handle).strip()
    handle = _LABEL.sub("", handle).strip("<>() ,;")
    if not handle:
        return ""
    form = {"mastodon": _mastodon, "bluesky": _bluesky, "telegram": _telegram}.get(platform, _other)
    return form(handle)


def _mastodon(handle: str) -> str:
    if "://" in handle or re.match(r"^[\w.-]+\.\w+/@?", handle):
        parts = _parts(handle)
        match = _ACTOR.match(unquote(parts.path))
        if not match:
            return ""
        return f"{match[1]}@{match[2] or parts.netloc}".lower()
    user, _, server = handle.removeprefix("acct:").lstrip("@").partition("@")
    return f"{user}@{server}".lower() if user and server and " " not in user + server else ""


def _bluesky(handle: str) -> str:
    if handle.startswith("at://"):
        handle = handle.removeprefix("at://").split("/")[0]
    elif "://" in handle or handle.startswith("bsky.app/"):
        path = [part for part in unquote(_parts(handle).path).split("/") if part]
        handle = path[1] if len(path) > 1 and path[0] == "profile" else ""
    handle = handle.lstrip("@").rstrip(".")
    if handle.startswith("did:"):
        return handle
    return handle.lower() if "." in handle and " " not in handle and "@" not in handle else ""


def _telegram(handle: str) -> str:
    if handle.startswith("tg://"):
        query = parse_qs(urlsplit(handle).query)
        handle = (query.get("domain") or query.get("id") or [""])[0]
    elif "://" in handle or re.match(r"^(?:www\.)?(?:t|telegram)\.me/", handle, re.IGNORECASE):
        path = [part for part in _parts(handle).path.split("/") if part and part != "s"]
        handle = path[0] if path else ""
    handle = handle.lstrip("@").lower()
    if handle.isascii() and handle.isdigit():
        return str(int(handle))
    return handle if _TELEGRAM_NAME.match(handle) else ""


def _other(handle: str) -> str:
    if "://" in handle or re.match(r"^(?:www\.)?[\w-]+\.\w+/", handle):
        path = [part for part in unquote(_parts(handle).path).split("/") if part]
        handle = path[-1] if path else ""
    handle = handle.lstrip("@").lower()
    return "" if " " in handle else handle


def _parts(address: str) -> _Parts:
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        return _Parts(parts.netloc.rpartition("@")[2].lower().removeprefix("www."), parts.path)
    except ValueError:
        return _Parts("", "")


class _Parts:
    def __init__(self, netloc: str, path: str) -> None:
        self.netloc, self.path = netloc, path
