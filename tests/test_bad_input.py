"""Bad input over the whole path: a hostile server is pulled; the rest is stored, the bad is kept, shown and said."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors import schedule
from core import db
from core.settings import settings
from inbox import accounts
from inbox.models import Account, BadItem, Delivery, Feed, Message
from tests.living import Sandbox, done, refused, widerhall
from tests.web.conftest import Browser
from web.app import create_app

ME = {"id": "1", "acct": "us", "username": "us", "display_name": "Us", "note": "", "fields": [], "bot": False}
HIM = {**ME, "id": "66", "acct": "him@evil.example", "username": "him", "uri": "https://evil.example/users/him",
       "url": "https://evil.example/@him"}  # fmt: skip


def status(number: int, text: str = "<p>hello</p>", **more: Any) -> dict[str, Any]:
    return {
        "id": str(number), "created_at": "2026-11-20T10:00:00Z", "uri": f"https://evil.example/s/{number}",
        "url": f"https://evil.example/@him/{number}", "visibility": "public", "content": text, "account": HIM,
        "mentions": [{"id": "1", "acct": "us", "username": "us"}], "tags": [], "media_attachments": [],
        "spoiler_text": "", "language": "en", **more,
    }  # fmt: skip


def notice(number: int, text: str = "<p>hello</p>", **more: Any) -> dict[str, Any]:
    base = {"id": str(number), "type": "mention", "created_at": "2026-11-20T10:00:00Z", "account": HIM}
    return {**base, "status": status(number, text), **more}


class Evil:
    """A server that speaks Mastodon and answers what a test tells it; `asked` are the paths it was asked for."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.body: bytes | None = None
        self.link = ""
        self.ignores_place = False
        self.token = "right"
        self.asked: list[str] = []
        routes = [Route("/{path:path}", self.answer, methods=["GET", "POST"])]
        config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="critical", lifespan="off", ws="none")
        self.server = uvicorn.Server(config)
        self.url = ""

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        self.asked.append(path)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Response('{"error": "The access token is invalid"}', 401, media_type="application/json")
        if path.endswith("verify_credentials"):
            return reply({**ME, "uri": f"{self.url}/users/us", "url": f"{self.url}/@us"})
        if path.endswith("/notifications"):
            return self.notifications(request)
        if path.endswith(("/conversations", "/statuses")):
            return reply([])
        return Response('{"error": "Record not found"}', 404, media_type="application/json")

    def notifications(self, request: Request) -> Response:
        headers = {"link": self.link} if self.link else {}
        first = not ({"max_id", "min_id", "since_id"} & request.query_params.keys()) or self.ignores_place
        if self.body is not None:
            return Response(self.body if first else b"[]", media_type="application/json", headers=headers)
        return reply(self.items if first else [], headers)


def reply(value: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(value), media_type="application/json", headers=headers)


@pytest.fixture
def evil(hub: None) -> Iterator[Evil]:
    """A hostile server to which our account is connected."""
    found = Evil()
    thread = threading.Thread(target=found.server.run, daemon=True)
    thread.start()
    while not found.server.started:
        time.sleep(0.01)
    port = found.server.servers[0].sockets[0].getsockname()[1]
    found.url = f"http://127.0.0.1:{port}"
    done("accounts", "add", "mastodon", "--base-url", found.url, "--token", "right", "--history-days", "36500")
    yield found
    found.server.should_exit = True
    thread.join(10)


def pulled() -> dict[str, dict[str, Any]]:
    """Fetch, and what is stored by its number at the hostile server."""
    assert done("pull", "--wait", "--timeout", "60")["waiting"] == []
    listed = [json.loads(line) for line in widerhall("messages", "--jsonl").out.split("\n") if line]
    return {row["key"].rpartition("/")[2]: row for row in listed}


def bad() -> list[tuple[str, str]]:
    with db.read() as session:
        return [(row.reason, row.raw) for row in session.scalars(sa.select(BadItem))]


def trouble() -> list[str]:
    """What the feeds say is wrong."""
    with db.read() as session:
        return [feed.error for feed in session.scalars(sa.select(Feed)) if feed.error]


# --- items ------------------------------------------------------------------------------------------


MALFORMED: list[Any] = [
    None, 5, "text", [], {}, {"id": "9"}, notice(9, created_at="yesterday", status=None, type="follow"),
    notice(9, account="him"), notice(9, status={"id": "9"}), notice(9, status=status(9, created_at=5)),
    notice(9, status=status(9, content={"a": 1})), notice(9, status=status(9, mentions=[5])),
    notice(9, status=status(9, media_attachments="x", tags=7)), notice(9, id={"$gt": ""}),
]  # fmt: skip


@pytest.mark.parametrize("odd", MALFORMED)
def test_a_malformed_item_is_kept_and_the_rest_is_stored(evil: Evil, odd: Any) -> None:
    evil.items = [notice(12), odd, notice(11)]
    rows = pulled()
    assert {"11", "12"} <= rows.keys()
    assert len(rows) + len(bad()) == 3
    assert trouble() == []
    for reason, raw in bad():
        assert reason
        assert json.loads(raw) == odd
        assert "could not be read, and are kept" in widerhall("doctor", "--json").out


def test_what_could_not_be_read_is_shown_once_however_often_it_comes(evil: Evil) -> None:
    evil.items, evil.ignores_place = [notice(12), {"id": "9"}], True
    pulled()
    pulled()
    assert len(bad()) == 1


def test_an_unknown_kind_of_notification_is_shown_not_lost(evil: Evil) -> None:
    evil.items = [notice(12, type="poke_from_the_future", status=None), notice(11, type="admin.report", status=None)]
    pulled()
    assert {row["kind"] for row in done("messages")} == {"unsupported"}
    assert bad() == []


# --- texts ------------------------------------------------------------------------------------------


def test_script_never_reaches_the_page(evil: Evil) -> None:
    nasty = '<p>Hi<script>alert(1)</script><img src=x onerror="alert(2)"> &lt;script&gt;alert(3)&lt;/script&gt;</p>'
    evil.items = [notice(1, nasty, account={**HIM, "display_name": "<script>alert(4)</script>"})]
    rows = pulled()
    assert rows["1"]["text"] == "Hi <script>alert(3)</script>"
    done("users", "add", "kim@example.org", "--role", "admin", "--password", "several quiet words")
    browser = Browser(create_app())
    browser.sign_in("kim@example.org")
    page = browser.get("/inbox").text
    assert "&lt;script&gt;alert(3)" in page
    assert "<script>alert" not in page


def test_a_post_of_a_megabyte_is_cut_and_marked(evil: Evil) -> None:
    evil.items = [notice(2, "<p>" + "word " * 210_000 + "</p>"), notice(1)]
    rows = pulled()
    assert len(rows["2"]["text"]) <= settings().max_text + 1
    assert rows["2"]["text"].endswith("…")
    assert rows["1"]["text"] == "hello"
    assert rows["2"]["annotations"]["language"] == "en"


def test_an_answer_that_is_far_too_large_is_not_read_to_its_end(evil: Evil) -> None:
    evil.body = b"[" + b'"' + b"x" * 40_000_000 + b'"]'
    assert pulled() == {}
    assert any("more than" in words for words in trouble())


def test_bytes_that_are_no_utf8_become_replacement_signs(evil: Evil) -> None:
    text = json.dumps([notice(3, "<p>BYTES \ud83d \x00 end</p>"), notice(2)])
    evil.body = text.encode().replace(b"BYTES", b"\xff\xfe\xc3")
    rows = pulled()
    assert rows["3"]["text"] == "\ufffd\ufffd\ufffd ?  end"
    assert rows["2"]["text"] == "hello"
    assert done("search", "hello")


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b'{"error": "no"}', b"[" * 200_000, b"[1e999,"])
def test_a_page_that_is_no_page_is_said_and_nothing_moves(evil: Evil, body: bytes) -> None:
    evil.body = body
    assert pulled() == {}
    assert len(trouble()) == 1
    assert "127.0.0.1" in trouble()[0]
    evil.body, evil.items = None, [notice(1)]
    assert set(pulled()) == {"1"}
    assert trouble() == []


# --- clocks and places ------------------------------------------------------------------------------


def test_clocks_that_are_wrong_do_not_hide_what_comes_later(evil: Evil) -> None:
    future = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    past = "1970-01-01T00:00:00Z"
    ahead, behind = status(3, created_at=future), status(2, created_at=past)
    evil.items = [notice(3, status=ahead), notice(2, status=behind), notice(1)]
    assert set(pulled()) == {"1", "2", "3"}
    evil.items, evil.ignores_place = [notice(4), *evil.items], True
    assert set(pulled()) == {"1", "2", "3", "4"}
    assert "widerhall" not in widerhall("conversations").err


def test_a_date_that_no_calendar_has_is_kept_as_bad(evil: Evil) -> None:
    evil.items = [notice(2, status=status(2, created_at="99999-01-01T00:00:00Z")), notice(1)]
    assert set(pulled()) >= {"1"}
    assert len(pulled()) + len(bad()) == 2


def test_a_server_that_repeats_its_pages_for_ever_is_left(evil: Evil) -> None:
    evil.items, evil.ignores_place = [notice(2), notice(1)], True
    evil.link = f'<{evil.url}/api/v1/notifications?max_id=1>; rel="next"'
    assert set(pulled()) == {"1", "2"}
    assert evil.asked.count("/api/v1/notifications") < 20


def test_a_link_to_another_host_gets_no_token(evil: Evil) -> None:
    other = Evil()
    thread = threading.Thread(target=other.server.run, daemon=True)
    thread.start()
    while not other.server.started:
        time.sleep(0.01)
    port = other.server.servers[0].sockets[0].getsockname()[1]
    evil.items = [notice(2), notice(1)]
    evil.link = f'<http://localhost:{port}/api/v1/notifications?max_id=1>; rel="next"'
    assert set(pulled()) == {"1", "2"}
    assert other.asked == []
    other.server.should_exit = True
    thread.join(10)


def test_a_token_that_dies_stops_the_account_and_nothing_is_lost(evil: Evil) -> None:
    evil.token = "another"
    pulled()
    (row,) = done("accounts", "list")
    assert (row["state"], "connect the account again" in row["error"]) == ("auth_expired", True)
    assert done("pull")["feeds"] == 0
    schedule.due()
    evil.items = [notice(1)]
    assert refused("accounts", "check", 1)
    evil.token = "right"
    assert done("accounts", "check", 1)["ok"]
    assert set(pulled()) == {"1"}


# --- webhooks ---------------------------------------------------------------------------------------


@pytest.fixture
def hooked(platforms: Sandbox, hub: None) -> Iterator[tuple[Browser, dict[str, str], int]]:
    """A bot whose deliveries come by webhook: a door to knock at, the headers that open it, the account."""
    number = done("accounts", "add", *platforms.sign_in("kumo"))["id"]
    done("accounts", "webhook", number, "--address", "http://127.0.0.1:9")
    with db.read() as session:
        account = session.get(Account, number)
        assert account is not None
        secret = accounts.secrets(account)["webhook_secret"]
    yield Browser(create_app()), {"x-telegram-bot-api-secret-token": secret}, number
    done("accounts", "webhook", number, "--off")


def knock(browser: Browser, number: int, headers: dict[str, str], body: bytes) -> httpx.Response:
    return browser.request("POST", f"/hooks/telegram/{number}", headers=headers, content=body)


UPDATE = {
    "update_id": 900000001,
    "message": {
        "message_id": 77, "date": 1790000000, "text": "Durch die Tür", "chat": {"id": 4711, "type": "private"},
        "from": {"id": 4711, "is_bot": False, "first_name": "Tom"},
    },
}  # fmt: skip


def test_a_delivery_with_a_wrong_secret_is_refused(hooked: tuple[Browser, dict[str, str], int]) -> None:
    browser, _, number = hooked
    body = json.dumps(UPDATE).encode()
    for headers in ({}, {"x-telegram-bot-api-secret-token": "guessed"}):
        assert knock(browser, number, headers, body).status_code == 403
    assert knock(browser, 999, {}, body).status_code == 404
    assert browser.request("POST", f"/hooks/mastodon/{number}", content=body).status_code == 404
    with db.read() as session:
        assert session.scalars(sa.select(Delivery)).all() == []


def test_a_delivery_is_stored_before_it_is_answered_and_comes_once(hooked: tuple[Browser, dict[str, str], int]) -> None:
    browser, headers, number = hooked
    for _ in range(2):
        assert knock(browser, number, headers, json.dumps(UPDATE).encode()).status_code == 200
    with db.read() as session:
        assert len(session.scalars(sa.select(Delivery)).all()) == 2
    done("pull", "--wait")
    rows = [row for row in done("messages") if row["text"] == "Durch die Tür"]
    assert [(row["kind"], row["author"]) for row in rows] == [("dm", "4711")]
    with db.read() as session:
        assert session.scalars(sa.select(Delivery)).all() == []


@pytest.mark.parametrize("body", [b"not json", b"[]", b"\xff\xfe", b'{"no": "update"}'])
def test_a_signed_delivery_nobody_can_read_is_kept_and_shown(
    hooked: tuple[Browser, dict[str, str], int], body: bytes
) -> None:
    browser, headers, number = hooked
    assert knock(browser, number, headers, body).status_code == 200
    with db.read() as session:
        (row,) = session.scalars(sa.select(Delivery)).all()
    assert row.error.startswith("The delivery is not")
    assert "could not be read, and are kept: 1" in widerhall("doctor", "--json").out


def test_a_malformed_update_is_kept_aside_by_the_worker(hooked: tuple[Browser, dict[str, str], int]) -> None:
    browser, headers, number = hooked
    odd = json.dumps({"update_id": 1, "message": {"chat": "nowhere"}}).encode()
    assert knock(browser, number, headers, odd).status_code == 200
    done("pull", "--wait")
    assert len(bad()) == 1
    assert "nowhere" in bad()[0][1]


def test_the_same_telegram_messages_come_by_webhook_and_by_long_poll_once(platforms: Sandbox, hub: None) -> None:
    number = done("accounts", "add", *platforms.sign_in("kumo"))["id"]
    key = platforms.post("kumo", "Kommt das zweimal?")
    done("pull", "--wait")
    with db.read() as session:
        m = db.table(Message)
        rows = session.execute(sa.select(m.c.account_id, m.c.text).where(m.c.key == key)).all()
    assert [(row.account_id, row.text) for row in rows] == [(number, "Kommt das zweimal?")]
