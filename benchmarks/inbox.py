"""The inbox on a big hub: list, filter, search, an opened thread with its person, each against its bare SQL; fan-out.

`thread` is what is swapped in when one opens a conversation out of the list, `page` the same by its address, with the
list beside it.

100,000 conversations and 1,000,000 messages, measured as `benchmarks.pages` does. Then one message after the other is
told to 200 open event streams: the time from `web.live.publish`, as the worker calls it, to the last stream's line.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import selectors
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from sqlmodel import Session

from benchmarks import pages, pages_bare, world
from benchmarks.pages_bare import HISTORY, LIST, PERSON, THREAD, WHO, WORK, Case
from benchmarks.servers import postgres
from core import db
from core.outbox import Item
from core.settings import settings
from inbox import search
from inbox.models import Message
from inbox.text import search_query, search_tokens
from web import live

SIZE = world.Size(conversations=100_000, messages=1_000_000, people=40_000)
TARGET, TARGET_MS = 2.5, 150.0
STREAMS, POSTS, FAN_OUT_SECONDS = 200, 20, 1.0
_NARROW = " AND c.language = 'de' AND c.sentiment = 'negative'"
_FOUND = {
    "sqlite": """ AND c.id IN (SELECT m.conversation_id FROM message m
    WHERE m.id IN (SELECT rowid FROM message_search WHERE message_search MATCH :found))""",
    "postgresql": """ AND c.id IN (SELECT conversation_id FROM message_search
    WHERE body @@ to_tsquery('simple', :found))""",
}


def _within(more: str) -> tuple[str, ...]:
    """The statements of the list with a further condition on the conversation."""
    rows, counts, volume, *rest = LIST
    return (
        rows.replace("ORDER BY", f"{more} ORDER BY"),
        counts.replace("FROM conversation WHERE", "FROM conversation c WHERE").replace("GROUP BY", f"{more} GROUP BY"),
        volume.replace("GROUP BY", f"{more} GROUP BY"),
        *rest,
    )


def _words(session: Session, rng: random.Random, number: int) -> list[dict[str, Any]]:
    """A word out of some message each: what people look for is there."""
    m, daily = db.table(Message), pages_bare.everyday(session, rng, 1)[0]
    newest = session.execute(sa.select(sa.func.max(m.c.id))).scalar_one()
    found: list[dict[str, Any]] = []
    while len(found) < number:
        text = session.execute(sa.select(m.c.text).where(m.c.id == rng.randrange(1, newest + 1))).scalar() or ""
        token = max(search_tokens(text).split(), key=len, default="")
        terms = search_query(token)
        if terms:
            said = search.fts5(terms) if db.dialect() == "sqlite" else search.tsquery(terms)
            found.append({**daily, "word": quote(token), "found": said})
    return found


def cases() -> tuple[Case, ...]:
    """The pages, with the statements in the words of the engine at hand."""
    opened = (WHO, *THREAD, *WORK, *PERSON, HISTORY.replace("{limit}", "9"))
    return (
        Case("list", "agent", "/inbox", (WHO, *LIST), pages_bare.everyday),
        Case(
            "filter", "agent", "/inbox?language=de&sentiment=negative", (WHO, *_within(_NARROW)), pages_bare.everyday
        ),
        Case("search", "agent", "/inbox?q={word}", (WHO, *_within(_FOUND[db.dialect()])), _words),
        Case("thread", "agent", "/inbox/{conversation}", opened, pages_bare.opened, "conversation"),
        Case("page", "agent", "/inbox/{conversation}", (*opened, *LIST), pages_bare.opened),
    )  # fmt: skip


def run(folder: Path) -> dict[str, Any]:
    """`worst_ratio` and `worst_p95_ms` over both engines; `fan_out_seconds` until the slowest of 200 streams has it."""
    result: dict[str, Any] = {"requests": pages.REQUESTS, "target": TARGET, "target_ms": TARGET_MS, **vars(SIZE)}
    with pages.hub(f"sqlite:///{settings().sqlite_path}", SIZE) as address:
        result |= pages.compare(address, pages.on_sqlite, cases())
        result["fan_out_seconds"] = round(fan_out(address), 3)
        result["sql"] = pages_bare.printed(cases())
    with postgres() as fresh:
        if fresh is None:
            result["postgresql"] = "unsupported here: no PostgreSQL (install the dev extra on Linux)"
        else:
            url = fresh()
            os.environ["WIDERHALL_DATABASE_URL"] = url
            settings.cache_clear()
            with pages.hub(url, SIZE) as address:
                figures = pages.compare(address, pages.on_postgresql, cases())
            result |= {f"postgresql_{name}": value for name, value in figures.items()}
    result["worst_ratio"] = max(value for name, value in result.items() if name.endswith("_ratio"))
    ours = (value for name, value in result.items() if name.endswith("_p95_ms") and not name.endswith("sql_p95_ms"))
    result["worst_p95_ms"] = max(ours)
    result["ok"] = (
        result["worst_ratio"] <= TARGET
        and result["worst_p95_ms"] <= TARGET_MS
        and result["fan_out_seconds"] <= FAN_OUT_SECONDS
    )
    return result


# --- fan-out ------------------------------------------------------------------------------------------


def fan_out(address: str) -> float:
    """The slowest of all posts to the slowest of all streams, in seconds."""
    m = db.table(Message)
    with db.read() as session:
        ids = session.scalars(sa.select(m.c.id).order_by(m.c.id.desc()).limit(POSTS)).all()
    slowest = 0.0
    with _streams(address, pages.cookie("agent")) as (watch, everybody):
        for number in ids:
            started = time.perf_counter()
            live.publish([Item(1, "message.stored", "x", {"message_id": [number], "version": [1]})])
            _until_all(watch, everybody, json.dumps({"message_id": number})[1:-1].encode())
            slowest = max(slowest, time.perf_counter() - started)
    return slowest


Watch = tuple[selectors.BaseSelector, list[socket.socket]]


@contextlib.contextmanager
def _streams(address: str, token: str) -> Iterator[Watch]:
    """So many browsers' event streams, open and reading."""
    parts, watch = urlsplit(address), selectors.DefaultSelector()
    host, port = parts.hostname or "", parts.port or 80
    head = f"GET /live HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: widerhall={token}\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        everybody = []
        for _ in range(STREAMS):
            one = stack.enter_context(socket.create_connection((host, port), timeout=60))
            one.sendall(head)
            watch.register(one, selectors.EVENT_READ)
            everybody.append(one)
        _until_all(watch, everybody, b"retry:")
        time.sleep(1)  # every stream's place in the broker is fixed
        yield watch, everybody


def _until_all(watch: selectors.BaseSelector, everybody: list[socket.socket], mark: bytes) -> None:
    """Read until each has received the mark; RuntimeError when one is cut off or half a minute passes."""
    left, end, heard = set(everybody), time.monotonic() + 30, dict.fromkeys(everybody, b"")
    while left:
        if time.monotonic() > end:
            raise RuntimeError(f"{len(left)} streams did not hear of it")
        for key, _ in watch.select(1):
            one = key.fileobj
            assert isinstance(one, socket.socket)  # noqa: S101  # registered as such
            part = one.recv(1 << 16)
            if not part:
                raise RuntimeError("a stream was cut off")
            heard[one] += part
            if mark in heard[one]:
                left.discard(one)
