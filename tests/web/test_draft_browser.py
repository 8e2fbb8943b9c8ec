"""What is begun is not lost: by going elsewhere at once, by going back, by a sign-in that is over."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from core import db
from inbox import drafts
from tests.web.chromium import Seen, needs_chromium, token
from tests.web.conftest import PASSWORD, account, event, store, user
from web.models import SessionRow

pytestmark = [pytest.mark.browser, needs_chromium]


def begun(number: int) -> str:
    with db.read() as session:
        found = drafts.of(session, "user:1", number)
    return found.text if found is not None else ""


@pytest.fixture
def talks(database: str) -> None:
    row = account()
    store(row, event("a", "The first", minutes=2), event("b", "The second", minutes=1))


def test_going_elsewhere_at_once_keeps_the_last_words(talks: None, seen: Seen) -> None:
    page = seen.page("admin")
    page.goto(f"{seen.address}/inbox/1?view=all")
    page.locator("#reply-text").fill("Half a sen")
    page.locator("#rows [data-row='2'] .conv").click()
    expect(page.locator("#log")).to_contain_text("The second")
    expect(page.locator("#reply-text")).to_have_value("")
    page.locator("#reply-text").fill("Another")
    page.go_back()
    expect(page.locator("#log")).to_contain_text("The first")
    expect(page.locator("#reply-text")).to_have_value("Half a sen")
    page.go_forward()
    expect(page.locator("#reply-text")).to_have_value("Another")
    page.locator("#reply-text").fill("Another one")
    page.goto(f"{seen.address}/people")
    page.goto(f"{seen.address}/inbox/2?view=all")
    expect(page.locator("#reply-text")).to_have_value("Another one")
    assert (begun(1), begun(2)) == ("Half a sen", "Another one")


def test_what_was_sent_is_no_draft_when_one_leaves_meanwhile(talks: None, seen: Seen) -> None:
    page = seen.page("admin")
    page.goto(f"{seen.address}/inbox/1?view=all")
    page.locator("#reply-text").fill("x" * (drafts.LIMIT + 1))
    expect(page.locator("#draft")).to_have_text("Draft not saved yet")
    seen.complaints[:] = [one for one in seen.complaints if "422" not in one]
    page.locator("#reply-text").fill("All of it")
    expect(page.locator("#draft")).to_have_text("Draft saved")
    page.locator("[data-send]").click()
    expect(page.locator("#log")).to_contain_text("All of it")
    page.goto(f"{seen.address}/people")
    page.goto(f"{seen.address}/inbox/1?view=all")
    expect(page.locator("#log")).to_contain_text("All of it")
    expect(page.locator("#reply-text")).to_have_value("")
    assert begun(1) == ""


@pytest.mark.parametrize("again", ["admin", "agent"])
def test_a_sign_in_that_is_over_loses_no_word_and_shows_none_to_others(talks: None, seen: Seen, again: str) -> None:
    page = seen.page("admin", offline_is_fine=True)
    page.goto(f"{seen.address}/inbox/1?view=all")
    with db.write() as session:
        session.execute(sa.delete(db.table(SessionRow)))
    page.locator("#reply-text").fill("A long answer")
    page.locator("[data-send]").click()
    page.wait_for_url("**/signin?next=*")
    assert begun(1) == ""
    page.context.add_cookies([{"name": "widerhall", "value": token(again), "url": seen.address}])
    page.goto(f"{seen.address}/inbox/1?view=all")
    expect(page.locator("#log")).to_contain_text("The first")
    expect(page.locator("#reply-text")).to_have_value("A long answer" if again == "admin" else "")
    page.wait_for_function("sessionStorage.getItem('begun') === null")
    assert begun(1) == ("A long answer" if again == "admin" else "")
    seen.complaints.clear()


def test_what_one_sends_is_in_sight_wherever_one_reads(database: str, seen: Seen) -> None:
    store(account(), *[event(f"m:{n}", f"message {n}", minutes=90 - n, thread_key="m:0") for n in range(40)])
    page = seen.page("admin")
    page.goto(f"{seen.address}/inbox/1?view=all")
    page.locator("#log .msg-b", has_text="message 5").first.scroll_into_view_if_needed()
    page.locator("#reply-text").fill("We are on it.")
    page.locator("[data-send]").click()
    expect(page.locator("#log .msg-b", has_text="We are on it.")).to_be_in_viewport()


@pytest.mark.parametrize("again", ["admin", "agent"])
def test_a_form_that_was_refused_is_filled_in_again_for_whoever_typed_it(database: str, seen: Seen, again: str) -> None:
    page = seen.page("admin", offline_is_fine=True)
    page.goto(f"{seen.address}/settings/replies/new")
    page.locator("#f-name").fill("Thanks")
    page.locator("[name=text_de]").fill("Vielen Dank")
    page.locator("[name=shared][value=all]").uncheck()
    with db.write() as session:
        session.execute(sa.delete(db.table(SessionRow)))
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Sign in again").click()
    page.locator("#f-email").fill(f"{again}@demo.example")
    user(again)
    page.locator("#f-password").fill(PASSWORD)
    page.locator("#f-password").press("Enter")
    page.wait_for_url("**/settings/replies/new")
    mine = again == "admin"
    expect(page.locator("#f-name")).to_have_value("Thanks" if mine else "")
    expect(page.locator("[name=text_de]")).to_have_value("Vielen Dank" if mine else "")
    expect(page.locator("[name=shared][value=all]")).to_be_checked(checked=not mine)
    assert page.evaluate("sessionStorage.getItem('typed')") is None
    if mine:
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("link", name="Thanks")).to_be_visible()
    seen.complaints.clear()
