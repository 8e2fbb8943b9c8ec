"""Files that go with an answer: what a platform would refuse, said before it is sent, and their contents when it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from connectors.capabilities import Capability, Carry, Group, capability
from connectors.text import graphemes, utf16
from core.errors import Rejected
from core.event import File, Reply, Visibility

NONE = "%(platform)s takes no files with this kind of answer. Take them away, or choose another kind."
MANY = "%(platform)s takes fewer files with one answer. At most: %(most)s."
ALONE = "%(platform)s takes %(name)s only by itself. Take the other files away, or send it in an answer of its own."
MIXED = "%(platform)s does not take %(first)s and %(name)s together. Send one of them in an answer of its own."
KIND = "%(platform)s does not take files like %(name)s. It takes: %(kinds)s."
LARGE = "%(name)s is too large for %(platform)s. At most: %(most)s MB."
LONG = "%(name)s is too long for %(platform)s. At most: %(most)s minutes."
TEXT = "With a file, %(platform)s takes a shorter text. At most: %(most)s characters."
GONE = "%(name)s is no longer on this hub's disk. Attach it again."
SENTENCES = (NONE, MANY, ALONE, MIXED, KIND, LARGE, LONG, TEXT, GONE)

ENDINGS = {"video/quicktime": "MOV", "audio/mpeg": "MP3", "audio/mp4": "M4A"}
"""What people call files of these media types, where that is not the second half."""


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
    @property
    def seconds(self) -> float: ...


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


def told(row: Capability, limits: Mapping[str, int], mimes: Collection[str] = ()) -> Capability:
    """The row with what the account's own server takes, where it says so: `image_bytes`, `video_bytes`, media types."""

    def own(rule: Carry | None) -> Carry | None:
        if rule is None:
            return None
        image, video = (int(limits.get(name) or 0) for name in ("image_bytes", "video_bytes"))
        left = [replace(one, mimes=tuple(mime for mime in one.mimes if mime in mimes)) for one in rule.groups]
        groups = tuple(one for one in left if one.mimes) or rule.groups
        return replace(rule, groups=groups, image_bytes=image or rule.image_bytes, file_bytes=video or rule.file_bytes)

    return replace(row, attach=own(row.attach), attach_dm=own(row.attach_dm))


def wrong(row: Capability, visibility: Visibility | str, files: Sequence[Described], text: str = "") -> Wrong | None:
    """The first thing that the platform would refuse; None when it takes them all."""
    if not files:
        return None
    rule = carry(row, visibility)
    if rule is None:
        return Wrong(NONE, {"platform": row.title})
    for one in files:
        if group(rule, one.mime) is None:
            return Wrong(KIND, {"platform": row.title, "name": one.name, "kinds": _kinds(rule)})
        most = rule.image_bytes if one.kind == "image" else rule.file_bytes
        if one.size > most:
            return Wrong(LARGE, {"platform": row.title, "name": one.name, "most": most // 1_000_000})
        if rule.seconds and one.seconds > rule.seconds + 0.5:
            return Wrong(LONG, {"platform": row.title, "name": one.name, "most": rule.seconds // 60})
    if found := _together(row, rule, files):
        return found
    if rule.text and (utf16(text) if row.counting == "utf16" else graphemes(text)) > rule.text:
        return Wrong(TEXT, {"platform": row.title, "most": rule.text})
    return None


def group(rule: Carry, mime: str) -> Group | None:
    """The group that files of a media type belong to; None where they are not taken."""
    named = next((one for one in rule.groups if mime in one.mimes), None)
    return named or next((one for one in rule.groups if not one.mimes), None)


def _together(row: Capability, rule: Carry, files: Sequence[Described]) -> Wrong | None:
    """What is wrong with sending these with one answer, each of which is taken."""
    groups = [group(rule, one.mime) for one in files]
    first = groups[0]
    most = first.most if first is not None else 0
    for one, other in zip(files, groups, strict=True):
        if len(files) > 1 and other is not None and other.most == 1:
            return Wrong(ALONE, {"platform": row.title, "name": one.name})
        if other is not first:
            return Wrong(MIXED, {"platform": row.title, "first": files[0].name, "name": one.name})
    return Wrong(MANY, {"platform": row.title, "most": most}) if len(files) > most else None


def unlisted(platform: str, files: Sequence[Described], mimes: Sequence[str]) -> Wrong | None:
    """The first file of a media type that the account's own server does not list; None when it lists none at all."""
    bad = next((one for one in files if mimes and one.mime not in mimes), None)
    if bad is None:
        return None
    return Wrong(KIND, {"platform": capability(platform).title, "name": bad.name, "kinds": _called(mimes)})


def _kinds(rule: Carry) -> str:
    return _called(mime for one in rule.groups for mime in one.mimes)


def _called(mimes: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(ENDINGS.get(mime) or mime.partition("/")[2].upper() for mime in mimes))


def check(platform: str, reply: Reply, limits: Mapping[str, int] | None = None) -> None:
    """Rejected with what the platform, or the account's own server by its `limits`, would refuse of a reply's files."""
    row = told(capability(platform), limits or {})
    if found := wrong(row, reply.visibility, reply.files, reply.text):
        raise Rejected(str(found), "files")


def place(file: File) -> Path:
    """Where the content lies; Rejected when it is gone."""
    path = Path(file.path)
    if not path.is_file():
        raise Rejected(str(Wrong(GONE, {"name": file.name})), "no_file")
    return path
