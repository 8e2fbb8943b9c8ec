"""One walk: somebody submits, somebody else changes and approves in a second browser, the platform has it once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from connectors import tasks
from core import db, outbox
from core.event import Author, Event, Reply
from core.topics import SUBSCRIBERS
from inbox import replies
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store
from web import approving, live, roles

pytestmark = [pytest.mark.browser, needs_chromium]
US = Author(platform="mastodon", id="https://social.example/@brand@social.example", handle="@brand@social.example")


class Platform:
    """Takes what is sent, and counts it."""

    def __init__(self) -> None:
        self.sent: list[Reply] = []

    def send(self, reply: Reply, keep: object = None) -> Event:
        self.sent.append(reply)
        values = {"kind": "reply", "direction": "outbound", "author": US, "parent_key": reply.parent_key}
        return event(f"sent:{len(self.sent)}", reply.text, thread_key="m:1", **values)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setenv("WIDERHALL_UNDO_SECONDS", "0")
    found = Platform()
    monkeypatch.setattr(tasks, "open_account", lambda account_id: (None, found))
    return found


def work() -> None:
    """What the worker does."""
    handlers = {
        "web.approving.tell": approving.tell, "connectors.tasks.send": tasks.send, "web.live.publish": live.publish,
    }  # fmt: skip
    for name, handler in handlers.items():
        while outbox.step(SUBSCRIBERS[name], handler):
            pass


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_function("document.body.getAttribute('sse-connect').includes('after=')")
    return page


def test_a_reply_is_submitted_changed_approved_and_sent_once(platform: Platform, seen: Seen) -> None:
    store(account(), event("m:1", "Is it open?", posted_at=db.now() - timedelta(hours=1), thread_key="m:1"))
    with db.write() as session:
        grants = ["messages.read", "conversations.reply", "conversations.manage"]
        key = roles.save(session, None, roles.Wanted("Trainee", grants), "test")

    other = opened(seen.page("admin"), f"{seen.address}/inbox?view=all")
    pill = other.locator(".filters .pill", has_text="To approve")
    expect(pill).to_be_hidden()
    author = opened(seen.page(key), f"{seen.address}/inbox/1?view=all")
    author.locator("#reply-text").fill("Yes, until six.")
    expect(author.locator("[data-send]")).to_contain_text("Submit")
    author.locator("[data-send]").click()
    expect(author.locator("#log .approve")).to_contain_text("The author's role needs approval")
    work()
    assert platform.sent == []
    expect(pill).to_have_text("To approve 1")

    boss = opened(seen.page("admin"), f"{seen.address}/inbox")
    boss.locator(".filters [data-count=approve]").click()
    expect(boss.locator(".view-menu summary")).to_contain_text("To approve")
    boss.locator("#rows .conv").click()
    boss.wait_for_function("document.body.getAttribute('sse-connect').includes('after=')")
    boss.locator(".approve summary").click()
    boss.get_by_label("The reply as it leaves").fill("Yes, until six. See you!")
    boss.get_by_label("The reply as it leaves").blur()
    boss.keyboard.press("o")
    boss.keyboard.press("a")
    expect(boss.locator("#toasts")).to_contain_text("Approved")
    work()
    work()
    assert [one.text for one in platform.sent] == ["Yes, until six. See you!"]
    expect(pill).to_be_hidden()
    for page in (author, boss):
        expect(page.locator("#log .msg-b", has_text="See you!")).to_have_count(1)
        expect(page.locator("#log .approve")).to_have_count(0)
        expect(page.locator("#log .event", has_text="changed and approved")).to_have_count(1)
    author.locator("#log .event summary").click()
    expect(author.locator("#log .event ins")).to_have_text(" See you!")


def test_who_says_no_by_keyboard_sees_it_at_once_and_stays_on_the_reply(platform: Platform, seen: Seen) -> None:
    store(account(), event("m:1", "Is it open?", posted_at=db.now() - timedelta(hours=1), thread_key="m:1"))
    with db.write() as session:
        made = replies.queue(session, 1, "Yep", author="user:99", undo_seconds=0, approval="role").id
    boss = opened(seen.page("admin"), f"{seen.address}/inbox/1?view=all")
    card = boss.locator(f"#log [data-entry=r{made}]")
    expect(card.locator(".approve")).to_be_visible()
    boss.keyboard.press("o")
    boss.keyboard.press("r")
    boss.keyboard.type("Too short.")
    boss.keyboard.press("Enter")
    expect(boss.locator("#toasts")).to_contain_text("Not approved")
    work()
    expect(card).to_contain_text("Too short.")
    expect(card.locator("input[name=reason]")).to_have_count(0)
    expect(card).to_be_focused()


def test_a_reason_that_was_begun_stays_when_the_reply_is_shown_anew(platform: Platform, seen: Seen) -> None:
    row = account()
    store(row, event("m:1", "Is it open?", posted_at=db.now() - timedelta(hours=1), thread_key="m:1"))
    with db.write() as session:
        replies.queue(session, 1, "Yep", author="user:99", undo_seconds=0, approval="role")
    boss = opened(seen.page("admin"), f"{seen.address}/inbox/1?view=all")
    boss.locator("#log input[name=reason]").fill("Too short, and")
    boss.locator("#log input[name=reason]").blur()
    store(row, event("m:2", "Hello?", thread_key="m:1"))
    work()
    expect(boss.locator("#log .msg-b", has_text="Hello?")).to_have_count(1)
    expect(boss.locator("#log input[name=reason]")).to_have_value("Too short, and")
