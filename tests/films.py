"""Small videos for tests: containers that tell how long they are and what they measure, and hold no picture."""

from __future__ import annotations

import struct


def box(name: bytes, body: bytes, *, wide: bool = False) -> bytes:
    """One box; `wide` with its length in 64 bits."""
    if wide:
        return struct.pack(">I4sQ", 1, name, len(body) + 16) + body
    return struct.pack(">I4s", len(body) + 8, name) + body


def mvhd(seconds: float, version: int = 0) -> bytes:
    """The head of a film, in thousandths."""
    times = struct.pack(">QQIQ", 0, 0, 1000, int(seconds * 1000)) if version else struct.pack(
        ">IIII", 0, 0, 1000, int(seconds * 1000)
    )  # fmt: skip
    return box(b"mvhd", struct.pack(">B3x", version) + times + b"\0" * 80)


def tkhd(width: int, height: int, *, turned: bool = False, version: int = 0) -> bytes:
    """The head of a track."""
    one = 1 << 16
    matrix = (0, one, 0, -one, 0, 0, 0, 0, 1 << 30) if turned else (one, 0, 0, 0, one, 0, 0, 0, 1 << 30)
    body = struct.pack(">B3x", version) + b"\0" * (48 if version else 36) + struct.pack(">9i", *matrix)
    return box(b"tkhd", body + struct.pack(">II", width << 16, height << 16))


def mp4(seconds: float = 5.0, width: int = 640, height: int = 360, *, turned: bool = False, fill: bytes = b"") -> bytes:
    """A video that says so; `fill` makes it another one."""
    sound, sight = box(b"trak", tkhd(0, 0)), box(b"trak", tkhd(width, height, turned=turned))
    moov = box(b"moov", mvhd(seconds) + sound + sight)
    return box(b"ftyp", b"isom\0\0\2\0isommp42") + box(b"mdat", b"\0" * 64 + fill) + moov
