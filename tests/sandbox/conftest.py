"""A sandbox that really listens, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.box import Sandbox
from sandbox.server import build, serve


class Running:
    """Addresses, credentials and a client for each service of a running sandbox."""

    def __init__(self, box: Sandbox, doc: dict[str, Any]) -> None:
        self.box, self.doc = box, doc
        accounts = {account["brand"]: account for account in doc["accounts"]}
        self.lindenbahn, self.fjellvik = accounts["lindenbahn"]["token"], accounts["fjellvik"]["token"]
        self.hoshizora, self.marlowe = accounts["hoshizora"], accounts["marlowe"]
        self.bot = f"{doc['telegram']}/bot{accounts['kumo']['token']}"
        self.control = httpx.Client(base_url=doc["control"], timeout=20)
        self.mastodon = httpx.Client(
            base_url=doc["mastodon"], headers={"Authorization": f"Bearer {self.lindenbahn}"}, timeout=20
        )
        self.bluesky = httpx.Client(base_url=f"{doc['bluesky']}/xrpc", timeout=20)
        self.telegram = httpx.Client(timeout=20)

    def call(self, method: str, **parameters: Any) -> httpx.Response:
        """One method of the Bot API."""
        return self.telegram.post(f"{self.bot}/{method}", json=parameters)

    def world(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control.get("/_world.json").json()
        return found

    def sign_in(self, name: str = "password") -> dict[str, str]:
        """Headers with a session of the Japanese brand on Bluesky."""
        login = {"identifier": self.hoshizora["identifier"], "password": self.hoshizora[name]}
        session = self.bluesky.post("/com.atproto.server.createSession", json=login).json()
        return {"Authorization": f"Bearer {session['accessJwt']}"}

    def close(self) -> None:
        for client in (self.control, self.mastodon, self.bluesky, self.telegram):
            client.close()


@contextmanager
def running(data: Path | None = None, seed: int = 7) -> Iterator[Running]:
    """Start a sandbox on free ports and stop it again."""
    ready = threading.Event()
    found: dict[str, Any] = {}

    async def life() -> None:
        found["stop"], found["loop"] = asyncio.Event(), asyncio.get_running_loop()
        found["box"] = build(data, seed, limits_on=False)
        await serve(found["box"], "127.0.0.1", 0, found["stop"], announced)

    def announced(doc: dict[str, Any]) -> None:
        found["doc"] = doc
        ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(life()), daemon=True)
    thread.start()
    assert ready.wait(20), "the sandbox did not start"
    here = Running(found["box"], found["doc"])
    try:
        yield here
    finally:
        here.close()
        found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join(10)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running() as here:
        yield here
