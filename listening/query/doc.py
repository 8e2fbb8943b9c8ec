"""A message as the matcher sees it: plain values, and what is derived from them once."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from inbox.text import CJK, bare, fold, has_cjk, words

_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"#([^\W_][\w]*)")
_MENTION = re.compile(r"(?<![\w])@([\w.\-]+(?:@[\w.\-]+)?)")
_LINK = re.compile(r"https?://[^\s<>\"'）」』]+")
_UNIT = re.compile(f"[{CJK}]|[^\\W_{CJK}]+")


@dataclass(frozen=True)
class Doc:
    """The values a query can ask about; `author` is a handle without @, `labels` are names."""

    text: str
    posted_at: datetime
    hashtags: tuple[str, ...] = ()
    author: str = ""
    platform: str = ""
    language: str = ""
    kind: str = ""
    sentiment: str = ""
    intent: str = ""
    labels: tuple[str, ...] = ()
    url: str = ""
    verified: bool = False
    has_media: bool = False
    edited: bool = False

    @cached_property
    def folded(self) -> str:
        """The text in one spelling (inbox.text.fold)."""
        return fold(self.text)

    @cached_property
    def exact(self) -> str:
        """The text as written, composed."""
        return unicodedata.normalize("NFC", self.text)

    @cached_property
    def cjk(self) -> bool:
        """Whether it has runs without spaces."""
        return has_cjk(self.folded)

    @cached_property
    def tight(self) -> str:
        """The folded text without any space: where Japanese terms are looked for."""
        return _SPACE.sub("", self.folded)

    @cached_property
    def units(self) -> list[str]:
        """What NEAR counts: words, and single characters in runs without spaces."""
        return _UNIT.findall(self.folded) if self.cjk else words(self.folded)

    @cached_property
    def index(self) -> dict[str, list[int]]:
        """Where each unit stands, by both of its forms (see inbox.text)."""
        places: dict[str, list[int]] = {}
        for place, unit in enumerate(self.units):
            places.setdefault(unit, []).append(place)
        for unit in list(places):
            short = bare(unit)
            if short != unit:
                places[short] = sorted(places.get(short, []) + places[unit])
        return places

    @cached_property
    def unit_of(self) -> list[int]:
        """For each character of `tight`, the unit it belongs to (the one before, for punctuation)."""
        owner: list[int] = []
        unit, last_end = -1, 0
        for match in _UNIT.finditer(self.folded):
            gap = self.folded[last_end : match.start()]
            owner += [unit] * len(_SPACE.sub("", gap))
            unit += 1
            owner += [unit] * len(match[0])
            last_end = match.end()
        return owner + [unit] * len(_SPACE.sub("", self.folded[last_end:]))

    @cached_property
    def tags(self) -> frozenset[str]:
        """Hashtags in both forms, from the platform and from the text."""
        found = {fold(tag) for tag in self.hashtags}
        if "#" in self.folded:
            found.update(_TAG.findall(self.folded))
        return frozenset(found | {bare(tag) for tag in found})

    @cached_property
    def mentions(self) -> frozenset[str]:
        """Handles named in the text: in full and up to the server."""
        if "@" not in self.folded:
            return frozenset()
        found = {handle.rstrip(".-") for handle in _MENTION.findall(self.folded)}
        return frozenset(found | {handle.split("@")[0] for handle in found})

    @cached_property
    def links(self) -> tuple[str, ...]:
        """Web addresses in the text."""
        return tuple(_LINK.findall(self.text)) if "://" in self.text else ()

    @cached_property
    def traits(self) -> frozenset[str]:
        """What `has:` and `is:` ask for."""
        known = {
            "media": self.has_media,
            "link": bool(self.links),
            "hashtag": bool(self.tags),
            "mention": bool(self.mentions),
            "verified": self.verified,
            "reply": self.kind in {"reply", "comment"},
            "edited": self.edited,
        }
        return frozenset(name for name, holds in known.items() if holds)

    @cached_property
    def author_forms(self) -> frozenset[str]:
        """The author's handle: in full, up to the server, up to the first dot."""
        handle = fold(self.author).lstrip("@")
        return frozenset({handle, handle.split("@")[0], handle.split("@")[0].split(".")[0]} - {""})
