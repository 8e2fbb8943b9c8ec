"""Claims about the set-up by the API: receivers of segments, accounts, users and roles."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from connectors import setup
from core import db
from core.errors import AuthExpired, NotConfigured
from core.event import Author, Profile
from enrichment import connection
from inbox.models import Account
from inbox.worker_models import User
from tests.conftest import BOTH
from tests.enrichment.fake_crm import FakeCrm
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full
from tests.web.test_campaign_pages import SPRING
from web import roles, sessions

__all__ = ["full"]
Programs = Callable[..., Program]


# --- segments handed on -------------------------------------------------------------------------------


def test_people_of_a_segment_come_as_csv(full: None, program: Programs) -> None:
    one = program("marketer")
    answer = one.get("segments/1/people.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(answer.text.lstrip("\ufeff"))))
    assert len(rows) == one.get("segments/1/count").json()["may"]
    assert one.get("segments/9/people.csv").status_code == 404
    assert program("agent").get("segments/1/people.csv").status_code == 403


def test_filter_is_tried_before_it_is_kept(full: None, program: Programs) -> None:
    one = program("marketer")
    group = one.get("segments/1").json()["conditions"]
    found = one.get("segments/preview", params={"conditions": json.dumps(group)}).json()
    assert found["people"] == len(found["sample"]) == one.get("segments/1/count").json()["people"] > 0
    for bad in ("{", "[]", '{"match": "no", "of": []}'):
        assert one.get("segments/preview", params={"conditions": bad}).status_code == 422, bad


@BOTH
def test_receiver_is_made_paused_and_removed(full: None, program: Programs) -> None:
    one, body = program("marketer"), {"url": "https://receiver.example/hook"}
    made = one.post("segments/1/receivers", body, key="r").json()
    assert one.post("segments/1/receivers", body, key="r").json() == made
    assert made["secret"].startswith("whsec_")
    here = f"receivers/{made['id']}"
    assert [one.post(f"{here}/{deed}").json()["changed"] for deed in ("pause", "pause", "resume", "retry")] == [
        True, False, True, True,
    ]  # fmt: skip
    answer = one.get("segments/1/receivers")
    (first, found) = answer.json()["items"]
    assert (first["runs"][0]["added"], found["id"], found["state"]) == (3, made["id"], "active")
    assert made["secret"] not in answer.text
    assert one.post("segments/1/receivers", {"url": "http://10.0.0.1/"}).status_code == 422
    assert one.post("segments/9/receivers", body).status_code == 404
    assert one.post(f"{here}/remove").json() == {"id": made["id"], "changed": True, "ending": False}
    for deed in ("pause", "resume", "retry", "test", "remove"):
        assert one.post(f"{here}/{deed}").status_code == 404, deed
    assert program("agent").get("segments/1/receivers").status_code == 403


def test_test_delivery_says_what_became_of_it(full: None, program: Programs) -> None:
    tested = program("marketer").post("receivers/1/test", key="t").json()
    assert (tested["status"], tested["taken"]) == (0, False)
    assert tested["error"]


def test_segment_goes_into_a_campaign_once(full: None, program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    one, fake = program("marketer"), FakeCrm()
    assert one.get("campaigns").status_code == 422, "no org is switched on"
    fake.campaigns_ = [SPRING]
    monkeypatch.setattr(connection, "crm", lambda: fake)
    with db.write() as session:
        connection.name_basis(session, "contract", "t")
    (found,) = one.get("campaigns").json()["items"]
    assert (found["id"], found["ends"]) == (SPRING.id, "2026-05-31")
    body = {"campaign": SPRING.id}
    made = one.post("segments/1/campaigns", body, key="c").json()
    fake.campaigns_ = []
    assert one.post("segments/1/campaigns", body, key="c").json() == made, "the org is not asked again"
    assert one.post("segments/1/campaigns", body).status_code == 422
    assert [row["kind"] for row in one.get("segments/1/receivers").json()["items"]] == ["webhook", "campaign"]


# --- accounts -----------------------------------------------------------------------------------------


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A platform that answers as the list says, one answer a call."""
    answers: list[Any] = []

    class Bot:
        def check(self) -> Profile:
            found = answers.pop(0)
            if isinstance(found, Exception):
                raise found
            return Profile(author=Author(platform="telegram", id=found, handle=found), warnings=("Медленно.",))

        def subscribe(self, target: str) -> None:
            raise NotConfigured("Не слышит.")

    monkeypatch.setattr(setup, "open_account", lambda number: (stored(number), Bot()))
    monkeypatch.setattr(setup, "connect", lambda *given, **more: Bot())
    return answers


def stored(number: int) -> Account:
    with db.read() as session:
        return session.get_one(Account, number)


@BOTH
def test_account_is_connected_once_with_a_token(database: str, program: Programs, there: list[Any]) -> None:
    one, body = program(), {"platform": "telegram", "token": "123:abc"}
    assert "token" in {row["name"]: row["needs"] for row in one.get("platforms").json()["items"]}["telegram"]
    there += ["бот", AuthExpired("Ключ не тот."), "бот"]
    made = one.post("accounts", body, key="a").json()
    assert one.post("accounts", body, key="a").json() == made, "the platform is not asked again"
    assert one.post("accounts", body).status_code == 422
    assert one.post("accounts", body).json() == made, "it goes on where it was"
    (found,) = one.get("accounts").json()["items"]
    assert (found["handle"], found["state"]) == ("бот", "active")
    assert "123:abc" not in one.get("accounts").text
    assert one.post("accounts", {"platform": "telegram"}).status_code == 422
    assert one.post("accounts", {"platform": "myspace", "token": "x"}).status_code == 422
    assert program("agent").post("accounts", body).status_code == 403


@BOTH
def test_account_is_checked_paused_approved_and_removed(full: None, program: Programs, there: list[Any]) -> None:
    one = program()
    there += [AuthExpired("Ключ больше не открывает."), "@бренд"]
    assert one.post("accounts/1/check").status_code == 422
    assert stored(1).state == "auth_expired"
    assert one.post("accounts/1/check").json() == {"id": 1, "handle": "@бренд", "warnings": ["Медленно."]}
    assert stored(1).state == "active"
    deeds = ("pause", "pause", "resume")
    assert [one.post(f"accounts/1/{deed}").json()["changed"] for deed in deeds] == [True, False, True]
    assert one.post("accounts/1/approval", {"approver": "any"}).json()["changed"] is True
    assert one.post("accounts/1/approval", {"approver": "user:99"}).status_code == 422
    assert stored(1).approval == "any"
    with db.write() as session:
        session.get_one(Account, 1).config = {"webhook": "https://hub.example/hooks/mastodon/1"}
    gone = one.post("accounts/1/remove", key="x").json()
    assert gone == {"id": 1, "changed": True, "untold": "Не слышит."}
    assert one.post("accounts/1/remove", key="x").json() == gone
    for deed in ("check", "pause", "resume", "remove"):
        assert one.post(f"accounts/1/{deed}").status_code == 404, deed
    assert program("agent").post("accounts/2/pause").status_code == 403


# --- users and roles ----------------------------------------------------------------------------------


def test_user_gets_accounts_a_password_and_is_signed_out(full: None, program: Programs, as_role) -> None:
    one, browser = program(), as_role("agent")
    here = f"users/{browser.user_id}"
    assert one.post(f"{here}/accounts", {"accounts": [2]}).json()["changed"] is True
    found = {row["id"]: row for row in one.get("users").json()["items"]}
    assert (found[browser.user_id]["accounts"], found[browser.user_id]["sign_ins"]) == ([2], 1)
    assert [(found[user]["passkeys"], found[user]["app"]) for user in (1, 2, 3)] == [(1, False), (1, False), (0, False)]
    assert one.post(f"{here}/accounts", {"accounts": [99]}).status_code == 422
    assert one.post(f"{here}/accounts", {"accounts": None}).json()["changed"] is True
    assert browser.get("/inbox").status_code == 200
    assert [one.post(f"{here}/sign-out").json()["changed"] for _ in "12"] == [True, False]
    assert browser.get("/inbox").status_code == 303
    with db.read() as session:
        before = session.get_one(User, browser.user_id).password
    assert one.post(f"{here}/password", {"password": "other quiet words"}, key="p").json()["changed"] is True
    with db.read() as session:
        assert session.get_one(User, browser.user_id).password != before
        assert sessions.of(session, browser.user_id) == []
    assert one.post("users/999/password", {"password": "other quiet words"}).status_code == 404


def test_token_opens_no_door_for_its_owner(full: None, program: Programs) -> None:
    one = program()
    own = one.post(f"users/{one.user_id}/password", {"password": "other quiet words"})
    assert (own.status_code, "on the page" in own.json()["detail"]) == (422, True)
    few = program("admin", "users.manage")
    assert few.post("users/1/password", {"password": "other quiet words"}).status_code == 422
    assert few.post("users/1/sign-out").status_code == 422
    body = {"email": "new@a.example", "password": "several quiet words", "role": "admin"}
    assert few.post("users", body).status_code == 422, "it may no more than its scopes"


def test_who_sees_a_part_adds_nobody(full: None, program: Programs) -> None:
    with db.write() as session:
        wanted = roles.Wanted("Part", ["users.manage", "messages.read"], "own")
        key = roles.save(session, None, wanted, "test")
    body = {"email": "new@a.example", "password": "several quiet words", "role": key}
    assert program(key).post("users", body).status_code == 422


@BOTH
def test_role_is_made_changed_and_removed(full: None, program: Programs) -> None:
    one, body = program(), {"name": "Вечер", "permissions": ["messages.read"], "reach": "teams", "accounts": [1]}
    made = one.post("roles", body, key="k").json()
    assert one.post("roles", body, key="k").json() == made
    here = f"roles/{made['id']}"
    found = one.get(here).json()
    assert (found["key"], found["reach"], found["accounts"]) == (made["key"], "teams", [1])
    assert "messages.read" in found["permissions"]
    assert one.post(here, {**body, "reach": "all", "accounts": None}).json()["changed"] is True
    for bad in ({"name": ""}, {"permissions": []}, {"permissions": ["boss"]}, {"reach": "some"}, {"accounts": [99]}):
        assert one.post(here, {**body, **bad}).status_code == 422, bad
    assert one.post("roles", {**body, "name": "вечер"}).status_code == 422
    one.post("users/2", {"role": made["key"]})
    listed = {row["key"]: row for row in one.get("roles").json()["items"]}
    assert (listed[made["key"]]["users"], listed["admin"]["id"]) == ([2], None)
    assert one.post(f"{here}/remove", {}).status_code == 422
    assert one.post(f"{here}/remove", {"instead": "agent"}).json()["changed"] is True
    assert one.get(here).status_code == one.post(here, body).status_code == 404
    assert program("agent").get("roles").status_code == 403
