"""Claims about the inbox's set-up by the API: teams, promises, custom fields and surveys, kept whole or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import db
from inbox import clocks
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full, walked
from web import roles

__all__ = ["full"]
Programs = Callable[..., Program]


# --- teams ----------------------------------------------------------------------------------------------

TEAM: dict[str, Any] = {
    "name": "Ночная смена", "timezone": "Europe/Berlin", "assign": "round",
    "hours": [{"weekday": 0, "start": "09:00", "end": "17:00"}, {"weekday": 4, "start": "22:00", "end": "06:00"}],
    "days_off": [{"day": "2026-12-25", "name": "Праздник"}], "members": [{"member": "user:2", "capacity": 5}],
    "accounts": [2],
}  # fmt: skip


@BOTH
def test_team_is_made_read_changed_and_dissolved(full: None, program: Programs) -> None:
    one = program()
    number = one.post("teams", TEAM, key="t").json()["id"]
    assert one.post("teams", TEAM, key="t").json()["id"] == number
    found = one.get(f"teams/{number}").json()
    assert {name: found[name] for name in TEAM if name != "members"} == {
        name: value for name, value in TEAM.items() if name != "members"
    }
    assert found["members"] == [{"member": "user:2", "name": "Олег", "capacity": 5, "away": False}]
    changed = {**TEAM, "hours": [], "members": [], "accounts": []}
    assert one.post(f"teams/{number}", changed).json()["changed"] is True
    found = one.get(f"teams/{number}").json()
    assert (found["hours"], found["members"], found["accounts"]) == ([], [], [])
    assert one.post(f"teams/{number}/remove").json()["changed"] is True
    for path in (f"teams/{number}", f"teams/{number}/remove"):
        assert one.call("GET" if path[-1].isdigit() else "POST", path).status_code == 404


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": "Поддержка"}, "body.name"),
        ({"timezone": "Mars/Base"}, "body.timezone"),
        ({"members": [{"member": "user:987"}]}, "body.members"),
        ({"members": [{"member": "user:3"}]}, "body.members"),
        ({"accounts": [987]}, "body.accounts"),
        ({"hours": [{"weekday": 1, "start": "09:00", "end": "09:00"}]}, "body.hours"),
        ({"hours": [{"weekday": 7, "start": "09:00", "end": "10:00"}]}, "body.hours.0.weekday"),
        ({"days_off": [{"day": "2026-02-30"}]}, "body.days_off"),
        ({"assign": "dice"}, "body.assign"),
    ],
)
def test_team_that_makes_no_sense_says_where(
    full: None, program: Programs, changes: dict[str, Any], where: str
) -> None:
    answer = program().post("teams", {**TEAM, **changes})
    assert answer.status_code == 422
    assert [wrong["where"] for wrong in answer.json()["errors"]] == [where]


def test_who_is_away_is_said_by_themselves(full: None, program: Programs) -> None:
    one = program("agent")
    assert one.get("me").json()["away"] is False
    assert [one.post("me/away", {"away": True}).json()["changed"] for _ in range(2)] == [True, False]
    assert one.get("me").json()["away"] is True
    assert one.post("me/away", {"away": False}).json()["changed"] is True
    assert program("marketer").post("me/away", {"away": True}).status_code == 403


def test_public_holidays_are_offered(full: None, program: Programs) -> None:
    one = program()
    days = one.get("public-holidays?country=DE&region=BY&year=2026&language=de").json()["items"]
    assert {"day": "2026-01-06", "name": "Heilige Drei Könige"} in days
    for query in ("country=QQ", "country=DE&region=ZZ", "country=de", "country=DE&year=1"):
        assert one.get(f"public-holidays?{query}").status_code == 422
    assert program("agent").get("teams/1").status_code == 403


# --- promises -------------------------------------------------------------------------------------------


@BOTH
def test_policy_is_made_put_first_and_removed(full: None, program: Programs) -> None:
    one = program()
    tree = {"match": "all", "of": [{"field": "platform", "op": "is", "value": "mastodon"}]}
    body = {"name": "Быстро", "conditions": tree, "first_reply": 30, "resolution": 600, "business": False, "warn": 50}
    number = one.post("policies", body, key="p").json()["id"]
    found = one.get(f"policies/{number}").json()
    assert {name: found[name] for name in body} == body
    assert [one.post(f"policies/{number}/up").json()["changed"] for _ in range(2)] == [True, False]
    assert [row["id"] for row in one.get("policies").json()["items"]] == [number, 1]
    assert one.post(f"policies/{number}", {**body, "enabled": False}).json()["changed"] is True
    assert one.get(f"policies/{number}").json()["enabled"] is False
    assert one.post(f"policies/{number}/remove").json()["changed"] is True
    assert one.get(f"policies/{number}").status_code == 404
    for changes, where in (
        ({"first_reply": 0, "resolution": 0}, "first_reply"),
        ({"name": "Обещание"}, "name"),
        ({"conditions": {"match": "all", "of": [{"field": "waiting", "op": "yes"}]}}, "conditions"),
    ):
        answer = one.post("policies", {**body, **changes})
        assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, f"body.{where}")


@BOTH
def test_clocks_say_what_ran_and_what_stood_still(full: None, program: Programs) -> None:
    one, number = program("marketer"), lived.talk("y:4")
    found = one.get(f"conversations/{number}/clocks").json()
    assert (found["policy"], found["timezone"]) == ("Обещание", "Europe/Berlin")
    with db.read() as session:
        _, _, expected = clocks.of_conversation(session, number, db.now())
    assert [(row["kind"], row["state"]) for row in found["clocks"]] == [(row.kind, row.state) for row in expected]
    for clock in found["clocks"]:
        spans = clock["spans"]
        assert spans[0]["since"] == clock["started_at"]
        assert [span["until"] for span in spans[:-1]] == [span["since"] for span in spans[1:]]
        assert {span["why"] for span in spans if span["runs"]} <= {""}
        assert any(span["why"] == "hours" for span in spans)
    assert one.get(f"conversations/{lived.talk('b:1')}/clocks").json()["clocks"] == []
    assert one.get(f"conversations/{lived.talk('m:1')}/clocks").status_code == 404


# --- custom fields --------------------------------------------------------------------------------------


@BOTH
def test_field_is_made_changed_archived_and_restored(full: None, program: Programs) -> None:
    one = program()
    words = lambda *texts: [{"names": {"en": text}} for text in texts]  # noqa: E731  # asked often
    body: dict[str, Any] = {
        "subject": "conversation", "kind": "choice", "names": {"en": "Цвет", "de": "Farbe"}, "options": words("а", "б"),
        "required": True, "editors": ["agent"],
    }  # fmt: skip
    number = one.post("fields", body, key="f").json()["id"]
    here = lambda: {row["id"]: row for row in one.get("fields?archived=true").json()["items"]}[number]  # noqa: E731
    assert (here()["names"], here()["required"], here()["editors"]) == (body["names"], True, ["agent"])
    change = {"names": {"en": "Цвет"}, "options": words("б", "в")}
    assert one.post(f"fields/{number}", change).json()["changed"] is True
    offered = [(option["key"], option["gone"]) for option in here()["options"]]
    assert offered == [("o2", False), ("o3", False), ("o1", True)]
    assert one.post(f"fields/{number}/up").json()["changed"] is True
    assert [one.post(f"fields/{number}/archive").json()["changed"] for _ in range(2)] == [True, False]
    assert number not in [row["id"] for row in one.get("fields").json()["items"]]
    assert here()["archived"] is True
    assert one.post(f"fields/{number}/restore").json()["changed"] is True
    assert here()["archived"] is False
    wrong: list[dict[str, Any]] = [
        {"names": {"de": "Farbe"}}, {"names": {"en": "Причина"}}, {"options": words("а")}, {"editors": ["nobody"]},
        {"names": {"fr": "x"}}, {"kind": "colour"},
    ]  # fmt: skip
    assert [one.post("fields", {**body, **each}).status_code for each in wrong] == [422] * len(wrong)
    assert one.post("fields/987/archive").status_code == 404
    assert program("agent").post("fields", body).status_code == 403


# --- surveys --------------------------------------------------------------------------------------------


@BOTH
def test_survey_is_made_changed_switched_on_and_removed(full: None, program: Programs) -> None:
    one = program()
    number = one.post("surveys", {"name": "Новый", "kind": "csat"}, key="s").json()["id"]
    made = one.get(f"surveys/{number}").json()
    assert (made["kind"], made["enabled"], [row["id"] for row in made["questions"]]) == ("csat", False, ["score", "q1"])
    body: dict[str, Any] = {
        "name": "Новый", "texts": {"de": {"invitation": "Wie war es? {link}", "thanks": "Danke"}}, "delay": 0,
        "questions": [
            {"id": "score", "kind": "csat", "texts": {"de": {"ask": "Zufrieden?"}},
             "branches": [{"op": "at_most", "value": 2, "go": "end"}]},
            {"id": "q1", "kind": "choice", "texts": {"de": {"ask": "Was?", "options": ["Ton", "Tempo"]}}},
        ],
    }  # fmt: skip
    assert one.post(f"surveys/{number}", body).json()["changed"] is True
    found = one.get(f"surveys/{number}").json()
    assert (found["texts"], found["delay"]) == (body["texts"], 0)
    assert found["questions"][1]["texts"]["de"]["options"] == ["Ton", "Tempo"]
    assert [one.post(f"surveys/{number}/switch", {"enabled": True}).json()["changed"] for _ in range(2)] == [
        True,
        False,
    ]
    assert one.post(f"surveys/{number}/up").json()["changed"] is True
    assert one.get("surveys").json()["items"][0]["id"] == number
    first, second = body["questions"]
    wrong: list[dict[str, Any]] = [
        {"questions": [second]}, {"questions": [first, first]}, {"questions": [first, {**second, "id": "score"}]},
        {"texts": {"de": {"invitation": "Ohne Ort"}}}, {"questions": []}, {"delay": -1},
        {"questions": [{**first, "branches": [{"op": "is", "value": 9, "go": "end"}]}]}, {"texts": {"xx": {}}},
    ]  # fmt: skip
    assert [one.post(f"surveys/{number}", {**body, **each}).status_code for each in wrong] == [422] * len(wrong)
    assert one.get(f"surveys/{number}").json() == {**found, "enabled": True}
    assert one.post(f"surveys/{number}/remove").json()["changed"] is True
    assert one.get(f"surveys/{number}").status_code == 404


def test_invitations_are_listed_for_who_sees_their_conversations(full: None, program: Programs) -> None:
    found = list(walked(program(), "surveys/1/invitations", 1))
    assert [(row["conversation_id"], row["state"]) for row in found] == [(lived.talk("y:4"), "sent")]
    with db.write() as session:
        wanted = roles.Wanted("Второй", ["messages.read", "surveys.manage"], "all", [2])
        key = roles.save(session, None, wanted, "test")
    assert list(walked(program(key), "surveys/1/invitations", 1)) == []
    assert program("agent").get("surveys/1/invitations").status_code == 403
