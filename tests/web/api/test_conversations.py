"""Claims about conversations by the API: the inbox's own lists, deeds that happen once, answers with their delivery."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import audit, db
from inbox import accounts, listing, replies
from inbox.models import Activity, Note, ReplyRow
from inbox.narrowing import SORTS, Filter
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from web.api.v1 import change
from web.models import ApiAnswer

Programs = Callable[..., Program]


@pytest.fixture
def full(database: str) -> None:
    lived.everything()


def walked(one: Program, path: str, limit: int = 3) -> Iterator[dict[str, Any]]:
    """Every item of a list, page by page."""
    cursor = ""
    while cursor is not None:
        page = one.get(f"{path}{'&' if '?' in path else '?'}limit={limit}&cursor={cursor}").json()
        assert len(page["items"]) <= limit
        yield from page["items"]
        cursor = page["next"]


@BOTH
def test_pages_together_are_the_inbox_s_list(full: None, program: Programs) -> None:
    one = program("agent")
    for sort in SORTS:
        with db.read() as session:
            expected = [row.id for row in listing.page(session, Filter(view="all", sort=sort), limit=500).rows]
        assert [row["id"] for row in walked(one, f"conversations?sort={sort}")] == expected
        assert len(expected) > 5


@BOTH
def test_words_are_found_in_one_conversation_alone(full: None, program: Programs) -> None:
    one = program("agent")
    talk = lived.talk("y:4")
    every = list(walked(one, f"conversations/{talk}/messages"))
    word = max(every[-1]["text"].split(), key=len).strip(".,!?")
    found = list(walked(one, f"conversations/{talk}/messages?q={word}", 1))
    assert found
    assert [row["id"] for row in found] == [row["id"] for row in every if word.lower() in row["text"].lower()]
    assert list(walked(one, f"conversations/{talk}/messages?q=nowhere")) == []
    assert list(walked(one, f"conversations/{talk}/messages?q=%2D%2D")) == []


def test_filters_are_those_of_the_inbox_and_nonsense_is_refused(full: None, program: Programs) -> None:
    one = program("agent")
    found = one.get("conversations?platform=bluesky&view=open").json()["items"]
    assert {row["platform"] for row in found} == {"bluesky"}
    tree = '{"all": [{"field": "platform", "op": "is", "value": "mastodon"}]}'
    bad = ("view=some", "limit=0", "limit=101", "cursor=x", "nothing=1", "since=yesterday", "conditions={", "sort=up")
    assert [one.get(f"conversations?{query}").status_code for query in bad] == [422] * len(bad)
    first = one.get("conversations?limit=1&sort=newest").json()["next"]
    assert one.get(f"conversations?sort=oldest&cursor={first}").status_code == 422
    assert one.get("conversations", params={"conditions": tree}).status_code in (200, 422)
    assert one.get("conversations/counts").json()["all"] == len(list(walked(one, "conversations")))


def test_private_conversations_are_for_who_may_read_them(full: None, program: Programs) -> None:
    number = lived.talk("m:1")
    marketer, narrow = program("marketer"), program("agent", "messages.read")
    for one in (marketer, narrow):
        assert number not in [row["id"] for row in walked(one, "conversations")]
        for part in ("", "/messages", "/notes", "/activities", "/replies"):
            assert one.get(f"conversations/{number}{part}").status_code == 404
    assert program("agent").get(f"conversations/{number}").json()["private"] is True


@BOTH
def test_messages_come_newest_first_and_all(full: None, program: Programs) -> None:
    one, number = program("agent"), lived.talk("m:1")
    found = list(walked(one, f"conversations/{number}/messages", 2))
    assert [row["posted_at"] for row in found] == sorted((row["posted_at"] for row in found), reverse=True)
    assert len({row["id"] for row in found}) == len(found) == one.get(f"conversations/{number}").json()["messages"]
    assert "Кран всё ещё течёт." in [row["text"] for row in found]
    assert all(row["posted_at"].endswith("Z") for row in found)


def test_deeds_are_the_desk_s_and_say_whether_they_changed_anything(full: None, program: Programs) -> None:
    one, number = program("agent"), lived.talk("y:5")
    until = (db.now() + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    deeds: list[tuple[str, dict[str, Any]]] = [
        ("assign", {"assignee": f"user:{one.user_id}"}), ("tag", {"tag": "срочно"}), ("priority", {"priority": "high"}),
        ("type", {"type": "question"}), ("snooze", {"until": until}), ("state", {"state": "closed"}),
        ("untag", {"tag": "срочно"}),
    ]  # fmt: skip
    for name, body in deeds:
        answers = [one.post(f"conversations/{number}/{name}", body) for _ in range(2)]
        assert [answer.json() for answer in answers] == [
            {"id": number, "changed": True},
            {"id": number, "changed": False},
        ]
    found = one.get(f"conversations/{number}").json()
    assert (found["assignee"], found["state"], found["priority"], found["type"], found["tags"]) == (
        f"user:{one.user_id}", "closed", "high", "question", [],
    )  # fmt: skip
    acts = one.get(f"conversations/{number}/activities").json()["items"]
    assert {act["actor"] for act in acts} == {f"user:{one.user_id}"}
    with db.read() as session:
        entries = session.scalars(sa.select(audit.AuditEntry).order_by(audit.AuditEntry.id.desc()).limit(3)).all()
    assert {entry.detail["through"] for entry in entries} == {"api_token:3"}


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("assign", {"assignee": "user:999"}), ("assign", {"assignee": "kim"}), ("assign", {}),
        ("state", {"state": "snoozed"}), ("snooze", {"until": "2020-01-01T00:00:00Z"}),
        ("snooze", {"until": "2026-11-22"}), ("tag", {"tag": " "}), ("tag", {"tag": "x", "more": 1}),
        ("team", {"team_id": 77}), ("priority", {"priority": "highest"}),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    full: None, program: Programs, deed: str, body: dict[str, Any]
) -> None:
    one, number = program("agent"), lived.talk("y:5")
    before = one.get(f"conversations/{number}").json()
    assert one.post(f"conversations/{number}/{deed}", body).status_code == 422
    assert one.get(f"conversations/{number}").json() == before


# --- once ---------------------------------------------------------------------------------------------


def rows(model: Any) -> int:
    with db.read() as session:
        return int(session.scalar(sa.select(sa.func.count()).select_from(db.table(model))) or 0)


@BOTH
def test_same_key_happens_once_and_answers_alike(full: None, program: Programs) -> None:
    one, before = program("agent"), rows(ReplyRow)
    path = f"conversations/{lived.talk('y:5')}/replies"
    first, second = (one.post(path, {"text": "Ответ"}, key="k-1") for _ in range(2))
    assert (first.status_code, first.text) == (second.status_code, second.text) == (201, second.text)
    assert rows(ReplyRow) == before + 1
    other = one.post(path, {"text": "Другой"}, key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "key-used")
    assert program("agent").post(path, {"text": "Ответ"}, key="k-1").json()["id"] != first.json()["id"]
    with db.read() as session:
        stored = session.scalars(sa.select(ApiAnswer.body)).all()
    assert not any("queued" in body or "Ответ" in body for body in stored)


def test_what_was_refused_may_be_tried_again_with_its_key(full: None, program: Programs) -> None:
    one, number = program("agent"), lived.talk("y:5")
    assert one.post(f"conversations/{number}/notes", {"text": " "}, key="k").status_code == 422
    assert rows(ApiAnswer) == 0
    assert one.post(f"conversations/{number}/notes", {"text": "Да"}, key="k").status_code == 201


def test_answer_is_forgotten_after_a_day(full: None, program: Programs) -> None:
    one, path = program("agent"), f"conversations/{lived.talk('y:5')}/notes"
    before = rows(Note)
    one.post(path, {"text": "Да"}, key="k")
    with db.write() as session:
        session.execute(sa.update(db.table(ApiAnswer)).values(at=db.now() - change.KEPT - timedelta(seconds=1)))
    one.post(path, {"text": "Да"}, key="k")
    assert rows(Note) == before + 2


@BOTH
def test_twin_at_work_is_refused(full: None, program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    one, path = program("agent"), f"conversations/{lived.talk('y:5')}/notes"
    begun, go_on, answers = threading.Event(), threading.Event(), []
    seal = change.crypto.seal

    def slowly(text: str) -> str:
        begun.set()
        assert go_on.wait(30)
        return seal(text)

    monkeypatch.setattr(change.crypto, "seal", slowly)
    first = threading.Thread(target=lambda: answers.append(one.post(path, {"text": "Да"}, key="k")))
    first.start()
    assert begun.wait(30)
    twin = one.post(path, {"text": "Да"}, key="k")
    go_on.set()
    first.join(30)
    assert (twin.status_code, twin.json()["code"]) == (409, "at-work")
    assert answers[0].status_code == 201
    assert one.post(path, {"text": "Да"}, key="k").json() == answers[0].json()


@pytest.mark.parametrize("db_url", ["postgresql"], indirect=True)
def test_twin_at_work_in_another_process_is_refused(full: None, program: Programs) -> None:
    one, path = program("agent"), f"conversations/{lived.talk('y:5')}/notes"
    with db.write() as session:
        change._hold(session, "3 k")
        assert one.post(path, {"text": "Да"}, key="k").status_code == 409
    assert one.post(path, {"text": "Да"}, key="k").status_code == 201


# --- answering ----------------------------------------------------------------------------------------


def test_reply_waits_is_taken_back_and_sent_now(full: None, program: Programs) -> None:
    one, path = program("agent"), f"conversations/{lived.talk('y:5')}/replies"
    later = (db.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    back, now = (one.post(path, {"text": "Ответ", "send_at": later}).json() for _ in range(2))
    assert (back["state"], back["send_at"]) == ("queued", later)
    assert [one.post(f"replies/{back['id']}/undo").json()["changed"] for _ in range(2)] == [True, False]
    assert one.post(f"replies/{now['id']}/now").json()["changed"] is True
    assert one.get(f"replies/{back['id']}").json()["state"] == "cancelled"
    assert now["id"] in [row["id"] for row in one.get(path).json()["items"]]
    assert one.post("replies/1/retry").json() == {"id": 1, "changed": True}
    assert one.get("replies/999").status_code == 404


def test_unclear_reply_is_said_to_have_arrived(full: None, program: Programs) -> None:
    one = program("agent")
    number = one.post(f"conversations/{lived.talk('y:5')}/replies", {"text": "Ответ"}).json()["id"]
    with db.write() as session:
        replies.begin(session, number)
        replies.mark(session, number, "unknown", "No answer came.")
    assert [one.post(f"replies/{number}/arrived").json()["changed"] for _ in range(2)] == [True, False]
    told = one.get(f"replies/{number}").json()
    assert (told["state"], told["declared_by"][:5], told["message_id"] is None) == ("sent", "user:", False)
    assert [one.post(f"replies/{number}/unclear").json()["changed"] for _ in range(2)] == [True, False]
    assert one.get(f"replies/{number}").json()["state"] == "unknown"


def test_reply_closes_and_its_way_back_opens_again(full: None, program: Programs) -> None:
    one, here = program("agent"), f"conversations/{lived.talk('y:5')}"
    reply = one.post(f"{here}/replies", {"text": "Готово", "close": True}).json()["id"]
    assert (one.get(here).json()["state"], one.get(f"replies/{reply}").json()["closes"]) == ("closed", True)
    one.post(f"replies/{reply}/undo")
    assert one.get(here).json()["state"] != "closed"
    later = (db.now() + timedelta(hours=1)).isoformat()
    assert one.post(f"{here}/replies", {"text": "x", "close": True, "send_at": later}).status_code == 422
    answering = program("agent", "messages.read", "conversations.reply")
    assert answering.post(f"{here}/replies", {"text": "x", "close": True}).status_code == 403


def test_reply_snoozes_and_its_way_back_opens_again(full: None, program: Programs) -> None:
    one, here = program("agent"), f"conversations/{lived.talk('y:5')}"
    later = (db.now() + timedelta(hours=1)).replace(microsecond=0)
    until = later.isoformat().replace("+00:00", "Z")
    reply = one.post(f"{here}/replies", {"text": "Спрошу", "snooze_until": until}).json()["id"]
    stands = one.get(here).json()
    assert (stands["state"], stands["snoozed_until"]) == ("snoozed", until)
    assert one.get(f"replies/{reply}").json()["snooze_until"] == until
    one.post(f"replies/{reply}/undo")
    assert one.get(here).json()["state"] != "snoozed"
    for more in ({"send_at": until}, {"close": True}, {"snooze_until": "2020-01-01T00:00:00Z"}):
        assert one.post(f"{here}/replies", {"text": "x", "snooze_until": until, **more}).status_code == 422
    answering = program("agent", "messages.read", "conversations.reply")
    assert answering.post(f"{here}/replies", {"text": "x", "snooze_until": until}).status_code == 403


def test_where_nothing_can_be_answered_nothing_is_queued(full: None, program: Programs) -> None:
    one, before = program("agent"), rows(ReplyRow)
    with db.write() as session:
        accounts.set_state(session, 2, "removed")
    assert one.post(f"conversations/{lived.talk('b:1')}/replies", {"text": "Ответ"}).status_code == 422
    assert one.post(f"conversations/{lived.talk('y:5')}/replies", {"text": " \n"}).status_code == 422
    reading = program("agent", "messages.read")
    assert reading.post(f"conversations/{lived.talk('y:5')}/replies", {"text": "x"}).status_code == 403
    assert rows(ReplyRow) == before
    assert rows(Activity) > 0
