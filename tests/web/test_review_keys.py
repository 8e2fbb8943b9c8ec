"""Claims about the review in a real browser: decided by key, each decision taken back by key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from core import db
from enrichment.models import CrmRecord, MatchLink
from inbox.models import Identity
from tests.web.chromium import Seen, launched, needs_chromium
from tests.web.conftest import account, event, store

pytestmark = [pytest.mark.browser, needs_chromium]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def review(chromium: Browser, server: str) -> Iterator[Page]:
    """The page with three proposals for one account."""
    store(account(), event("m:1"))
    with db.write() as session:
        kim = session.scalars(sa.select(Identity).where(db.table(Identity).c.name == "Kim")).one().id or 0
        for number in range(3):
            record = CrmRecord(record_id=f"003{number}", object="Contact", name=f"Kim {number}")
            session.add(record)
            session.flush()
            link = MatchLink(
                identity_id=kim, crm_record_id=record.id or 0, tier="B", score=0.9 - number / 10, decision="review",
                rules="t", at=db.now(),
            )  # fmt: skip
            session.add(link)
            session.flush()
    seen = Seen(chromium, server)
    page = seen.page("agent")
    page.goto(f"{server}/people/review")
    yield page
    seen.close()
    assert seen.complaints == []


def current(page: Page) -> str:
    return page.locator(".pair.is-current").get_attribute("id") or ""


def test_keys_move_decide_and_take_back(review: Page) -> None:
    expect(review.locator("#open-pairs")).to_have_text("3")
    review.keyboard.press("j")
    assert current(review) == "p2"
    review.keyboard.press("r")
    expect(review.locator("#open-pairs")).to_have_text("2")
    expect(review.locator("#p2[data-decided]")).to_be_visible()
    expect(review.locator("#p3.is-current")).to_be_focused()
    review.keyboard.press("z")
    expect(review.locator("#open-pairs")).to_have_text("3")
    expect(review.locator("#p2.is-current")).to_be_focused()


def test_link_by_key_goes_on_to_the_next_pair(review: Page) -> None:
    review.keyboard.press("a")
    expect(review.locator("#p1[data-decided]")).to_contain_text("linked by hand")
    with db.read() as session:
        found = session.get(MatchLink, 1)
    assert found is not None
    assert found.decision == "accepted"
