"""The whole way in a real browser: forgotten, the mail, its link, a new password, signed in."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.settings import settings
from sandbox.mail import Mailbox
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import user
from tests.web.hands import said, type_in
from tests.web.test_password_links import work
from web.signin import words

pytestmark = [pytest.mark.browser, needs_chromium]


def test_from_the_door_by_the_mail_to_the_inbox(box: Mailbox, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", seen.address)
    settings.cache_clear()
    user("agent")
    page = seen.page(language="de", width=390)
    page.goto(seen.address + "/signin")
    page.get_by_role("link", name=said("de", "Forgotten your password?")).click()
    expect(page.locator("[name=email]")).to_be_focused()
    page.keyboard.type("agent@demo.example")
    page.keyboard.press("Enter")
    expect(page.get_by_text(said("de", words.NOTES["link-asked"]))).to_be_visible()
    work()
    (mail,) = box.mails
    page.goto(next(one for one in mail["text"].split() if "token=" in one))
    expect(page.locator("[name=new]")).to_be_focused()
    assert page.url == seen.address + "/signin/password"
    page.keyboard.type("short")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    type_in(page, "[name=new]", "other quiet words")
    page.keyboard.press("Enter")
    expect(page.locator(".app")).to_be_visible()
    page.goto(seen.address + "/signin/password")
    expect(page.get_by_role("heading", name=said("de", "This link serves no more"))).to_be_visible()
    seen.complaints[:] = [one for one in seen.complaints if "422" not in one and "410" not in one]
