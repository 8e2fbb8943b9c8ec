"""Claims about a conversation's lesser deeds by the API: ratings, translations, forwards, parts, a Salesforce Case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from core import db
from core.settings import settings
from inbox import consent, forwards
from inbox.parts import store as parts
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full, walked

__all__ = ["full"]
Programs = Callable[..., Program]


# --- what a message is rated as -------------------------------------------------------------------------


@BOTH
def test_rating_is_corrected_and_taken_back(full: None, program: Programs) -> None:
    one = program("agent")
    here = f"conversations/{lived.talk('y:5')}/messages/{lived.message('y:5')}"
    ratings = lambda: {row["task"]: row for row in one.get(f"{here}/ratings").json()["items"]}  # noqa: E731  # asked often
    before = ratings()["sentiment"]["label"]
    label = next(each for each in ratings()["sentiment"]["labels"] if each != before)
    assert one.post(f"{here}/correct", {"task": "sentiment", "label": label}).json()["changed"] is True
    found = ratings()["sentiment"]
    assert (found["label"], found["corrected_by"], found["was"]) == (label, f"user:{one.user_id}", before)
    assert one.post(f"{here}/correct", {"task": "sentiment", "label": label}).json()["changed"] is False
    assert one.post(f"{here}/correct", {"task": "sentiment", "label": ""}).json()["changed"] is True
    assert (ratings()["sentiment"]["label"], ratings()["sentiment"]["corrected_by"]) == (before, "")
    for body in ({"task": "sentiment", "label": "sunny"}, {"task": "colour", "label": "red"}, {"task": "sentiment"}):
        assert one.post(f"{here}/correct", body).status_code == 422
    assert program("marketer").post(f"{here}/correct", {"task": "sentiment", "label": label}).status_code == 403
    elsewhere = f"conversations/{lived.talk('y:6')}/messages/{lived.message('y:5')}"
    assert one.get(f"{elsewhere}/ratings").status_code == 404


# --- translations ---------------------------------------------------------------------------------------


def test_kept_translations_are_read_and_nobody_is_asked_twice(full: None, program: Programs) -> None:
    one, here = program("agent"), f"conversations/{lived.talk('m:4')}"
    (found,) = walked(one, f"{here}/translations?language=de", 1)
    assert (found["message_id"], found["text"], found["source"]) == (lived.message("m:4"), "Переведено.", "ja")
    asked = one.post(f"{here}/messages/{lived.message('m:4')}/translate", {"language": "de"})
    assert asked.json() == found  # no server is there to be asked
    assert one.get(f"{here}/translations?language=fr").json()["items"] == []
    assert one.post(f"{here}/messages/{lived.message('y:5')}/translate", {"language": "de"}).status_code == 404


def test_translation_that_may_not_be_had_says_why(full: None, program: Programs) -> None:
    one, here = program("agent"), f"conversations/{lived.talk('y:5')}"
    with db.read() as session:
        assert not consent.switched_on(session, "translate")
    for path, body in (("translate", {"language": "en"}), ("translate-text", {"text": "Hallo", "language": "ja"})):
        answer = one.post(f"{here}/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "rejected")
        assert "lawful basis" in answer.json()["detail"]
    assert one.post(f"{here}/translate", {"language": "Deutsch!"}).status_code == 422
    assert program("marketer").post(f"{here}/translate").status_code == 403


# --- forwarding -----------------------------------------------------------------------------------------


def test_conversation_is_forwarded_once_to_each_address(
    full: None, program: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, here = program("agent"), f"conversations/{lived.talk('y:5')}/forwards"
    body: dict[str, Any] = {"to": ["a@mail.example", "b@mail.example"], "subject": "Кран", "note": "Срочно"}
    assert "E-mail is not set up" in one.post(here, body).json()["detail"]
    monkeypatch.setenv("WIDERHALL_SMTP_HOST", "mail.example")
    monkeypatch.setenv("WIDERHALL_MAIL_FROM", "hub@mail.example")
    settings.cache_clear()
    made = one.post(here, body, key="f").json()["ids"]
    assert one.post(here, body, key="f").json()["ids"] == made
    found = one.get(here).json()["items"]
    assert [(row["id"], row["address"], row["state"]) for row in found] == [
        (made[1], "b@mail.example", "queued"), (made[0], "a@mail.example", "queued"),
    ]  # fmt: skip
    assert found[0]["messages"] == [lived.message("y:5")]
    assert one.post(f"{here}/{made[0]}/retry").json()["changed"] is False
    with db.write() as session:
        forwards.set_state(session, made[0], "failed", "550")
    assert one.post(f"{here}/{made[0]}/retry").json()["changed"] is True
    assert one.post(f"conversations/{lived.talk('y:6')}/forwards/{made[0]}/retry").status_code == 404
    wrong: list[dict[str, Any]] = [{"to": []}, {"to": ["no address"]}, {**body, "messages": [987654]}]
    assert [one.post(here, each).status_code for each in wrong] == [422] * 3
    assert program("marketer").get(here).status_code == 403


# --- a case -------------------------------------------------------------------------------------------


def test_no_salesforce_case_without_a_link_and_why(full: None, program: Programs) -> None:
    one, here = program("agent"), f"conversations/{lived.talk('b:1')}/case"
    found = one.get(here).json()
    assert found["case"] is None
    assert found["why_not"]
    assert one.post(here).json()["detail"] == found["why_not"]
    assert program("marketer").post(here).status_code == 403


def test_part_of_a_merged_case_is_answered(full: None, program: Programs) -> None:
    one, case, part = program("agent"), lived.talk("y:5"), lived.talk("y:6")
    one.post(f"conversations/{case}/merge", {"other": part})
    with db.read() as session:
        assert [each.id for each in parts.of(session, case)] == [case, part]
    answer = one.post(f"conversations/{case}/replies", {"text": "Привет", "part": part})
    assert answer.status_code == 201
    assert one.post(f"conversations/{case}/replies", {"text": "Привет", "part": 987654}).status_code == 422


# --- watching -------------------------------------------------------------------------------------------


def test_token_s_owner_watches_and_does_not_any_more(full: None, program: Programs) -> None:
    one, here = program("marketer"), f"conversations/{lived.talk('y:5')}"
    assert [one.post(f"{here}/watch").json()["changed"] for _ in range(2)] == [True, False]
    assert one.get(here).json()["watchers"] == [f"user:{one.user_id}"]
    asked = '{"match":"all","of":[{"field":"watched","op":"is","value":"me"}]}'
    found = one.get(f"conversations?view=all&conditions={quote(asked)}").json()["items"]
    assert [row["id"] for row in found] == [lived.talk("y:5")]
    assert [one.post(f"{here}/unwatch").json()["changed"] for _ in range(2)] == [True, False]
    assert one.get(here).json()["watchers"] == []
