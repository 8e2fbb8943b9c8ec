"""Claims about a thread in a real browser: what comes in is put in place, what is written stays, keys do the deeds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core import db, outbox
from core.topics import SUBSCRIBERS
from inbox import replies
from inbox.models import ReplyRow
from tests.web.chromium import needs_chromium, settled
from tests.web.conftest import account, event, store, user
from web import auth, live

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def brand(database: str) -> int:
    """An account with a long public thread."""
    row = account()
    store(row, *[event(f"m:{n:03}", f"message {n}", minutes=200 - n, thread_key="m:001") for n in range(60)])
    return row


@pytest.fixture
def thread(brand: int, seen: Any) -> Page:
    """The thread, open."""
    page: Page = seen.page("agent", offline_is_fine=True)
    page.goto(f"{seen.address}/inbox/1?view=all")
    page.wait_for_function("document.body.getAttribute('sse-connect') !== null")
    settled(page)
    return page


def publish() -> None:
    """What the worker does: tell the open pages."""
    while outbox.step(SUBSCRIBERS["web.live.publish"], live.publish):
        pass


def texts(page: Page) -> list[str]:
    return page.locator("#log .msg-b").all_inner_texts()


def test_a_reply_is_put_off_by_the_menu_and_by_a_moment(thread: Page) -> None:
    thread.locator("#reply-text").fill("Good morning!")
    thread.locator("#later summary").click()
    thread.locator("#later [name=at][value=tomorrow]").click()
    expect(thread.locator(".toast")).to_contain_text("leaves on")
    expect(thread.locator("#log")).to_contain_text("Good morning!")
    expect(thread.locator("#log")).to_contain_text("Send now")
    expect(thread.locator("#reply-text")).to_have_value("")
    thread.locator("#reply-text").fill("In a while")
    thread.locator("#later summary").click()
    moment = (db.now() + timedelta(days=3)).strftime("%Y-%m-%dT10:00")
    thread.locator("#send-at").fill(moment)
    thread.locator("#send-at").press("Enter")
    expect(thread.locator("#log")).to_contain_text("In a while")
    thread.locator("article", has_text="In a while").get_by_role("button", name="Take back").click()
    expect(thread.locator("#reply-text")).to_have_value("In a while")
    with db.read() as session:
        one = session.get(ReplyRow, 2)
        assert one is not None
        assert one.state == "cancelled"
        assert one.send_at > db.now() + timedelta(days=1)


def test_a_note_is_never_put_off(thread: Page) -> None:
    expect(thread.locator("#later")).to_be_visible()
    thread.locator("input[value=note]").check(force=True)
    expect(thread.locator("#later")).to_be_hidden()


def test_what_comes_in_and_changes_stands_once_and_in_order(brand: int, thread: Page) -> None:
    store(
        brand, event("n:2", "newer", minutes=1, thread_key="m:001"), event("n:1", "new", minutes=2, thread_key="m:001")
    )
    publish()
    expect(thread.locator("#log")).to_contain_text("newer")
    store(brand, event("n:1", "new, but edited", minutes=2, thread_key="m:001", edited_at=db.now()))
    publish()
    expect(thread.locator("#log")).to_contain_text("new, but edited")
    assert texts(thread)[-3:] == ["message 59", "new, but edited", "newer"]


def test_reading_further_up_is_not_disturbed(brand: int, thread: Page) -> None:
    thread.locator("#earlier a").click()
    expect(thread.locator("#log")).to_contain_text("message 0")
    assert texts(thread) == [f"message {n}" for n in range(60)]
    reading = thread.locator("article", has_text="message 20")
    reading.scroll_into_view_if_needed()
    settled(thread)
    before = reading.bounding_box()
    store(brand, event("n:1", "brand new", thread_key="m:001"))
    store(brand, event("m:003", "three, edited", minutes=197, thread_key="m:001", edited_at=db.now()))
    publish()
    expect(thread.locator("#log")).to_contain_text("brand new")
    expect(thread.locator("#log")).to_contain_text("three, edited")
    quiet = thread.locator("#log > article[aria-live=off]")  # what changes is not read out anew
    expect(quiet).to_have_count(1)
    expect(quiet).to_contain_text("three, edited")
    assert reading.bounding_box() == before
    assert len(texts(thread)) == 61


def test_reconnect_brings_what_was_missed(brand: int, thread: Page) -> None:
    thread.context.set_offline(True)
    store(brand, *[event(f"n:{n}", f"missed {n}", thread_key="m:001") for n in range(3)])
    publish()
    thread.context.set_offline(False)
    thread.evaluate("document.dispatchEvent(new CustomEvent('widerhall', {detail: {topic: 'resync'}}))")
    expect(thread.locator("#log")).to_contain_text("missed 2")
    assert sorted(texts(thread)[-3:]) == ["missed 0", "missed 1", "missed 2"]


def test_answer_by_keys_alone_is_sent_and_taken_back(thread: Page) -> None:
    thread.keyboard.press("r")
    thread.keyboard.type("Danke, wir sehen nach.")
    thread.keyboard.press("Control+Enter")
    expect(thread.locator("#log [data-until]")).to_contain_text("leaves in")
    expect(thread.locator("#log [data-until]")).to_have_attribute("aria-live", "off")  # nobody hears seconds counted
    expect(thread.locator("#reply-text")).to_have_value("")
    expect(thread.locator(".toast")).to_contain_text("leaves in a few seconds")
    thread.locator("#reply-text").blur()
    thread.keyboard.press("z")
    expect(thread.locator("#reply-text")).to_have_value("Danke, wir sehen nach.")
    expect(thread.locator("#log [data-entry=r1]")).to_have_count(0)


def test_keys_send_and_close_and_the_toast_takes_both_back(thread: Page) -> None:
    thread.locator("#reply-text").fill("Done.")
    thread.keyboard.press("Control+Shift+Enter")
    expect(thread.locator(".toast").first).to_contain_text("The conversation is closed.")
    expect(thread.locator("#thread-head")).to_have_attribute("data-state", "closed")
    thread.locator(".toast button", has_text="Undo").click()
    expect(thread.locator("#reply-text")).to_have_value("Done.")
    expect(thread.locator("#thread-head")).to_have_attribute("data-state", "open")
    thread.locator("input[value=note]").check(force=True)
    thread.locator("#reply-text").press("Control+Shift+Enter")
    expect(thread.locator("#reply-text")).to_have_value("Done.")  # a note closes nothing


def test_keys_send_and_snooze_and_the_toast_takes_both_back(thread: Page) -> None:
    thread.locator("#reply-text").fill("I will ask.")
    thread.keyboard.press("Control+Alt+Enter")
    expect(thread.locator("#later [name=snooze]").first).to_be_focused()
    thread.keyboard.press("ArrowDown")
    thread.keyboard.press("Enter")
    expect(thread.locator(".toast").first).to_contain_text("Snoozed until")
    expect(thread.locator("#thread-head")).to_have_attribute("data-state", "snoozed")
    thread.locator(".toast button", has_text="Undo").click()
    expect(thread.locator("#reply-text")).to_have_value("I will ask.")
    expect(thread.locator("#thread-head")).to_have_attribute("data-state", "open")
    thread.locator("#reply-text").blur()
    thread.keyboard.press("s")
    expect(thread.locator("#later [data-send-close]")).to_be_focused()
    thread.locator("#send-at").fill((db.now() + timedelta(days=3)).strftime("%Y-%m-%dT10:00"))
    thread.get_by_role("button", name="Send now, snooze until then").click()
    expect(thread.locator("#thread-head")).to_have_attribute("data-state", "snoozed")


def test_draft_is_there_again_after_a_reload(thread: Page) -> None:
    thread.keyboard.press("n")
    thread.keyboard.type("half a sent")
    expect(thread.locator("#draft")).to_have_text("Draft saved")
    thread.reload()
    expect(thread.locator("#reply-text")).to_have_value("half a sent")
    assert thread.locator("input[name=kind]:checked").get_attribute("value") == "note"


def test_writing_goes_on_while_news_come_in(brand: int, thread: Page) -> None:
    thread.fill("#reply-text", "half a sent")
    store(brand, event("n:1", "One more thing", thread_key="m:001"))
    publish()
    expect(thread.locator("#log")).to_contain_text("One more thing")
    expect(thread.locator("#reply-text")).to_have_value("half a sent")


def test_answer_of_somebody_else_is_said_beside_what_is_written(thread: Page) -> None:
    user("admin")
    thread.fill("#reply-text", "We are looking into it")
    with db.write() as session:
        admin = auth.find(session, "admin@demo.example")
        assert admin is not None
        replies.queue(session, 1, "It is solved.", author=f"user:{admin.id}")
    publish()
    expect(thread.locator("#faster")).to_contain_text("Admin has just replied")
    expect(thread.locator("#reply-text")).to_have_value("We are looking into it")


def test_too_long_answer_cannot_be_sent_but_a_note_can(thread: Page) -> None:
    thread.fill("#reply-text", "x" * 501)
    expect(thread.locator("[data-send]")).to_be_disabled()
    expect(thread.locator("#counter")).to_contain_text("501 / 500 · 1 too many")
    thread.locator("#composer label", has_text="Note").click()
    expect(thread.locator("[data-send]")).to_be_enabled()


def test_keys_close_and_undo_and_the_sheet_lists_them(thread: Page) -> None:
    thread.keyboard.press("e")
    expect(thread.locator("#thread-head")).to_have_attribute("data-state", "closed")
    expect(thread.locator("#log")).to_contain_text("Agent closed this")
    thread.keyboard.press("z")
    expect(thread.locator("#thread-head")).to_have_attribute("data-state", "open")
    thread.keyboard.type("?")
    expect(thread.locator("#keys")).to_contain_text("Write a reply")
    thread.keyboard.press("Escape")
    expect(thread.locator("#keys")).to_be_hidden()


def test_who_has_added_a_tag_is_at_the_tags_still_and_closes_nothing(thread: Page) -> None:
    thread.keyboard.press("t")
    thread.keyboard.type("billing")
    thread.keyboard.press("Enter")
    expect(thread.locator("#thread-head .tags")).to_contain_text("billing")
    expect(thread.locator("#thread-head summary[data-key=t]")).to_be_focused()
    thread.keyboard.press("Enter")
    expect(thread.locator("#new-tag")).to_be_visible()
    expect(thread.locator("#thread-head .badge").first).to_have_text("open")
