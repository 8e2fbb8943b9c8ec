"""Pictures without what they tell beside the picture: where, when, with what and by whom they were taken.

Nothing is decoded and nothing is made worse: only the pieces of the file that the picture is made of are kept, by name.
What stays is how it is to be turned, where it lies on its side. Pure.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from core.errors import Rejected

DAMAGED = "This picture is damaged. Save it anew, or attach it in another format."
UPRIGHT = 1
_EXIF = b"Exif\0\0"


def bare(data: bytes, mime: str) -> bytes:
    """The picture alone; what is no picture stays as it is. Rejected when it cannot be told apart."""
    take = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp, "image/gif": _gif}.get(mime)
    if take is None:
        return data
    try:
        return take(data)
    except (struct.error, IndexError, ValueError) as error:
        raise Rejected(DAMAGED) from error


# --- how it is to be turned -----------------------------------------------------------------------------


def turn(tiff: bytes) -> int:
    """The orientation (1 to 8) that Exif names; 1 where it names none. https://exiftool.org/TagNames/EXIF.html"""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return UPRIGHT
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for entry in range(first + 2, first + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
            if (tag, kind) == (0x0112, 3):
                return value if 1 <= value <= 8 else UPRIGHT
    except struct.error:
        pass
    return UPRIGHT


def only_turn(orientation: int) -> bytes:
    """Exif with the orientation alone."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


# --- JPEG: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B ----------------------------------------

_TABLES = frozenset(
    {0xC4, 0xCC, 0xDB, 0xDD, 0xDC, *range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), 0xCD, 0xCE, 0xCF}
)
_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The end of what a scan holds."""


def _jpeg(data: bytes) -> bytes:
    kept, turned, scans = [], UPRIGHT, 0
    for marker, body, scan in _segments(data):
        if marker == 0xE1 and body.startswith(_EXIF):
            turned = turn(body[len(_EXIF) :])
        elif marker == 0xE0 and body.startswith(b"JFIF\0"):
            kept.append(_segment(marker, body[:12] + b"\0\0"))  # without a thumbnail
        elif (marker == 0xE2 and body.startswith(b"ICC_PROFILE\0")) or (marker == 0xEE and body.startswith(b"Adobe")):
            kept.append(_segment(marker, body))  # colours
        elif marker in _TABLES or marker == 0xDA:
            kept.append(_segment(marker, body) + scan)
            scans += marker == 0xDA
    if not scans:
        raise ValueError("no scan")
    if turned != UPRIGHT:
        first = 1 if kept[0].startswith(b"\xff\xe0") else 0
        kept.insert(first, _segment(0xE1, _EXIF + only_turn(turned)))
    return b"\xff\xd8" + b"".join(kept) + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, body, and for a scan what follows it; up to the end of the picture, whatever comes after."""
    at = 2
    while at < len(data):
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker = data[at + 1]
        if marker == 0xD9:
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise ValueError("cut off")
        body, at = data[at + 4 : end], end
        scan = b""
        if marker == 0xDA:
            found = _NEXT.search(data, end)
            at = found.start() if found else len(data)
            scan = data[end:at]
        yield marker, body, scan


# --- PNG: https://www.w3.org/TR/png-3/ ------------------------------------------------------------------

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNKS = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs",
     b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT")
)  # fmt: skip


def _png(data: bytes) -> bytes:
    kept, turned, at, name = [_SIGNATURE], UPRIGHT, len(_SIGNATURE), b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data) or (at == len(_SIGNATURE)) != (name == b"IHDR"):
            raise ValueError("cut off")
        if name == b"eXIf":
            turned = turn(data[at + 8 : end - 4])
        elif name in _CHUNKS:
            kept.append(data[at:end])
        at = end
    if turned != UPRIGHT:
        body = b"eXIf" + only_turn(turned)
        kept.insert(2, struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)))
    return b"".join(kept)


# --- WebP: https://developers.google.com/speed/webp/docs/riff_container ---------------------------------

_PARTS = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_HAS_EXIF, _HAS_XMP = 0x08, 0x04


def _webp(data: bytes) -> bytes:
    (size,) = struct.unpack_from("<I", data, 4)
    last, at, turned = 8 + size, 12, UPRIGHT
    if last > len(data):
        raise ValueError("cut off")
    kept: dict[int, tuple[bytes, bytes]] = {}
    while at + 8 <= last:
        name, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        if len(body) < length:
            raise ValueError("cut off")
        if name == b"EXIF":
            turned = turn(body.removeprefix(_EXIF))
        elif name in _PARTS:
            kept[at] = name, body
        at += 8 + length + length % 2
    if not any(name in (b"VP8 ", b"VP8L", b"ANMF") for name, _ in kept.values()):
        raise ValueError("no picture")
    parts = list(kept.values())
    if parts[0][0] == b"VP8X":
        flags = parts[0][1][0] & ~(_HAS_EXIF | _HAS_XMP) | (_HAS_EXIF if turned != UPRIGHT else 0)
        parts[0] = b"VP8X", bytes([flags]) + parts[0][1][1:]
        parts += [(b"EXIF", only_turn(turned))] if turned != UPRIGHT else []
    whole = b"".join(struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2) for name, body in parts)
    return b"RIFF" + struct.pack("<I", len(whole) + 4) + b"WEBP" + whole


# --- GIF: https://www.w3.org/Graphics/GIF/spec-gif89a.txt -----------------------------------------------

_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def _gif(data: bytes) -> bytes:
    at = 13 + _colours(data[10])
    kept, pictures = [data[:at]], 0
    while data[at] != 0x3B:
        start, kind = at, data[at]
        if kind == 0x2C:
            at, pictures = _blocks(data, at + 11 + _colours(data[at + 9])), pictures + 1
            kept.append(data[start:at])
        elif kind == 0x21:
            label, said = data[at + 1], data[at + 3 : at + 14]
            at = _blocks(data, at + 2)
            if label in (0xF9, 0x01) or (label == 0xFF and said in _LOOPS):
                kept.append(data[start:at])
        else:
            raise ValueError("no block")
    if not pictures:
        raise ValueError("no picture")
    return b"".join(kept) + b"\x3b"


def _colours(flags: int) -> int:
    """Bytes of the table of colours that these flags announce."""
    return 3 * 2 ** ((flags & 0x07) + 1) if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> int:
    """Where a row of blocks ends."""
    while data[at]:
        at += data[at] + 1
    return at + 1
