"""Web addresses in a comparable form, and which of them can be one person's own."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote, urlsplit

import idna

from enrichment.normalise.text import listed

SHORTENERS = listed(
    """
    bit.ly t.co tinyurl.com goo.gl ow.ly is.gd buff.ly lnkd.in cutt.ly rb.gy t.ly amzn.to youtu.be
    """
)
"""They say nothing about where they lead."""

SHARED_HOSTS = listed(
    """
    linktr.ee lit.link beacons.ai bio.link carrd.co about.me twitter.com x.com facebook.com instagram.com
    threads.net tiktok.com youtube.com linkedin.com xing.com github.com gitlab.com medium.com substack.com
    wordpress.com blogspot.com tumblr.com note.com ameblo.jp fc2.com hatenablog.com pixiv.net patreon.com
    ko-fi.com buymeacoffee.com paypal.me etsy.com amazon.com amazon.de bsky.app mastodon.social t.me
    telegram.me wa.me discord.gg twitch.tv reddit.com google.com goodreads.com soundcloud.com bandcamp.com
    flickr.com wikipedia.org orcid.org
    """
)
"""Hosts with many people: the host alone is nobody's, a path on it may be."""

_INDEX = re.compile(r"/(?:index|home|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)
_HOST = re.compile(r"^[^\s.]+(?:\.[^\s.]+)+$")
_DEFAULT = {"http": 80, "https": 443}


@lru_cache(maxsize=65_536)
def comparable(url: str) -> str:
    """Host and path: lower host, no `www`, no query or fragment, no trailing slash; empty when it is none.

    A port stays unless it is the scheme's own. Shorteners, and hosts of many people without a path, are
    empty too.
    """
    url = unicodedata.normalize("NFKC", url).strip()
    if "://" not in url:
        url = "https://" + url
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT or not _HOST.match(host) or "@" in parts.netloc:
        return ""
    host = _ascii(host).removeprefix("www.").removeprefix("m.")
    path = _INDEX.sub("", re.sub(r"/{2,}", "/", unquote(parts.path))).rstrip("/")
    if host in SHORTENERS or (not path and host in SHARED_HOSTS):
        return ""
    number = f":{port}" if port is not None and port != _DEFAULT[parts.scheme] else ""
    return f"{host}{number}{path}"


def host_of(comparable_site: str) -> str:
    """The host of a comparable address."""
    return comparable_site.split("/", 1)[0]


_PLAIN_HOST = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+$", re.ASCII)


def _ascii(host: str) -> str:
    if _PLAIN_HOST.match(host) and "xn-" not in host:
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host.lower()
