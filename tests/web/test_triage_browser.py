"""Claims about working through the list in a browser: deeds on a row, to the next one, keys that are found or off."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core import db, outbox
from core.topics import SUBSCRIBERS
from inbox.models import Conversation
from tests.web.chromium import needs_chromium, settled
from tests.web.conftest import account, event, store
from web import live

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def inbox(database: str, seen: Any) -> Page:
    """Six conversations, the newest of which is No. 6."""
    row = account()
    ref = json.dumps({"id": "5", "acct": "kim@a.example", "visibility": "public"})
    store(row, *[event(f"c:{n}", f"conversation {n}", minutes=100 - n, ref=ref) for n in range(6)])
    page: Page = seen.page("agent")
    page.goto(f"{seen.address}/inbox")
    settled(page)
    return page


def row(page: Page, number: int) -> Any:
    return page.locator(f"#rows > [data-row='{number}'] > .conv")


def button(page: Page, name: str) -> Any:
    return page.locator("#conversation").get_by_role("button", name=name, exact=True)


def conversation(number: int) -> Conversation:
    with db.read() as session:
        found = session.get(Conversation, number)
        assert found is not None
        return found


def open_now(page: Page, number: int) -> None:
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", str(number))
    settled(page)


def test_a_deed_falls_on_the_row_one_is_at_and_not_on_the_conversation_that_is_open(inbox: Page) -> None:
    row(inbox, 6).click()
    open_now(inbox, 6)
    inbox.keyboard.press("j")
    expect(row(inbox, 5)).to_be_focused()
    inbox.keyboard.press("e")
    expect(inbox.locator("#toasts")).to_contain_text("is closed")
    expect(row(inbox, 4)).to_be_focused()
    assert [conversation(n).state for n in (6, 5, 4)] == ["open", "closed", "open"]
    while outbox.step(SUBSCRIBERS["web.live.publish"], live.publish):
        pass
    expect(row(inbox, 5)).to_have_count(0)
    inbox.keyboard.press("i")
    expect(inbox.locator("#toasts")).to_contain_text("takes care of it now")
    expect(row(inbox, 4)).to_be_focused()
    assert (conversation(4).assignee, conversation(6).assignee) == ("user:1", "")
    inbox.keyboard.press("k")
    expect(row(inbox, 6)).to_be_focused()
    inbox.keyboard.press("e")
    expect(inbox.locator("#thread-head")).to_have_attribute("data-state", "closed")
    row(inbox, 3).hover()
    inbox.locator("[data-row='3'] [data-row-deed='state/spam']").click()
    expect(inbox.locator("#toasts")).to_contain_text("Marked as spam")
    open_now(inbox, 6)
    inbox.keyboard.press("z")
    expect(inbox.locator("#toasts")).to_contain_text("taken back")
    assert conversation(3).state == "open"


def test_the_next_conversation_opens_by_itself_for_who_wants_that(inbox: Page) -> None:
    row(inbox, 6).click()
    open_now(inbox, 6)
    inbox.keyboard.press("e")
    expect(inbox.locator("#thread-head")).to_have_attribute("data-state", "closed")
    open_now(inbox, 6)
    inbox.keyboard.press("v")
    inbox.locator("[data-onward='done']").click()
    inbox.reload()
    settled(inbox)
    row(inbox, 5).click()
    open_now(inbox, 5)
    inbox.keyboard.press("e")
    open_now(inbox, 4)
    expect(row(inbox, 4)).to_be_focused()
    counter = inbox.locator("#counter")
    expect(counter).to_have_text("0 / 495")  # Mastodon counts the name that is put in front
    expect(counter).to_have_attribute("title", "Without what is put in front: @kim@a.example")
    inbox.locator("#reply-text").fill("@Kim@a.example see https://example.org/" + "x" * 90)
    expect(counter).to_have_text("32 / 500")
    inbox.locator("#reply-text").fill("x" * 496)
    expect(inbox.locator("#over")).to_have_text("The text is too long.")
    inbox.locator("#reply-text").fill("an answer")
    inbox.keyboard.press("Control+Enter")
    expect(inbox.locator("#reply-text")).to_have_value("")
    open_now(inbox, 4)
    inbox.locator("#reply-text").fill("and another")
    settle = inbox.evaluate("htmx.config.defaultSettleDelay")
    inbox.evaluate("htmx.config.defaultSettleDelay = 4000")
    inbox.keyboard.press("Control+Shift+Enter")
    expect(row(inbox, 3)).to_be_focused(timeout=3000)  # keys are never for the box of who comes next
    open_now(inbox, 3)
    inbox.evaluate("(settle) => { htmx.config.defaultSettleDelay = settle }", settle)
    inbox.keyboard.press("v")
    inbox.locator("[data-onward='answered']").click()
    inbox.keyboard.press("n")
    inbox.keyboard.type("a note")
    inbox.keyboard.press("Control+Enter")
    expect(inbox.locator("#log")).to_contain_text("a note")
    open_now(inbox, 3)
    inbox.locator("#reply-text").fill("answered")
    inbox.keyboard.press("Control+Enter")
    open_now(inbox, 2)


def test_the_sheet_of_keys_is_in_groups_and_found_in_and_single_keys_can_be_off(inbox: Page) -> None:
    row(inbox, 6).click()
    open_now(inbox, 6)
    deeds = {"Close": "E", "Macros": "A", "Snooze": "H", "Send": "Control+Enter Meta+Enter"}
    for name, keys in deeds.items():  # the key is told beside the name, not in it
        one = inbox.locator("#conversation").get_by_label(name, exact=True).or_(button(inbox, name)).first
        expect(one).to_have_attribute("aria-keyshortcuts", keys)
    inbox.keyboard.type("?")
    sheet = inbox.locator("#keys")
    expect(sheet.locator("[data-group=list]")).to_contain_text("Next conversation")
    expect(sheet.locator("[data-group=talk]")).to_contain_text("Priority")
    expect(sheet.locator("[data-group=text]")).to_contain_text("Write a reply")
    expect(sheet.locator("[data-group=all]")).to_contain_text("Reports")
    expect(sheet.locator("[data-group=page]")).to_be_hidden()
    inbox.keyboard.type("report")
    expect(sheet.locator("dd:visible")).to_have_text(["Reports"])
    inbox.keyboard.press("Control+a")
    inbox.keyboard.type("nothing at all")
    expect(sheet.locator("#keys-0")).to_have_text("No key is called that.")
    sheet.get_by_label("Single keys work").uncheck()
    inbox.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    inbox.reload()
    settled(inbox)
    inbox.keyboard.type("e?")
    expect(sheet).to_be_hidden()
    expect(button(inbox, "Close")).not_to_have_attribute("aria-keyshortcuts", "E")
    expect(inbox.locator("#thread-head")).to_have_attribute("data-state", "open")
    inbox.keyboard.press("Control+k")
    inbox.keyboard.type("keys")
    inbox.keyboard.press("Enter")
    expect(sheet).to_be_visible()
