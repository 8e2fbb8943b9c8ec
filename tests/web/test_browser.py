"""What a browser does with every page: nothing is cut off sideways, links lead there, and choices in it are kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core import db
from tests.web import lived
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import PASSWORD, user
from tests.web.test_axe import whole_pages
from web import auth

pytestmark = [pytest.mark.browser, needs_chromium]

SIDEWAYS = """() => [document.scrollingElement, ...document.querySelectorAll("main, [role=log], .scroll")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible")
    .map((one) => one.outerHTML.slice(0, 120))"""

BARE = """() => [...document.querySelectorAll("a[href^='/']")]
    .filter((one) => /^\\/inbox\\/[0-9]+$/.test(one.pathname) && !one.hash && !one.closest(".list"))
    .map((one) => one.outerHTML.slice(0, 120))"""
"""Links to a conversation that open the list before it where one pane follows the other."""


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width"), [("de", 390), ("ja", 390), ("de", 1024)])
def test_no_page_moves_sideways_or_leads_astray(database: str, seen: Seen, language: str, width: int) -> None:
    lived.everything()
    page, found = seen.page("admin", language=language, width=width), []
    for path in whole_pages():
        answer = page.goto(seen.address + path)
        assert answer is not None
        found += [f"{path} {one}" for one in page.evaluate(SIDEWAYS) + page.evaluate(BARE)]
        if answer.status >= 500:
            found.append(f"{path} answers {answer.status}")
    assert found == []


def test_sign_in_by_keyboard_takes_the_time_zone_along(database: str, seen: Seen) -> None:
    email = user("admin")
    page = seen.page()
    page.goto(seen.address + "/signin")
    expect(page.locator("#f-email")).to_be_focused()
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/start")
    with db.read() as session:
        found = auth.find(session, email)
        assert found is not None
        assert found.time_zone == "Europe/Berlin"


def test_theme_is_kept(database: str, seen: Seen) -> None:
    page = seen.page("admin")
    page.goto(seen.address + "/people")
    page.locator("[data-theme-toggle]").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
