"""A macro in a real browser: built, run by its key in a conversation with a way back, and on what is ticked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core import db
from inbox import saved
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def talks(database: str) -> None:
    store(account(), *[event(f"c:{n}", f"conversation {n}", minutes=n) for n in range(3)])
    with db.write() as session:
        saved.save(session, None, name="Thanks", texts={"en": "Thank you, {first_name}."}, actor="user:1")


def add(page: Page, deed: str, number: int) -> None:
    page.locator("#a-add").select_option(deed)
    page.get_by_role("button", name="Add a deed").click()
    expect(page.locator(f'input[name="a.{number}_do"][value="{deed}"]')).to_be_attached()


def test_from_the_form_to_many_conversations(talks: None, seen: Seen) -> None:
    page = seen.page("agent")
    page.goto(f"{seen.address}/settings/macros/new")
    page.locator("#f-name").fill("Thank and tag")
    add(page, "tag", 0)
    page.locator("#a-0").fill("thanked")
    add(page, "draft", 1)
    page.locator("#a-1").select_option(label="Thanks")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("link", name="Thank and tag")).to_be_visible()
    page.goto(f"{seen.address}/inbox/1")
    expect(page.locator("#reply-text")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("#macros").get_by_role("button", name="Thank and tag")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#macros > summary")).to_be_focused()
    page.keyboard.press("a")
    page.locator("#macros").get_by_role("button", name="Thank and tag").click()
    tags = page.locator("#thread-head .tags")
    expect(tags).to_contain_text("thanked")
    expect(page.locator("#reply-text")).to_have_value("Thank you, Kim.")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(tags).not_to_contain_text("thanked")
    page.goto(f"{seen.address}/inbox")
    for number in (2, 3):
        page.locator(f'.pick input[value="{number}"]').check(force=True)
    bulk = page.locator("#bulk")
    bulk.locator("summary", has=page.locator('use[href="#bolt"]')).click()
    bulk.get_by_role("button", name="Thank and tag").click()
    expect(page.locator("#toasts")).to_contain_text("2 conversations")
    page.goto(f"{seen.address}/inbox/3")
    expect(tags).to_contain_text("thanked")
