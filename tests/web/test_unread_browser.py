"""Unread again, and taken back as it was: by the keyboard, and on a phone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Route, expect

from core import db
from inbox import desk
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store
from tests.web.hands import press, said

pytestmark = [pytest.mark.browser, needs_chromium]
BOLD = re.compile(r"\bis-unread\b")


@pytest.fixture
def talks(database: str) -> None:
    number = account()
    for n in range(2):
        store(number, event(f"t:{n}", f"word {n}", minutes=9 - n))


@pytest.mark.usefixtures("talks")
def test_unread_again_until_it_is_opened_anew(seen: Seen) -> None:
    page = seen.page("agent", language="de")
    page.goto(f"{seen.address}/inbox/1")
    row = page.locator('#rows .conv[href^="/inbox/1?"], #rows .conv[href^="/inbox/1#"]')
    expect(row).not_to_have_class(BOLD)
    page.keyboard.press("u")
    expect(page.locator("#toasts")).to_contain_text(said("de", "Unread again, for you alone."))
    expect(row).to_have_class(BOLD)
    page.reload()  # opened anew
    expect(row).not_to_have_class(BOLD)
    page.goto(f"{seen.address}/inbox")
    expect(row).not_to_have_class(BOLD)
    assert seen.complaints == []


@pytest.mark.usefixtures("talks")
def test_taking_a_closing_back_puts_it_away_again(seen: Seen) -> None:
    with db.write() as session:
        desk.snooze(session, 1, db.now() + timedelta(days=2), "user:1")
    page = seen.page("agent")
    page.goto(f"{seen.address}/inbox/1")
    page.keyboard.press("e")
    expect(page.locator("#thread-head")).to_have_attribute("data-state", "closed")
    page.keyboard.press("z")
    expect(page.locator("#thread-head")).to_have_attribute("data-state", "snoozed")
    page.keyboard.press("!")
    expect(page.locator("#thread-head")).to_have_attribute("data-state", "spam")
    page.keyboard.press("z")
    expect(page.locator("#thread-head")).to_have_attribute("data-state", "snoozed")
    assert seen.complaints == []


@pytest.mark.usefixtures("talks")
def test_on_a_phone_it_is_given_to_somebody_and_put_away(seen: Seen) -> None:
    page = seen.page("agent", language="ja", width=390)
    page.goto(f"{seen.address}/inbox/1#conversation")
    details = page.locator("#thread-head .rest")
    press(page, "#head-all", "Space")
    old = page.locator("#thread-head").element_handle()
    page.evaluate("() => { document.activeElement.blur(); document.body.dispatchEvent(new Event('head')) }")
    page.wait_for_function("(old) => !old.isConnected", arg=old)  # somebody else's deed: the head is shown anew
    expect(details).to_be_visible()
    details.get_by_text(said("ja", "Assign"), exact=True).click()
    asked: list[Route] = []
    page.route("**/inbox/1/assign", lambda route: asked.append(route))
    details.get_by_role("button", name=said("ja", "Take it myself")).click()
    details.locator("summary", has_text=said("ja", "Snooze")).click()  # before the answer is there
    asked[0].continue_()
    expect(page.locator("#assign > summary")).to_contain_text(said("ja", "Me"))
    details.locator("button[name=until]").first.click()
    expect(page.locator("#thread-head")).to_have_attribute("data-state", "snoozed")
    assert seen.complaints == []
