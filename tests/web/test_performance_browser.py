"""Figures in a real browser: each opens what it is made of, and that leads to the conversations."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from core import db
from inbox import desk
from inbox.models import Conversation
from tests.web import lived
from tests.web.chromium import Seen, needs_chromium
from tests.web.hands import press, said

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.mark.parametrize(("language", "width"), [("de", 1280), ("ja", 390)])
def test_a_figure_opens_its_conversations(database: str, seen: Seen, language: str, width: int) -> None:
    lived.everything()
    c = db.table(Conversation)
    with db.write() as session:
        open_ones = sa.select(c.c.id).where(c.c.inbox, c.c.state == "open").order_by(c.c.id).limit(2)
        closed = list(session.scalars(open_ones))
        for number in closed:
            desk.close(session, number, "user:1")
    page = seen.page("admin", language=language, width=width)
    page.goto(seen.address + "/reports/team")
    figures = page.locator("a[data-figure]")
    for place in range(figures.count()):
        name, shown = figures.nth(place).get_attribute("data-figure"), figures.nth(place).inner_text()
        if name not in ("replies", "closed", "waiting"):
            continue
        press(page, f'a[data-figure="{name}"]')
        page.wait_for_url(re.compile("/reports/team/spans"))
        if shown != "0":
            whole = said(language, "%(number)s in all", number=shown)
            expect(page.locator("main .aside", has_text=whole).first).to_be_visible()
            expect(page.locator("tbody tr")).to_have_count(int(shown))
        else:
            expect(page.locator(".empty h2")).to_have_text(said(language, "Nothing happened in this period"))
        page.go_back()
        page.wait_for_url(re.compile("/reports/team$"))
    press(page, 'a[data-figure="closed"]')
    page.wait_for_url(re.compile("figure=closed"))
    listed = [one.get_attribute("href") for one in page.locator("tbody tr td:first-child a").all()]
    assert {*listed} >= {f"/inbox/{number}?view=all#conversation" for number in closed}
    press(page, f'a[href="/inbox/{closed[0]}?view=all#conversation"]')
    page.wait_for_url(f"**/inbox/{closed[0]}?view=all#conversation")
    expect(page.locator("#log .msg").first).to_be_visible()
    page.goto(seen.address + "/reports/team?platform=nowhere")
    expect(page.locator(".empty h2")).to_have_text(said(language, "Nothing happened in this period"))
