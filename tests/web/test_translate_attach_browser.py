"""One walk in a real browser: a message is translated, an answer too and taken back, a picture attached and sent."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from connectors.translation import service
from connectors.translation.port import Translated
from core import db
from inbox import attachments, consent, facts
from inbox.translation_models import Translator
from tests.web.chromium import needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000"
    "0500017a5eab3f0000000049454e44ae426082"
)


class Server:
    """Translates by turning letters round."""

    def translate(self, texts: list[str], source: str, target: str) -> list[Translated]:
        return [Translated(one[::-1], source or "en") for one in texts]


def test_a_walk_through_translation_and_files(database: str, seen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "make", lambda provider, url, key: Server())
    store(account(), event("m:1", "Wo ist mein Paket?", language="de"))
    with db.write() as session:
        facts.set(session, {1: {"language": "de"}})
        consent.switch(session, "translate", enabled=True, basis="contract", actor="test")
        session.add(Translator(provider="libretranslate", url="https://t.example", sources=["en", "de"],
                               targets=["en", "de"], checked_at=db.now()))  # fmt: skip
    page = seen.page("agent")
    page.goto(f"{seen.address}/inbox/1?view=all")
    page.get_by_role("button", name="Translate", exact=True).click()
    expect(page.locator("#tr-1")).to_contain_text("?tekaP niem tsi oW")
    expect(page.locator(".msg-b").first).to_have_text("Wo ist mein Paket?")
    box = page.locator("#reply-text")
    box.fill("On its way")
    page.locator("#translate").click()
    expect(box).to_have_value("yaw sti nO")
    page.get_by_role("button", name="Back to my text").click()
    expect(box).to_have_value("On its way")
    with page.expect_file_chooser() as chosen:
        page.locator("#attach > summary").click()
    picture = {"name": "parcel.png", "mimeType": "image/png", "buffer": PIXEL}
    chosen.value.set_files([picture, {"name": "terms.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1"}])
    expect(page.locator(".file")).to_have_count(2)
    expect(page.locator("[data-wrong=public]")).to_be_visible()
    expect(page.locator("[data-send]")).to_be_disabled()
    page.get_by_role("button", name="Take terms.pdf away").click()
    expect(page.locator(".file")).to_have_count(1)
    expect(page.locator("[data-send]")).to_be_enabled()
    page.get_by_label("What the picture shows: parcel.png").fill("A parcel")
    page.locator("[data-send]").click()
    expect(page.locator("#log img[alt='A parcel']")).to_be_visible()
    expect(page.locator(".file")).to_have_count(0)
    with db.read() as session:
        (file,) = attachments.outgoing(session, 1)
    assert (file.name, file.alt) == ("parcel.png", "A parcel")
