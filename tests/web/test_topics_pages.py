"""The pages of labels and themes: what they show, what can be done there, and by whom."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from core import db
from inbox.models import Message
from sentiment import labels
from sentiment.examples import store
from sentiment.themes.models import Theme
from tests.web import topical
from web import topics

WRONG = re.compile(r'<data value="(\d+)"')


@pytest.fixture
def ids(database: str) -> list[int]:
    found = topical.themed()
    topical.labelled(found)
    return found


def names() -> dict[int, str]:
    with db.read() as session:
        return {one.id: ", ".join(one.names.values()) for one in session.scalars(sa.select(Theme))}


def test_themes_are_listed_with_their_words_and_counts(ids, as_role) -> None:
    text = as_role("admin").get("/listening/themes").text
    assert "Paket" in text
    assert text.count('href="/listening/themes/') >= 3
    assert "rising" in text or "emerging" in text


def test_every_figure_is_the_list_behind_it(ids, as_role) -> None:
    for role in ("admin", "marketer"):
        browser = as_role(role)
        for page in ("/listening/themes", "/listening/labels"):
            text = browser.get(page).text
            found = re.findall(r'href="(/messages\?[^"]+)"><data value="(\d+)"', text)
            assert found
            for href, count in found:
                behind = browser.get(href.replace("&amp;", "&")).text
                assert f'<data value="{count}" data-sum="messages">' in behind


def test_a_theme_shows_messages_that_stand_for_it_without_private_ones(ids, as_role) -> None:
    private = topical.THINGS["de"].format(n="x3")
    assert private not in as_role("marketer").get("/listening/themes/1").text
    text = as_role("admin").get("/listening/themes/1").text
    assert "topic:theme-1" in text
    assert text.count('class="example"') > 3


def test_a_theme_is_named_and_keeps_its_name(ids, as_role) -> None:
    browser = as_role("marketer")
    browser.post("/listening/themes/1/name", {"name": "Späte Pakete"})
    assert "Späte Pakete" in browser.get("/listening/themes").text
    assert browser.post("/listening/themes/1/name", {"name": "x" * 81}).status_code == 422
    browser.post("/listening/themes/1/name", {"name": ""})
    assert "Paket" in names()[1] or "invoice" in names()[1] or "珈琲" in names()[1]


def test_themes_merge_and_the_old_address_leads_to_the_new_one(ids, as_role) -> None:
    browser = as_role("admin")
    assert (
        browser.post("/listening/themes/2/merge", {"into": "1"}).headers["location"].startswith("/listening/themes/1")
    )
    assert browser.get("/listening/themes/2").headers["location"] == "/listening/themes/1"
    m = db.table(Message)
    with db.read() as session:
        assert 2 not in set(session.scalars(sa.select(m.c.theme)))


def test_a_hidden_theme_is_listed_apart(ids, as_role) -> None:
    browser = as_role("admin")
    browser.post("/listening/themes/1/hide", {"on": "yes"})
    assert 'href="/listening/themes/1"' not in browser.get("/listening/themes").text
    assert 'href="/listening/themes/1"' in browser.get("/listening/themes?state=hidden").text


def test_a_theme_becomes_a_label_with_examples(ids, as_role) -> None:
    browser = as_role("admin")
    page = browser.post("/listening/themes/1/label", {"label": "pakete"}).headers["location"]
    assert browser.get(page.split("?")[0]).text.count('class="example"') >= 6
    assert browser.post("/listening/themes/1/label", {"label": "pakete"}).status_code == 422


def test_a_label_shows_what_it_learnt(ids, as_role) -> None:
    text = as_role("admin").get("/listening/labels/1").text
    assert "in 95 of 100 cases" in text
    assert "Does this carry it?" in text
    assert "counter-example" in text


def test_a_label_is_added_changed_switched_and_removed(database: str, as_role) -> None:
    browser = as_role("marketer")
    assert "No label yet" in browser.get("/listening/labels").text
    assert browser.post("/listening/labels", {"name": "size", "terms": "Größe\nto* small"}).status_code == 303
    assert browser.post("/listening/labels", {"name": "size", "terms": "x"}).status_code == 422
    browser.post("/listening/labels/1", {"terms": "Größe, Weite"})
    browser.post("/listening/labels/1/switch", {"on": "no"})
    with db.read() as session:
        found = labels.get(session, "size")
    assert (found.terms, found.enabled) == (["Größe", "Weite"], False)
    refused = browser.post("/listening/labels/1", {"terms": "!!!"})
    assert (refused.status_code, "!!!" in refused.text) == (422, True)
    browser.post("/listening/labels/1/remove")
    assert browser.get("/listening/labels/1").status_code == 404


def test_examples_are_named_by_number(ids, as_role) -> None:
    browser = as_role("admin")
    browser.post("/listening/labels/1/examples", {"messages": f"#{ids[10]}, {ids[11]}", "side": "against"})
    with db.read() as session:
        assert {e.message_id for e in store.of(session, 1) if not e.positive} >= {ids[10], ids[11]}
    assert browser.post("/listening/labels/1/examples", {"messages": "none"}).status_code == 422
    assert browser.post("/listening/labels/1/examples", {"messages": "99999"}).status_code == 422


def test_an_agent_teaches_from_the_thread(ids, as_role) -> None:
    browser = as_role("agent")
    thread = browser.get(browser.get(f"/inbox/of/{ids[12]}").headers["location"].split("#")[0]).text
    assert f"/listening/teach/{ids[12]}" in thread
    assert "late" in browser.get(f"/listening/teach/{ids[12]}").text
    for side, expected in (("for", {True}), ("against", {False}), ("none", set())):
        browser.post(f"/listening/teach/{ids[12]}", {"label": "1", "side": side})
        with db.read() as session:
            assert {e.positive for e in store.of(session, 1) if e.message_id == ids[12]} == expected


def test_private_messages_stay_private(ids, as_role) -> None:
    m = db.table(Message)
    with db.read() as session:
        private = session.scalars(sa.select(m.c.id).where(m.c.visibility == "private")).first()
    assert as_role("marketer").get(f"/listening/teach/{private}").status_code == 404
    text = as_role("marketer").get("/listening/labels/1").text
    assert topical.THINGS["de"].format(n="x3") not in text


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("agent", "/listening/labels"),
        ("agent", "/listening/labels/1"),
        ("agent", "/listening/labels/1/examples"),
        ("agent", "/listening/labels/1/remove"),
        ("agent", "/listening/themes/1/name"),
        ("agent", "/listening/themes/1/merge"),
        ("dpo", "/listening/teach/1"),
        ("dpo", "/listening/themes/1/hide"),
    ],
)
def test_who_may_not_cannot(ids, as_role, role: str, path: str) -> None:
    assert as_role(role).post(path, {"name": "x", "message": "1", "label": "1"}).status_code == 403


@pytest.mark.parametrize("path", ["/listening/themes/99", "/listening/labels/99", "/listening/teach/99"])
def test_what_is_not_there_is_not_found(database: str, as_role, path: str) -> None:
    assert as_role("admin").get(path).status_code == 404


def test_first_use_says_what_to_expect(database: str, as_role) -> None:
    assert "No theme yet" in as_role("agent").get("/listening/themes").text
    assert "No label yet" in as_role("agent").get("/listening/labels").text


def test_every_refusal_can_be_said_in_other_languages() -> None:
    from pathlib import Path

    root = Path(topics.__file__).parents[1] / "sentiment"
    texts = "".join((root / name).read_text("utf-8") for name in ("labels.py", "examples/store.py", "themes/deeds.py"))
    said = set(re.findall(r'Unfit\(\s*"([^"]+)"', texts)) | set(re.findall(r'text = "([^"]+)"\n\s+raise Unfit', texts))
    assert said == set(topics.REFUSALS)
