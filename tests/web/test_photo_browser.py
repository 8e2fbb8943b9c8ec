"""Photos in a real browser: what is attached has no place any more, stands upright, and looks as before."""

from __future__ import annotations

import base64
import struct

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from core import db
from inbox import attachments, files
from inbox.file_models import Attached
from tests.photos import chunk, exif, segment
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]
PLACE = b"52.5N 13.4E"
DRAWN = """(kind) => {
  const canvas = document.createElement("canvas"), ink = canvas.getContext("2d");
  [canvas.width, canvas.height] = [40, 20];
  for (const [at, colour] of [[0, "#f00"], [20, "#00f"]]) { ink.fillStyle = colour; ink.fillRect(at, 0, 20, 20); }
  return canvas.toDataURL(kind, 1);
}"""
LOOKED = """async (given) => {
  const bytes = () => Uint8Array.from(atob(given), (one) => one.charCodeAt(0));
  const blob = given.startsWith("/inbox/") ? await (await fetch(given)).blob() : new Blob([bytes()]);
  const picture = await createImageBitmap(blob);
  const canvas = document.createElement("canvas"), ink = canvas.getContext("2d", { willReadFrequently: true });
  [canvas.width, canvas.height] = [picture.width, picture.height];
  ink.drawImage(picture, 0, 0);
  const at = (x, y) => { const [r, , b] = ink.getImageData(x, y, 1, 1).data; return r > b ? "red" : "blue"; };
  return [picture.width, picture.height, at(2, 2), at(picture.width - 3, picture.height - 3)];
}"""
SIDEWAYS = [20, 40, "red", "blue"]


def photo(page: Page, mime: str, orientation: int) -> bytes:
    """A red half and a blue one, 40 by 20, whose file says how it is to be turned and where it was taken."""
    plain = base64.b64decode(page.evaluate(DRAWN, mime).partition(",")[2])
    said = exif(orientation)
    if mime == "image/jpeg":
        return plain[:2] + segment(0xE1, b"Exif\0\0" + said) + plain[2:]
    if mime == "image/png":
        return plain[:33] + chunk(b"eXIf", said) + chunk(b"tEXt", PLACE) + plain[33:]
    assert plain[12:16] == b"VP8X", "Chromium writes the colours along"
    head = plain[12:20] + bytes([plain[20] | 0x08]) + plain[21:]
    parts = head + b"EXIF" + struct.pack("<I", len(said)) + said + b"\0" * (len(said) % 2)
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


def kept() -> list[bytes]:
    """The contents that lie here, in the order in which they came."""
    a = db.table(Attached)
    with db.read() as session:
        return [files.path(one).read_bytes() for one in session.scalars(sa.select(a.c.digest).order_by(a.c.id))]


def test_photos_come_upright_and_without_their_place(database: str, seen: Seen) -> None:
    store(account(), event("m:1"))
    page = seen.page("agent")
    page.goto(f"{seen.address}/inbox/1")
    expect(page.locator("#reply-text")).to_be_visible()
    mimes = ("image/jpeg", "image/png", "image/webp")
    photos = {(mime, turn): photo(page, mime, turn) for mime in mimes for turn in (1, 6)}
    for number, ((mime, turn), data) in enumerate(photos.items(), start=1):
        assert PLACE in data
        before = page.evaluate(LOOKED, base64.b64encode(data).decode())
        assert before == (SIDEWAYS if (mime, turn) == ("image/jpeg", 6) else before)
        page.set_input_files("#attach-file", {"name": f"{number}.x", "mimeType": mime, "buffer": data})
        expect(page.locator("#files .file")).to_have_count(number)
        assert PLACE not in kept()[-1]
        assert page.evaluate(LOOKED, f"/inbox/1/files/{number}") == before, (mime, turn)
    assert b"Exif" not in kept()[1], "the browser has turned it"
    with db.write() as session:  # as a program attaches it
        number = attachments.add(session, 1, "user:1", "x.jpg", photos["image/jpeg", 6])
    assert PLACE not in kept()[-1]
    assert page.evaluate(LOOKED, f"/inbox/1/files/{number}") == SIDEWAYS
