"""What a video tells about itself, and what becomes of one that lies."""

from __future__ import annotations

import struct

import pytest

from inbox import films
from inbox.films import Film
from tests.films import box, mp4, mvhd, tkhd

HEAD = box(b"ftyp", b"isom\0\0\2\0")


def test_a_video_says_how_long_it_is_and_what_it_measures() -> None:
    assert films.told(mp4(12.5, 640, 360)) == Film(12.5, 640, 360)
    assert films.told(mp4(12.5, 640, 360, turned=True)) == Film(12.5, 360, 640)


def test_long_boxes_and_the_newer_heads_are_read_too() -> None:
    moov = box(b"moov", mvhd(90, version=1) + box(b"trak", tkhd(1080, 1920, version=1), wide=True), wide=True)
    assert films.told(HEAD + moov) == Film(90.0, 1080, 1920)


@pytest.mark.parametrize("duration", [0, 0xFFFFFFFF])
def test_a_length_that_is_none_is_not_told(duration: int) -> None:
    head = box(b"mvhd", struct.pack(">B3xIIII", 0, 0, 0, 1000, duration) + b"\0" * 80)
    assert films.told(HEAD + box(b"moov", head)) == Film()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1aE\xdf\xa3webm",
        HEAD,
        HEAD + box(b"moov", b""),
        HEAD + box(b"moov", box(b"mvhd", b"\1")),
        HEAD + box(b"moov", box(b"trak", box(b"tkhd", b"\0" * 20))),
        HEAD + struct.pack(">I4s", 3, b"moov"),
        HEAD + struct.pack(">I4sQ", 1, b"moov", 2**63),
        HEAD + struct.pack(">I4s", 0, b"free") * 1000,
    ],
)
def test_what_is_damaged_tells_nothing(data: bytes) -> None:
    assert films.told(data) == Film()


def test_every_cut_of_a_video_is_read_without_a_fault() -> None:
    whole = mp4(5)
    for end in range(len(whole)):
        films.told(whole[:end])
