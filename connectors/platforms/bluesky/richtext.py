"""Links, mentions and tags in a text, as byte ranges: https://docs.bsky.app/docs/advanced-guides/post-richtext"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

LINK = re.compile(r"(?:(?<=\s)|(?<=\()|^)https?://[^\s<>]+", re.MULTILINE)
MENTION = re.compile(r"(?:(?<=\s)|(?<=\()|^)@((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z]{2,})", re.M)
TAG = re.compile(r"(?:(?<=\s)|^)[#＃]((?!\d+\b)[^\s#＃]{1,64})", re.MULTILINE)
TRAILING = ".,;:!?'\"）。、」"


def facets(text: str, resolve: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """Facets of a text; `resolve` gives the DID of a handle, or None where there is none."""
    return sorted(_found(text, resolve), key=lambda facet: int(facet["index"]["byteStart"]))


def _found(text: str, resolve: Callable[[str], str | None]) -> Iterator[dict[str, Any]]:
    for match in LINK.finditer(text):
        url = match[0].rstrip(TRAILING)
        if url.endswith(")") and "(" not in url:
            url = url[:-1].rstrip(TRAILING)
        yield _facet(text, match.start(), url, {"$type": "app.bsky.richtext.facet#link", "uri": url})
    for match in MENTION.finditer(text):
        if did := resolve(match[1].lower()):
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
            yield _facet(text, match.start(), match[0], feature)
    for match in TAG.finditer(text):
        tag = match[1].rstrip(TRAILING)
        if tag:
            feature = {"$type": "app.bsky.richtext.facet#tag", "tag": tag}
            yield _facet(text, match.start(), match[0][: 1 + len(tag)], feature)


def _facet(text: str, start: int, part: str, feature: dict[str, Any]) -> dict[str, Any]:
    first = len(text[:start].encode())
    return {"index": {"byteStart": first, "byteEnd": first + len(part.encode())}, "features": [feature]}
