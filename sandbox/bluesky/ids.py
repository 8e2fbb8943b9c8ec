"""Identifiers of the AT Protocol: TIDs, DIDs and content ids that look like the real ones."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime
from typing import Any

SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"


def tid(moment: datetime, clock_id: int = 7) -> str:
    """A timestamp identifier: 13 characters that sort by time. https://atproto.com/specs/tid"""
    number = (int(moment.timestamp() * 1_000_000) << 10) | clock_id
    return "".join(SORTABLE[(number >> shift) & 31] for shift in range(60, -1, -5))


def did(name: str) -> str:
    """A did:plc for a name."""
    digest = hashlib.sha256(f"did {name}".encode()).digest()
    return "did:plc:" + base64.b32encode(digest).decode().lower()[:24]


def cid(value: Any) -> str:
    """A content id for a record's value."""
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return "bafyrei" + base64.b32encode(digest).decode().lower().rstrip("=")


def facets(text: str, known: Any) -> list[dict[str, Any]]:
    """Mentions, links and tags of a text by UTF-8 byte ranges; ``known(handle)`` gives a DID or None."""
    found = []
    for hit in re.finditer(r"(?<![\w@])@([a-zA-Z0-9.-]+\.[a-zA-Z]+)|https?://[^\s]+|(?<!\w)#(\w+)", text):
        if hit[1]:
            owner = known(hit[1])
            if owner is None:
                continue
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": owner}
        elif hit[2]:
            feature = {"$type": "app.bsky.richtext.facet#tag", "tag": hit[2]}
        else:
            feature = {"$type": "app.bsky.richtext.facet#link", "uri": hit[0]}
        start = len(text[: hit.start()].encode())
        end = start + len(hit[0].encode())
        found.append({"index": {"byteStart": start, "byteEnd": end}, "features": [feature]})
    return found
