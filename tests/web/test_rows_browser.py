"""Claims about a long list in a real browser: the page holds a window of it, and nobody notices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from core import db
from inbox import desk, listing
from inbox.listing import Filter
from inbox.models import Conversation
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store
from tests.web.test_inbox_list_browser import act, publish

pytestmark = [pytest.mark.browser, needs_chromium]
ROWS, MOST = 700, 240

WALK = """async ([way, end]) => {
  const list = document.getElementById("rows"), seen = [];
  const rows = () => [...list.querySelectorAll(":scope > [data-row]")];
  const frame = () => new Promise((done) => setTimeout(done, 15));
  const box = list.getBoundingClientRect();
  const inSight = () => rows().filter((row) => {
    const at = row.getBoundingClientRect();
    return at.bottom > box.top + 1 && at.top < box.bottom - 1;
  });
  let most = 0, jumped = 0;
  for (let turn = 0; turn < 900; turn += 1) {
    for (let tries = 0; tries < 400; tries += 1) { // what is in sight is there
      const here = inSight(), last = here.at(-1);
      const from = here[0]?.getBoundingClientRect().top, to = last?.getBoundingClientRect().bottom;
      const whole = here.length && from <= box.top + 1
        && (to >= box.bottom - 1 || !document.getElementById("older") && rows().at(-1) === last);
      if (whole) break;
      await frame();
    }
    const here = inSight();
    const fresh = here.map((row) => row.dataset.row).filter((row) => !seen.includes(row));
    seen.push(...(way > 0 ? fresh : fresh.toReversed()));
    most = Math.max(most, rows().length);
    if (way > 0 ? seen.length >= end : "first" in list.dataset && list.scrollTop < 1) break;
    const mark = way > 0 ? here.at(-1) : here[0], at = mark.getBoundingClientRect().top, from = list.scrollTop;
    list.scrollTop += way * (box.height - 200);
    const went = list.scrollTop - from;
    await frame(); await frame();
    if (mark.isConnected) jumped = Math.max(jumped, Math.abs(at - went - mark.getBoundingClientRect().top));
  }
  return { seen: seen.map(Number), most, jumped };
}"""
SHIFTS = """window.shifts = 0; new PerformanceObserver((found) => {
  for (const one of found.getEntries()) window.shifts += one.value;
}).observe({ type: "layout-shift" });"""


@pytest.fixture
def many(database: str) -> int:
    """An account with conversations beyond what a page may hold, the newest first by number."""
    row = account()
    store(row, event("c:0", "conversation 0", minutes=1))
    c = db.table(Conversation)
    with db.write() as session:
        one = dict(session.execute(sa.select(c)).mappings().one())
        del one["id"]
        copies = [
            {**one, "thread_key": f"c:{n}", "excerpt": f"number {n}", "last_at": one["last_at"] - timedelta(minutes=n)}
            for n in range(1, ROWS)
        ]
        session.execute(sa.insert(c), copies)
    return row


def stored() -> list[int]:
    with db.read() as session:
        return [row.id for row in listing.page(session, Filter(), limit=2 * ROWS).rows]


def test_a_long_list_is_walked_down_and_up_again(many: int, seen: Seen) -> None:
    page: Page = seen.page("agent", height=1600)
    page.goto(f"{seen.address}/inbox")
    expect(page.locator("#rows > li[aria-posinset='1']")).to_have_attribute("aria-setsize", str(ROWS))
    page.evaluate(SHIFTS)
    page.locator("#rows .pick input").nth(2).check(force=True)
    order = stored()
    down: dict[str, Any] = page.evaluate(WALK, [1, ROWS])
    assert down["seen"] == order
    assert (down["most"] <= MOST, down["jumped"] < 1) == (True, True), down
    expect(page.locator("[data-picked]")).to_have_text("1 selected")
    expect(page.locator("#rows > [data-row]").last).to_have_attribute("aria-posinset", str(ROWS))
    _from_the_bottom(page, many, order)
    up: dict[str, Any] = page.evaluate(WALK, [-1, ROWS])
    assert [one for one in reversed(up["seen"]) if one in order] == order[: ROWS - 1]
    assert (up["most"] <= MOST, up["jumped"] < 1) == (True, True), up
    assert page.locator("#rows > [data-gap=above]").count() == 0
    expect(page.locator(f"#rows > [data-row='{order[2]}'] .pick input")).to_be_checked()
    expect(page.locator("[data-picked]")).to_have_text("1 selected")
    assert page.evaluate("window.shifts") < 0.02


def _from_the_bottom(page: Page, many: int, order: list[int]) -> None:
    """Live events, keys and an opened conversation, with a thousand rows above that are not in the page."""
    expect(page.locator("#rows > [data-gap=above]")).to_be_attached()
    store(many, event("n:1", "fresh", minutes=0))
    act(desk.close, order[-1], "user:9")
    publish()
    expect(page.locator("#new")).to_have_text("1 new")
    expect(page.locator(f"#rows > [data-row='{order[-1]}']")).to_have_count(0)
    page.locator(f"#rows > [data-row='{order[-3]}'] .conv").click()
    expect(page.locator(f"#rows > [data-row='{order[-3]}'] .conv")).to_have_attribute("aria-current", "true")
    expect(page.locator("#log")).to_be_attached()
    page.keyboard.press("k")
    expect(page.locator(f"#rows > [data-row='{order[-4]}'] .conv")).to_be_focused()


def test_the_bar_the_pill_and_a_place_in_the_address_lead_anywhere(many: int, seen: Seen) -> None:
    page: Page = seen.page("agent", height=1600)
    order = stored()
    with db.read() as session:
        place = listing.page(session, Filter(), limit=300).next
    page.goto(f"{seen.address}/inbox?before={place}")
    expect(page.locator("#rows > [data-row]").first).to_have_attribute("data-row", str(order[300]))
    page.locator("#rows").evaluate("node => node.scrollTo(0, 40)")
    expect(page.locator(f"#rows > [data-row='{order[299]}']")).to_be_attached()
    page.goto(f"{seen.address}/inbox")
    page.evaluate(WALK, [1, 450])
    expect(page.locator(f"#rows > [data-row='{order[0]}']")).to_have_count(0)
    middle = page.locator("#rows > [data-row]").nth(120)
    number = middle.get_attribute("data-row")
    middle.locator(".conv").click()
    expect(page.locator("#log")).to_be_attached()
    page.go_back()
    expect(page.locator("#conversation")).to_contain_text("Choose a conversation")
    expect(page.locator(f"#rows > [data-row='{number}']")).to_be_in_viewport()
    page.locator("#rows").evaluate("node => node.scrollTo(0, node.scrollHeight / 3)")
    expect(page.locator("#rows > [data-gap=below]")).to_be_attached()
    page.locator("#rows").evaluate("node => node.scrollTo(0, 0)")
    expect(page.locator("#rows > [data-row]").first).to_have_attribute("data-row", str(order[0]))
    down: dict[str, Any] = page.evaluate(WALK, [1, 350])
    assert down["seen"][:350] == order[:350]
