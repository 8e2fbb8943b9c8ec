"""Claims about translation servers: what they are asked, what their refusals mean, whose texts go there."""

from __future__ import annotations

import json

import httpx
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from connectors import client as client_module
from connectors.translation import port, service
from connectors.translation.service import Wanted
from core import db
from core.errors import Rejected, TryLater, WiderhallError
from core.event import Event, Page
from inbox import consent, erasure, ingest, translations
from inbox.translation_models import Translation
from sandbox import libretranslate
from tests.conftest import BOTH
from tests.web.conftest import account, event, store

HOST = "https://translate.example"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_pause", lambda attempt: None)


@pytest.fixture
def asked(httpx_mock) -> list[dict]:
    """The simulated server, and the bodies it was sent."""
    bodies: list[dict] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.content:
            bodies.append(json.loads(request.content))
        with TestClient(app) as server:
            found = server.request(request.method, request.url.path, content=request.content)
        return httpx.Response(found.status_code, content=found.content)

    app = libretranslate.create_app()
    httpx_mock.add_callback(answer, is_reusable=True, is_optional=True)
    return bodies


def set_up(**changes: object) -> None:
    wanted = Wanted(**{"provider": "libretranslate", "url": HOST, "key": libretranslate.KEY,
                       "basis": "contract", "private": True, **changes})  # fmt: skip
    with db.read() as session:
        url, key = service.ask(session, wanted)
    found = service.probe(wanted.provider, url, key)
    with db.write() as session:
        service.save(session, wanted, url, key, found, "user:1")


def kept(target: str = "de", *numbers: int) -> dict[int, str]:
    with db.read() as session:
        found = translations.shown(session, list(numbers or range(1, 20)), target)
    return {number: one.text for number, one in found.kept.items()}


def rows() -> int:
    with db.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(db.table(Translation))).scalar_one()


def speaks(session_language: dict[int, str]) -> None:
    from inbox.models import Message

    m = db.table(Message)
    with db.write() as session:
        for number, code in session_language.items():
            session.execute(sa.update(m).where(m.c.id == number).values(language=code))


# --- the wire -----------------------------------------------------------------------------------------


def test_one_call_holds_the_texts_of_one_language_and_unknown_ones_go_one_by_one(database: str, asked) -> None:
    texts = ("Hello", "Where is my parcel", "電車", "tea")
    found = [event(f"m:{n}", text, minutes=9 - n, thread_key="t") for n, text in enumerate(texts, 1)]
    store(account(), *found)
    set_up()
    speaks({1: "en", 2: "en", 3: "und", 4: ""})
    asked.clear()
    assert service.conversation(1, "de").number == 4
    assert sorted((one["source"], one["q"]) for one in asked) == [
        ("auto", ["tea"]), ("auto", ["電車"]), ("en", ["Hello", "Where is my parcel"]),
    ]  # fmt: skip
    assert kept("de")[1] == "[simulated en→de] hallo"
    assert kept("de")[3] == "[simulated ja→de] zug"


@pytest.mark.parametrize(
    ("status", "words", "sentence"),
    [
        (403, "Invalid API key", port.KEY),
        (403, "Too many request limits violations", port.BUSY),
        (400, "Visit https://x.example to get an API key", port.NEEDS_KEY),
        (400, "Invalid request: request (9000) exceeds text limit (2000)", port.LONG),
        (400, "xx is not supported", port.LANGUAGE),
        (400, "something else", port.STRANGE),
        (200, "", port.STRANGE),
        (429, "Slowdown: 80 per 1 minute", port.BUSY),
        (500, "Cannot translate text", port.AWAY),
    ],
)
def test_every_refusal_is_a_sentence_of_ours(httpx_mock, status: int, words: str, sentence: str) -> None:
    body = {"error": words} if words else {"translatedText": ["one", "two"]}
    httpx_mock.add_response(status_code=status, json=body)
    with pytest.raises(WiderhallError) as raised:
        service._plainly(lambda: service.make("libretranslate", HOST, "k").translate(["x"], "en", "de"))
    assert str(raised.value) == sentence
    assert isinstance(raised.value, TryLater) == (status >= 429)


def test_a_server_that_is_away_can_be_asked_again(httpx_mock) -> None:
    for error in (httpx.ConnectError("no"), httpx.ReadTimeout("no")):
        httpx_mock.add_exception(error)
        with pytest.raises(TryLater, match="does not answer"):
            service._plainly(lambda: service.make("libretranslate", HOST, "").translate(["x"], "en", "de"))


def test_an_address_in_our_own_network_is_not_called() -> None:
    with pytest.raises(Rejected) as raised:
        service.probe("libretranslate", "http://127.0.0.1:9", "")
    assert str(raised.value) == port.ELSEWHERE


def test_deepl_is_asked_in_its_own_words(httpx_mock) -> None:
    said = {"translations": [{"detected_source_language": "DE", "text": "Hello"}]}
    httpx_mock.add_response(url="https://api-free.deepl.com/v2/translate", json=said)
    found = service.make("deepl", "", "abc:fx").translate(["Hallo"], "", "EN-GB")
    request = httpx_mock.get_requests()[0]
    assert found == [port.Translated("Hello", "DE")]
    assert request.headers["Authorization"] == "DeepL-Auth-Key abc:fx"
    assert json.loads(request.content) == {"text": ["Hallo"], "target_lang": "EN-GB"}


@pytest.mark.parametrize(("status", "sentence"), [(403, port.KEY), (456, port.QUOTA), (413, port.LONG)])
def test_what_deepl_refuses(httpx_mock, status: int, sentence: str) -> None:
    httpx_mock.add_response(status_code=status, json={"message": "no"})
    with pytest.raises(Rejected) as raised:
        service._plainly(lambda: service.make("deepl", "", "abc").translate(["Hallo"], "", "DE"))
    assert str(raised.value) == sentence


@pytest.mark.parametrize(
    ("wanted", "codes", "found"),
    [
        ("en", ["de", "EN-US", "EN-GB"], "EN-GB"),
        ("pt", ["pt", "pt-BR"], "pt"),
        ("zh", ["ja", "zh-Hans"], "zh-Hans"),
        ("nb", ["no"], "no"),
        ("und", ["und", "de"], ""),
        ("fi", ["de"], ""),
    ],
)
def test_a_language_goes_by_the_server_s_own_code(wanted: str, codes: list[str], found: str) -> None:
    assert translations.offered(wanted, codes) == found


# --- what is kept, and what is not ----------------------------------------------------------------------


@BOTH
def test_nobody_asks_twice_until_the_wording_changes(database: str, asked) -> None:
    number = account()
    store(number, event("m:1", "Hello"))
    set_up()
    speaks({1: "en"})
    asked.clear()
    service.message(1, "de")
    service.message(1, "de")
    assert len(asked) == 1
    changed = event("m:1", "Hello again").model_copy(update={"edited_at": db.now()})
    ingest.store_page(number, Page(events=(changed,)))
    assert rows() == 0
    service.message(1, "de")
    assert kept("de") == {1: "[simulated en→de] hallo wieder"}


@BOTH
def test_what_was_edited_meanwhile_is_not_kept(database: str) -> None:
    store(account(), event("m:1", "Hello"))
    old = Translation(message_id=1, target="de", provider="p", version=0, source="en", text="alt", at=db.now())
    with db.write() as session:
        assert translations.keep(session, [old]) == 0
    assert rows() == 0


def test_a_deletion_and_an_erasure_forget_it(database: str, asked) -> None:
    number = account()
    store(number, event("m:1", "Hello", thread_key="t"), event("m:2", "tea", thread_key="t"))
    set_up()
    assert service.conversation(1, "de").number == 2
    gone = Event(key="m:1", platform="mastodon", kind="mention", action="delete", posted_at=db.now())
    ingest.store_page(number, Page(events=(gone,)))
    assert set(kept("de")) == {2}
    with db.write() as session:
        erasure.erase(session, "identity:2", "user:1")
    assert rows() == 0


def test_the_key_is_sealed_and_goes_to_no_other_address(database: str, asked) -> None:
    set_up()
    with db.read() as session:
        row = translations.translator(session)
        assert row is not None
        assert libretranslate.KEY not in row.key
        assert service.ask(session, Wanted("libretranslate", HOST))[1] == libretranslate.KEY
        assert service.ask(session, Wanted("libretranslate", "https://elsewhere.example"))[1] == ""


# --- whose texts go there -------------------------------------------------------------------------------


def test_nothing_leaves_without_a_basis_or_against_an_objection(database: str, asked) -> None:
    store(account(), event("m:1", "Hello"))
    with pytest.raises(Rejected, match="Nothing is set up"):
        service.message(1, "de")
    with db.read() as session, pytest.raises(Rejected, match="lawful basis"):
        service.ask(session, Wanted("libretranslate", HOST))
    set_up()
    with db.write() as session:
        consent.object_to(session, "identity:2", "all", "mail", "user:1")
    asked.clear()
    with pytest.raises(Rejected) as raised:
        service.message(1, "de")
    assert str(raised.value) == service.OBJECTS
    with pytest.raises(Rejected, match="objects"):
        service.text(1, "Hello", "de", private=False)
    with db.write() as session:
        consent.switch(session, "translate", enabled=False, basis="", actor="user:1")
    with pytest.raises(Rejected, match="switched off"):
        service.message(1, "de")
    assert asked == []


def test_private_messages_go_there_only_where_that_was_chosen(database: str, asked) -> None:
    store(account(), event("m:1", "Hello", kind="dm", visibility="private"))
    set_up(private=False)
    asked.clear()
    with pytest.raises(Rejected) as raised:
        service.message(1, "de")
    with pytest.raises(Rejected):
        service.text(1, "Hello", "de", private=True)
    assert str(raised.value) == service.PRIVATE
    assert asked == []
    set_up()
    service.message(1, "de")
    assert set(kept("de")) == {1}


# --- the simulated server refuses what the real one refuses ---------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"api_key": "wrong"}, 403, "Invalid API key"),
        ({"api_key": ""}, 400, "to get an API key"),
        ({"q": ""}, 400, "missing q"),
        ({"target": "xx"}, 400, "xx is not supported"),
        ({"q": ["x" * 2001]}, 400, "exceeds text limit"),
        ({"q": ["x"] * 26}, 400, "exceeds text limit"),
    ],
)
def test_the_simulated_server_refuses(body: dict, status: int, words: str) -> None:
    sent = {"q": ["Hello"], "source": "en", "target": "de", "api_key": libretranslate.KEY, **body}
    with TestClient(libretranslate.create_app()) as server:
        answer = server.post("/translate", json=sent)
    assert answer.status_code == status
    assert words in answer.json()["error"]
