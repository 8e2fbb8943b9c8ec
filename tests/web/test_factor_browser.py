"""Codes of an app in a real browser, by keyboard: set up, asked for at the door, wrong, right, on paper, removed."""

from __future__ import annotations

import pyotp
import pytest
from playwright.sync_api import Page, expect

from core import db
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import PASSWORD, user
from tests.web.hands import confirmed, press, said, type_in
from web import i18n
from web.signin import factors

pytestmark = [pytest.mark.browser, needs_chromium]


def code(secret: str, off: int = 0) -> str:
    """What the app shows, `off` steps from now: each counts once, and a clock may be a step off."""
    return str(pyotp.TOTP(secret).generate_otp(int(db.now().timestamp()) // 30 + off))


def sign_in(page: Page, address: str) -> None:
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto(address + "/signin?next=/settings/me/security")
    expect(page.locator("[name=email]")).to_be_focused()
    page.keyboard.type("agent@demo.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("language", "width"), [("de", 1280), ("ja", 390)])
def test_an_app_for_codes_from_set_up_to_removal(database: str, seen: Seen, language: str, width: int) -> None:
    user("agent")
    page = seen.page(language=language, width=width)
    sign_in(page, seen.address)
    press(page, 'form[action="/settings/me/factor"] button')
    expect(page.locator("#f-code")).to_be_focused()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.locator(".notes, [role=alert]").first).to_be_visible()
    assert page.locator(".secret").inner_text().replace(" ", "") == secret, "the picture that was scanned still counts"
    first = code(secret)
    type_in(page, "#f-code", first)
    page.keyboard.press("Enter")
    expect(page.locator(".paper code")).to_have_count(10)
    paper = page.locator(".paper code").first.inner_text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    press(page, "[data-copy=f-codes]")
    expect(page.locator("[data-copy=f-codes]")).to_have_text(said(language, "Copied"))
    assert paper in page.evaluate("navigator.clipboard.readText()").splitlines()

    sign_in(page, seen.address)
    expect(page.locator("#f-code")).to_be_focused()
    assert page.request.get(seen.address + "/inbox", max_redirects=0).status in (303, 401), "not signed in yet"
    page.keyboard.type(first)
    page.keyboard.press("Enter")
    expect(page.get_by_text(said(language, factors.WRONG_CODE))).to_be_visible()
    type_in(page, "#f-code", code(secret, 1))
    page.keyboard.press("Enter")
    expect(page.locator(".app")).to_be_visible()

    sign_in(page, seen.address)
    press(page, 'a[href="/signin/second?by=recovery"]')
    expect(page.locator("#f-code")).to_be_focused()
    page.keyboard.type(paper)
    page.keyboard.press("Enter")
    expect(page.locator(".app")).to_be_visible()
    left = i18n.catalogue(language).ngettext("%(num)s is left", "%(num)s are left", 9) % {"num": 9}
    expect(page.get_by_text(left)).to_be_visible()
    confirmed(page, 'form[action="/settings/me/factor/remove"] button')
    expect(page.locator('form[action="/settings/me/factor"] button')).to_have_text(said(language, "Set up"))
    sign_in(page, seen.address)
    expect(page.locator(".app")).to_be_visible()
    seen.complaints[:] = [one for one in seen.complaints if "403" not in one and "422" not in one]
