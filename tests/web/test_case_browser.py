"""Fields of one's own and merging in a real browser: made, filled in with a way back, merged, answered, split again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]


def test_from_the_fields_to_a_case_and_back(database: str, seen: Seen) -> None:
    store(account(), *[event(f"c:{n}", f"conversation {n}", minutes=n) for n in range(3)])
    page = seen.page("admin")
    page.goto(f"{seen.address}/settings/custom/new")
    page.locator("#f-kind").select_option("choice")
    page.locator("#f-name_en").fill("Cause")
    page.locator("#f-options_en").fill("Late\nBroken")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("link", name="Cause")).to_be_visible()
    page.goto(f"{seen.address}/inbox/1")
    cause = page.locator("#own-1")
    cause.locator("summary").click()
    cause.get_by_role("button", name="Broken").click()
    expect(page.locator("#own-1 b")).to_have_text("Broken")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#own-1 b")).to_have_count(0)
    page.locator("#more summary").click()
    page.locator("#more").get_by_role("link", name="Merge with").click()
    page.get_by_role("button", name="Merge No. 2").click()
    parts = page.locator(".case-parts")
    expect(parts).to_contain_text("2 conversations")
    expect(page.locator("#conversation")).to_contain_text("conversation 1")
    box = page.locator("#reply-text")
    expect(page.locator("#reply-part")).to_have_value("1")
    box.fill("half a sentence")
    page.locator("#reply-part").select_option("2")
    expect(page.locator('#reply-part option[value="2"][selected]')).to_be_attached()
    expect(box).to_have_value("half a sentence")
    parts.get_by_role("button", name="Split No. 2 off").click()
    expect(parts).to_have_count(0)
    page.goto(f"{seen.address}/inbox/2")
    expect(page.locator("#conversation")).to_contain_text("conversation 1")
