"""Pictures lose what stands beside the picture – place, time, camera, names – and nothing of the picture itself."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Rejected
from inbox import metadata
from tests import photos
from tests.photos import chunk, exif, segment

PLACE = b"52.5N 13.4E"
EXIF = b"Exif\0\0"
JPEG = photos.jpeg(
    segment(0xE1, EXIF + exif(6)), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + PLACE), segment(0xED, PLACE),
    segment(0xE2, b"MPF\0" + PLACE), segment(0xE2, b"ICC_PROFILE\0\1\1colours"), segment(0xEE, b"Adobe\0"),
    segment(0xFE, PLACE), after=b"\xff\xd8 a film behind the picture " + PLACE,
)  # fmt: skip
PNG = photos.png(
    7, chunk(b"eXIf", exif(8, "<")), chunk(b"tEXt", PLACE), chunk(b"iTXt", PLACE), chunk(b"zTXt", PLACE),
    chunk(b"tIME", PLACE), chunk(b"prIv", PLACE), chunk(b"iCCP", b"colours"),
)  # fmt: skip
WEBP = photos.webp((b"EXIF", EXIF + exif(3)), (b"XMP ", PLACE), (b"ICCP", b"colours"), (b"what", PLACE), flags=0x2C)
GIF = photos.gif(
    b"\x21\xfe\x0b" + PLACE + b"\0", b"\x21\xff\x0bXMP DataXMP\x0b" + PLACE + b"\0",
    b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0", b"\x21\xf9\x04\0\0\0\0\0",
)  # fmt: skip
ALL = {"image/jpeg": JPEG, "image/png": PNG + PLACE, "image/webp": WEBP + PLACE, "image/gif": GIF + PLACE}


@pytest.mark.parametrize("mime", ALL)
def test_nothing_but_the_picture_is_left_and_again_changes_nothing(mime: str) -> None:
    assert PLACE in ALL[mime]
    bare = metadata.bare(ALL[mime], mime)
    assert PLACE not in bare
    assert metadata.bare(bare, mime) == bare


def test_a_jpeg_keeps_its_tables_scans_colours_and_turn() -> None:
    said = b"".join(segment(*one) for one in ((0xE2, b"ICC_PROFILE\0\1\1colours"), (0xEE, b"Adobe\0")))
    plain = photos.jpeg().replace(b"\1\1tin", b"\0\0").replace(b"\x00\x13JFIF", b"\x00\x10JFIF")
    assert metadata.bare(photos.jpeg(), "image/jpeg") == plain, "without the thumbnail"
    turned = segment(0xE1, EXIF + metadata.only_turn(6))
    assert metadata.bare(JPEG, "image/jpeg") == plain[:20] + turned + said + plain[20:]


def test_a_png_and_a_gif_keep_every_piece_of_the_picture() -> None:
    turned = chunk(b"eXIf", metadata.only_turn(8))
    assert metadata.bare(PNG, "image/png") == photos.png(7, turned, chunk(b"iCCP", b"colours"))
    kept = (b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0", b"\x21\xf9\x04\0\0\0\0\0")
    assert metadata.bare(GIF, "image/gif") == photos.gif(*kept)


def test_a_webp_says_in_its_head_what_it_still_has() -> None:
    parts = ((b"ICCP", b"colours"), (b"EXIF", metadata.only_turn(3)))
    assert metadata.bare(WEBP, "image/webp") == photos.webp(*parts, flags=0x28)
    upright = photos.webp((b"EXIF", exif(1)), (b"XMP ", PLACE), flags=0x0C)
    assert metadata.bare(upright, "image/webp") == photos.webp()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("said", "turned"), [(1, 1), (6, 6), (8, 8), (0, 1), (9, 1), (65535, 1)])
def test_only_a_turn_that_there_is_counts(order: str, said: int, turned: int) -> None:
    assert metadata.turn(exif(said, order)) == turned
    assert metadata.turn(metadata.only_turn(turned)) == turned


@pytest.mark.parametrize(
    "tiff", [b"", b"MM", b"MM\0*\xff\xff\xff\xff", b"II*\0" + struct.pack("<IH", 8, 999), b"what is this"]
)
def test_exif_that_makes_no_sense_turns_nothing(tiff: bytes) -> None:
    assert metadata.turn(tiff) == 1


@pytest.mark.parametrize("mime", ALL)
def test_what_is_cut_off_is_refused_or_bare(mime: str) -> None:
    whole = ALL[mime]
    for length in range(8, len(whole)):
        with contextlib.suppress(Rejected):
            assert PLACE not in metadata.bare(whole[:length], mime)


@given(st.sampled_from(sorted(ALL)), st.data())
def test_whatever_stands_in_a_file_it_ends(mime: str, data: st.DataObject) -> None:
    whole = bytearray(ALL[mime])
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)):
        whole[at] = data.draw(st.integers(0, 255))
    try:
        bare = metadata.bare(bytes(whole), mime)
    except Rejected:
        return
    assert metadata.bare(bare, mime) == bare


def test_other_files_stay_as_they_are() -> None:
    assert metadata.bare(b"%PDF-1.7", "application/pdf") == b"%PDF-1.7"
