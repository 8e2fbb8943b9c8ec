"""Message entities by UTF-16 units, and the little markup that sendMessage takes. https://core.telegram.org/bots/api#messageentity"""

from __future__ import annotations

import html
import re
from typing import Any

KINDS = (
    ("url", re.compile(r"https?://[^\s]+")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")),
    ("mention", re.compile(r"(?<![\w@.])@[A-Za-z]\w{3,}")),
    ("hashtag", re.compile(r"(?<!\w)#\w+")),
    ("bot_command", re.compile(r"(?<![\w/])/[a-z_]{1,32}\b")),
)


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def entities(text: str) -> list[dict[str, Any]]:
    """What Telegram marks by itself in a text."""
    found: list[dict[str, Any]] = []
    for kind, pattern in KINDS:
        for hit in pattern.finditer(text):
            found.append({"type": kind, "offset": units(text[: hit.start()]), "length": units(hit[0])})
    taken: list[dict[str, Any]] = []
    for entity in sorted(found, key=lambda doc: (doc["offset"], -doc["length"])):
        if not taken or entity["offset"] >= taken[-1]["offset"] + taken[-1]["length"]:
            taken.append(entity)
    return taken


def plain(text: str, mode: str | None) -> str:
    """The text without its markup (parse_mode HTML; Markdown's stars and underscores)."""
    if (mode or "").upper() == "HTML":
        return html.unescape(re.sub(r"</?[a-z][^>]*>", "", text))
    if mode:
        return re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)[*_`~]", "", text))
    return text
