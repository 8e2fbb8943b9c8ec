"""Claims about translating by the API: a server is tried before it is kept, and asked once for the same words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core import db
from inbox import consent, facts
from sandbox import libretranslate
from tests.conftest import BOTH
from tests.web.api.conftest import Program
from tests.web.conftest import account, event, store
from tests.web.test_translation_pages import HOST, server
from web import roles

__all__ = ["server"]
Programs = Callable[..., Program]
SERVER = {"provider": "libretranslate", "url": HOST, "key": libretranslate.KEY, "basis": "contract"}


@pytest.fixture
def talk(database: str) -> int:
    """A customer wrote in German, in public and in private."""
    store(account(), event("m:1", "Wo ist mein Zug", minutes=2, thread_key="t", language="de"))
    store(
        account(handle="@brand2@a.example"),
        event("m:2", "danke", minutes=1, thread_key="p", language="de", kind="dm", visibility="private"),
    )
    with db.write() as session:
        facts.set(session, {1: {"language": "de"}, 2: {"language": "de"}})
    return 1


def test_server_is_tried_before_it_is_kept(talk: int, program: Programs, server: dict[str, int]) -> None:
    one = program()
    assert one.get("translator").json()["provider"] == ""
    assert one.post("translator/test").status_code == 422
    wrong = one.post("translator", {**SERVER, "key": "wrong"})
    assert (wrong.status_code, "key" in wrong.json()["detail"]) == (422, True)
    assert one.post("translator", {**SERVER, "basis": None}).status_code == 422
    assert one.get("translator").json()["allowed"] is False
    assert "de" in one.post("translator", SERVER, key="s").json()["targets"]
    found = one.get("translator")
    assert (found.json()["url"], found.json()["has_key"], found.json()["allowed"]) == (HOST, True, True)
    assert libretranslate.KEY not in found.text
    assert one.post("translator/test").json()["changed"] is True
    server["status"] = 500
    away = one.post("translator/test")
    assert (away.status_code, away.json()["code"]) == (422, "away")
    assert [one.post("translator/remove").json()["changed"] for _ in range(2)] == [True, False]
    assert program("agent").get("translator").status_code == 403


def test_who_may_not_name_a_basis_names_none(talk: int, program: Programs, server: dict[str, int]) -> None:
    with db.write() as session:
        key = roles.save(
            session, None, roles.Wanted("Setting", ["messages.read", "accounts.read", "accounts.manage"]), "test"
        )
    one = program(key)
    assert one.post("translator", SERVER).status_code == 403
    with db.write() as session:
        assert not consent.switched_on(session, "translate")
        consent.switch(session, "translate", enabled=True, basis="contract", actor="test")
    assert one.post("translator", {**SERVER, "basis": None}).status_code == 200


@BOTH
def test_message_conversation_and_own_words(talk: int, program: Programs, server: dict[str, int]) -> None:
    program().post("translator", SERVER)
    one, here = program("agent"), f"conversations/{talk}"
    said = one.post(f"{here}/messages/1/translate", {"language": "en"}).json()
    assert (said["text"], said["source"]) == ("[simulated de→en] where is my train", "de")
    server["status"] = 500  # nobody is asked for it again
    assert one.post(f"{here}/messages/1/translate", {"language": "en"}).json() == said
    assert one.get(f"{here}/translations?language=en").json()["items"] == [said]
    away = one.post(f"{here}/translate", {"language": "ja"})
    assert (away.status_code, away.json()["code"]) == (422, "away")
    server["status"] = 0
    assert one.post(f"{here}/translate", {"language": "en"}).json() == {"id": talk, "translated": 0, "left": ""}
    written = one.post(f"{here}/translate-text", {"text": "Thank you"}).json()
    assert (written["language"], "danke" in written["text"]) == ("de", True)


def test_nothing_private_leaves_unless_it_may(talk: int, program: Programs, server: dict[str, int]) -> None:
    program().post("translator", SERVER)
    one, private = program("agent"), "conversations/2"
    assert one.get(private).json()["private"] is True
    for path, body in (
        ("messages/2/translate", {"language": "en"}),
        ("translate-text", {"text": "Thank you", "language": "de", "visibility": "public"}),
        ("translate-text", {"text": "Thank you", "language": "de", "visibility": "private"}),
    ):
        answer = one.post(f"{private}/{path}", body)
        assert answer.status_code == 422, path
        assert "Private messages" in answer.json()["detail"]
    program().post("translator", {**SERVER, "private": True})
    assert one.post(f"{private}/messages/2/translate", {"language": "en"}).status_code == 200
