"""Claims about the rating in a real browser: a menu opens, one click corrects, nothing is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core import db
from inbox import facts
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store
from tests.web.test_rating import SAID, message

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def where(database: str) -> str:
    store(account(), event("m:1", "The train was late again"))
    with db.write() as session:
        facts.set(session, {message().id or 0: {**SAID, "language": "en"}})
    return f"/inbox/{message().conversation_id}"


def test_one_click_in_a_menu_corrects_and_z_takes_it_back(where: str, seen: Seen) -> None:
    page = seen.page("agent")
    page.goto(seen.address + where)
    chip = page.locator(".rate summary", has_text="negative")
    chip.click()
    page.locator(".rate details[open] .menu-item", has_text="positive").click()
    corrected = page.locator(".rate summary", has_text="positive")
    expect(corrected).to_be_focused()
    expect(page.locator(".toast")).to_contain_text("Corrected: positive.")
    assert message().sentiment == "positive"
    page.locator(".toast button", has_text="Undo").click()
    expect(page.locator(".rate summary", has_text="negative")).to_be_visible()
    assert message().sentiment == "negative"


def test_the_last_chip_offers_everything(where: str, seen: Seen) -> None:
    page = seen.page("agent")
    page.goto(seen.address + where)
    page.get_by_label("Correct the rating").click()
    menu = page.locator(".rate details[open] .menu")
    expect(menu.locator(".menu-h")).to_have_count(6)
    menu.locator(".menu-item", has_text="Japanese").click()
    expect(page.locator(".toast")).to_contain_text("Corrected: Japanese.")
    assert message().language == "ja"
