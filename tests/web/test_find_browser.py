"""Words in one conversation: found where they stand, loaded or not; older messages load as one reads up."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core import db
from inbox import notes
from tests.web.chromium import Seen, needs_chromium, settled
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture
def thread(database: str, seen: Seen) -> Page:
    texts = {3: "Die Größe stimmt nicht", 250: "Which groesse? 👍 GRÖSSE", 299: "東京都の天気"}
    row = account()
    said = [texts.get(n, f"message {n}") for n in range(300)]
    store(row, *[event(f"m:{n:03}", text, minutes=900 - n, thread_key="m:000") for n, text in enumerate(said)])
    with db.write() as session:
        notes.add(session, conversation_id=1, author="user:1", text="Ask for the Größe again")
    page = seen.page("admin")
    page.goto(f"{seen.address}/inbox/1?view=all")
    return page


def marked(page: Page, name: str = "found") -> list[str]:
    """What is marked, in the order of the page."""
    return page.evaluate(
        "name => [...(CSS.highlights.get(name) ?? [])]"
        ".sort((a, b) => a.compareBoundaryPoints(Range.START_TO_START, b)).map(String)",
        name,
    )


def test_hits_are_counted_marked_and_walked_through_from_the_newest(thread: Page) -> None:
    thread.keyboard.press("g")
    thread.keyboard.press("f")
    expect(thread.locator("#find-q")).to_be_focused()
    thread.keyboard.type("größe")
    expect(thread.locator("#found")).to_have_text("1 of 3")
    assert marked(thread, "found-now") == ["Größe"]
    assert thread.locator("#m4").count() == 0
    thread.keyboard.press("Enter")
    expect(thread.locator("#found")).to_have_text("2 of 3")
    assert marked(thread, "found-now") == ["groesse", "GRÖSSE"]
    thread.keyboard.press("Enter")
    expect(thread.locator("#found")).to_have_text("3 of 3")
    expect(thread.locator("#m4")).to_be_in_viewport()
    expect(thread.locator("#find-said")).to_contain_text("Die Größe stimmt nicht")
    assert (marked(thread, "found-now"), marked(thread)) == (["Größe"], ["groesse", "GRÖSSE", "Größe"])
    assert len(thread.locator("#log [data-entry^=m]").all()) == len(
        set(thread.locator("#log [data-entry^=m]").evaluate_all("all => all.map(one => one.id)"))
    )
    expect(thread.locator("#find-q")).to_be_focused()
    thread.keyboard.press("Shift+Enter")
    expect(thread.locator("#found")).to_have_text("2 of 3")
    thread.get_by_role("button", name="Older hit").click()
    expect(thread.locator("#found")).to_have_text("3 of 3")
    thread.locator("#find-q").fill("東京")
    expect(thread.locator("#found")).to_have_text("1 of 1")
    assert marked(thread, "found-now") == ["東京"]
    thread.locator("#find-q").fill("nowhere")
    expect(thread.locator("#found")).to_have_text("Nothing found")
    assert marked(thread) == []
    thread.keyboard.press("Escape")
    expect(thread.locator("#find")).to_be_hidden()
    expect(thread.locator("#thread-head [data-find]").first).to_be_focused()


def test_older_messages_load_while_one_reads_up_and_what_is_read_stays(thread: Page) -> None:
    expect(thread.locator("#m261")).to_be_attached()
    assert thread.locator("#m260").count() == 0
    before = thread.evaluate(
        "() => { document.getElementById('earlier').scrollIntoView(); return m261.getBoundingClientRect().top }"
    )
    expect(thread.locator("#m260")).to_be_attached()
    settled(thread)
    assert thread.evaluate("() => m261.getBoundingClientRect().top") == pytest.approx(before, abs=1)
    assert thread.locator("#m220").count() == 0


def test_the_link_to_older_messages_keeps_the_keyboard(thread: Page) -> None:
    thread.locator("#earlier a").focus()
    thread.keyboard.press("Enter")
    expect(thread.locator("#m221")).to_be_attached()
    expect(thread.locator("#earlier a")).to_be_focused()


def test_without_script_the_newest_message_is_gone_to(thread: Page, seen: Seen) -> None:
    thread.goto(f"{seen.address}/inbox/1/find?q=stimmt")
    expect(thread.locator("#m4")).to_be_in_viewport()
    thread.goto(f"{seen.address}/inbox/1/find?q=nowhere")
    expect(thread.locator("#toasts")).to_contain_text("Nothing found")
