"""axe finds nothing (WCAG 2.2 A and AA, best practice): every page, every state, both themes, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core import db
from core.settings import settings
from tests.web import lived, places
from tests.web.chromium import Seen, needs_chromium, settled
from tests.web.conftest import user
from tests.web.line import Line
from web.signin import links

pytestmark = [pytest.mark.slow, pytest.mark.browser, needs_chromium]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
FIRST_USE = ("/inbox", "/start", "/messages", "/people", "/people/review", "/listening", "/reports",
             "/settings/accounts", "/settings/users", "/settings/salesforce", "/settings/model",
             "/settings/stuck", "/settings/system", "/settings/me")  # fmt: skip
EMPTY_RESULT = ("/inbox?q=abcdefg", "/inbox?view=snoozed&platform=telegram", "/messages?q=abcdefg", "/people?q=abcdefg")
REFUSED = ("/settings/users", "/settings/stuck", "/settings/salesforce")
PARTS = ("/oauth/", "/package", "/rows", "/entries", "/head", "/composer", "/of/", "/live", "/checks", "/drift",
         "/customer", "/saved", "/clocks", ".csv", ".zip", "/inbox/views", "/inbox/volume", "/macro-menu",
         "/assign-menu", "/mentionable", "/commands", "/inbox/more", "/files/", "/media/")  # fmt: skip


AXE = Axe().axe_script
FOUND = """([part, rules]) => axe.run(part ?? document, rules).then((found) =>
    found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 200)}`)))"""
"""What is wrong, and no more: all that axe has to say of a page takes longer to hand over than to find."""


def violations(page: Page, part: str | None = None) -> list[str]:
    """What axe finds on a page, or in a part of it, in the light and wide, and in the dark and narrow."""
    found = []
    for scheme, width in (("light", 1440), ("dark", 390)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE)
        found += [f"{scheme} {one}" for one in page.evaluate(FOUND, [part, RULES])]
    return found


TWICE = """() => [...document.querySelectorAll("[id]")].map((one) => one.id)
  .filter((one, place, all) => all.indexOf(one) !== place)"""


def look(
    seen: Seen, role: str, paths: Iterable[str], prepare: Callable[[Page], object] = lambda page: None
) -> list[str]:
    """The findings on several pages, each with its address."""
    page, found = seen.page(role), []
    for path in paths:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(seen.address + path)
        prepare(page)
        found += [f"{path} {one}" for one in violations(page)]
        if page.locator("main").count() != 1 or page.locator("h1:visible").count() < 1:
            found.append(f"{path}: one main and a heading")
        found += [f"{path}: the id {one} stands twice" for one in page.evaluate(TWICE)]
    return found


@pytest.fixture
def full(database: str) -> None:
    lived.everything()


def whole_pages() -> list[str]:
    """Every page with a frame: no file, no fragment."""
    return [one for one in places.pages() if not any(part in one for part in PARTS)]


def test_first_use(seen: Seen) -> None:
    user("admin")
    assert look(seen, "admin", FIRST_USE) == []


@pytest.mark.parametrize("part", range(4))
def test_filled(full: None, seen: Seen, part: int) -> None:
    talk = lived.talk("m:1")
    paths = [*whole_pages(), f"/inbox/{talk}", f"/inbox/{talk}#person", f"/inbox/{lived.talk('x:1')}?view=all"]
    assert look(seen, "admin", [*paths, "/s/1", "/s/none"][part::4]) == []


def test_a_survey_as_customers_see_it(full: None, seen: Seen) -> None:
    assert look(seen, "", ["/s/1?q=score", "/s/1?q=q1", "/s/1?q=q2", "/s/1", "/s/none"]) == []


def test_empty_result(full: None, seen: Seen) -> None:
    assert look(seen, "agent", EMPTY_RESULT) == []


def test_no_permission(full: None, seen: Seen) -> None:
    assert look(seen, "marketer", [*REFUSED, f"/inbox/{lived.talk('m:1')}", f"/inbox/{lived.talk('x:1')}"]) == []


def test_door(full: None, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_SMTP_HOST", "mail.example")
    monkeypatch.setenv("WIDERHALL_MAIL_FROM", "hub@mail.example")
    settings.cache_clear()
    with db.write() as session:
        found = links.path(session, links.make(session, 2, "invite"))
    pages = ["/signin", "/signin?note=signed-out", "/signin/forgot", "/signin/password?token=none", found]
    assert look(seen, "", pages) == []
    seen.complaints.clear()  # 410


def test_menus(full: None, seen: Seen) -> None:
    page, found = seen.page("admin"), []
    for path in (f"/inbox/{lived.talk('y:4')}", "/reports/1"):
        page.goto(seen.address + path)
        menus = page.locator("main details.drop")
        for number in range(menus.count()):
            page.set_viewport_size({"width": 1440, "height": 900})
            if menus.nth(number).is_visible():
                menus.nth(number).evaluate("(one) => { one.open = true; }")
                found += [f"{path} {number} {one}" for one in violations(page, "details.drop[open]")]
                menus.nth(number).evaluate("(one) => { one.open = false; }")
    assert found == []


def test_dialogs(full: None, seen: Seen) -> None:
    page, found, done = seen.page("admin"), [], set[str]()
    for path in whole_pages():
        page.goto(seen.address + path, wait_until="domcontentloaded")
        names = set(page.evaluate("[...document.querySelectorAll('dialog')].map((one) => one.id)")) - done
        done |= names & {"ask", "keys", "commands"}  # those of the frame, the same on every page
        for name in sorted(names):
            page.evaluate("(name) => document.getElementById(name).showModal()", name)
            found += [f"{path} {name} {one}" for one in violations(page)]
            page.evaluate("(name) => document.getElementById(name).close()", name)
    assert found == []


def test_loading(full: None, seen: Seen) -> None:
    page = seen.page("admin")
    page.goto(seen.address + "/inbox")
    page.route("**/inbox?view=mine*", lambda route: None)  # never answered
    page.locator("#v-mine").click(no_wait_after=True)
    expect(page.locator(".skel").first).to_be_visible()
    assert violations(page) == []


def test_offline(full: None, seen: Seen, line: Line) -> None:
    page = seen.page("admin", offline_is_fine=True)
    page.goto(f"http://127.0.0.1:{line.port}/inbox/{lived.talk('x:1')}")
    settled(page)
    line.cut()
    expect(page.locator("#offline")).to_be_visible(timeout=15_000)
    assert violations(page) == []


def test_command_palette(full: None, seen: Seen) -> None:
    page = seen.page("agent")
    page.goto(f"{seen.address}/inbox")
    page.keyboard.press("Control+k")
    expect(page.locator("#commands-there [role=option]").first).to_be_visible()
    assert violations(page, "#commands") == []
