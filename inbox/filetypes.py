"""What a file is, told by how it begins; what nobody knows is of no special kind, and only ever downloaded."""

from __future__ import annotations

from typing import Literal

Kind = Literal["image", "video", "audio", "file"]

UNKNOWN = "application/octet-stream"
_STARTS: tuple[tuple[bytes, Kind, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image", "image/png"),
    (b"\xff\xd8\xff", "image", "image/jpeg"),
    (b"GIF87a", "image", "image/gif"),
    (b"GIF89a", "image", "image/gif"),
    (b"\x1aE\xdf\xa3", "video", "video/webm"),
    (b"OggS", "audio", "audio/ogg"),
    (b"ID3", "audio", "audio/mpeg"),
    (b"%PDF-", "file", "application/pdf"),
    (b"PK\x03\x04", "file", "application/zip"),
)
_BRANDS: tuple[tuple[bytes, Kind, str], ...] = (
    (b"M4A", "audio", "audio/mp4"),
    (b"M4B", "audio", "audio/mp4"),
    (b"qt", "video", "video/quicktime"),
    (b"3g", "video", "video/3gpp"),
    (b"avif", "file", "image/avif"),
    (b"hei", "file", "image/heic"),
    (b"hev", "file", "image/heic"),
    (b"mif1", "file", "image/heic"),
    (b"msf1", "file", "image/heic"),
)
"""What containers of ISO 14496-12 hold that are no plain MP4: https://mp4ra.org/registered-types/brands"""
_PLAIN = {"txt": "text/plain", "csv": "text/csv"}
_OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
}
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Pictures that a page may show."""
PLAYED = frozenset({"video/mp4", "video/webm", "video/quicktime", "audio/mpeg", "audio/mp4", "audio/ogg"})
"""Videos and sounds that a page may play; what is neither this nor a picture is handed out as a download."""


def told(data: bytes, name: str) -> tuple[Kind, str]:
    """Kind and media type; a name's ending counts only where the content cannot be something else."""
    ending = name.rpartition(".")[2].lower()
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image", "image/webp"
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return next(((kind, mime) for start, kind, mime in _BRANDS if brand.startswith(start)), ("video", "video/mp4"))
    for start, kind, mime in _STARTS:
        if data.startswith(start):
            return kind, _OFFICE.get(ending, mime) if mime == "application/zip" else mime
    if ending in _PLAIN and b"\0" not in data[:4096]:
        return "file", _PLAIN[ending]
    return "file", UNKNOWN
