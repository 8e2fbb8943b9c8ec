"""Small pictures for tests, with whatever stands beside the picture in their file."""

from __future__ import annotations

import struct
import zlib


def exif(orientation: int = 1, order: str = ">", said: bytes = b"52.5N 13.4E") -> bytes:
    """Exif with an orientation and a place."""
    entries = [(0x0112, 3, 1, struct.pack(f"{order}H2x", orientation)), (0x8825, 4, 1, struct.pack(f"{order}I", 38))]
    table = b"".join(struct.pack(f"{order}HHI", *one[:3]) + one[3] for one in entries)
    start = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}IH", 8, len(entries))
    return start + table + struct.pack(f"{order}I", 0) + said


def chunk(name: bytes, body: bytes) -> bytes:
    """One piece of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(shade: int = 0, *beside: bytes) -> bytes:
    """One pixel."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + b"".join(beside)
        + chunk(b"IDAT", zlib.compress(bytes([0, shade])))
        + chunk(b"IEND", b"")
    )


def segment(marker: int, body: bytes) -> bytes:
    """One piece of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg(*beside: bytes, after: bytes = b"") -> bytes:
    """The frame of a JPEG with two scans; no picture that could be shown."""
    start = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1" + b"tin")
    tables = segment(0xDB, bytes(65)) + segment(0xC2, bytes(9)) + segment(0xC4, bytes(20))
    scan = segment(0xDA, bytes(8)) + b"\x01\xff\x00\x02\xff\xd0\x03"
    return (
        b"\xff\xd8" + start + b"".join(beside) + tables + scan + segment(0xC4, bytes(20)) + scan + b"\xff\xd9" + after
    )


def webp(*beside: tuple[bytes, bytes], flags: int = 0) -> bytes:
    """The frame of a WebP; no picture that could be shown."""
    parts = [(b"VP8X", bytes([flags]) + bytes(9)), (b"VP8 ", b"abc"), *beside]
    whole = b"".join(struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2) for name, body in parts)
    return b"RIFF" + struct.pack("<I", len(whole) + 4) + b"WEBP" + whole


def gif(*beside: bytes) -> bytes:
    """One pixel."""
    start = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    return start + b"".join(beside) + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00" + b"\x3b"
