"""How long a text is as its platform counts it."""

from __future__ import annotations

import re

from connectors.text import graphemes, utf16

URL_LENGTH = 23
"""What an address counts on Mastodon, where the server says nothing else."""
_URL = re.compile(r"https?://\S+")
MENTION = re.compile(r"(?<![\w/@])@([A-Za-z0-9_.-]+)@[A-Za-z0-9.-]+[A-Za-z0-9]")
"""A mention with its server; the first group is the name."""


def length(text: str, counting: str, url_length: int = URL_LENGTH) -> int:
    """Characters as a platform with this `Capability.counting` counts them.

    Mastodon: an address as `url_length`, a mention without its server.
    """
    if counting == "utf16":
        return utf16(text)
    if counting == "characters with urls as 23":
        return graphemes(MENTION.sub(r"@\1", _URL.sub("x" * url_length, text)))
    return graphemes(text) if counting == "graphemes" else len(text)
