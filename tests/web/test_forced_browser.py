"""Claims about forced colours in a real browser: what is on, and what is chosen, is seen without our colours."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def page(database: str, seen: Seen) -> Page:
    store(account(), event("m:1"))
    page: Page = seen.page("admin")
    page.emulate_media(forced_colors="active")
    return page


def test_a_switch_that_is_on_looks_unlike_one_that_is_off(page: Page, seen: Seen) -> None:
    page.goto(f"{seen.address}/settings/me/notifications")
    looks = [
        page.locator(f".switch{state}").first.evaluate(
            "one => [getComputedStyle(one).backgroundColor, getComputedStyle(one, '::after').backgroundColor]"
        )
        for state in (":checked", ":not(:checked)")
    ]
    assert looks[0][0] != looks[1][0]
    assert all(ground != knob for ground, knob in looks)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/inbox", ".rail a"),
        ("/inbox", ".tab"),
        ("/inbox/1?view=all", ".conv"),
        ("/inbox/1?view=all", "#composer .tab"),
        ("/settings/rules", ".set-nav .tab"),
    ],
)
def test_what_is_chosen_has_a_line(page: Page, seen: Seen, path: str, place: str) -> None:
    page.goto(f"{seen.address}{path}")
    page.evaluate("document.activeElement.blur()")
    chosen = page.locator(f"{place}:is([aria-current], [aria-selected=true], :has(:checked))").first
    assert chosen.evaluate("one => getComputedStyle(one).outlineStyle") == "dashed"
    other = page.locator(f"{place}:not([aria-current], [aria-selected=true], :has(:checked))")
    if other.count():
        assert other.first.evaluate("one => getComputedStyle(one).outlineStyle") == "none"
