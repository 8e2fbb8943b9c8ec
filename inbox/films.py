"""What a video tells about itself in the boxes of its container: ISO 14496-12, that of MP4 and QuickTime.

What cannot be read is not told: the facts serve to say beforehand what a platform would refuse, nothing hangs on them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from inbox.files import Content

UNKNOWN = (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
"""Durations that are none: of a video in fragments, or never written."""
LONGEST = 1e7
"""Seconds that a video can last; what says more is damaged."""


@dataclass(frozen=True)
class Film:
    """Seconds, and pixels as it is shown; 0 for what is not told."""

    seconds: float = 0.0
    width: int = 0
    height: int = 0


def told(data: Content) -> Film:
    """The facts of a video; all 0 for what is no such container."""
    whole = memoryview(data)
    try:
        moov = next((body for name, body in _boxes(whole) if name == b"moov"), None)
        return Film() if moov is None else _film(moov)
    except (struct.error, IndexError):
        return Film()


def _boxes(area: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The boxes that lie side by side in an area: their names and what is in them."""
    at = 0
    while at + 8 <= len(area):
        size, name = struct.unpack_from(">I4s", area, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", area, at + 8)
            head = 16
        end = at + size if size else len(area)
        if end < at + head:
            return
        yield name, area[at + head : end]
        at = end


def _film(moov: memoryview) -> Film:
    seconds, width, height = 0.0, 0, 0
    for name, body in _boxes(moov):
        if name == b"mvhd":
            seconds = _seconds(body)
        elif name == b"trak" and not width:
            width, height = next((_measures(inner) for kind, inner in _boxes(body) if kind == b"tkhd"), (0, 0))
    return Film(seconds, width, height)


def _seconds(mvhd: memoryview) -> float:
    """https://developer.apple.com/documentation/quicktime-file-format/movie_header_atom"""
    scale, duration = struct.unpack_from(">IQ", mvhd, 20) if mvhd[0] == 1 else struct.unpack_from(">II", mvhd, 12)
    seconds = 0.0 if duration in UNKNOWN or not scale else duration / scale
    return seconds if seconds < LONGEST else 0.0


def _measures(tkhd: memoryview) -> tuple[int, int]:
    """https://developer.apple.com/documentation/quicktime-file-format/track_header_atom, turned as its matrix says."""
    at = 52 if tkhd[0] == 1 else 40
    across, down = struct.unpack_from(">ii", tkhd, at)
    width, height = (side >> 16 for side in struct.unpack_from(">II", tkhd, at + 36))
    return (height, width) if not across and down else (width, height)
