"""Files with an answer, upload and message in one call: https://core.telegram.org/bots/api#sending-files

One file goes by the method of its sort, several as an album: https://core.telegram.org/bots/api#sendmediagroup
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors import attaching
from core.event import File

SORTS = {
    "image/jpeg": "photo",
    "image/png": "photo",
    "image/webp": "photo",
    "video/mp4": "video",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
}
"""What Telegram shows or plays; everything else goes as a document."""


@dataclass(frozen=True)
class Upload:
    """One call: its method, the form's plain fields, and its files."""

    method: str
    form: Mapping[str, str]
    fields: Mapping[str, tuple[str, Path, str]]


def of(files: Sequence[File], body: Mapping[str, Any]) -> Upload:
    """The call that sends these files with the text and the address of `body`."""
    form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    text = form.pop("text")
    if len(files) == 1:
        (file,) = files
        sort = _sort(file)
        more = {"supports_streaming": "true"} if sort == "video" else {}
        return Upload(f"send{sort.title()}", {**form, "caption": text, **more}, {sort: _field(file)})
    items: list[dict[str, Any]] = [
        {"type": _sort(file), "media": f"attach://file{number}"} for number, file in enumerate(files)
    ]
    items[0]["caption"] = text
    form["media"] = json.dumps(items)
    return Upload("sendMediaGroup", form, {f"file{number}": _field(file) for number, file in enumerate(files)})


def _sort(file: File) -> str:
    return SORTS.get(file.mime, "document")


def _field(file: File) -> tuple[str, Path, str]:
    return file.name, attaching.place(file), file.mime
