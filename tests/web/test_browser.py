"""Claims about the pages in a real browser: accessible, quiet under our policy, alive without moving what is read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core import broker, db, outbox
from core.topics import SUBSCRIBERS
from tests.web.conftest import account, event, store, user
from web import auth, live, sessions

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: install the package `chromium`"),
]
LOCALES = {"de": "de-DE", "en": "en-GB", "ja": "ja-JP"}
PAGES = ("/", "/?q=nothing-like-it", "/inbox/1", "/settings/accounts", "/settings/stuck", "/people",
         "/people/2", "/settings/users", "/settings/me", "/nothing")  # fmt: skip

TOO_WIDE = """() => [...document.querySelectorAll("main, main *")]
    .filter((one) => !one.closest(".scroll-x, .tabs, .payload") && one.getClientRects().length)
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def brand(database: str) -> int:
    """An account with a thread in public and in private."""
    row = account()
    thread = {"thread_key": "m:1"}
    store(
        row,
        event("m:1", "Die Düse ist undicht.", minutes=50, language="de", **thread),
        event("m:2", "うちも同じです！", minutes=40, language="ja", parent_key="m:1", **thread),
        event("m:3", "The serial number is 7.", kind="dm", visibility="private", parent_key="m:1", **thread),
        *[event(f"x:{n}", f"number {n}", minutes=100 + n) for n in range(30)],
    )
    outbox.step(SUBSCRIBERS["web.live.publish"], live.publish)
    return row


@pytest.fixture
def open_page(chromium: Browser, server: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Open a page as an administrator; every message on the console and every broken policy is an error."""
    complaints: list[str] = []
    contexts = []

    def opened(
        path: str, *, language: str = "en", width: int = 1440, scheme: str = "light", signed: bool = True
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 844}, locale=LOCALES[language], color_scheme=scheme,
            timezone_id="Europe/Berlin",
        )  # fmt: skip
        contexts.append(context)
        email = user("admin")
        if signed:
            with db.write() as session:
                found = auth.find(session, email)
                assert found is not None
                token = sessions.start(session, found.id or 0, "test")
            context.add_cookies([{"name": "widerhall", "value": token, "url": server}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if _bad(message) else None)
        page.goto(server + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _bad(message: Any) -> bool:
    return message.type in ("error", "warning") and "404 (Not Found)" not in message.text


def publish() -> None:
    """What the worker does: tell the open pages."""
    while outbox.step(SUBSCRIBERS["web.live.publish"], live.publish):
        pass


def _violations(page: Page) -> list[str]:
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:150]}" for one in found for node in one["nodes"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("de", 1440, "light"), ("ja", 390, "dark"), ("en", 1024, "dark"), ("de", 390, "light")],
)
def test_pages_are_accessible(brand: int, open_page: Any, language: str, width: int, scheme: str) -> None:
    for path in PAGES:
        page = open_page(path, language=language, width=width, scheme=scheme)
        assert _violations(page) == [], path
        assert page.locator("main").count() == page.locator("h1:visible").count() == 1, path
        page.context.close()
    assert _violations(open_page("/signin", language=language, width=width, scheme=scheme, signed=False)) == []


@pytest.mark.parametrize("width", [390, 1024])
@pytest.mark.parametrize("language", ["de", "ja"])
def test_nothing_is_wider_than_the_screen(brand: int, open_page: Any, language: str, width: int) -> None:
    for path in PAGES:
        page = open_page(path, language=language, width=width)
        too_wide = page.evaluate(TOO_WIDE)
        assert too_wide == [], path
        page.context.close()


def test_new_message_waits_in_a_pill_and_moves_nothing(brand: int, open_page: Any) -> None:
    page = open_page("/")
    first = page.locator("[data-row]").first
    before, position = first.get_attribute("data-row"), first.bounding_box()
    store(brand, event("n:1", "brand new"), event("n:2", "brand new too"))
    publish()
    expect(page.locator("#new")).to_have_text("2 new messages")
    assert (first.get_attribute("data-row"), first.bounding_box()) == (before, position)
    page.locator("#new").click()
    expect(page.locator("[data-row]").first).to_contain_text("brand new")
    expect(page.locator("#new")).to_be_hidden()


def test_edit_changes_the_row_in_place(brand: int, open_page: Any) -> None:
    page = open_page("/")
    expect(page.locator("#rows")).to_contain_text("Die Düse ist undicht.")
    page.wait_for_timeout(300)
    store(brand, event("m:1", "Die Düse ist wieder dicht.", minutes=50, edited_at=db.now(), language="de"))
    publish()
    expect(page.locator("#rows")).to_contain_text("wieder dicht")
    expect(page.locator("#new")).to_be_hidden()


def test_flushed_broker_offers_to_load_anew(brand: int, open_page: Any) -> None:
    page = open_page("/")
    page.wait_for_timeout(500)
    broker.client().delete(live.stream(), live.epoch_key())
    expect(page.locator("#new")).to_be_visible(timeout=8000)
    page.locator("#new").click()
    expect(page.locator("#new")).to_be_hidden()


def test_sign_in_by_keyboard_takes_the_time_zone_along(brand: int, open_page: Any) -> None:
    page = open_page("/signin", signed=False)
    expect(page.locator("#f-email")).to_be_focused()
    page.keyboard.type("admin@demo.example")
    page.keyboard.press("Tab")
    page.keyboard.type("several quiet words")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("What arrives")
    with db.read() as session:
        found = auth.find(session, "admin@demo.example")
        assert found is not None
        assert found.time_zone == "Europe/Berlin"


def test_theme_is_kept(brand: int, open_page: Any) -> None:
    page = open_page("/")
    page.locator("[data-theme-toggle]").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
