"""Fixtures of the web's tests: cheap passwords, users of every role, a client without a network, a real server."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from core import db
from core.event import Author, Event, Page, Profile
from core.settings import settings
from inbox import accounts, ingest
from sandbox.mail import Mailbox, Server
from web import auth, passwords, permissions, roles, sessions, throttle, tokens
from web.api import limit
from web.app import create_app

PASSWORD = "several quiet words"
BASE = "http://127.0.0.1"


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(throttle, "_local", {})
    monkeypatch.setattr(limit, "_local", {})


@dataclass
class Browser:
    """A browser without a network: keeps cookies, sends our forms with their token.

    To the JSON API, which takes no sign-in, it sends a token of its user's that may all they may.
    """

    app: Any
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    csrf: str = ""
    base: str = BASE
    client: tuple[str, int] = ("127.0.0.1", 4711)
    user_id: int = 0
    token: str = ""

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"accept": "text/html", "accept-language": "en", **options.pop("headers", {})}
        if path.startswith(permissions.API) and self.user_id:
            self.token = self.token or api_token(self.user_id)
            headers = {"authorization": f"Bearer {self.token}", **headers}
        return asyncio.run(self._request(method, path, headers=headers, **options))

    async def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=self.client)
        async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
            response = await client.request(method, path, **options)
            self.cookies = client.cookies
        return response

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        return self.request("POST", path, data={"csrf": self.csrf, **(data or {})}, **options)

    def form_token(self, path: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def sign_in(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/signin", {"csrf": self.form_token("/signin"), "email": email, "password": password})


def api_token(user_id: int, *scopes: str, days: int | None = None) -> str:
    """A token of a user: for these scopes, or for all that their role may."""
    with db.write() as session:
        may = roles.granted_to(session, auth.get(session, user_id).role)
        return tokens.make(session, user_id, "Тест", scopes or may - {"self"}, may, days, "test")[1]


@pytest.fixture
def app(database: str) -> FastAPI:
    return create_app()


@pytest.fixture
def browser(app: FastAPI) -> Browser:
    """Somebody who is not signed in."""
    return Browser(app)


def user(role: str) -> str:
    """Create a user of a role; the address to sign in with."""
    email = f"{role.replace(':', '-')}@demo.example"
    with db.write() as session:
        if auth.find(session, email) is None:
            auth.create_user(session, email, role.title(), PASSWORD, role)
    return email


@pytest.fixture
def as_role(app: FastAPI) -> Callable[[str], Browser]:
    """A browser in which somebody of a role is signed in."""

    def signed(role: str) -> Browser:
        email = user(role)
        with db.write() as session:
            found = auth.find(session, email)
            assert found is not None
            token = sessions.start(session, found.id or 0, "test")
        state = sessions.find(token)
        assert state is not None
        cookies = httpx.Cookies()
        cookies.set("widerhall", token, domain="127.0.0.1")
        return Browser(app, cookies, state.csrf, user_id=state.user_id)

    return signed


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server that this installation uses."""
    made = Mailbox()
    server = Server(made)
    server.start()
    for name, value in {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": f"{server.port}", "SMTP_SECURITY": "none",
                        "MAIL_FROM": "hub@demo.example", "PUBLIC_URL": "https://hub.example"}.items():  # fmt: skip
        monkeypatch.setenv(f"WIDERHALL_{name}", value)
    settings.cache_clear()
    yield made
    server.stop()


# --- something to read -------------------------------------------------------------------------------


def account(platform: str = "mastodon", handle: str = "@brand@social.example") -> int:
    profile = Profile(author=Author(platform=platform, id=f"https://social.example/{handle}", handle=handle))
    with db.write() as session:
        return accounts.add(
            session, platform=platform, profile=profile, base_url="https://social.example",
            secrets={"token": "t"}, feeds=(),
        )  # fmt: skip


def event(key: str, text: str = "Hello", *, minutes: int = 0, **changes: Any) -> Event:
    author = Author(platform="mastodon", id="https://a.example/users/kim", handle="@kim@a.example", name="Kim")
    values: dict[str, Any] = {
        "key": key, "platform": "mastodon", "kind": "mention", "author": author, "text": text, "ref": key,
        "posted_at": db.now() - timedelta(minutes=minutes), "language": "en",
    }  # fmt: skip
    return Event(**(values | changes))


def store(account_id: int, *events: Event) -> None:
    ingest.store_page(account_id, Page(events=events))


# --- a real server, for streams ----------------------------------------------------------------------


@pytest.fixture
def server(database: str, valkey: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The web process's server in a thread of this one, on a free port; its address."""
    from web import serve

    monkeypatch.setenv("WIDERHALL_PORT", "0")
    settings.cache_clear()
    running, bound = serve.build()
    thread = threading.Thread(target=lambda: asyncio.run(running.serve(sockets=[bound])), daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    running.should_exit = True
    running.end_streams()
    thread.join(10)
    bound.close()


@pytest.fixture
def seen(server: str) -> Iterator[Any]:
    """A Chromium of this test's own on that server (tests.web.chromium.Seen); a complaint of the console fails."""
    from tests.web import chromium

    with chromium.launched() as browser:
        found = chromium.Seen(browser, server)
        yield found
        found.close()
        assert found.complaints == []


@pytest.fixture
def line(server: str) -> Iterator[Any]:
    """A line to that server that can be cut (tests.web.line.Line)."""
    from urllib.parse import urlsplit

    from tests.web.line import Line

    parts = urlsplit(server)
    found = Line((parts.hostname or "", parts.port or 0))
    yield found
    found.cut()
