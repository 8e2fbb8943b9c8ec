"""Set-up pages by keyboard in a real browser: empty, refused in place with what was typed, kept, changed, removed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core import db
from inbox import hours, policies, teams
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account
from tests.web.hands import confirmed, forgive, press, reach, said, type_in, wrong
from web import tokens
from web.outgoing import store

pytestmark = [pytest.mark.browser, needs_chromium]
LANGUAGES = pytest.mark.parametrize(("language", "width"), [("de", 1280), ("ja", 390)])
SAVE = ".actions .btn-primary"


def opened(seen: Seen, path: str, language: str, width: int, nothing: str) -> Page:
    """The page of an administrator, which says that there is nothing yet."""
    page = seen.page("admin", language=language, width=width)
    page.goto(seen.address + path)
    expect(page.locator(".empty h2")).to_have_text(said(language, nothing))
    return page


@LANGUAGES
def test_a_team_by_keyboard(database: str, seen: Seen, language: str, width: int) -> None:
    account()
    page = opened(seen, "/settings/teams", language, width, "No team yet")
    press(page, ".empty .btn-primary")
    page.wait_for_url("**/settings/teams/new")
    type_in(page, "#f-name", "Service")
    press(page, 'input[name="assign"]:checked', "ArrowDown")
    press(page, 'input[name="member"]', "Space")
    type_in(page, 'input[name^="capacity_"]', "5")
    press(page, 'input[name="account"]', "Space")
    type_in(page, "#f-hours_0", "nine to five")
    press(page, SAVE)
    wrong(page, "hours_0", said(language, hours.BAD_SPANS))
    expect(page.locator("#f-name")).to_have_value("Service")
    expect(page.locator("#f-hours_0")).to_have_value("nine to five")
    expect(page.locator('input[name="member"]')).to_be_checked()
    expect(page.locator('input[name^="capacity_"]')).to_have_value("5")
    expect(page.locator('input[name="account"]')).to_be_checked()
    expect(page.locator('input[name="assign"][value="round"]')).to_be_checked()
    type_in(page, "#f-hours_0", "9-12:30, 13:00-17:00")
    press(page, SAVE)
    expect(page.get_by_role("link", name="Service")).to_be_visible()
    press(page, 'a[href="/settings/teams/1"]')
    expect(page.locator("#f-hours_0")).to_have_value("09:00-12:30, 13:00-17:00")
    type_in(page, "#f-name", "Hilfe 支援")
    press(page, SAVE)
    expect(page.get_by_role("link", name="Hilfe 支援")).to_be_visible()
    press(page, 'a[href="/settings/teams/1"]')
    confirmed(page, 'form[action$="/remove"] button')
    expect(page.locator(".empty h2")).to_have_text(said(language, "No team yet"))
    with db.read() as session:
        assert teams.every(session) == []
    forgive(seen)


@LANGUAGES
def test_a_promise_by_keyboard(database: str, seen: Seen, language: str, width: int) -> None:
    page = opened(seen, "/settings/sla", language, width, "Nothing is promised yet")
    press(page, ".empty .btn-primary")
    page.wait_for_url("**/settings/sla/new")
    type_in(page, "#f-name", "Standard")
    type_in(page, "#f-first_reply", "soon")
    page.keyboard.press("Enter")
    wrong(page, "first_reply", said(language, policies.BAD_TIME))
    expect(page.locator("#f-name")).to_have_value("Standard")
    expect(page.locator("#f-first_reply")).to_have_value("soon")
    type_in(page, "#f-first_reply", "4:30")
    type_in(page, "#f-warn", "95")
    page.keyboard.press("Enter")
    wrong(page, "warn", said(language, policies.BAD_WARN))
    expect(page.locator("#f-first_reply")).to_have_value("4:30")
    type_in(page, "#f-warn", "20")
    reach(page, 'select[name="c_add"]')
    page.locator('select[name="c_add"]').select_option("priority")
    press(page, 'button[value="add:c"]')
    expect(page.locator('input[name="c.0_field"][value="priority"]')).to_be_attached()
    page.locator('select[name="c.0_v"]').first.select_option("urgent")
    press(page, SAVE)
    expect(page.get_by_role("link", name="Standard")).to_be_visible()
    expect(page.locator("tbody samp").first).to_have_text("4:30")
    press(page, 'a[href="/settings/sla/1"]')
    type_in(page, "#f-next_reply", "90")
    press(page, 'input[name="enabled"]', "Space")
    press(page, SAVE)
    expect(page.locator("tbody tr")).to_contain_text(said(language, "switched off"))
    expect(page.locator("tbody tr")).to_contain_text("1:30")
    press(page, 'a[href="/settings/sla/1"]')
    confirmed(page, 'form[action$="/remove"] button')
    expect(page.locator(".empty h2")).to_have_text(said(language, "Nothing is promised yet"))
    forgive(seen)


@LANGUAGES
def test_a_webhook_by_keyboard(database: str, seen: Seen, language: str, width: int) -> None:
    page = opened(seen, "/settings/webhooks", language, width, "No endpoint yet")
    type_in(page, "#f-url", "https://tickets.example/hook")
    while page.locator('input[name="events"]:checked').count():
        press(page, 'input[name="events"]:checked', "Space")
    press(page, SAVE)
    expect(page.locator("#e-events")).to_contain_text(said(language, store.NO_EVENT))
    expect(page.locator("#f-url")).to_have_value("https://tickets.example/hook")
    press(page, 'input[name="events"]', "Space")
    type_in(page, "#f-url", "http://127.0.0.1/hook")
    press(page, SAVE)
    expect(page.locator("#f-url")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#e-url")).not_to_be_empty()
    expect(page.locator("#f-url")).to_have_value("http://127.0.0.1/hook")
    expect(page.locator('input[name="events"]:checked')).to_have_count(1)
    type_in(page, "#f-url", "https://tickets.example/hook")
    press(page, SAVE)
    secret = page.locator("#f-made").input_value()
    assert secret.startswith("whsec_")
    press(page, 'a[href="/settings/webhooks/1"]')
    expect(page.locator(".empty h2")).to_have_text(said(language, "Nothing was told yet"))
    press(page, 'form[action$="/pause"] button')
    expect(page.locator('form[action$="/resume"] button')).to_be_visible()
    press(page, 'form[action$="/resume"] button')
    expect(page.locator('form[action$="/pause"] button')).to_be_visible()
    assert secret not in page.content(), "it is shown once"
    reach(page, 'form[action="/settings/webhooks/1"] input[name="events"]:not(:checked)')
    page.keyboard.press("Space")
    press(page, 'form[action="/settings/webhooks/1"] .btn-primary')
    expect(page.locator('form[action="/settings/webhooks/1"] input[name="events"]:checked')).to_have_count(2)
    confirmed(page, 'form[action$="/remove"] button')
    expect(page.locator(".empty h2")).to_have_text(said(language, "No endpoint yet"))
    forgive(seen)


@LANGUAGES
def test_a_token_by_keyboard(database: str, seen: Seen, language: str, width: int) -> None:
    page = opened(seen, "/settings/tokens", language, width, "No token yet")
    type_in(page, "#f-name", "Ticket bridge")
    press(page, SAVE)
    expect(page.locator("#e-scopes")).to_contain_text(said(language, tokens.NO_SCOPE))
    expect(page.locator("#f-name")).to_have_value("Ticket bridge")
    press(page, 'input[name="scopes"]', "Space")
    type_in(page, "#f-name", "   ")
    press(page, SAVE)
    wrong(page, "name", said(language, tokens.NO_NAME))
    expect(page.locator('input[name="scopes"]:checked')).to_have_count(1)
    type_in(page, "#f-name", "Ticket bridge")
    press(page, SAVE)
    token = page.locator("#f-made").input_value()
    assert token.startswith(tokens.PREFIX)
    page.goto(seen.address + "/settings/tokens")
    assert token not in page.content()
    expect(page.locator("tbody tr")).to_contain_text("Ticket bridge")
    confirmed(page, 'form[action$="/revoke"] button')
    expect(page.locator("tbody .badge").last).to_have_text(said(language, "revoked"))
    expect(page.locator('form[action$="/revoke"]')).to_have_count(0)
    forgive(seen)
