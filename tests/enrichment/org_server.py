"""The simulated org on a loopback port, and a small server for answers no org would give."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from enrichment.salesforce import deploy
from enrichment.salesforce.client import Client
from enrichment.salesforce.login import Login
from sandbox.faults import FaultMiddleware, Faults
from sandbox.salesforce import CLIENT_ID, CLIENT_SECRET, create_app


class Memory:
    def __init__(self) -> None:
        self.shelves: dict[str, dict[str, dict[str, Any]]] = {}

    def shelf(self, name: str) -> MutableMapping[str, dict[str, Any]]:
        return self.shelves.setdefault(name, {})


class RunningOrg:
    """What a test sees of the org: its address, its hooks, its records by key."""

    def __init__(self, url: str, faults: Faults, store: Memory) -> None:
        self.url, self.faults, self.store = url, faults, store

    @property
    def login(self) -> Login:
        return Login(self.url, CLIENT_ID, CLIENT_SECRET)

    def hook(self, name: str, /, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_org/{name}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, kind: str, **more: Any) -> None:
        """The next call fails in that way."""
        self.faults.add({"service": "salesforce", "kind": kind, **more})

    def make(self, object_: str, **fields: Any) -> str:
        return str(self.hook("records", records=[{"attributes": {"type": object_}, **fields}])["ids"][0])

    def rows(self, object_: str) -> list[dict[str, Any]]:
        return [r for r in self.store.shelf(f"salesforce.{object_}").values() if not r["IsDeleted"]]


@contextmanager
def running_org(mount: str = "", *, installed: bool = True) -> Iterator[RunningOrg]:
    """The org at the root of a port of its own, or beneath a path of it; with our objects unless it is fresh."""
    faults, store = Faults(), Memory()
    app = FaultMiddleware(create_app(store, faults, [], lambda: datetime.now(UTC)), faults, "salesforce")
    served = Starlette(routes=[Mount(mount, app)]) if mount else app
    server = uvicorn.Server(uvicorn.Config(served, port=0, log_level="warning", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        org = RunningOrg(f"http://127.0.0.1:{port}{mount}", faults, store)
        if installed:
            deploy.install(Client(org.login, allow_private=True), sleep=lambda span: None)
            org.hook("limits", used=0)
        yield org
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def answers(*prepared: tuple[int, str, str]) -> Iterator[tuple[str, list[str]]]:
    """A server that gives the prepared (status, content type, body) one after the other, the last for ever.

    Yields its address and the list of paths asked for.
    """
    asked: list[str] = []
    waiting = list(prepared)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            raw = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = do_DELETE = _answer

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
