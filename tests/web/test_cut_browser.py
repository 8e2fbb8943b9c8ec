"""Splitting from a message on in a real browser: chosen in the thread, said what moves, taken back by the toast."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]


def test_split_in_the_thread_and_taken_back_by_the_toast(database: str, seen: Seen) -> None:
    number = account()
    for n in range(3):
        store(number, event(f"c:{n}", f"word {n}", minutes=9 - n, **({"parent_key": f"c:{n - 1}"} if n else {})))
    page = seen.page("agent")
    page.goto(f"{seen.address}/inbox/1")
    offered = page.get_by_role("link", name="Split from here")
    expect(offered).to_have_count(2)
    offered.last.click()
    expect(page.get_by_role("heading", name="Split No. 1")).to_be_visible()
    expect(page.locator("main")).to_contain_text("1 message goes into the new conversation.")
    page.get_by_role("button", name="Split from here").click()
    expect(page.locator("#conversation")).to_contain_text("No. 2")
    split = page.get_by_role("group", name="Split conversations")
    expect(split.get_by_role("link", name="No. 1")).to_be_visible()
    expect(page.locator("#log")).to_contain_text("word 2")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(split).to_have_count(0)
    expect(page.locator("#log article")).to_have_count(3)
    assert seen.complaints == []
