"""Claims about the tracking API and the page of write keys: who may send, what is answered, what is shown once."""

from __future__ import annotations

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import structlog

from core import audit, db
from core.settings import settings
from enrichment.behaviour import intake, keys
from enrichment.behaviour.models import TrackEvent, WriteKey
from inbox import consent
from tests.web.conftest import Browser
from web.api import limit

EVENT = {"userId": "u1", "event": "Product Viewed", "properties": {"sku": "A"}}


@pytest.fixture
def key(database: str) -> str:
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=True, basis="contract", actor="t")
        return keys.make(session, "shop", "t")[1]


def post(browser: Browser, path: str, body: Any, key: str = "", **headers: str) -> httpx.Response:
    if key:
        headers["authorization"] = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return browser.request("POST", path, content=content, headers=headers)


def stored() -> list[tuple[str, str]]:
    e = db.table(TrackEvent)
    with db.read() as session:
        return [(row.kind, row.name) for row in session.execute(sa.select(e.c.kind, e.c.name).order_by(e.c.id))]


def test_event_and_traits_are_stored(browser: Browser, key: str) -> None:
    assert post(browser, "/api/track", EVENT, key).json() == {"success": True}
    assert post(browser, "/api/identify", {"userId": "u1", "traits": {"name": "Kim"}}, key).status_code == 200
    assert stored() == [("track", "Product Viewed"), ("identify", "")]


def test_a_batch_names_what_it_left_out(browser: Browser, key: str) -> None:
    batch = [{"type": "track", **EVENT}, {"type": "page", "userId": "u1"}]
    answer = post(browser, "/api/batch", {"batch": batch}, key)
    assert (answer.status_code, [one["index"] for one in answer.json()["refused"]]) == (200, [1])
    assert stored() == [("track", "Product Viewed")]


@pytest.mark.parametrize("header", ["", "Basic", "Basic %%%", "Basic d3Jvbmc6", "Bearer x", "Basic " + "w4M" * 90])
def test_without_a_key_that_holds_nothing_is_stored(browser: Browser, key: str, header: str) -> None:
    answer = post(browser, "/api/track", EVENT, **({"authorization": header} if header else {}))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="write key"')
    assert stored() == []


def test_a_revoked_key_is_refused_at_once(browser: Browser, key: str, as_role) -> None:
    assert as_role("admin").post("/settings/keys/1/revoke").status_code == 303
    assert post(browser, "/api/track", EVENT, key).status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/api/track", b"{", "not JSON"),
        ("/api/track", b'{"a": NaN}', "not JSON"),
        ("/api/track", b"[" * 9000, "not JSON"),
        ("/api/track", b"\xff\xfe", "not JSON"),
        ("/api/track", [], "a JSON object"),
        ("/api/track", {"event": "E"}, "userId or anonymousId"),
        ("/api/track", {"userId": "u"}, "what happened"),
        ("/api/track", {**EVENT, "timestamp": "yesterday"}, "ISO 8601"),
        ("/api/track", {**EVENT, "timestamp": "0001-01-01T00:00:00+14:00"}, "ISO 8601"),
        ("/api/track", {**EVENT, "properties": []}, "properties is a JSON object"),
        ("/api/track", {**EVENT, "userId": {"$ne": 1}}, "userId is a text"),
        ("/api/track", {**EVENT, "userId": "4111111111111111"}, "card"),
        ("/api/track", {**EVENT, "userId": "u" * 300}, "longer than"),
        ("/api/track", {**EVENT, "properties": {"x": "y" * 32_768}}, "32 kB"),
        ("/api/identify", {"userId": "u", "traits": "name"}, "traits is a JSON object"),
        ("/api/batch", {"batch": []}, "batch"),
        ("/api/batch", {"batch": [{"type": "alias", "userId": "u"}]}, "'alias'"),
        ("/api/batch", {"batch": [{}] * 2501}, "2500"),
    ],
)
def test_what_cannot_be_taken_says_why(browser: Browser, key: str, path: str, body: Any, words: str) -> None:
    answer = post(browser, path, body, key)
    assert answer.status_code == 400
    assert words in answer.json()["message"]
    assert stored() == []


def test_limits_are_those_of_segments_api(browser: Browser, key: str) -> None:
    large = [{"type": "track", **EVENT, "properties": {"x": "é" * 16_000}} for _ in range(9)]
    batch = [*large, *[{"type": "track", **EVENT}] * 2491]
    body = json.dumps({"batch": batch}, ensure_ascii=False, separators=(",", ":")).encode()
    body += b" " * (512_000 - len(body))
    assert (len(body), len(batch)) == (512_000, 2500)
    answer = post(browser, "/api/batch", body, key)
    assert (answer.status_code, "refused" in answer.json(), len(stored())) == (200, False, 2500)
    batch = [{"type": "track", **EVENT}, {"type": "track", **EVENT, "properties": {"x": "é" * 16_400}}]
    answer = post(browser, "/api/batch", {"batch": batch}, key)
    assert [one["index"] for one in answer.json()["refused"]] == [1]


def test_a_batch_beyond_the_limit_is_refused(browser: Browser, key: str) -> None:
    assert post(browser, "/api/batch", b"x" * 512_001, key).status_code == 413


def test_odd_texts_are_stored_sound(browser: Browser, key: str) -> None:
    body = json.dumps({**EVENT, "event": "a\x00b", "properties": {"x": "\ud800 \x00", "n": 10**30}}).encode()
    assert post(browser, "/api/track", body, key).status_code == 200
    assert stored() == [("track", "ab")]


def test_nothing_is_taken_while_the_purpose_is_off(browser: Browser, key: str) -> None:
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=False, basis="", actor="t")
    answer = post(browser, "/api/track", EVENT, key)
    assert (answer.status_code, "switched off" in answer.json()["message"]) == (403, True)


def test_away_database_makes_the_sender_try_again(browser: Browser, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(intake, "take", away)
    assert post(browser, "/api/track", EVENT, key).status_code == 503


def test_logs_hold_no_key_and_no_person(browser: Browser, key: str) -> None:
    with structlog.testing.capture_logs() as lines:
        post(browser, "/api/track", {**EVENT, "userId": "kim@a.example"}, key)
    assert "/api/track" in str(lines)
    assert not [one for one in (key, key[-4:], "kim@", "Product") if one in str(lines)]


# --- how much in a minute -------------------------------------------------------------------------------


def allow(monkeypatch: pytest.MonkeyPatch, messages: int) -> None:
    monkeypatch.setenv("WIDERHALL_TRACK_PER_MINUTE", str(messages))
    settings.cache_clear()


@pytest.mark.parametrize("shared", [True, False])
def test_a_key_that_sends_too_much_waits_and_others_do_not(
    browser: Browser, key: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, shared: bool
) -> None:
    if shared:
        request.getfixturevalue("valkey")
    allow(monkeypatch, 2)
    with db.write() as session:
        other = keys.make(session, "other", "t")[1]
    batch = {"batch": [{"type": "track", **EVENT, "messageId": n} for n in "ab"]}
    assert post(browser, "/api/batch", batch, key).status_code == 200
    answer = post(browser, "/api/track", EVENT, key)
    assert (answer.status_code, answer.json()["success"], len(stored())) == (429, False, 2)
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    assert post(browser, "/api/track", EVENT, other).status_code == 200
    allow(monkeypatch, 0)
    assert post(browser, "/api/track", EVENT, key).status_code == 200


def test_a_batch_larger_than_the_limit_takes_the_whole_bucket(
    browser: Browser, key: str, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, 1)
    batch = {"batch": [{"type": "track", **EVENT, "messageId": n} for n in "abc"]}
    assert [post(browser, "/api/batch", batch, key).status_code for _ in range(2)] == [200, 429]


def test_unreadable_messages_count(browser: Browser, key: str, valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, 1)
    assert [post(browser, "/api/track", b"{", key).status_code for _ in range(2)] == [400, 429]


def test_workers_share_the_bucket(database: str, valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, 2)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: limit.take(7, 1), range(16)))
    assert (waits.count(0), limit._local) == (2, {})


def test_the_bucket_fills_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(limit.time, "monotonic", lambda: clock[0])
    allow(monkeypatch, 60)
    assert [limit.take(7, 60), limit.take(7, 1), limit.take(7, 30)] == [0, 1, 30]
    clock[0] += 30
    assert [limit.take(7, 31), limit.take(7, 30), limit.take(7, 1)] == [1, 0, 1]


# --- the page -----------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_kept_as_a_hash(database: str, as_role) -> None:
    admin = as_role("admin")
    page = admin.post("/settings/keys", {"name": "Web shop"}).text
    (made,) = set(re.findall(r"wk_[\w-]{32}", page))
    assert made not in admin.get("/settings/keys").text
    with db.read() as session:
        row = session.get(WriteKey, 1)
        assert row is not None
        assert made not in str(row.model_dump())
        assert keys.find(session, made) == 1
        actions = set(session.scalars(sa.select(db.table(audit.AuditEntry).c.action)))
    assert "write_key.made" in actions


def test_a_key_needs_a_name(database: str, as_role) -> None:
    answer = as_role("admin").post("/settings/keys", {"name": " "})
    assert (answer.status_code, "Give the key a name" in answer.text) == (422, True)


def test_page_shows_what_was_dropped_and_never_the_value(browser: Browser, key: str, as_role) -> None:
    post(browser, "/api/track", {**EVENT, "properties": {"cardNumber": "4111111111111111", "mbti": "INTJ"}}, key)
    page = as_role("admin").get("/settings/keys").text
    assert "payment data" in page
    assert "a guess about character" in page
    assert "<code>cardNumber</code>" in page
    assert "4111111111111111" not in page


def test_page_says_that_the_purpose_is_off(database: str, as_role) -> None:
    assert "switched off" in as_role("admin").get("/settings/keys").text


def test_unknown_key_is_not_found(database: str, as_role) -> None:
    assert as_role("admin").post("/settings/keys/99/revoke").status_code == 404
    assert as_role("admin").post(f"/settings/keys/{2**70}/revoke").status_code == 404
