"""Claims about macros and rules by the API: kept for who may, run wholly or not at all, and told about afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import db
from inbox import ruling, teams
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full, walked
from web import roles

__all__ = ["full"]
Programs = Callable[..., Program]
DEEDS = [{"do": "tag", "value": "срочно"}, {"do": "priority", "value": "urgent"}, {"do": "note", "value": "Проверить"}]
WAITING = {"match": "all", "of": [{"field": "waiting", "op": "yes"}]}


# --- macros ---------------------------------------------------------------------------------------------


@BOTH
def test_macro_is_made_run_taken_back_and_removed(full: None, program: Programs) -> None:
    one, number = program("agent"), lived.talk("y:5")
    macro = one.post("macros", {"name": "Срочное", "actions": DEEDS}, key="m").json()["id"]
    assert one.get(f"macros/{macro}").json()["actions"] == DEEDS
    here = f"conversations/{number}"
    done = one.post(f"{here}/macro", {"macro_id": macro}, key="run").json()
    assert one.post(f"{here}/macro", {"macro_id": macro}, key="run").json() == done
    found = one.get(here).json()
    assert (found["tags"], found["priority"]) == (["срочно"], "urgent")
    assert [row["text"] for row in one.get(f"{here}/notes").json()["items"]] == ["Проверить"]
    again = one.post(f"{here}/macro/undo", {"back": done["back"]}).json()["back"]
    found = one.get(here).json()
    assert (found["tags"], found["priority"]) == ([], "normal")
    assert {deed["do"] for deed in again} == {"tag", "priority"}
    assert one.post(f"macros/{macro}", {"name": "Иное", "actions": DEEDS[:1]}).json()["changed"] is True
    assert [row["name"] for row in one.get("macros").json()["items"]] == ["Гарантия", "Иное"]
    assert one.post(f"macros/{macro}/remove").json()["changed"] is True
    assert one.get(f"macros/{macro}").status_code == 404


def test_macro_of_another_is_theirs_until_it_is_shared(full: None, program: Programs) -> None:
    one = program("agent")
    with db.write() as session:
        wanted = roles.Wanted("Другие", ["messages.read", "conversations.reply", "conversations.manage"], "all", None)
        key = roles.save(session, None, wanted, "test")
    other = program(key)
    macro = one.post("macros", {"name": "Моё", "actions": DEEDS}).json()["id"]
    talk = f"conversations/{lived.talk('y:5')}/macro"
    assert other.get(f"macros/{macro}").status_code == 404
    assert other.post(talk, {"macro_id": macro}).status_code == 422
    one.post(f"macros/{macro}", {"name": "Моё", "actions": DEEDS, "shared": ["all"]})
    assert other.get(f"macros/{macro}").json()["shared"] == ["all"]
    assert other.post(f"macros/{macro}/remove").status_code == 422
    assert other.post(talk, {"macro_id": macro}).status_code == 200
    assert program("admin").post(f"macros/{macro}/remove").json()["changed"] is True
    assert program("marketer").get("macros").status_code == 403


def test_macro_that_is_refused_leaves_nothing(full: None, program: Programs) -> None:
    one, number = program("agent"), lived.talk("y:5")
    deeds = [DEEDS[0], {"do": "team", "value": "987654"}]
    macro = one.post("macros", {"name": "Сломано", "actions": deeds}).json()["id"]
    assert one.post(f"conversations/{number}/macro", {"macro_id": macro}).status_code == 422
    assert one.get(f"conversations/{number}").json()["tags"] == []
    bad: list[dict[str, Any]] = [
        {"name": "x", "actions": []}, {"name": "x", "actions": [{"do": "dance"}]},
        {"name": "Гарантия", "actions": DEEDS}, {"name": "x", "actions": [{"do": "field", "value": "987654=x"}]},
        {"name": "x", "actions": [{"do": "priority", "value": "huge"}]}, {"name": "x", "actions": [DEEDS[0]] * 11},
    ]  # fmt: skip
    assert [program("admin").post("macros", body).status_code for body in bad] == [422] * len(bad)


# --- rules ----------------------------------------------------------------------------------------------


@BOTH
def test_rule_is_made_switched_on_at_work_and_logged(full: None, program: Programs) -> None:
    one, number = program(), lived.talk("y:5")
    body = {"name": "Ждут давно", "trigger": "message", "conditions": WAITING, "actions": DEEDS[:2]}
    rule = one.post("rules", body, key="r").json()["id"]
    found = one.get(f"rules/{rule}").json()
    assert {name: found[name] for name in body} == body
    assert found["enabled"] is False
    assert [one.post(f"rules/{rule}/switch", {"enabled": True}).json()["changed"] for _ in range(2)] == [True, False]
    assert [one.post(f"rules/{rule}/move", {"step": "up"}).json()["changed"] for _ in range(2)] == [True, False]
    assert [row["id"] for row in one.get("rules").json()["items"]] == [rule, 1]
    with db.write() as session:
        key = f"message:{lived.message('y:5')}"
        ruling.run(session, [ruling.Happened(key, number, db.now(), ("message",), heard=False)])
    (run,) = walked(one, f"rules/{rule}/log", 1)
    assert (run["conversation_id"], run["event"], run["done"]) == (number, key, 2)
    assert [row["said"] for row in run["outcome"]] == ["done", "done"]
    assert one.post(f"rules/{rule}", {**body, "actions": DEEDS[:1], "last": True}).json()["changed"] is True
    assert one.get(f"rules/{rule}").json()["actions"] == DEEDS[:1]
    assert one.post(f"rules/{rule}/remove").json()["changed"] is True
    assert one.get(f"rules/{rule}").status_code == 404


def test_conditions_are_tried_out_and_nothing_is_done(full: None, program: Programs) -> None:
    one = program()
    tree = {"match": "all", "of": [{"field": "platform", "op": "is", "value": "bluesky"}]}
    found = one.post("rules/try", {"conditions": tree}).json()
    assert (found["times"], sorted(found["conversations"])) == (1, [lived.talk("b:1")])
    assert found["looked_at"] > 5
    assert len(one.post("rules/try", {"conditions": {}}).json()["conversations"]) > 5
    with db.write() as session:
        wanted = roles.Wanted("Первый", ["messages.read", "rules.manage"], "all", [1])
        key = roles.save(session, None, wanted, "test")
    found = program(key).post("rules/try", {"conditions": tree}).json()
    assert (found["times"], found["conversations"]) == (0, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"trigger": "sunrise"},
        {"actions": []},
        {"actions": [{"do": "draft", "value": "1"}]},
        {"actions": [{"do": "assign", "value": "me"}]},
        {"conditions": {"match": "all", "of": [{"field": "unread", "op": "yes"}]}},
        {"conditions": {"match": "all", "of": [{"field": "nothing", "op": "is", "value": "x"}]}},
        {"name": "  "},
    ],
)
def test_rule_that_makes_no_sense_is_refused(full: None, program: Programs, changes: dict[str, Any]) -> None:
    body = {"name": "Правило", "trigger": "message", "conditions": WAITING, "actions": DEEDS[:1], **changes}
    assert program().post("rules", body).status_code == 422
    assert len(program().get("rules").json()["items"]) == 1


def test_rules_are_for_who_may_keep_them(full: None, program: Programs) -> None:
    for one in (program("agent"), program("admin", "messages.read")):
        assert one.get("rules").status_code == 403
        assert one.post("rules/1/remove").status_code == 403


def test_a_refusal_names_each_deed_that_cannot_be_done(full: None, program: Programs) -> None:
    deeds = [{"do": "tag", "value": "late"}, {"do": "state", "value": "asleep"}, {"do": "assign"}]
    for where, more in (("macros", {}), ("rules", {"trigger": "message"})):
        wrong = program().post(where, {"name": "X", "actions": deeds, **more}).json()["errors"]
        assert [each["where"] for each in wrong] == ["body.actions.1.value", "body.actions.2.value"]
        assert "open, closed, spam" in wrong[0]["why"]


def test_a_rule_for_the_time_outside_business_hours_is_kept_and_one_of_no_team_refused(
    full: None, program: Programs
) -> None:
    one = program()
    with db.write() as session:
        team = teams.save(session, None, teams.Wanted("Night", hours={"0": [["09:00", "17:00"]]}), "test")
    body = {"name": "Away", "trigger": "opened", "actions": DEEDS[:1], "hours": {"inside": False, "team_id": team}}
    number = one.post("rules", body).json()["id"]
    assert one.get(f"rules/{number}").json()["hours"] == body["hours"]
    refused = one.post("rules", {**body, "hours": {"inside": False, "team_id": team + 50}})
    assert (refused.status_code, "hours is gone" in refused.text) == (422, True)
    one.post(f"rules/{number}", {**body, "hours": None})
    assert one.get(f"rules/{number}").json()["hours"] is None
