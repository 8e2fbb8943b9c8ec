"""Claims about what every request passes: host, headers, limits, proxies, logs; health, metrics, webhooks."""

from __future__ import annotations

import html
import json
import re
import time
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from fastapi import FastAPI

import web.hooks as hooks
from core import broker, db, outbox
from core.errors import NotConfigured, Rejected, TryLater
from core.settings import settings
from tests.web.conftest import Browser, account, event, store, user
from web import health
from web.middleware import CSP, HEADERS, host_allowed


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set one setting for this test."""

    def put(name: str, value: str) -> None:
        monkeypatch.setenv(f"WIDERHALL_{name}", value)
        settings.cache_clear()

    return put


# --- headers, host, limits ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/signin", "/healthz", "/static/pages.css", "/nothing", "/hooks/telegram/1"])
def test_security_headers_stand_on_every_answer(browser: Browser, path: str) -> None:
    user("admin")
    answer = browser.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_policy_allows_nothing_inline() -> None:
    assert "unsafe" not in CSP
    assert "default-src 'none'" in CSP


def test_broken_page_is_an_answer_with_headers_and_without_details(as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("web.behind.rows", broken)
    answer = as_role("agent").get("/messages")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.headers["content-security-policy"] == CSP


def test_away_database_is_503_and_says_nothing_is_lost(as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("locked"))

    monkeypatch.setattr("web.behind.rows", away)
    answer = as_role("agent").get("/messages")
    assert answer.status_code == 503
    assert "Nothing is lost" in answer.text


@pytest.mark.parametrize(
    ("host", "ours"),
    [("127.0.0.1:8750", True), ("localhost", True), ("[::1]:8750", True), ("192.168.1.5", True),
     ("hub.example", True), ("evil.example", False), ("hub.example.evil.example", False), ("", False)],
)  # fmt: skip
def test_only_our_own_names_are_answered(setting: Any, host: str, ours: bool) -> None:
    setting("PUBLIC_URL", "https://hub.example")
    assert host_allowed(host) is ours


def test_foreign_host_is_told_what_to_set(browser: Browser) -> None:
    answer = browser.get("/healthz", headers={"host": "evil.example"})
    assert answer.status_code == 421
    assert "WIDERHALL_PUBLIC_URL" in answer.text


def test_huge_form_is_refused(as_role) -> None:
    browser = as_role("agent")
    answer = browser.post("/inbox/1/reply", {"text": "x" * 1_100_000})
    assert answer.status_code == 413
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Shorten it" in answer.text


def test_static_file_with_its_mark_is_kept_for_a_year(browser: Browser) -> None:
    from web.render import static

    assert "immutable" in browser.get(static("pages.css")).headers["cache-control"]
    assert browser.get("/static/pages.css").headers["cache-control"] == "no-cache"


def test_pages_are_not_cached(as_role) -> None:
    assert as_role("agent").get("/").headers["cache-control"] == "no-store"


# --- the frame -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "entries"),
    [
        ("admin", ["/inbox", "/listening", "/people", "/reports", "/settings/accounts"]),
        ("marketer", ["/inbox", "/listening", "/people", "/reports", "/settings/accounts"]),
        ("dpo", ["/inbox", "/people", "/settings/salesforce"]),
    ],
)
def test_rail_offers_what_a_role_may_open(as_role, role: str, entries: list[str]) -> None:
    browser = as_role(role)
    rail = browser.get("/ui").text.partition('<nav class="rail"')[2].partition("</nav>")[0]
    found = [one for one in re.findall(r'href="([^"#]+)"', rail) if one not in ("/", "/settings/me")]
    assert [one for one in entries if one not in found] == []
    assert {one: browser.get(one).status_code for one in found} == dict.fromkeys(found, 200)


def test_number_beside_the_inbox_is_that_of_its_own_view(as_role) -> None:
    store(account(), event("m:1"), event("m:2"), event("m:3"))
    browser = as_role("agent")
    assert re.search(r'id="mine" hidden', browser.get("/ui").text)
    for number in (1, 2):
        browser.post(f"/inbox/{number}/assign", {"assignee": "user:1"})
    browser.post("/inbox/2/state/closed")
    assert browser.get("/live/mine").text == "1"
    assert re.search(r"<span data-mine>1</span>", browser.get("/ui").text)


def test_frame_tells_htmx_to_do_nothing_inline_and_nothing_elsewhere(as_role) -> None:
    browser = as_role("agent")
    page = browser.get("/ui").text
    config = json.loads(html.unescape(page.partition('name="htmx-config" content=\'')[2].partition("'")[0]))
    expected = {"allowEval": False, "includeIndicatorStyles": False, "selfRequestsOnly": True, "historyCacheSize": 0}
    assert {name: config[name] for name in expected} == expected
    assert html.unescape(page).count(f'{{"X-CSRF-Token": "{browser.csrf}"}}') == 1


def test_change_by_htmx_needs_the_token_in_its_header(as_role) -> None:
    store(account(), event("m:1"))
    browser = as_role("agent")
    for token, status in (("wrong", 403), (browser.csrf, 200)):
        headers = {"hx-request": "true", "x-csrf-token": token}
        assert browser.request("POST", "/inbox/1/state/closed", headers=headers).status_code == status


def test_visitor_gets_no_script_of_the_inside(browser: Browser) -> None:
    user("admin")
    page = browser.get("/signin").text
    assert "htmx" not in page.replace("htmx-config", "")
    assert "sse-connect" not in page


# --- proxies -----------------------------------------------------------------------------------------


def test_forwarded_address_counts_from_a_trusted_proxy_only(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(health, "may_scrape", lambda request: seen.append((request.client.host, request.url.scheme)))
    forwarded = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
    browser.get("/metrics", headers=forwarded)
    browser.client = ("198.51.100.1", 1)
    browser.get("/metrics", headers=forwarded)
    assert seen == [("203.0.113.7", "https"), ("198.51.100.1", "http")]


# --- logs --------------------------------------------------------------------------------------------


def test_access_log_holds_ids_and_no_addresses(as_role) -> None:
    browser = as_role("agent")
    with structlog.testing.capture_logs() as lines:
        browser.get("/inbox?q=Katrin+Oldenburg")
        browser.request("POST", "/hooks/telegram/4711", content=b"{}")
    line, hook = [one for one in lines if one["event"] == "request"]
    assert (line["route"], line["status"], line["user_id"]) == ("/inbox", 200, 1)
    assert (hook["route"], hook["user_id"]) == ("/hooks/{platform}/{account_id}", None)
    assert "Katrin" not in json.dumps(lines)
    assert "demo.example" not in json.dumps(lines)


# --- health and metrics ------------------------------------------------------------------------------


def test_fresh_process_is_up_but_not_ready(browser: Browser) -> None:
    assert browser.get("/healthz").json() == {"status": "up"}
    answer = browser.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"].keys() == {"broker"}


def test_ready_with_a_broker_and_a_fresh_sweep(browser: Browser, valkey: str) -> None:
    key = f"{broker.prefix()}swept"
    broker.client().set(key, repr(time.time()))
    assert browser.get("/readyz").json() == {"ready": True, "reasons": {}}
    broker.client().set(key, repr(time.time() - 11))
    assert browser.get("/readyz").json()["reasons"].keys() == {"sweep"}


def test_older_database_is_not_ready(browser: Browser) -> None:
    with db.write() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    assert "migrations" in browser.get("/readyz").json()["reasons"]


def test_away_database_is_not_ready(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise TryLater("The database does not answer.")

    monkeypatch.setattr(db, "ping", away)
    assert browser.get("/readyz").json()["reasons"]["database"] == "The database does not answer."


def test_metrics_show_the_outbox_as_it_is(browser: Browser) -> None:
    with db.write() as session:
        outbox.emit(session, "query.changed", [("1", {"query_id": 1})])
    text = browser.get("/metrics").text
    assert 'widerhall_outbox_waiting{subscriber="listening.tasks.rematch"} 1.0' in text
    assert "widerhall_web_seconds_bucket" in text


def test_metrics_are_for_this_machine_or_the_token(browser: Browser, setting: Any) -> None:
    assert browser.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"}).status_code == 403
    browser.client = ("198.51.100.1", 1)
    assert browser.get("/metrics").status_code == 403
    setting("METRICS_TOKEN", "scrape-me")
    assert browser.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 403
    assert browser.get("/metrics", headers={"authorization": "Bearer scrape-me"}).status_code == 200


def test_every_metric_is_documented(app: FastAPI) -> None:
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    ours = {one.name for one in health.metrics.registry().collect() if one.name.startswith("widerhall_")}
    ours |= {*health.BACKLOG, health.SWEEP[0]}
    assert sorted(name for name in ours if f"`{name}`" not in text) == []


# --- webhooks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(None, 200), (Rejected("Wrong signature."), 403), (NotConfigured("None here."), 404), (TryLater("Later."), 503)],
)
def test_webhook_is_answered_by_what_became_of_it(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, outcome: Exception | None, status: int
) -> None:
    number, got = account("telegram", "bot"), []

    def accept(account_id: int, headers: dict[str, str], body: bytes) -> None:
        got.append((account_id, headers["x-telegram-bot-api-secret-token"], body))
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(hooks.tasks, "accept", accept)
    headers = {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}
    answer = browser.request("POST", f"/hooks/telegram/{number}", content=b'{"update_id": 1}', headers=headers)
    assert answer.status_code == status
    assert got == [(number, "s3cret", b'{"update_id": 1}')]


def test_webhook_for_another_platform_or_no_account_is_404(browser: Browser) -> None:
    number = account("telegram", "bot")
    assert browser.request("POST", f"/hooks/mastodon/{number}", content=b"{}").status_code == 404
    assert browser.request("POST", "/hooks/telegram/999", content=b"{}").status_code == 404


def test_huge_delivery_is_refused(browser: Browser) -> None:
    number = account("telegram", "bot")
    body = b"x" * (hooks.BODY_LIMIT + 1)
    assert browser.request("POST", f"/hooks/telegram/{number}", content=body).status_code == 413


def test_away_database_makes_the_platform_try_again(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    number = account("telegram", "bot")

    def away(*_: Any) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(hooks.tasks, "accept", away)
    assert browser.request("POST", f"/hooks/telegram/{number}", content=b"{}").status_code == 503
