"""Claims about what stands where in a real browser: nothing that one needs is cut off, in any language."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from core import db
from inbox import policies, rules
from inbox.actions import Action
from inbox.conditions import tree
from tests.inbox.surveys.made import survey
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store
from web.outgoing import store as webhooks

pytestmark = [pytest.mark.browser, needs_chromium]


def edges(place: Locator) -> tuple[float, float]:
    """Left and right."""
    box: Any = place.bounding_box()
    return box["x"], box["x"] + box["width"]


@pytest.fixture
def phone(database: str, seen: Seen) -> Page:
    store(account(), *[event(f"c:{n}", f"conversation {n}", minutes=n) for n in range(3)])
    page: Page = seen.page("admin", language="de", width=390)
    page.goto(f"{seen.address}/inbox/1?view=all#conversation")
    return page


def test_on_a_phone_one_finds_oneself_in_the_bar_below(phone: Page, seen: Seen) -> None:
    phone.goto(f"{seen.address}/inbox")
    expect(phone.locator(".rail .me")).to_be_visible()
    for one in phone.locator(".rail a:visible").all():
        left, right = edges(one)
        assert 0 <= left < right <= 390
    phone.locator(".rail .me").click()
    expect(phone).to_have_url(f"{seen.address}/settings/me")


def test_on_a_phone_a_toast_keeps_to_the_page(phone: Page) -> None:
    phone.locator("#reply-text").fill("Danke!")
    phone.locator("#reply-text").press("Control+Enter")
    left, right = edges(phone.locator(".toast").first)
    assert left >= 8
    assert right <= 382


def test_on_a_phone_the_menu_of_views_is_as_high_as_the_page(phone: Page, seen: Seen) -> None:
    phone.goto(f"{seen.address}/inbox?view=all")
    phone.locator(".view-menu summary").click()
    menu = phone.locator(".view-menu > .menu")
    assert menu.evaluate("node => node.scrollHeight <= node.clientHeight")


@pytest.mark.parametrize("width", [1000, 1280])
def test_what_is_done_to_many_fits_beside_the_list(database: str, seen: Seen, width: int) -> None:
    store(account(), event("c:1", "conversation"))
    page = seen.page("agent", language="ja", width=width)
    page.goto(f"{seen.address}/inbox")
    page.locator("#rows .pick input").check(force=True)
    assert edges(page.locator("#bulk [type=reset]"))[1] <= edges(page.locator("#list"))[1]


@pytest.mark.parametrize("language", ["de", "ja"])
def test_on_a_narrow_phone_a_name_stands_in_whole_words(database: str, seen: Seen, language: str) -> None:
    survey(name="How was it?")
    with db.write() as session:
        deeds = [Action("note", "what a rule says in a note of many words that goes on and on to the right")]
        rules.save(
            session, None, name="Urgent questions", trigger="message", asked=tree.EVERYTHING, deeds=deeds, last=False,
            actor="user:1",
        )  # fmt: skip
    page = seen.page("admin", language=language, width=320)
    for path in ("surveys", "rules"):
        page.goto(f"{seen.address}/settings/{path}")
        name: Any = page.locator(".cardbody h2 a").first.bounding_box()
        assert name["height"] < 30
        for badge in page.locator(".cardbody > p > .badge").all():
            assert edges(badge)[1] <= edges(page.locator(".cardbody").first)[1]


def test_on_a_phone_each_number_of_a_promise_says_what_it_is(database: str, seen: Seen) -> None:
    with db.write() as session:
        policies.save(session, None, policies.Wanted("Usual", first_reply=30, resolution=1440), "user:1")
    page = seen.page("admin", language="de", width=390)
    page.goto(f"{seen.address}/settings/sla")
    said = page.locator("td[data-head]").evaluate_all(
        "cells => cells.map(one => [getComputedStyle(one, '::before').content, one.dataset.head])"
    )
    assert len(said) == 5
    assert all(shown == f'"{head}"' for shown, head in said)


def test_on_a_phone_deliveries_stand_in_whole_words(database: str, seen: Seen) -> None:
    with db.write() as session:
        webhooks.add(session, "https://receiver.example/" + "x" * 80, ["message.received"], "none", "user:1")
        webhooks.test(session, 1, "user:1")
    page = seen.page("admin", language="de", width=320)
    for path in ("", "/1"):
        page.goto(f"{seen.address}/settings/webhooks{path}")
        table = page.locator("table")
        assert table.evaluate("one => one.parentElement.scrollWidth <= one.parentElement.clientWidth")
        assert table.locator("td[data-head]").count() >= 2


SPACED = """() => {
  const sheet = new CSSStyleSheet();
  const wider = "line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important";
  sheet.replaceSync(`* { ${wider}; }`);
  document.adoptedStyleSheets.push(sheet);
}"""
"""What WCAG 1.4.12 asks for."""


def test_at_four_hundred_percent_a_row_can_be_read_and_with_wider_letters_the_rail(database: str, seen: Seen) -> None:
    store(account(), event("c:1", "conversation"))
    page = seen.page("agent", language="de", width=320, height=256)
    page.goto(f"{seen.address}/inbox")
    page.locator("#rows .conv").focus()
    expect(page.locator("#rows .conv")).to_be_in_viewport(ratio=0.9)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate(SPACED)
    cut = "spans => spans.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
    assert page.locator(".rail a > span:not(.count)").evaluate_all(cut) == []
