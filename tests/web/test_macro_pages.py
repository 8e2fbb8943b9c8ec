"""Macros: kept in the set-up, run in a conversation and on many, taken back; who may."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from inbox import desk, macros
from inbox.actions import Action
from inbox.many.models import BulkJob
from inbox.models import Conversation
from tests.web.conftest import account, event, store

HERE = "/settings/macros"
PART = {"hx-request": "true"}


@pytest.fixture
def talks(database: str) -> None:
    store(account(), event("a:1", "One"), event("b:1", "Two"), event("d:1", "Secret", kind="dm", visibility="private",
          thread_key="dm:1"))  # fmt: skip


def keep(*deeds: tuple[str, str], name: str = "Tidy", owner: str = "user:1", shared: bool = True) -> int:
    with db.write() as session:
        return macros.save(
            session, None, name, [Action(*one) for one in deeds], owner, shared=["all"] if shared else []
        )


def state(number: int = 1) -> tuple[Any, ...]:
    c = db.table(Conversation)
    with db.read() as session:
        row = session.execute(sa.select(c.c.priority, c.c.state).where(c.c.id == number)).one()
        return row.priority, row.state, desk.tags_of(session, number)


def told(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.headers["hx-trigger"])["toast"]
    return found


def test_one_is_built_by_its_buttons_kept_changed_and_removed(talks: None, as_role) -> None:
    browser = as_role("agent")
    assert "No macro yet" in browser.get(HERE).text
    page = browser.post(HERE, {"name": "Tidy", "do": "deed", "a_add": "tag"}).text
    assert 'name="a.0_do" value="tag"' in page
    form = {"name": "Tidy", "a.0_do": "tag", "a.0_v": "", "a.1_do": "priority", "a.1_v": "high", "do": "save"}
    answer = browser.post(HERE, form)
    assert (answer.status_code, "a deed is not complete" in answer.text) == (422, True)
    assert "Give the macro a name." in browser.post(HERE, {**form, "name": "", "a.0_v": "vip"}).text
    assert browser.post(HERE, {**form, "a.0_v": "vip"}).headers["location"] == f"{HERE}?note=macro-kept"
    assert "vip" in browser.get(HERE).text
    assert 'value="vip"' in browser.get(f"{HERE}/1").text
    assert "a.1_do" not in browser.post(f"{HERE}/1", {**form, "do": "undeed:a.1"}).text
    browser.post(f"{HERE}/1", {**form, "a.0_v": "vvip", "shared": "all"})
    assert "vvip" in as_role("admin").get(HERE).text
    assert browser.post(f"{HERE}/1/remove").headers["location"] == f"{HERE}?note=macro-removed"
    assert browser.get(f"{HERE}/1").status_code == 404
    assert browser.post(f"{HERE}/1/remove").status_code == 422


def test_it_is_run_in_a_conversation_and_taken_back(talks: None, as_role) -> None:
    browser = as_role("agent")
    number = keep(("tag", "vip"), ("priority", "high"), ("state", "closed"), ("note", "{agent} was here"))
    assert f'value="{number}"' in browser.get("/inbox/1/macro-menu", headers=PART).text
    answer = browser.post("/inbox/1/macro", {"macro": str(number)}, headers=PART)
    assert state() == ("high", "closed", ["vip"])
    assert "Agent was here" in browser.get("/inbox/1?view=all").text
    toast = told(answer)
    assert "values" not in toast, "the way back goes through no browser"
    undone = browser.post(toast["undo"], headers=PART)
    assert "thread" in json.loads(undone.headers["hx-trigger"])
    assert state() == ("normal", "open", [])
    assert browser.post("/inbox/1/macro", {"macro": str(number)}).headers["location"].startswith("/inbox/1?note=")
    assert browser.post("/inbox/1/macro", {"macro": "77"}, headers=PART).status_code == 422
    assert "Nothing was done to many yet" in browser.get("/inbox/jobs").text


def test_one_deed_that_is_refused_leaves_nothing_of_a_macro(talks: None, as_role) -> None:
    browser = as_role("agent")
    number = keep(("tag", "vip"), ("team", "77"))
    answer = browser.post("/inbox/1/macro", {"macro": str(number)}, headers=PART)
    assert (answer.status_code, state()) == (422, ("normal", "open", []))
    assert "The team of this deed is gone." in answer.text
    with db.read() as session:
        assert not session.scalars(sa.select(BulkJob)).all()


def test_it_is_run_on_many_each_by_itself_and_taken_back(talks: None, as_role) -> None:
    browser = as_role("agent")
    number = keep(("tag", "vip"), ("untag", "old"))
    assert f'value="macro:{number}"' in browser.get("/inbox/macro-menu", headers=PART).text
    with db.write() as session:
        desk.tag(session, 2, "vip", "user:1")
    answer = browser.post("/inbox/bulk", {"deed": f"macro:{number}", "ids": ["1", "2", "99"]}, headers=PART)
    toast = told(answer)
    assert "2 conversations" in toast["text"]
    browser.post(toast["undo"], headers=PART)
    assert (state(1)[2], state(2)[2]) == ([], ["vip"])
    assert browser.post("/inbox/bulk", {"deed": "macro:77", "ids": ["1"]}, headers=PART).status_code == 400


def test_who_may_not_read_a_conversation_runs_nothing_on_it(talks: None, as_role) -> None:
    number = keep(("tag", "vip"))
    assert as_role("marketer").post("/inbox/1/macro", {"macro": str(number)}).status_code == 403
    keep(("tag", "x"), name="Hidden", owner="user:9", shared=False)
    assert "Hidden" not in as_role("agent").get(HERE).text
