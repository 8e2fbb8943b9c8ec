"""One uvicorn process: `python -m web.serve` (docs/decisions/0002-uvicorn-one-process.md)."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
from types import FrameType

import uvicorn

from core import log, process
from core.settings import settings
from web.app import create_app
from web.fanout import Hub


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
    bound = config.bind_socket()
    # asyncio leaves a socket of ours alone, and without this each answer waits 40 ms for a delayed ACK
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Server(config, app.state.hub), bound


def main() -> None:
    """Serve until a signal comes."""
    log.configure(settings().log_level)
    server, bound = build()
    gc.collect()
    process.steady()
    server.run(sockets=[bound])


if __name__ == "__main__":
    main()
