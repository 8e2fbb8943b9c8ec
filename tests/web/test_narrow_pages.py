"""The page of conditions, kept views in the inbox and in the set-up, and the address that carries conditions."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, urlencode

import pytest
import sqlalchemy as sa

from core import db
from inbox import views
from inbox.conditions import tree
from inbox.models import Conversation
from inbox.narrowing import Filter
from tests.web.conftest import account, event, store

HERE = "/inbox/filter"
PART = {"hx-request": "true"}


def one(field: str, op: str, *values: str) -> dict[str, object]:
    return {"field": field, "op": op, **({"value": values[0] if len(values) == 1 else list(values)} if values else {})}


def f(match: str, *of: object) -> str:
    return json.dumps({"match": match, "of": of})


def plain(page: str) -> str:
    """Without references and the marks around values of either direction."""
    return html.unescape(page).replace("\u2068", "").replace("\u2069", "")


@pytest.fixture
def talks(database: str) -> None:
    """Three conversations: German and negative, English and negative, English and positive."""
    store(account(), event("a:1", "Schlecht", author=None), event("b:1", "Bad", author=None), event("c:1", "Good"))
    with db.write() as session:
        c = db.table(Conversation)
        for text, language, mood in (
            ("Schlecht", "de", "negative"),
            ("Bad", "en", "negative"),
            ("Good", "en", "positive"),
        ):
            change = sa.update(c).where(c.c.excerpt == text).values(language=language, sentiment=mood)
            session.execute(change)


def shown(browser, **values: str) -> set[str]:
    text = browser.get(f"/inbox?{urlencode(values)}").text
    return {word for word in ("Schlecht", "Bad", "Good") if f">{word}</span>" in text}


@pytest.mark.usefixtures("talks")
def test_the_address_carries_conditions_and_a_pill_takes_each_away(as_role) -> None:
    browser = as_role("agent")
    either = f("any", one("language", "is", "de"), one("sentiment", "is", "positive"))
    assert shown(browser, f=either) == {"Schlecht", "Good"}
    both = f("all", one("language", "is_not", "de"), one("sentiment", "is", "negative", "mixed"))
    assert shown(browser, f=both) == {"Bad"}
    text = plain(browser.get(f"/inbox?{urlencode({'f': both})}").text)
    assert "Language is not German" in text
    assert "Sentiment is negative or mixed" in text
    rest = tree.text(tree.read({"match": "all", "of": [one("language", "is_not", "de")]}))
    assert f"/inbox?{urlencode({'f': rest})}" in text


@pytest.mark.usefixtures("talks")
@pytest.mark.parametrize("bad", ["{", "[]", f("all", one("shoe", "is", "x")), "x" * 9000])
def test_conditions_nobody_can_read_are_said_and_left_out(as_role, bad: str) -> None:
    browser = as_role("agent")
    text = browser.get(f"/inbox?f={quote(bad)}").text
    assert "This was left out." in text
    assert shown(browser, f=bad) == {"Schlecht", "Bad", "Good"}
    assert "left out" in browser.get("/inbox?saved=77").text


def test_the_form_grows_by_its_buttons_and_leads_to_the_list(talks: None, as_role) -> None:
    browser = as_role("agent")
    form = {"view": "all", "sort": "oldest", "do": "add:c", "c_add": "sentiment", "c_match": "any"}
    page = browser.post(HERE, form).text
    assert 'name="c.0_field" value="sentiment"' in page
    assert "aria-invalid" not in page
    form |= {"c.0_field": "sentiment", "c.0_op": "is", "c.0_v": "negative", "do": "group:c"}
    page = browser.post(HERE, form).text
    assert 'name="c.1_match"' in page
    form |= {"c.1_match": "all", "c.1.0_field": "followers", "c.1.0_op": "at_least", "c.1.0_v": "many", "do": "show"}
    answer = browser.post(HERE, form)
    assert answer.status_code == 422
    assert "Give a whole number that is not negative." in answer.text
    form |= {"c.1.0_v": "5", "c.2_field": "opened", "c.2_op": "between", "c.2_from": "2026-11-01", "c.2_to": ""}
    answer = browser.post(HERE, form)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/inbox?view=all&f=")
    page = browser.get(answer.headers["location"].replace("/inbox?", f"{HERE}?")).text
    assert 'name="c.2_from" value="2026-11-01"' in page
    assert 'name="c.1.0_v" value="5"' in page
    assert 'name="c.1.0_field"' not in browser.post(HERE, {**form, "do": "drop:c.1.0"}).text


def test_what_another_way_of_asking_needs_comes_as_a_part_with_the_number(talks: None, as_role) -> None:
    browser = as_role("agent")
    form = {"view": "open", "c.0_field": "opened", "c.0_op": "between"}
    assert 'type="date"' in browser.post(f"{HERE}/fields", form).text
    form = {"view": "open", "c.0_field": "language", "c.0_op": "is", "c.0_v": "en"}
    assert "2 conversations" in browser.post(f"{HERE}/count", form).text
    assert "not complete" in browser.post(f"{HERE}/count", {"c.0_field": "language"}).text


def test_a_view_is_kept_shown_with_its_number_changed_and_removed(talks: None, as_role) -> None:
    browser = as_role("agent")
    simple = browser.get(f"{HERE}?sentiment=negative&sort=oldest").text
    assert 'name="c.0_field" value="sentiment"' in simple
    form = {"view": "open", "sort": "oldest", "c.0_field": "sentiment", "c.0_op": "is", "c.0_v": "negative"}
    assert "Give the view a name." in browser.post(HERE, {**form, "do": "keep"}).text
    answer = browser.post(HERE, {**form, "do": "keep", "name": "Bad ones", "roles": "marketer"})
    assert answer.headers["location"] == "/inbox?saved=1&sort=oldest&note=view-kept"
    assert shown(browser, saved="1", sort="oldest") == {"Schlecht", "Bad"}
    assert shown(browser, saved="1", language="de") == {"Schlecht"}
    part = browser.get("/inbox/views?saved=1", headers=PART).text
    assert 'href="/inbox?saved=1&amp;sort=oldest" aria-current="true"' in part
    assert '>Bad ones</bdi><span class="num">2<' in part
    assert "New conversations about us" in part
    page = browser.get("/inbox?saved=1").text
    assert '<b class="num" data-count="saved">2</b>' in page
    assert 'data-count="open">3<' in page
    assert '<data value="saved">2</data>' in browser.get("/inbox/rows?saved=1&ids=1").text
    assert shown(as_role("marketer"), saved="1") == {"Schlecht", "Bad"}
    assert "Made by Agent." in as_role("marketer").get("/settings/views").text
    assert as_role("marketer").post("/settings/views/1", {"name": "x"}).status_code == 422
    assert "Sentiment is negative" in plain(browser.get("/settings/views").text)
    browser.post("/settings/views/1", {"name": "Worst"})
    assert "left out" in as_role("marketer").get("/inbox?saved=1").text
    page = browser.get(f"{HERE}?edit=1").text
    assert 'value="Worst"' in page
    browser.post(HERE, {**form, "c.0_v": "positive", "do": "keep", "name": "Best", "key": "1", "how": "same"})
    assert shown(browser, saved="1") == {"Good"}
    assert browser.post("/settings/views/1/move/up").status_code == 303
    assert browser.post("/settings/views/1/remove").headers["location"] == "/settings/views?note=view-removed"
    assert browser.post("/settings/views/1/remove").status_code == 422


def test_who_may_not_share_keeps_views_for_themselves(talks: None, as_role) -> None:
    form = {"view": "open", "do": "keep", "name": "Mine", "roles": "agent"}
    as_role("marketer").post(HERE, form)
    with db.read() as session:
        assert [list(one.roles) for one in views.of(session, "user:1", "marketer") if one.owner] == [[]]
    assert "Shared with" not in as_role("marketer").get(HERE).text
    assert "Keep as a view" not in as_role("dpo").get(f"{HERE}?q=x").text


def test_private_conversations_are_counted_for_those_who_may_read_them(talks: None, as_role) -> None:
    store(1, event("d:1", "Secret", kind="dm", visibility="private", thread_key="dm:1"))
    form = {"view": "open", "c.0_field": "private", "c.0_op": "yes"}
    assert "1 conversation" in as_role("agent").post(f"{HERE}/count", form).text
    assert "0 conversations" in as_role("marketer").post(f"{HERE}/count", form).text


def test_a_view_kept_by_another_is_not_shown_in_their_menu(talks: None, as_role) -> None:
    with db.write() as session:
        views.save(session, "Hidden", Filter(), tree.EVERYTHING, "user:9")
    assert "Hidden" not in as_role("agent").get("/inbox").text
