"""The panes of the inbox: as wide as one likes, or folded away, by mouse and by keys; kept by the browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def page(database: str, seen: Seen) -> Any:
    number = account()
    store(number, event("c:1", minutes=5))
    store(number, event("d:1", "Another one"))
    page = seen.page("agent", width=1440)
    page.goto(f"{seen.address}/inbox/1#conversation")
    return page


def test_panes_are_as_wide_as_one_drags_them_and_stay_so(page: Any, seen: Seen) -> None:
    edge = page.get_by_role("separator", name="Width of the list")
    here = edge.bounding_box()
    page.mouse.move(here["x"] + 4, 300)
    page.mouse.down()
    page.mouse.move(here["x"] + 104, 300, steps=4)
    page.mouse.up()
    assert _width(page, "#list") == 460
    expect(edge).to_have_attribute("aria-valuenow", "460")
    other = page.get_by_role("separator", name="Width of the person panel")
    other.focus()
    page.keyboard.press("ArrowRight")  # towards the panel: it grows narrower
    assert _width(page, "#person") == 324
    page.reload()
    assert (_width(page, "#list"), _width(page, "#person")) == (460, 324)
    page.keyboard.press("Escape")
    edge.dblclick()
    assert _width(page, "#list") == 360
    assert seen.complaints == []


def test_a_pane_that_is_folded_away_comes_back_by_its_key(page: Any, seen: Seen) -> None:
    for key, pane in (("p", "#person"), ("l", "#list")):
        page.keyboard.press("o")
        page.keyboard.press(key)
        expect(page.locator(pane)).to_be_hidden()
    page.reload()
    expect(page.locator("#thread-head")).to_be_visible()
    expect(page.locator("#list, #person").locator("visible=true")).to_have_count(0)
    page.keyboard.press("k")  # the one above, without a list to go through
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "2")
    page.keyboard.press("j")
    expect(page.locator("#conversation")).to_have_attribute("data-conversation", "1")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("#list")).to_be_visible()
    edge = page.get_by_role("separator", name="Width of the person panel")
    edge.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#person")).to_be_visible()
    page.keyboard.press("Enter")
    page.goto(f"{seen.address}/inbox")  # without a conversation nothing is missing
    expect(page.locator("#list")).to_be_visible()
    expect(page.get_by_role("separator")).to_have_count(0)
    assert seen.complaints == []


def _width(page: Any, pane: str) -> int:
    return int(page.locator(pane).evaluate("node => Math.round(node.getBoundingClientRect().width)"))
