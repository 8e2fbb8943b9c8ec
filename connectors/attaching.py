"""Files that go with an answer: what a platform would refuse, said before it is sent, and their contents when it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from connectors.capabilities import Capability, Carry, capability
from connectors.text import graphemes, utf16
from core.errors import Rejected
from core.event import File, Reply, Visibility

NONE = "%(platform)s takes no files with this kind of answer. Take them away, or choose another kind."
MANY = "%(platform)s takes fewer files with one answer. At most: %(most)s."
KIND = "%(platform)s does not take files like %(name)s. It takes: %(kinds)s."
LARGE = "%(name)s is too large for %(platform)s. At most: %(most)s MB."
TEXT = "With a file, %(platform)s takes a shorter text. At most: %(most)s characters."
GONE = "%(name)s is no longer on this hub's disk. Attach it again."
SENTENCES = (NONE, MANY, KIND, LARGE, TEXT, GONE)


class Described(Protocol):
    """What the rules look at."""

    @property
    def name(self) -> str: ...
    @property
    def mime(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def size(self) -> int: ...


@dataclass(frozen=True)
class Wrong:
    """A sentence with places, and what stands in them."""

    sentence: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % self.values


def carry(row: Capability, visibility: Visibility | str) -> Carry | None:
    """What may go with an answer of this visibility."""
    return row.attach_dm if visibility == "private" else row.attach


def wrong(row: Capability, visibility: Visibility | str, files: Sequence[Described], text: str = "") -> Wrong | None:
    """The first thing that the platform would refuse; None when it takes them all."""
    if not files:
        return None
    rule = carry(row, visibility)
    if rule is None:
        return Wrong(NONE, {"platform": row.title})
    for one in files:
        if rule.mimes and one.mime not in rule.mimes:
            kinds = ", ".join(mime.partition("/")[2].upper() for mime in rule.mimes)
            return Wrong(KIND, {"platform": row.title, "name": one.name, "kinds": kinds})
        most = rule.image_bytes if one.kind == "image" else rule.file_bytes
        if one.size > most:
            return Wrong(LARGE, {"platform": row.title, "name": one.name, "most": most // 1_000_000})
    if len(files) > rule.most:
        return Wrong(MANY, {"platform": row.title, "most": rule.most})
    if rule.text and (utf16(text) if row.counting == "utf16" else graphemes(text)) > rule.text:
        return Wrong(TEXT, {"platform": row.title, "most": rule.text})
    return None


def check(platform: str, reply: Reply) -> None:
    """Rejected with what the platform would refuse of a reply's files."""
    if found := wrong(capability(platform), reply.visibility, reply.files, reply.text):
        raise Rejected(str(found), "files")


def read(file: File) -> bytes:
    """The content; Rejected when it is gone."""
    try:
        return Path(file.path).read_bytes()
    except OSError as error:
        raise Rejected(str(Wrong(GONE, {"name": file.name})), "no_file") from error
