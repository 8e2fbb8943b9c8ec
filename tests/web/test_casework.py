"""Priority, type and team of conversations: in the thread, in the list, for many at once, and the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from inbox.models import Conversation
from inbox.team_models import Team
from tests.web.conftest import Browser, account, event, store

As = Callable[[str], Browser]
PART = {"HX-Request": "true"}
NAME = "<b>Küche & Co</b>"


@pytest.fixture
def talks(database: str) -> None:
    store(account(), event("m:1"), event("m:2", minutes=5))
    with db.write() as session:
        session.add(Team(id=1, name=NAME))


def case(number: int) -> tuple[Any, ...]:
    c = db.table(Conversation)
    with db.read() as session:
        return tuple(session.execute(sa.select(c.c.priority, c.c.type, c.c.team_id).where(c.c.id == number)).one())


def toast(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.headers["hx-trigger"])["toast"]
    return found


@pytest.mark.usefixtures("talks")
def test_each_value_is_set_in_the_thread_and_taken_back(as_role: As) -> None:
    browser = as_role("agent")
    for name, value in (("priority", "urgent"), ("type", "problem"), ("team", "1")):
        before = case(1)
        answer = browser.post(f"/inbox/1/{name}", {name: value}, headers=PART)
        assert case(1) != before
        said = toast(answer)
        assert said["undo"]
        again = browser.post(f"/inbox/1/{name}", {name: value}, headers=PART)
        assert "toast" not in json.loads(again.headers["hx-trigger"]), "a second click changes nothing"
        assert browser.post(said["undo"], said["values"], headers=PART).status_code == 200
        assert case(1) == before
        assert browser.post(f"/inbox/1/{name}", {name: value}).status_code == 303
    assert case(1) == ("urgent", "problem", 1)
    text = browser.get("/inbox/1").text
    assert "&lt;b&gt;Küche &amp; Co&lt;/b&gt;" in text
    assert NAME not in text
    assert "Agent set this to: Urgent priority" in re.sub("[\u2066-\u2069]", "", text)
    assert 'aria-label="Urgent priority"' in browser.get("/inbox").text


@pytest.mark.usefixtures("talks")
@pytest.mark.parametrize(("name", "value"), [("priority", "huge"), ("type", "riddle"), ("team", "7"), ("team", "")])
def test_a_value_that_there_is_not_changes_nothing(as_role: As, name: str, value: str) -> None:
    assert as_role("agent").post(f"/inbox/1/{name}", {name: value}, headers=PART).status_code == 400
    assert case(1) == ("normal", "", None)


@pytest.mark.usefixtures("talks")
def test_many_are_changed_at_once_and_each_gets_back_what_it_had(as_role: As) -> None:
    browser = as_role("agent")
    browser.post("/inbox/2/priority", {"priority": "low"})
    for deed, after in (("priority:high", "high"), ("type:praise", "praise"), ("team:1", 1)):
        answer = browser.post("/inbox/bulk", {"deed": deed, "ids": ["1", "2"]}, headers=PART)
        assert {one for number in (1, 2) for one in case(number)} >= {after}
        assert browser.post(toast(answer)["undo"], headers=PART).status_code == 204
        assert (case(1), case(2)) == (("normal", "", None), ("low", "", None))
    assert browser.post("/inbox/bulk", {"deed": "team:9", "ids": ["1"]}, headers=PART).status_code == 400


@pytest.mark.usefixtures("talks")
def test_the_list_is_narrowed_and_ordered_by_them(as_role: As) -> None:
    browser = as_role("agent")
    browser.post("/inbox/2/priority", {"priority": "urgent"})
    browser.post("/inbox/2/team", {"team": "1"})

    def shown(query: str) -> list[str]:
        return re.findall(r'data-row="(\d+)"', browser.get(f"/inbox?{query}").text)

    assert shown("priority=urgent") == shown("team=1") == ["2"]
    assert shown("team=none") == ["1"]
    assert shown("priority=none-such") == shown("type=x&team=y") == shown("sort=newest") == ["1", "2"]
    assert shown("sort=priority") == shown("sort=priority&view=all") == ["2", "1"]
    assert "No team" in browser.get("/inbox?team=none").text


@pytest.mark.usefixtures("talks")
def test_who_only_reads_sees_them_and_changes_nothing(as_role: As) -> None:
    as_role("agent").post("/inbox/1/type", {"type": "problem"})
    reader = as_role("dpo")
    assert "Problem" in reader.get("/inbox/1").text
    assert reader.post("/inbox/1/priority", {"priority": "high"}).status_code == 403
