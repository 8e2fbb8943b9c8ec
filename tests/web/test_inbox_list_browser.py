"""Claims about the list in a real browser: rows enter and leave in order, what is in sight stays, the address tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from core import broker, db, outbox
from core.topics import SUBSCRIBERS
from inbox import desk, listing
from inbox.fields import store as fields
from inbox.fields import values
from inbox.listing import Filter
from tests.web.chromium import Seen, needs_chromium, settled
from tests.web.conftest import account, event, store
from web import live, many

pytestmark = [pytest.mark.browser, needs_chromium]
OLD = 60


@pytest.fixture
def brand(database: str) -> int:
    """An account with more conversations than a page of the list shows."""
    row = account()
    store(row, *[event(f"c:{n}", f"conversation {n}", minutes=100 + n) for n in range(OLD)])
    return row


@pytest.fixture
def inbox(brand: int, seen: Seen) -> Page:
    page: Page = seen.page("agent")
    page.goto(f"{seen.address}/inbox")
    settled(page)
    return page


def publish() -> None:
    while outbox.step(SUBSCRIBERS["web.live.publish"], live.publish):
        pass


def act(deed: Any, *args: Any) -> None:
    with db.write() as session:
        deed(session, *args)
    publish()


def shown(page: Page) -> list[int]:
    return [int(one.get_attribute("data-row") or 0) for one in page.locator("#rows > [data-row]").all()]


def stored(**changes: Any) -> list[int]:
    with db.read() as session:
        return [row.id for row in listing.page(session, Filter(**changes), limit=500).rows]


def top(page: Page, text: str) -> float:
    box = page.locator("#rows > li", has_text=text).first.bounding_box()
    assert box is not None
    return box["y"]


def test_new_rows_enter_above_and_what_is_in_sight_stays(brand: int, inbox: Page) -> None:
    before = top(inbox, "conversation 3")
    store(brand, *[event(f"n:{n}", f"fresh {n}", minutes=n) for n in range(3)])
    publish()
    expect(inbox.locator("#new")).to_have_text("3 new")
    assert top(inbox, "conversation 3") == before
    assert shown(inbox) == stored()[: len(shown(inbox))]
    expect(inbox.locator("#v-open .count")).to_have_text(str(OLD + 3))
    inbox.locator("#new").click()
    expect(inbox.locator("#new")).to_be_hidden()
    assert inbox.locator("#rows").evaluate("node => node.scrollTop") == 0


def test_a_row_moves_up_when_somebody_writes_again_and_leaves_when_closed(brand: int, inbox: Page) -> None:
    store(brand, event("b:1", "once more", parent_key="c:40", thread_key="c:40", minutes=1))
    publish()
    expect(inbox.locator("#rows > li").first).to_contain_text("once more")
    assert shown(inbox) == stored()[:50]
    act(desk.close, stored()[1], "user:1")
    expect(inbox.locator("#v-open .count")).to_have_text(str(OLD - 1))
    assert shown(inbox) == stored()[:49]


def test_the_open_conversation_stays_though_it_left_the_list(brand: int, inbox: Page) -> None:
    inbox.locator("#rows .conv").nth(2).click()
    expect(inbox.locator("#log")).to_contain_text("conversation 2")
    act(desk.close, stored()[2], "user:1")
    expect(inbox.locator("#rows > .is-left")).to_contain_text("conversation 2")
    inbox.locator("#rows .conv").nth(0).click()
    expect(inbox.locator("#rows > .is-left")).to_have_count(0)
    assert shown(inbox) == stored()[: len(shown(inbox))]


def test_after_many_events_and_an_emptied_broker_the_list_is_what_is_stored(brand: int, inbox: Page) -> None:
    store(brand, *[event(f"m:{n}", f"flood {n}", posted_at=db.now() - timedelta(seconds=n)) for n in range(70)])
    broker.client().delete(live.stream(), live.epoch_key())
    publish()
    expect(inbox.locator("#v-open .count")).to_have_text(str(OLD + 70), timeout=15_000)
    assert shown(inbox) == stored()[: len(shown(inbox))]
    assert len(shown(inbox)) >= 50
    inbox.locator("#older a").click()
    expect(inbox.locator("#rows .conv").nth(90)).to_be_attached()
    assert shown(inbox) == stored()[: len(shown(inbox))]


def test_an_empty_list_fills_by_itself(database: str, seen: Seen) -> None:
    row = account()
    page: Page = seen.page("agent")
    page.goto(f"{seen.address}/inbox")
    expect(page.locator("#rows")).to_contain_text("Nobody has written yet")
    settled(page)
    store(row, event("m:1", "the first word"))
    publish()
    expect(page.locator("#rows")).to_contain_text("the first word")


def test_the_address_tells_what_is_shown_and_back_returns(brand: int, inbox: Page) -> None:
    inbox.locator("#rows .conv").nth(1).click()
    expect(inbox.locator("#log")).to_contain_text("conversation 1")
    number = stored()[1]
    assert f"/inbox/{number}" in inbox.url
    inbox.locator("#v-unassigned").click()
    expect(inbox.locator("#v-unassigned")).to_have_attribute("aria-current", "page")
    assert f"/inbox/{number}?view=unassigned" in inbox.url
    inbox.go_back()
    expect(inbox.locator("#v-open")).to_have_attribute("aria-current", "page")
    inbox.go_back()
    expect(inbox.locator("#conversation")).to_contain_text("Choose a conversation")


def test_back_pressed_again_while_the_page_still_loads_returns_all_the_way(brand: int, inbox: Page) -> None:
    inbox.locator("#rows .conv").nth(1).click()
    expect(inbox.locator("#log")).to_contain_text("conversation 1")
    inbox.locator("#v-unassigned").click()
    expect(inbox.locator("#v-unassigned")).to_have_attribute("aria-current", "page")
    held: list[Route] = []
    inbox.route("**/vendor/htmx-2*", lambda route: route.continue_() if held else held.append(route))
    inbox.go_back(wait_until="commit")
    expect(inbox.locator("#v-open")).to_have_attribute("aria-current", "page")
    assert held, "the page is there, its scripts are not yet"
    inbox.go_back(wait_until="commit")
    expect(inbox.locator("#conversation")).to_contain_text("Choose a conversation")


def test_the_keyboard_moves_opens_and_searches(brand: int, inbox: Page) -> None:
    for key in ("j", "j", "j", "k", "Enter"):
        inbox.keyboard.press(key)
    expect(inbox.locator("#log")).to_contain_text("conversation 1")
    inbox.keyboard.press("/")
    inbox.keyboard.type('"conversation 7"')
    inbox.keyboard.press("Enter")
    expect(inbox.locator("#rows > li")).to_have_count(1)
    expect(inbox.locator(".filters .pill-on")).to_contain_text("conversation 7")


def test_ticked_rows_are_closed_together_and_come_back(brand: int, inbox: Page) -> None:
    boxes = inbox.locator("#rows .pick input")
    boxes.nth(1).check(force=True)
    boxes.nth(4).click(force=True, modifiers=["Shift"])
    expect(inbox.locator("[data-picked]")).to_have_text("4 selected")
    inbox.locator("#bulk").get_by_role("button", name="Close").click()
    expect(inbox.locator("#toasts")).to_contain_text("4 conversations are closed.")
    expect(inbox.locator("#v-open .count")).to_have_text(str(OLD - 4))
    inbox.keyboard.press("z")
    expect(inbox.locator("#toasts")).to_contain_text("It was taken back.")
    publish()
    expect(inbox.locator("#v-open .count")).to_have_text(str(OLD))
    assert shown(inbox) == stored()[: len(shown(inbox))]


def test_what_is_offered_for_ticked_rows_is_what_can_be_done_with_them(brand: int, inbox: Page) -> None:
    over, there = inbox.locator('#rows [data-row="1"]'), inbox.locator('#rows [data-row="2"]')
    act(desk.close, 1, "user:1")
    inbox.goto(inbox.url + "?view=all")
    bar = inbox.locator("#bulk")
    over.locator(".pick input").check(force=True)
    expect(bar.locator("[data-reopen]")).to_be_visible()
    expect(bar.locator("[data-close]")).to_be_hidden()
    there.locator(".pick input").check(force=True)
    expect(bar.locator("[data-reopen]")).to_be_hidden()
    expect(bar.locator("[data-close]")).to_be_visible()
    bar.locator("summary[aria-label^=Spam]").click()
    bar.locator("[data-also]").click()
    expect(inbox.locator("#toasts")).to_contain_text("1 conversation is open again.")
    there.locator(".pick input").check(force=True)
    bar.locator("summary[aria-label=Tag]").click()
    inbox.locator("#bulk-tag").fill("vip")
    inbox.keyboard.press("Enter")  # what stands in the field is meant, not the first button of the bar
    expect(inbox.locator("#toasts")).to_contain_text("1 conversation has the tag.")


def test_the_whole_list_is_offered_when_the_page_is_ticked_and_stays_chosen_while_one_scrolls(inbox: Page) -> None:
    every, number = inbox.locator("[data-every]"), inbox.locator("[data-number]")
    inbox.locator("#rows .pick input").first.check(force=True)
    expect(every).to_be_hidden()
    inbox.locator("[data-all]").check()
    every.check()
    expect(number).to_have_text(str(OLD))
    inbox.locator("#rows").evaluate("node => node.scrollTo(0, node.scrollHeight)")
    expect(inbox.locator("#rows .pick input:checked")).to_have_count(OLD)
    inbox.locator("#rows .pick input").last.uncheck(force=True)
    expect(every).not_to_be_checked()
    expect(number).to_have_text(str(OLD - 1))
    inbox.locator("#rows .pick input").last.check(force=True)
    every.check()
    inbox.locator("#bulk").get_by_role("button", name="Close").click()
    box = inbox.locator("#bulk-job")
    expect(inbox.locator(".toast")).to_contain_text(f"{OLD} conversations are being changed.")
    expect(box).to_contain_text(f"0 of {OLD}")
    worker()
    expect(box).to_contain_text(f"{OLD} were changed.")
    expect(inbox.locator(".toast").last).to_contain_text(f"{OLD} were changed.")
    assert stored() == []
    box.get_by_role("button", name="Undo").click()
    expect(box).to_contain_text(f"0 of {OLD} taken back")
    worker()
    expect(box).to_contain_text(f"{OLD} stand as before again.")
    assert len(stored()) == OLD
    box.get_by_role("button", name="Dismiss").click()
    expect(box).to_have_count(0)
    inbox.reload()
    expect(inbox.locator("#rows > li").first).to_be_visible()
    expect(box).to_have_count(0)


def worker() -> None:
    """What the worker does of what was asked for."""
    while outbox.step(SUBSCRIBERS["web.many.work"], many.work):
        pass


def test_what_refuses_a_deed_is_named_and_stays_ticked(brand: int, inbox: Page) -> None:
    left = stored()[2]
    with db.write() as session:
        wanted = fields.Wanted("conversation", "text", {"en": "Order"}, required=True)
        field = fields.save(session, None, wanted, "user:1")
        for one in set(stored()) - {left}:
            values.put(session, one, field, "A-7", "user:1")
    boxes = inbox.locator("#rows .pick input")
    boxes.nth(1).check(force=True)
    boxes.nth(4).click(force=True, modifiers=["Shift"])
    inbox.locator("#bulk").get_by_role("button", name="Close").click()
    said, why = inbox.locator("#toasts"), f"No. {left}: Fill in the marked fields"
    expect(said).to_contain_text(f"3 conversations are closed. 1 was left as it is. {why}")
    expect(inbox.locator("[data-picked]")).to_have_text("1 selected")
    expect(inbox.locator(f'#rows [data-row="{left}"] .pick input')).to_be_checked()
    said.get_by_role("button", name="Undo").click()
    expect(said).to_contain_text("It was taken back.")
    publish()
    expect(inbox.locator("#v-open .count")).to_have_text(str(OLD))


def test_on_a_phone_one_pane_follows_the_other(brand: int, seen: Seen) -> None:
    page: Page = seen.page("agent", width=390)
    page.goto(f"{seen.address}/inbox")
    expect(page.locator("#conversation")).to_be_hidden()
    page.locator("#rows .conv").nth(1).click()
    expect(page.locator("#log")).to_contain_text("conversation 1")
    expect(page.locator("#list")).to_be_hidden()
    page.go_back()
    expect(page.locator("#list")).to_be_visible()
