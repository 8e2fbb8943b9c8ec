"""The command palette: what it leads to, for whom, and its keys in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from core import db
from inbox import views
from inbox.conditions import tree
from inbox.narrowing import Filter
from inbox.worker_models import User
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store
from web.render import STATIC


@pytest.fixture
def talks(database: str) -> None:
    store(account(), event("c:1", "Where is my parcel?"), event("c:2", "Lovely shop", minutes=1))


def lines(text: str) -> list[tuple[str, str]]:
    """(address, label) of every line."""
    return re.findall(r'role="option"[^>]* href="([^"]*)">.*?<span class="cmd-l">([^<]*)</span>', text)


def test_without_a_word_it_leads_to_places_and_views(talks: None, as_role) -> None:
    found = lines(as_role("agent").get("/commands").text)
    assert found[:2] == [("/inbox", "Inbox"), ("/listening", "Listening")]
    assert ("/inbox?view=mine", "Mine") in found
    assert not [href for href, _ in found if href.startswith("/settings")]


@pytest.mark.parametrize(("role", "pages"), [("admin", ["/settings/users"]), ("agent", [])])
def test_pages_are_those_a_role_may_open(talks: None, as_role, role: str, pages: list[str]) -> None:
    assert [href for href, _ in lines(as_role(role).get("/commands?q=users").text) if "/settings" in href] == pages


def test_every_word_must_fit(talks: None, as_role) -> None:
    browser = as_role("admin")
    assert [href for href, _ in lines(browser.get("/commands?q=setup+rul").text)] == ["/settings/rules"]
    assert lines(browser.get("/commands?q=setup+zebra").text) == []


def test_conversations_are_found_by_word_and_by_number(talks: None, as_role) -> None:
    browser = as_role("agent")
    assert "/inbox/1?view=all#conversation" in [href for href, _ in lines(browser.get("/commands?q=parcel").text)]
    assert [href for href, _ in lines(browser.get("/commands?q=%232").text)] == ["/inbox/2?view=all#conversation"]
    assert lines(browser.get("/commands?q=%2399").text) == []


def test_what_was_open_lately_comes_first_as_far_as_its_reader_sees_it(talks: None, as_role) -> None:
    browser = as_role("agent")
    found = lines(browser.get("/commands?recent=2,99,x,1").text)
    assert [href for href, _ in found[:3]] == [
        "/inbox/2?view=all#conversation", "/inbox/1?view=all#conversation", "/inbox",
    ]  # fmt: skip
    assert lines(browser.get("/commands?q=zebra&recent=2,1").text) == []
    other = account(handle="@other@social.example")
    with db.write() as session:
        u = db.table(User)
        session.execute(sa.update(u).where(u.c.id == browser.user_id).values(accounts=[other]))
    assert lines(browser.get("/commands?recent=2,1").text)[0][0] == "/inbox"


def test_people_are_found_by_name(talks: None, as_role) -> None:
    found = [href for href, _ in lines(as_role("agent").get("/commands?q=kim").text)]
    assert len([href for href in found if re.fullmatch(r"/people/\d+", href)]) == 1


def test_kept_views_are_their_owners(talks: None, as_role) -> None:
    agent = as_role("agent")
    with db.write() as session:
        views.save(session, "Upset", Filter(), tree.EVERYTHING, "user:99")
    assert lines(agent.get("/commands?q=upset").text) == []


def test_hostile_words_do_no_harm(talks: None, as_role) -> None:
    browser = as_role("agent")
    for words in ('"', "%00", "*", "<script>", "9" * 300, "#" * 5, "OR AND (", "\ud83d\ude00"):
        assert browser.get("/commands", params={"q": words.encode("utf-8", "replace").decode()}).status_code == 200


@pytest.mark.parametrize("script", sorted((STATIC / "js").glob("*.js")), ids=lambda path: path.name)
def test_no_script_imports_another(script: Path) -> None:
    """Addresses carry a mark of their content: an imported script would run a second time under another address."""
    assert re.findall(r"^import .*", script.read_text("utf-8"), re.MULTILINE) == []


@pytest.mark.browser
@needs_chromium
def test_keys_lead_through_it(talks: None, seen: Seen) -> None:
    page = seen.page("agent")
    page.goto(f"{seen.address}/inbox/1?view=all")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Go to, do or find anything")
    expect(field).to_be_focused()
    shown = page.locator("#commands [role=option]:visible")
    expect(shown.filter(has_text="Listening")).to_be_visible()
    page.keyboard.type("lovely")
    expect(shown).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/2?view=all#conversation")
    page.keyboard.press("Control+k")
    lately = page.get_by_role("group", name="Open lately").get_by_role("option")
    expect(lately).to_have_count(1)  # without the one that is open
    expect(lately).to_contain_text("Where is my parcel?")
    page.keyboard.type("zebra")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    field.fill("")
    expect(shown.filter(has_text="Reports")).to_be_visible()
    first = page.locator("#commands [aria-selected=true]")
    before = first.text_content()
    page.keyboard.press("ArrowDown")
    expect(first).not_to_have_text(before or "")
    page.keyboard.press("ArrowUp")
    expect(first).to_have_text(before or "")
    page.keyboard.press("Escape")
    expect(page.locator("#commands")).to_be_hidden()
    page.get_by_role("button", name="Commands").click()
    field.fill("note")  # a deed of the page itself
    expect(page.locator("#commands-here [role=option]:visible").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#commands")).to_be_hidden()
