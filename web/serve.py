"""One uvicorn process: `python -m web.serve` (docs/decisions/0002-uvicorn-one-process.md)."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import os
import socket
import sys
from types import FrameType

import uvicorn

from core import log, process
from core.errors import NotConfigured
from core.settings import settings
from web.app import create_app
from web.fanout import Hub

BACKLOG = 2048
"""Connections that may wait to be taken, as uvicorn has it."""


def announcement() -> str:
    """The file in which a running web process tells its address: {"url": …, "pid": …}."""
    return str(settings().run_dir / "web.json")


class Server(uvicorn.Server):
    """Tells its address once it serves, and ends open event streams when it is asked to stop."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, then announce."""
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        if self.started and sockets:
            _announce(sockets[0])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: streams first, or the server would wait for pages that never leave."""
        super().handle_exit(sig, frame)
        self.end_streams()

    def end_streams(self) -> None:
        """Close every event stream; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._hub.stop)


def _announce(bound: socket.socket) -> None:
    host, port = bound.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # what one types
    path = announcement()
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    draft = f"{path}.{os.getpid()}"
    with open(draft, "w", encoding="utf-8") as file:
        json.dump({"url": settings().public_url or f"http://{shown}:{port}", "pid": os.getpid()}, file)
    os.replace(draft, path)


def _listen(host: str, port: int) -> socket.socket:
    """A socket at this address, for children, too; NotConfigured when it cannot be had."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)  # now: of two that start at once, one hears here that the port is taken
    except OSError as problem:
        bound.close()
        why = "it is taken" if problem.errno == errno.EADDRINUSE else problem.strerror or str(problem)
        raise NotConfigured(
            f"The web server cannot have port {port} on {host}: {why}. Stop what uses it, or set another "
            "WIDERHALL_PORT (0 takes a free one) or WIDERHALL_HOST."
        ) from problem
    bound.set_inheritable(True)
    return bound


def build() -> tuple[Server, socket.socket]:
    """The server and its bound socket, from the settings."""
    app = create_app()
    config = uvicorn.Config(
        app,
        host=settings().host,
        port=settings().port,
        access_log=False,  # ours has ids only
        proxy_headers=False,  # the application decides whom it trusts
        server_header=False,
        date_header=False,
        log_config=None,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=64 * 1024,
    )
    bound = _listen(settings().host, settings().port)
    # asyncio leaves a socket of ours alone, and without this each answer waits 40 ms for a delayed ACK
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Server(config, app.state.hub), bound


def main() -> None:
    """Serve until a signal comes."""
    log.configure(settings().log_level)
    try:
        server, bound = build()
    except NotConfigured as problem:
        sys.exit(str(problem))
    gc.collect()
    process.steady()
    server.run(sockets=[bound])


if __name__ == "__main__":
    main()
