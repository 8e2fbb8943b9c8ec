"""A survey in real browsers: closed by an agent, answered on a phone without scripts, and seen by the agent at once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from core import outbox
from core.settings import settings
from core.topics import SUBSCRIBERS
from inbox.surveys.models import SurveyAnswer
from tests.inbox.surveys.made import question, rows, survey, token, work
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store
from web import live

pytestmark = [pytest.mark.browser, needs_chromium]


def publish() -> None:
    while outbox.step(SUBSCRIBERS["web.live.publish"], live.publish):
        pass


def test_from_closing_to_the_answer_on_the_agent_s_page(
    database: str, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", seen.address)
    settings.cache_clear()
    effort = question("q3", "scale", top=7)
    survey("csat", question("q1", "choices", "Speed", "Tone"), effort, question("q2", "text", needed=False))
    store(account(), event("1", language="de"))
    agent = seen.page("agent")
    agent.goto(f"{seen.address}/inbox/1?view=all")
    expect(agent.locator("#reply-text")).to_be_visible()
    agent.get_by_role("button", name=re.compile("^Close")).first.click()
    expect(agent.locator("#log")).to_contain_text("closed this")
    work()
    publish()
    expect(agent.locator("#log")).to_contain_text(f"/s/{token()}")
    context = seen.browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    phone = context.new_page()
    phone.goto(f"{seen.address}/s/{token()}?v=2&lang=en")
    expect(phone.locator("input:checked")).to_have_value("2")
    assert rows(SurveyAnswer) == []
    phone.get_by_role("link", name="Deutsch").click()
    phone.get_by_role("link", name="English").click()
    phone.get_by_role("radio", name="satisfied", exact=True).check()
    phone.get_by_role("button", name="Confirm and go on").click()
    phone.get_by_role("checkbox", name="Tone").check()
    phone.get_by_role("button", name="Confirm and go on").click()
    tiles = [one.bounding_box() for one in phone.locator(".ask-tile").all()]
    assert len({(one["y"], round(one["width"])) for one in tiles if one}) == 1, "a scale of seven is one row"
    phone.get_by_role("radio", name="7").check()
    phone.get_by_role("button", name="Confirm and go on").click()
    phone.get_by_role("textbox").fill("Kind people")
    phone.get_by_role("button", name="Confirm and go on").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    assert context.cookies() == []
    context.close()
    publish()
    expect(agent.locator("#log .note")).to_contain_text("Kind people")
    expect(agent.locator("#log .note")).to_contain_text("4 of 5")
