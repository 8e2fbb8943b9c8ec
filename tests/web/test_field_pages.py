"""Custom fields on the pages: made in the set-up, filled in beside a conversation, asked for in filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.event import Page
from inbox import listing, macros
from inbox.actions import Action
from inbox.conditions import tree
from inbox.fields import store, values
from inbox.ingest import store_page
from inbox.models import Conversation
from inbox.narrowing import Filter
from tests.inbox.conftest import event
from tests.web.conftest import Browser, account

As = Callable[[str], Browser]
HERE = "/settings/custom"
EVIL = '"><script>alert(1)</script>'
FORM: dict[str, Any] = {
    "subject": "conversation", "kind": "choice", "name_en": f"Cause {EVIL}", "name_de": "Grund", "help_en": "Why?",
    "options_en": "Late\r\nBroken\r\n", "options_de": "Verspätet\r\nKaputt", "required": "yes",
}  # fmt: skip


def made(browser: Browser, **changes: Any) -> int:
    assert browser.post(HERE, {**FORM, **changes}).status_code == 303
    with db.read() as session:
        return max(one.id for one in store.every(session))


@pytest.fixture
def talk(as_role: As) -> int:
    as_role("admin")
    store_page(account(), Page(events=(event(1),)))
    with db.read() as session:
        return int(session.scalars(sa.select(db.table(Conversation).c.id)).one())


def test_a_field_is_made_changed_ordered_and_put_away(as_role: As) -> None:
    browser = as_role("admin")
    assert "No field of conversations yet" in browser.get(HERE).text
    assert browser.get(HERE + "/new?of=person").status_code == 200
    first, second = made(browser), made(browser, kind="text", name_en="Number", required="")
    text = browser.get(HERE).text
    assert EVIL not in text
    assert "needed to close" in text
    shown = browser.get(f"{HERE}/{first}").text
    assert ">Late\nBroken</textarea>" in shown
    assert "Verspätet" in shown
    assert browser.post(f"{HERE}/{second}/up").status_code == 303
    with db.read() as session:
        assert [one.id for one in store.every(session)] == [second, first]
    refused = browser.post(HERE, {**FORM, "name_en": "Another", "options_en": "Only one"})
    assert refused.status_code == 422
    assert "at least two options" in refused.text
    assert "Verspätet" in refused.text, "what was typed stays"
    assert browser.post(f"{HERE}/{second}/archive").status_code == 303
    assert "Text · archived" in browser.get(f"{HERE}/{second}").text
    assert made(browser, kind="text", name_en="number") > second
    again = browser.post(f"{HERE}/{second}/restore")
    assert again.status_code == 422
    assert "Another field has this name" in again.text
    assert browser.get(f"{HERE}/99").status_code == 404


def test_a_field_is_filled_in_asked_for_and_told_on(as_role: As, talk: int) -> None:
    browser = as_role("admin")
    cause, number = made(browser), made(browser, kind="number", name_en="Amount", required="")
    page = browser.get(f"/inbox/{talk}").text
    assert "needed to close" in page
    assert EVIL not in page
    shut = browser.post(f"/inbox/{talk}/state/closed")
    assert shut.status_code == 422
    assert "Fill in the marked fields first" in shut.text
    part = {"hx-request": "true"}
    done = browser.post(f"/inbox/{talk}/field/{cause}", {"value": "o2"}, headers=part)
    assert done.status_code == 200
    assert "Broken" in done.text
    wrong = browser.post(f"/inbox/{talk}/field/{number}", {"value": "many"}, headers=part)
    assert wrong.status_code == 422
    assert "Write a number" in wrong.text
    assert browser.post(f"/inbox/{talk}/field/{number}", {"value": "12.5"}).status_code == 303
    assert browser.post(f"/inbox/{talk}/field/99", {"value": "1"}).status_code == 404
    assert "filled in" in browser.get(f"/inbox/{talk}/entries", headers=part).text
    name = f"conversation:choice:{cause}"
    asked = {"match": "all", "of": [{"field": name, "op": "is", "value": "o2"}]}
    shown = browser.get("/inbox", params={"view": "all", "f": tree.text(tree.read(asked))})
    assert "is Broken" in shown.text.replace("\u2068", "").replace("\u2069", "")
    with db.read() as session:
        assert [one.id for one in listing.page(session, Filter(view="all", tree=tree.read(asked))).rows] == [talk]
    form = browser.get("/inbox/filter", params={"f": tree.text(tree.read(asked))}).text
    assert f'value="{name}"' in form
    assert browser.post(f"/inbox/{talk}/state/closed").status_code == 303


def test_programs_read_and_fill_in_fields(as_role: As, talk: int) -> None:
    browser, agent = as_role("admin"), as_role("agent")
    cause = made(browser, editors=[], editor=["admin"])
    found = browser.get("/api/v1/fields").json()["items"]
    assert [(one["id"], one["condition"]) for one in found] == [(cause, f"conversation:choice:{cause}")]
    put = {"field_id": cause, "value": "o1"}
    assert agent.request("POST", f"/api/v1/conversations/{talk}/fields", json=put).status_code == 403
    assert browser.request("POST", f"/api/v1/conversations/{talk}/fields", json=put).json() == {
        "id": talk,
        "changed": True,
    }
    assert browser.get(f"/api/v1/conversations/{talk}").json()["fields"] == {str(cause): "o1"}
    assert agent.post(f"/inbox/{talk}/field/{cause}", {"value": "o2"}).status_code == 403
    several = made(browser, subject="person", kind="several", name_en="Interests", required="")
    whose = browser.get(f"/api/v1/conversations/{talk}").json()["identity_id"]
    body = {"field_id": several, "value": ["o2", "o1"]}
    assert agent.request("POST", f"/api/v1/people/{whose}/fields", json=body).json()["changed"] is True
    told = agent.get(f"/api/v1/people/{whose}").json()["fields"][str(several)]
    assert (told["value"], told["source"]) == ("o1,o2", "typed")
    assert agent.post(f"/people/{whose}/fields/{several}", {"value": ["", "o2"]}).status_code == 303
    assert "Broken" in agent.get(f"/people/{whose}").text
    part = {"hx-request": "true"}
    panel = agent.post(f"/inbox/{talk}/person-field/{several}", {"value": ""}, headers=part)
    assert panel.status_code == 200
    assert "Interests" in panel.text
    with db.read() as session:
        assert values.of_many(session, [talk]) == {talk: {cause: "o1"}}


def test_a_macro_fills_a_field_in(as_role: As, talk: int) -> None:
    browser = as_role("admin")
    cause = made(browser, required="")
    form = {"name": "Broken things", "a.0_do": "field", "a.0_f": str(cause), "a.0_v": "Broken", "do": "save"}
    assert browser.post("/settings/macros", form).status_code == 303
    with db.read() as session:
        (one,) = macros.of(session, browser_actor(browser))
    assert one.actions == [{"do": "field", "value": f"{cause}=o2"}]
    assert "Broken" in browser.get("/settings/macros").text
    shown = browser.get(f"/settings/macros/{one.id}").text
    assert f'<option value="{cause}" selected>' in shown
    assert '<option value="Broken" label="Cause' in shown, "what can be chosen is offered"
    with db.write() as session:
        macros.run(session, one, talk, browser_actor(browser))
        assert values.of_many(session, [talk]) == {talk: {cause: "o2"}}


def test_who_does_not_fill_a_field_in_does_it_neither_for_many_nor_by_a_macro(as_role: As, talk: int) -> None:
    browser, agent = as_role("admin"), as_role("agent")
    cause = made(browser, required="", editor=["admin"])
    deed = {"do": "field", "value": f"{cause}=o1"}
    not_yours = "Your role does not fill this field in."
    for path, body in (
        ("conversations/bulk", {"ids": [talk], **deed}),
        ("bulk-jobs", {"filter": {}, **deed}),
        (f"conversations/{talk}/macro/undo", {"back": [deed]}),
        ("macros", {"name": "Mine", "actions": [deed]}),
    ):
        answer = agent.request("POST", f"/api/v1/{path}", json=body)
        assert (answer.status_code, not_yours in answer.text) == (422, True), path
    back = {"items": [{"id": talk, "back": [deed]}]}
    assert agent.request("POST", "/api/v1/conversations/bulk/undo", json=back).json()["items"][0]["refused"]
    form = {"name": "Mine", "a.0_do": "field", "a.0_f": str(cause), "a.0_v": "Broken", "do": "save"}
    assert not_yours in agent.post("/settings/macros", form).text
    with db.read() as session:
        assert values.of_many(session, [talk]) == {}
    with db.write() as session:
        deeds = [Action("field", f"{cause}=o2")]
        shared = macros.save(session, None, "Broken", deeds, browser_actor(browser), shared=("all",))
    done = agent.request("POST", f"/api/v1/conversations/{talk}/macro", json={"macro_id": shared})
    assert done.status_code == 200, "a colleague's macro does it"
    back = {"back": done.json()["back"]}
    assert agent.request("POST", f"/api/v1/conversations/{talk}/macro/undo", json=back).status_code == 200
    with db.read() as session:
        assert values.of_many(session, [talk]) == {}


def test_what_asks_about_a_field_put_away_or_an_option_that_is_gone_says_so(as_role: As, talk: int) -> None:
    browser = as_role("admin")
    cause = made(browser, required="", name_en="Cause")
    asked = tree.read(
        {"match": "all", "of": [{"field": f"conversation:choice:{cause}", "op": "is", "value": ["o1", "o2"]}]}
    )
    form = {"name": "Late", "a.0_do": "field", "a.0_f": str(cause), "a.0_v": "Late", "do": "save"}
    browser.post("/settings/macros", form)
    browser.post(f"{HERE}/{cause}", {**FORM, "name_en": "Cause", "options_en": "Broken\nLost"})
    assert '<option value="Late" label="Cause' not in browser.get("/settings/macros/1").text
    browser.post(f"{HERE}/{cause}/archive")
    assert 'value="Late"' in browser.get("/settings/macros/1").text, "no key stands in the form"
    for path, params in (
        ("/inbox", {"view": "all", "f": tree.text(asked)}),
        ("/inbox/filter", {"f": tree.text(asked)}),
        ("/settings/macros", {}),
    ):
        text = browser.get(path, params=params).text.replace("\u2068", "").replace("\u2069", "")
        assert "Cause (archived)" in text, path
        assert "Late (no longer offered)" in text, path
        assert "Broken (no" not in text


def test_a_filter_asks_whether_a_field_is_filled_in_and_what_lies_ahead(as_role: As, talk: int) -> None:
    browser = as_role("admin")
    due = made(browser, kind="date", name_en="Due", required="")
    name = f"conversation:date:{due}"
    form = {"c_match": "all", "c.0_field": name, "c.0_op": "empty"}
    text = browser.post("/inbox/filter/fields", form, headers={"hx-request": "true"}).text
    assert '<option value="empty" selected>is empty</option>' in text
    assert 'name="c.0_v"' not in text
    assert 'name="c.0_v"' in browser.post(
        "/inbox/filter/fields", {**form, "c.0_op": "ahead"}, headers={"hx-request": "true"}
    ).text  # fmt: skip
    asked = tree.read({"match": "all", "of": [{"field": name, "op": "empty"}]})
    shown = browser.get("/inbox", params={"view": "all", "f": tree.text(asked)}).text
    assert "Due is empty" in shown.replace("\u2068", "").replace("\u2069", "")


def browser_actor(browser: Browser) -> str:
    return f"user:{browser.user_id}"


@pytest.mark.parametrize(
    ("language", "typed", "kept", "shown"),
    [
        ("en", "1,234.5", "1234.5", "1,234.5"), ("en", "1,234", "1234", "1,234"), ("en", "1,5", None, ""),
        ("de", "1.234,5", "1234.5", "1.234,5"), ("de", "1.234", "1234", "1.234"), ("de", "1.5", None, ""),
        ("de", "-1 234,5", "-1234.5", "-1.234,5"), ("ja", "１，２３４．５", "1234.5", "1,234.5"),
        ("ja", "1.234,5", None, ""), ("en", "12,34,5", None, ""), ("en", "5", "5", "5"),
    ],
)  # fmt: skip
def test_numbers_are_read_and_shown_as_the_reader_writes_them(
    as_role, talk: int, language: str, typed: str, kept: str | None, shown: str
) -> None:
    browser = as_role("admin")
    number = made(browser, kind="number", name_en="Amount", required="")
    browser.post("/settings/me", {"name": "Admin", "language": language, "time_zone": "UTC"})
    part = {"hx-request": "true"}
    answer = browser.post(f"/inbox/{talk}/field/{number}", {"value": typed}, headers=part)
    with db.read() as session:
        found = dict((one.id, value) for one, value in values.of_conversation(session, talk))[number]
    assert (answer.status_code, found or None) == (200 if kept else 422, kept)
    if kept:
        assert f'value="{shown}"' in answer.text
        browser.post(f"/inbox/{talk}/field/{number}", {"value": "1.234", "kept": "yes"}, headers=part)
        with db.read() as session:
            found = dict((one.id, value) for one, value in values.of_conversation(session, talk))[number]
        assert found == "1.234"
