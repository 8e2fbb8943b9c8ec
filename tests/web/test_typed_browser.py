"""What was typed into forms that htmx sends, or that the hub draws, outlives a sign-in that is over."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from core import db
from tests.web.chromium import Seen, needs_chromium, token
from tests.web.conftest import account, event, store
from web.models import SessionRow

pytestmark = [pytest.mark.browser, needs_chromium]


def over() -> None:
    """Every sign-in ends."""
    with db.write() as session:
        session.execute(sa.delete(db.table(SessionRow)))


def signed_in_again(page: Page, seen: Seen, role: str = "admin") -> None:
    """Somebody signs in, and goes where the sign-in would lead."""
    page.wait_for_url("**/signin?next=*")
    where = page.locator("input[name=next]").first.input_value()
    page.context.add_cookies([{"name": "widerhall", "value": token(role), "url": seen.address}])
    page.goto(f"{seen.address}/{where.removeprefix('/')}")


@pytest.fixture
def page(database: str, seen: Seen) -> Page:
    store(account(), event("a", "The first", minutes=2))
    return seen.page("admin", offline_is_fine=True)


@pytest.mark.parametrize("again", ["admin", "agent"])
def test_a_note_about_somebody_stands_in_its_form_again_for_whoever_wrote_it(
    page: Page, seen: Seen, again: str
) -> None:
    page.goto(f"{seen.address}/inbox/1?view=all")
    page.locator("#person summary", has_text="Add a note").click()
    page.locator("#f-person-note").fill("Prefers letters")
    over()
    page.get_by_role("button", name="Add note", exact=True).click()
    signed_in_again(page, seen, again)
    note = page.locator("#f-person-note")
    if again == "admin":
        expect(note).to_be_visible()
        expect(note).to_have_value("Prefers letters")
        page.get_by_role("button", name="Add note", exact=True).click()
        expect(page.locator("#person")).to_contain_text("Prefers letters")
    else:
        expect(note).to_have_value("")
    assert page.evaluate("sessionStorage.getItem('typed')") is None
    seen.complaints.clear()


def test_what_another_form_of_the_page_led_away_from_is_kept_too(page: Page, seen: Seen) -> None:
    page.goto(f"{seen.address}/inbox/1?view=all")
    page.locator("#person summary", has_text="Add a note").click()
    page.locator("#f-person-note").fill("Prefers letters")
    over()
    page.locator("#away button").click()
    signed_in_again(page, seen)
    expect(page.locator("#f-person-note")).to_have_value("Prefers letters")
    seen.complaints.clear()


def test_a_rule_has_its_rows_again(page: Page, seen: Seen) -> None:
    page.goto(f"{seen.address}/settings/rules/new")
    page.locator("#f-name").fill("Loud ones")
    page.locator("[name='c_add']").select_option("words")
    page.get_by_role("button", name="Add condition").click()
    page.locator("[name='a_add']").select_option("note")
    page.locator("button[name=do][value=deed]").click()
    page.locator("[name='c.0_v']").first.fill("refund")
    page.locator("[name='a.0_v']").fill("Look\nat it")
    over()
    page.locator("[name='c.0_op']").select_option(index=1)
    signed_in_again(page, seen)
    expect(page.locator("#f-name")).to_have_value("Loud ones")
    expect(page.locator("[name='c.0_v']").first).to_have_value("refund")
    expect(page.locator("[name='a.0_v']")).to_have_value("Look\nat it")
    over()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Sign in again").click()
    signed_in_again(page, seen)
    expect(page.locator("[name='a.0_v']")).to_have_value("Look\nat it")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Loud ones")).to_be_visible()
    seen.complaints.clear()


def test_a_page_that_is_too_old_keeps_what_was_typed_until_it_is_loaded_again(page: Page, seen: Seen) -> None:
    page.goto(f"{seen.address}/inbox/1?view=all")
    page.locator("#person summary", has_text="Add a note").click()
    page.locator("#f-person-note").fill("Prefers letters")
    page.context.add_cookies([{"name": "widerhall", "value": token("admin"), "url": seen.address}])
    page.get_by_role("button", name="Add note", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("too old")
    page.reload()
    expect(page.locator("#f-person-note")).to_have_value("Prefers letters")
    seen.complaints.clear()
