"""The head of a thread on a phone: one line until somebody wants the rest, and open as long as they want it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core import db
from inbox import desk
from inbox.fields import store as fields
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]


def test_the_head_is_folded_on_a_phone_and_stays_open_through_a_deed(database: str, seen: Seen) -> None:
    store(account(), event("c:1"))
    with db.write() as session:
        for name in ("Order", "Shop", "Cause"):
            fields.save(session, None, fields.Wanted("conversation", "text", {"en": name}), "user:1")
        for tag in ("refund", "delivery", "vip"):
            desk.tag(session, 1, tag, "user:1")
    wide = seen.page("agent")
    wide.goto(f"{seen.address}/inbox/1#conversation")
    expect(wide.locator("#priority")).to_be_visible()
    expect(wide.locator(".fold")).to_be_hidden()
    phone = seen.page("agent", width=390)
    phone.goto(f"{seen.address}/inbox/1#conversation")
    fold, own = phone.get_by_role("checkbox", name="Details"), phone.get_by_role("group", name="Own fields")
    expect(own).to_be_hidden()
    expect(phone.locator("#priority")).to_be_hidden()
    assert phone.locator("#thread-head").evaluate("head => head.offsetHeight") < 110
    fold.focus()
    phone.keyboard.press("Space")
    expect(own).to_be_visible()
    phone.locator("#priority summary").click()
    phone.locator("#priority").get_by_role("button", name="High").click()
    expect(phone.locator("#priority summary")).to_contain_text("High")
    expect(own).to_be_visible()
    phone.locator(".fold label").click()
    expect(own).to_be_hidden()
    assert seen.complaints == []
