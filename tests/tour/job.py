"""The daily job once, by mouse or by keys alone: a customer writes, it arrives, is answered, stands everywhere."""

from __future__ import annotations

import time
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, expect

from tests.tour.house import Demo, until

LIVE_SECONDS = 2.0
"""What a newcomer's message may take from the click to the list."""
PERSON, BRAND = "jonas", "lindenbahn"


@dataclass(frozen=True)
class Done:
    """What came out. `arrived` is in seconds from the customer's click to the row in the list."""

    arrived: float
    sent: int
    profiles: int
    interactions: int


def by_mouse(browser: Browser, demo: Demo, text: str, answer: str) -> Done:
    """With clicks."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
    sign_in(page, demo)
    arrived = _arrives(browser, page, demo, text)
    page.locator("#rows .conv", has_text=text).click()
    expect(page.locator("#log")).to_contain_text(text)
    page.locator("#reply-text").fill(answer)
    page.locator("#composer [data-send]").click()
    return _done(page, demo, text, answer, arrived)


def by_keyboard(browser: Browser, demo: Demo, text: str, answer: str) -> Done:
    """With keys alone: Tab, letters, Enter."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
    page.goto(demo.inbox)
    expect(page.get_by_label("E-mail")).to_be_focused()  # the first frame may come after the page was loaded
    for word in (demo.email, demo.password):
        page.keyboard.type(word)
        page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#rows")
    arrived = _arrives(browser, page, demo, text)
    _tab_to(page, text)
    page.keyboard.press("Enter")
    expect(page.locator("#log")).to_contain_text(text)
    page.keyboard.press("r")
    expect(page.locator("#reply-text")).to_be_focused()
    page.keyboard.type(answer)
    page.keyboard.press("Control+Enter")
    return _done(page, demo, text, answer, arrived)


def sign_in(page: Page, demo: Demo, email: str = "", password: str = "") -> None:
    """Through the door, to the inbox; as the administrator unless somebody else is named."""
    page.goto(demo.inbox)
    page.get_by_label("E-mail").fill(email or demo.email)
    page.get_by_label("Password").fill(password or demo.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#rows")


def _arrives(browser: Browser, page: Page, demo: Demo, text: str) -> float:
    """A customer posts on the sandbox's page; seconds until the inbox shows it."""
    customer = browser.new_context().new_page()
    customer.goto(f"{demo.customer}/?person={PERSON}&brand={BRAND}")
    customer.get_by_label("Message to").fill(text)
    page.wait_for_timeout(1000)  # the list's own line is open by then, as in every day's work
    started = time.monotonic()
    customer.get_by_role("button", name="Post").click()
    page.locator("#rows .conv", has_text=text).wait_for(timeout=20_000)
    seconds = time.monotonic() - started
    customer.context.close()
    return round(seconds, 3)


def _tab_to(page: Page, text: str) -> None:
    """Press J until the row with this text has the focus."""
    for _ in range(60):
        page.keyboard.press("j")
        if text in page.evaluate("document.activeElement.textContent"):
            return
    raise TimeoutError("no key leads to the new row")


def _done(page: Page, demo: Demo, text: str, answer: str, arrived: float) -> Done:
    """Wait until the answer stands on the platform, and profile and interactions in the org."""
    expect(page.locator("#log")).to_contain_text(answer)
    sent = until(lambda: demo.sent(answer), 60, "the answer does not stand on the platform")
    soql = "SELECT Text__c, Profile__c, Profile__r.Name FROM SocialInteraction__c WHERE Direction__c = 'inbound'"
    found = until(
        lambda: [one for one in demo.records(soql) if (one["Text__c"] or "").endswith(text)],
        60,
        "the interaction does not stand in Salesforce",
    )
    profiles = {one["Profile__c"] for one in found if one["Profile__c"]}
    page.context.close()
    return Done(arrived, sent, len(profiles), len(found))
