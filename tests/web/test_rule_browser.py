"""A rule in a real browser: nothing yet, refused in place, tried out without doing anything, switched on, removed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from core import db, outbox
from core.topics import SUBSCRIBERS
from inbox import facts, rules, ruling
from inbox.models import ConversationTag
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store
from tests.web.hands import confirmed, forgive, press, said, type_in, wrong

pytestmark = [pytest.mark.browser, needs_chromium]
HERE = "/settings/rules"
SAVE = '.actions button[value="save"]'


def add_condition(page: Page, field: str) -> None:
    page.locator('select[name="c_add"]').select_option(field)
    press(page, 'button[value="add:c"]')
    expect(page.locator(f'input[value="{field}"]')).to_be_attached()


@pytest.mark.parametrize(("language", "width"), [("de", 1280), ("ja", 390)])
def test_from_nothing_to_a_rule_at_work(database: str, seen: Seen, language: str, width: int) -> None:
    ours = account()
    store(ours, event("a:1", "Hallo"), event("b:1", "Hello"))
    with db.write() as session:
        facts.set(session, {1: {"language": "de"}, 2: {"language": "en"}})
    page = seen.page("admin", language=language, width=width)
    page.goto(seen.address + HERE)
    expect(page.locator(".empty h2")).to_have_text(said(language, "No rule yet"))
    press(page, ".empty .btn-primary")
    page.wait_for_url("**/new")
    add_condition(page, "language")
    page.locator('select[name="c.0_v"]').first.select_option("de")
    page.locator("#a-add").select_option("tag")
    press(page, 'button[value="deed"]')
    expect(page.locator("#a-0")).to_be_focused()
    page.keyboard.insert_text("german")
    press(page, SAVE)
    wrong(page, "name", said(language, rules.NO_NAME))
    expect(page.locator("#a-0")).to_have_value("german")
    expect(page.locator('select[name="c.0_v"]').first).to_have_value("de")
    type_in(page, "#f-name", "German ones")
    press(page, '.actions button[value="try"]')
    expect(page.locator("#tried li")).to_have_count(1)
    expect(page.locator("#tried li")).to_contain_text("Hallo")
    with db.read() as session:
        assert session.scalars(sa.select(db.table(ConversationTag).c.tag)).all() == [], "trying out does nothing"
    press(page, SAVE)
    expect(page.get_by_role("link", name="German ones")).to_be_visible()
    press(page, 'form[action$="/switch/on"] button')
    expect(page.locator('form[action$="/switch/off"]')).to_be_visible()
    store(ours, event("c:1", "Guten Tag"))
    with db.write() as session:
        facts.set(session, {3: {"language": "de"}})
        outbox.emit(session, "message.annotated", [("3:1", {"message_id": 3, "version": 1})])
    while outbox.step(SUBSCRIBERS["inbox.ruling.on_message"], ruling.on_message):
        pass
    page.goto(f"{seen.address}/inbox/3?view=all")
    expect(page.locator("#thread-head .tags")).to_contain_text("german")
    page.goto(f"{seen.address}{HERE}/1")
    confirmed(page, 'form[action$="/remove"] button')
    expect(page.locator(".empty h2")).to_have_text(said(language, "No rule yet"))
    forgive(seen)
