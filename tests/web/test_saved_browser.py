"""Claims about saved replies in a real browser: by mouse, by keyboard, by shortcut, at the cursor."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core import db
from inbox import saved
from tests.web.chromium import needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def talk(database: str, seen: Any) -> Page:
    """A conversation, open; two replies are kept."""
    store(account(), event("m:1", "Where is my parcel?"))
    with db.write() as session:
        for name, shortcut, text in (
            ("Parcel", "parcel", "Hello {name}, it is on its way."),
            ("Refund", "", "Refunded."),
        ):
            saved.save(session, None, name=name, shortcut=shortcut, texts={"en": text}, actor="user:1")
    page: Page = seen.page("agent")
    page.goto(f"{seen.address}/inbox/1?view=all")
    expect(page.locator("#reply-text")).to_be_visible()
    return page


def test_a_press_puts_it_where_the_cursor_is(talk: Page) -> None:
    box = talk.locator("#reply-text")
    box.fill("First. Last.")
    box.evaluate("node => node.setSelectionRange(7, 7)")
    talk.locator("#saved summary").click()
    talk.locator("#saved-list [data-insert]", has_text="Parcel").click()
    expect(box).to_have_value("First. Hello Kim, it is on its way.Last.")
    expect(box).to_be_focused()
    expect(talk.locator("#saved")).not_to_have_attribute("open", "")
    expect(talk.locator("#draft")).to_have_text("Draft saved")


def test_the_keyboard_alone_finds_and_takes_one(talk: Page) -> None:
    talk.keyboard.press("b")
    expect(talk.locator("#saved-q")).to_be_focused()
    expect(talk.locator("#saved-list")).to_contain_text("Parcel")
    talk.keyboard.type("refu")
    expect(talk.locator("#saved-list")).not_to_contain_text("Parcel")
    talk.keyboard.press("Enter")
    expect(talk.locator("#reply-text")).to_have_value("Refunded.")


def test_a_shortcut_and_a_space_become_the_reply(talk: Page) -> None:
    box = talk.locator("#reply-text")
    box.press_sequentially("Hi! /parcel ")
    expect(box).to_have_value("Hi! Hello Kim, it is on its way.")
    box.fill("")
    box.press_sequentially("either/or /nothing ")
    expect(box).to_have_value("either/or /nothing ")


def test_after_sending_the_menu_is_there_again(talk: Page) -> None:
    talk.locator("#reply-text").fill("Thank you.")
    talk.locator("#composer [data-send]").click()
    expect(talk.locator("#reply-text")).to_have_value("")
    talk.locator("#saved summary").click()
    talk.locator("#saved-list [data-insert]", has_text="Refund").click()
    expect(talk.locator("#reply-text")).to_have_value("Refunded.")
