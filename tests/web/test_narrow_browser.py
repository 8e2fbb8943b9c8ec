"""The way through conditions in a real browser: build, count, show, keep, find in the menu with its number."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from core import db
from inbox.models import Conversation
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def talks(database: str) -> None:
    store(account(), *[event(f"c:{n}", f"conversation {n}", minutes=n) for n in range(6)])
    c = db.table(Conversation)
    with db.write() as session:
        for number, mood in ((1, "negative"), (2, "negative"), (3, "mixed")):
            session.execute(sa.update(c).where(c.c.id == number).values(sentiment=mood))


def add(page: Page, field: str, place: str = "c") -> None:
    page.locator(f'select[name="{place}_add"]').select_option(field)
    page.locator(f'button[value="add:{place}"]').click()
    expect(page.locator(f'input[value="{field}"]')).to_be_attached()


def test_from_an_empty_form_to_a_kept_view(talks: None, seen: Seen) -> None:
    page = seen.page("agent")
    page.goto(f"{seen.address}/inbox")
    page.keyboard.press("f")
    page.get_by_role("link", name="Advanced").click()
    page.wait_for_url("**/inbox/filter")
    add(page, "sentiment")
    expect(page.locator("#c-0-v0")).to_be_focused()
    page.locator("#c-0-v0").select_option("negative")
    expect(page.get_by_text("2 conversations")).to_be_visible()
    page.locator("#c-0-v1").select_option("mixed")  # the place for another came by itself
    expect(page.get_by_text("3 conversations")).to_be_visible()
    page.get_by_role("button", name="Show", exact=True).last.click()
    page.wait_for_url("**/inbox?f=*")
    expect(page.locator("#rows > [data-row]")).to_have_count(3)
    pill = page.locator("a.pill-on")
    expect(pill).to_have_text(re.compile("Sentiment is .*negative.* or .*mixed"))
    page.get_by_role("link", name="Keep as a view").click()
    page.wait_for_url("**/inbox/filter?f=*")
    page.locator("#f-name").fill("Upset")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.wait_for_url("**/inbox?saved=1*")
    expect(page.locator('[data-count="saved"]')).to_have_text("3")
    page.locator('[data-row="1"] > .conv').click()
    page.wait_for_url("**/inbox/1?saved=1*")
    page.keyboard.press("v")
    entry = page.locator(".view-menu .menu-item", has_text="Upset")
    expect(entry.locator(".num")).to_have_text("3")
    page.locator(".view-menu .menu-item", has_text="New conversations about us").click()
    expect(page.locator("#rows > [data-row]")).to_have_count(6)
    assert parse_qs(urlsplit(page.url).query)["saved"] == ["about"]
    assert urlsplit(page.url).path == "/inbox/1"  # the open conversation stays open
    page.locator(".view-menu > summary").click()
    page.locator(".view-menu .menu-item", has_text="Upset").click()
    expect(page.locator("#rows > [data-row]")).to_have_count(3)


def test_the_short_form_is_filled_by_keys_alone(talks: None, seen: Seen) -> None:
    page = seen.page("agent")
    page.goto(f"{seen.address}/inbox")
    page.keyboard.press("f")
    expect(page.locator(".narrow-form select").first).to_be_focused()
    page.locator("#n-sentiment").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#n-sentiment")).not_to_have_value("")
    expect(page.locator("#n-sentiment")).to_be_focused()
    page.locator("#n-from").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#n-from")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".narrow-form")).to_be_hidden()
    expect(page.locator('summary[data-key="f"]')).to_be_focused()
