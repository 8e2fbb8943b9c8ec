"""A program of the organisation that segments are handed on to, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from core.settings import settings


@dataclass
class Receiver:
    """A program that takes deliveries and answers as a test says."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    asks: str = ""
    """Retry-After of what is no success; empty: it does not say."""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def names(self) -> list[tuple[list[str], int]]:
        """(names added, number removed) of each delivery."""
        return [([one["name"] for one in body["added"]], len(body["removed"])) for body in self.bodies()]


@contextmanager
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver on a free port of this machine; private addresses may be called meanwhile."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.got.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            status = found.answers.pop(0) if found.answers else 204
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{found.url}/elsewhere")
            if status >= 400 and found.asks:
                self.send_header("Retry-After", found.asks)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    yield found
    server.shutdown()
    server.server_close()
    thread.join(5)
