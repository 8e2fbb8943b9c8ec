"""Two agents in two browsers: who is there, who writes, who was faster, and the same thread after a line was cut."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from core import db, outbox
from core.topics import SUBSCRIBERS
from inbox import desk, notes
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store, user
from tests.web.line import Line
from web import auth, live

pytestmark = [pytest.mark.browser, needs_chromium]
START = db.now() - timedelta(hours=3)


def publish() -> None:
    """What the worker does: tell the open pages."""
    while outbox.step(SUBSCRIBERS["web.live.publish"], live.publish):
        pass


def actor(role: str) -> str:
    user(role)
    with db.read() as session:
        found = auth.find(session, f"{role}@demo.example")
        assert found is not None
        return f"user:{found.id}"


def texts(page: Page) -> list[str]:
    return page.locator("#log .msg-b").all_inner_texts()


def opened(page: Page, address: str) -> Page:
    page.goto(f"{address}/inbox/1?view=all")
    page.wait_for_function("document.body.getAttribute('sse-connect').includes('after=')")
    return page


def test_two_agents_work_together(seen: Seen, line: Line) -> None:
    row = account()
    thread = {"thread_key": "m:000"}
    store(
        row, *[event(f"m:{n:03}", f"message {n}", posted_at=START + timedelta(minutes=n), **thread) for n in range(9)]
    )
    store(row, event("other", "Something else"))
    cara, dan = actor("admin"), actor("agent")

    # who is there, in the head and in the list
    one = opened(seen.page("admin", offline_is_fine=True), seen.address)
    expect(one.locator("#present .vh")).to_have_count(0)
    two = opened(seen.page("agent", offline_is_fine=True), f"http://127.0.0.1:{line.port}")
    expect(one.locator("#present .vh")).to_have_text("Here now: Agent")
    expect(two.locator("#present .vh")).to_have_text("Here now: Admin")
    expect(two.locator("#rows > [data-row='1'] .at-row .vh")).to_have_text("Here now: Admin")

    # who writes
    one.locator("#reply-text").press_sequentially("We ")
    expect(two.locator("#writes")).to_contain_text("Writing here now: Admin")
    one.locator("#reply-text").fill("")
    expect(two.locator("#writes")).to_be_hidden()

    # who was faster: the second is stopped, sees the answer, and keeps the text
    two.locator("#reply-text").fill("My own answer")
    one.locator("#reply-text").fill("We are on it.")
    one.locator("[data-send]").click()
    expect(one.locator("#log")).to_contain_text("We are on it.")
    expect(two.locator("#writes")).to_be_hidden(timeout=6_000)  # said when it was sent, not when silence is over
    two.locator("[data-send]").click()
    expect(two.locator("#faster")).to_contain_text("Your text was not sent")
    expect(two.locator("#faster")).to_contain_text("We are on it.")
    expect(two.locator("#reply-text")).to_have_value("My own answer")
    publish()
    expect(two.locator("#log .msg-b", has_text="We are on it.")).to_have_count(1)
    expect(one.locator("#log .msg-b", has_text="My own answer")).to_have_count(0)

    # who is given it, and who is mentioned: what is before one's eyes is read, what is elsewhere rings
    with db.write() as session:
        desk.assign(session, 1, dan, cara)
        notes.add(session, conversation_id=2, author=cara, text="@Agent look", mentions={dan: "Agent"})
    publish()
    expect(two.locator("#thread-head .assign")).to_contain_text("Me")
    expect(two.locator("#told [data-unread]")).to_have_text("1")
    expect(one.locator("#told .count")).to_be_hidden()

    # a line that is cut: what came meanwhile stands there once and in order when it is mended
    line.cut()
    expect(two.locator("#offline")).to_be_visible()
    expect(two.locator("#present .vh")).to_have_count(0)
    late = [
        event(f"n:{n}", f"while away {n}", posted_at=START + timedelta(minutes=20 + n), **thread) for n in (2, 0, 1)
    ]
    for message in late:
        store(row, message)
    edited = {"posted_at": START + timedelta(minutes=3), "edited_at": db.now()}
    store(row, event("m:003", "message 3, edited", **edited, **thread))
    publish()
    expect(one.locator("#log")).to_contain_text("message 3, edited")
    line.mend()
    expect(two.locator("#offline")).to_be_hidden()
    expect(two.locator("#log")).to_contain_text("message 3, edited")
    expect(two.locator("#present .vh")).to_have_text("Here now: Admin")
    expected = [f"message {n}" if n != 3 else "message 3, edited" for n in range(9)]
    expected += [f"while away {n}" for n in range(3)]
    for page in (one, two):
        expect(page.locator("#log .msg-b", has_text="while away")).to_have_count(3)
        assert [text for text in texts(page) if text != "We are on it."] == expected

    # who leaves is gone
    two.close()
    expect(one.locator("#present .vh")).to_have_count(0)
    seen.complaints[:] = [one for one in seen.complaints if "422" not in one]  # the answer that was stopped
