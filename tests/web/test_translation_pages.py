"""Claims about translation on pages: who sees it, where it stands, what is said when it fails, and how it is set up."""

from __future__ import annotations

import httpx
import pytest
from starlette.testclient import TestClient

from connectors import client as client_module
from core import db
from inbox import consent, drafts, facts, translations
from sandbox import libretranslate
from tests.web.conftest import account, event, store

HOST = "https://translate.example"
FORM = {"provider": "libretranslate", "url": HOST, "key": libretranslate.KEY, "basis": "contract", "private": "yes"}
PART = {"headers": {"hx-request": "true"}}


@pytest.fixture
def server(httpx_mock, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The simulated server; `status` other than 0 is what it answers instead."""
    monkeypatch.setattr(client_module, "_pause", lambda attempt: None)
    app, says = libretranslate.create_app(), {"status": 0}

    def answer(request: httpx.Request) -> httpx.Response:
        if says["status"]:
            return httpx.Response(says["status"], json={"error": "no"})
        with TestClient(app) as there:
            found = there.request(request.method, request.url.path, content=request.content)
        return httpx.Response(found.status_code, content=found.content)

    httpx_mock.add_callback(answer, is_reusable=True, is_optional=True)
    return says


@pytest.fixture
def talk(database: str) -> int:
    """A customer wrote two messages in German."""
    store(account(), event("m:1", "Wo ist mein Zug", minutes=2, thread_key="t", language="de"),
          event("m:2", "danke", minutes=1, thread_key="t", language="de"))  # fmt: skip
    with db.write() as session:
        facts.set(session, {1: {"language": "de"}, 2: {"language": "de"}})
    return 1


def test_it_is_tried_before_it_is_kept_and_can_be_tried_again(database: str, as_role, server) -> None:
    admin = as_role("admin")
    assert "Nothing is translated" in admin.get("/settings/translation").text
    refused = admin.post("/settings/translation", {**FORM, "key": "wrong"})
    assert refused.status_code == 422
    assert "does not take the key" in refused.text
    assert "lawful basis" in admin.post("/settings/translation", {**FORM, "basis": ""}).text
    with db.read() as session:
        assert translations.translator(session) is None
    assert admin.post("/settings/translation", FORM).status_code == 303
    page = admin.get("/settings/translation").text
    assert "German" in page
    assert libretranslate.KEY not in page
    assert admin.post("/settings/translation/test").headers["location"].endswith("translation-works")
    server["status"] = 500
    away = admin.post("/settings/translation/test")
    assert (away.status_code, "does not answer" in away.text) == (422, True)
    assert 'action="/settings/translation/test"' in away.text, "to be tried again"
    assert "German" in away.text, "what is kept stays"
    assert admin.post("/settings/translation/remove").status_code == 303
    with db.read() as session:
        assert consent.switched_on(session, "translate")
        assert translations.translator(session) is None


def test_a_message_is_translated_under_its_own_words(talk: int, as_role, server) -> None:
    agent = as_role("agent")
    assert "Translate" not in agent.get(f"/inbox/{talk}/entries", **PART).text
    assert agent.post(f"/inbox/{talk}/messages/1/translate", **PART).text.count("Nothing is set up") == 1
    as_role("admin").post("/settings/translation", FORM)
    before = agent.get(f"/inbox/{talk}/entries", **PART).text
    assert before.count("messages/1/translate") == 2
    server["status"] = 429
    assert "asks to wait" in agent.post(f"/inbox/{talk}/messages/1/translate", **PART).text
    server["status"] = 0
    part = agent.post(f"/inbox/{talk}/messages/1/translate", **PART).text
    assert "[simulated de→en] where is my train" in part
    assert "Translated from" in part
    after = agent.get(f"/inbox/{talk}/entries", **PART).text
    assert after.index("Wo ist mein Zug") < after.index("where is my train")
    assert "messages/1/translate" not in after
    assert "messages/2/translate" in after
    assert as_role("marketer").post(f"/inbox/{talk}/messages/2/translate", **PART).status_code == 403
    assert agent.post(f"/inbox/{talk}/messages/99/translate", **PART).status_code == 404


def test_a_conversation_is_translated_at_once(talk: int, as_role, server) -> None:
    as_role("admin").post("/settings/translation", FORM)
    agent = as_role("agent")
    assert f"/inbox/{talk}/translate" in agent.get(f"/inbox/{talk}/head", **PART).text
    said = agent.post(f"/inbox/{talk}/translate", **PART)
    assert "Messages translated: 2." in said.headers["hx-trigger"]
    assert "translated already" in agent.post(f"/inbox/{talk}/translate", **PART).headers["hx-trigger"]
    with db.write() as session:
        consent.object_to(session, "identity:2", "translate", "mail", "user:1")
        translations.forget(session, [1, 2])
    assert "objects" in agent.post(f"/inbox/{talk}/translate", **PART).headers["hx-trigger"]


def test_what_one_writes_is_shown_before_it_is_sent(talk: int, as_role, server) -> None:
    agent = as_role("agent")
    assert "reply/translate" not in agent.get(f"/inbox/{talk}/composer", **PART).text
    as_role("admin").post("/settings/translation", FORM)
    assert "Translate into German" in agent.get(f"/inbox/{talk}/composer", **PART).text
    sent = {"text": "Thank you & sorry", "kind": "public"}
    box = agent.post(f"/inbox/{talk}/reply/translate", sent, **PART)
    assert "[simulated en→de] danke &amp; entschuldigung</textarea>" in box.text
    assert 'data-untranslate="Thank you &amp; sorry"' in box.text
    with db.read() as session:
        draft = drafts.of(session, "user:1", talk)
        assert draft is not None
        assert draft.text.startswith("[simulated")
    server["status"] = 403
    refused = agent.post(f"/inbox/{talk}/reply/translate", sent, **PART)
    assert refused.status_code == 422
    assert ">Thank you &amp; sorry</textarea>" in refused.text
    assert agent.post(f"/inbox/{talk}/reply/translate", {"text": " ", "kind": "public"}, **PART).status_code == 422


def test_nobody_asks_for_more_than_a_person_can_read(talk: int, as_role, server) -> None:
    agent = as_role("agent")
    answers = [agent.post(f"/inbox/{talk}/messages/1/translate", **PART).text for _ in range(31)]
    assert "Nothing is set up" in answers[29]
    assert "a lot of translations" in answers[30]
