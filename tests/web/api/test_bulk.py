"""Claims about many conversations at once: each wholly or not at all, with its own answer and its own way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import db
from inbox import accounts
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full
from web import roles

__all__ = ["full"]
Programs = Callable[..., Program]


def states(one: Program, numbers: list[int], name: str) -> list[Any]:
    return [one.get(f"conversations/{number}").json()[name] for number in numbers]


@BOTH
@pytest.mark.parametrize(
    ("do", "value", "name", "after"),
    [
        ("state", "closed", "state", "closed"),
        ("priority", "urgent", "priority", "urgent"),
        ("tag", "срочно", "tags", ["срочно"]),
        ("team", "1", "team_id", 1),
        ("assign", "user:1", "assignee", "user:1"),
    ],
)
def test_deed_on_many_and_back(full: None, program: Programs, do: str, value: str, name: str, after: Any) -> None:
    one, numbers = program("agent"), [lived.talk(f"y:{n}") for n in (5, 6)]
    before = states(one, numbers, name)
    body = {"ids": [*numbers, 987654, numbers[0]], "do": do, "value": value}
    done = one.post("conversations/bulk", body, key="b").json()["items"]
    assert one.post("conversations/bulk", body, key="b").json()["items"] == done
    assert [(row["id"], row["changed"], bool(row["refused"])) for row in done] == [
        (numbers[0], True, False), (numbers[1], True, False), (987654, False, True),
    ]  # fmt: skip
    assert states(one, numbers, name) == [after, after]
    assert [row["changed"] for row in one.post("conversations/bulk", body).json()["items"]] == [False] * 3
    back = {"items": [{"id": row["id"], "back": row["back"]} for row in done if row["back"]]}
    assert [row["changed"] for row in one.post("conversations/bulk/undo", back).json()["items"]] == [True, True]
    assert states(one, numbers, name) == before


def test_macro_on_many_leaves_nothing_of_what_was_refused(full: None, program: Programs) -> None:
    one, numbers = program("agent"), [lived.talk("y:5"), lived.talk("y:6")]
    deeds = [{"do": "tag", "value": "а"}, {"do": "team", "value": "987654"}]
    broken = one.post("macros", {"name": "Сломан", "actions": deeds}).json()["id"]
    done = one.post("conversations/bulk", {"ids": numbers, "macro": broken}).json()["items"]
    assert [row["changed"] for row in done] == [False, False]
    assert all(row["refused"] for row in done)
    assert states(one, numbers, "tags") == [[], []]
    done = one.post("conversations/bulk", {"ids": numbers, "macro": 1}).json()["items"]
    assert states(one, numbers, "priority") == ["high", "high"]
    one.post("conversations/bulk/undo", {"items": [{"id": row["id"], "back": row["back"]} for row in done]})
    assert states(one, numbers, "priority") == ["normal", "normal"]


def test_what_is_not_seen_is_refused_like_what_there_is_not(full: None, program: Programs) -> None:
    with db.write() as session:
        wanted = roles.Wanted("Второй", ["messages.read", "conversations.manage"], "all", [2])
        key = roles.save(session, None, wanted, "test")
        assert accounts.all_accounts(session)
    number = lived.talk("y:5")
    (hidden, absent) = program(key).post(
        "conversations/bulk", {"ids": [number, 987654], "do": "state", "value": "closed"}
    ).json()["items"]  # fmt: skip
    assert {**hidden, "id": 0} == {**absent, "id": 0}
    assert states(program("agent"), [number], "state") == ["open"]


@pytest.mark.parametrize(
    "body",
    [
        {"ids": [], "do": "tag", "value": "x"},
        {"ids": [1]},
        {"ids": [1], "do": "tag", "value": "x", "macro": 1},
        {"ids": [1], "do": "note", "value": "x"},
        {"ids": [1], "do": "state", "value": "gone"},
        {"ids": [1], "do": "assign", "value": "user:987"},
        {"ids": [1], "macro": 987},
        {"ids": list(range(1, 202)), "do": "tag", "value": "x"},
    ],
)
def test_nonsense_is_refused(full: None, program: Programs, body: dict[str, Any]) -> None:
    assert program("agent").post("conversations/bulk", body).status_code == 422


def test_who_only_reads_does_nothing(full: None, program: Programs) -> None:
    body = {"ids": [1], "do": "tag", "value": "x"}
    assert program("marketer").post("conversations/bulk", body).status_code == 403
    assert program("agent", "messages.read").post("conversations/bulk", body).status_code == 403
