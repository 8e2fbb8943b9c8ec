"""A deed on 10,000 conversations in one go, and what somebody waits for a page and for a write of theirs meanwhile.

The hub runs as it does anywhere: web, worker and broker, with all that follows from a change. Another browser opens the
list again and again, and a writer asks for its turn as a form does.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import migrations
from benchmarks import world
from benchmarks.pages import browser, cookie, p95
from benchmarks.servers import postgres
from core import audit, db
from core.settings import settings
from inbox.actions import Action
from inbox.many import jobs, work
from inbox.many.models import BulkJob
from inbox.models import Conversation
from inbox.visibility import EVERYTHING
from inbox.worker_models import User
from web.supervisor import Supervisor, hub_children, web_url

CONVERSATIONS = 10_000
SIZE = world.Size(conversations=12_000, messages=48_000, people=5_000)
FEW = (20, 100, 200)
PAGE = "/inbox?view=all"
PATIENCE = 900.0


def run(folder: Path) -> dict[str, Any]:
    """Seconds of the whole, there and back; milliseconds that a page and a write take beside it, and without it."""
    result: dict[str, Any] = {"conversations": CONVERSATIONS}
    result |= {f"sqlite_{name}": value for name, value in _measured(f"sqlite:///{settings().sqlite_path}").items()}
    with postgres() as fresh:
        if fresh is None:
            return result | {"postgresql": "unsupported here: no PostgreSQL (install the dev extra on Linux)"}
        url = fresh()
        os.environ["WIDERHALL_DATABASE_URL"] = url
        settings.cache_clear()
        return result | {f"postgresql_{name}": value for name, value in _measured(url).items()}


def _measured(url: str) -> dict[str, Any]:
    migrations.upgrade(db.configure(url))
    world.fill(SIZE)
    found: dict[str, Any] = {}
    for number in FEW:
        job = _begun(number, f"few{number}", at_once=number)
        before = time.perf_counter()
        work.whole(job, lambda session, actor: EVERYTHING)
        found[f"{number}_at_once_ms"] = round((time.perf_counter() - before) * 1000)
    with _hub() as address, browser(address, cookie("agent")) as get:
        for _ in range(60):
            get(PAGE)
        found |= _beside("alone", get, lambda since: time.perf_counter() - since > 10)
        job = _begun(CONVERSATIONS, "ten-thousand")
        found |= _beside("there", get, lambda since: _state(job) == "done")
        with db.write() as session:
            jobs.undo(session, job, _actor())
        found |= _beside("back", get, lambda since: _state(job) == "undone")
        with db.read() as session:
            row = session.get(BulkJob, job)
            assert row is not None  # noqa: S101  # it was just made
            found |= {"changed": row.changed, "back": row.back}
    return found


@contextlib.contextmanager
def _hub() -> Iterator[str]:
    os.environ["WIDERHALL_PORT"] = "0"
    settings.cache_clear()
    supervisor = Supervisor([child for child in hub_children() if child.name in ("broker", "worker", "web")])
    try:
        supervisor.start()
        yield str(web_url())
    finally:
        supervisor.stop()
        db.engine().dispose()


def _actor() -> str:
    u = db.table(User)
    with db.read() as session:
        found = session.execute(sa.select(u.c.id).where(u.c.role == "agent").order_by(u.c.id).limit(1)).scalar_one()
    return f"user:{found}"


def _begun(number: int, tag: str, at_once: int = 0) -> int:
    c, actor = db.table(Conversation), _actor()
    chosen = sa.select(c.c.id).where(c.c.inbox == sa.true()).order_by(c.c.id).limit(number)
    with db.write() as session:
        return jobs.begin(session, actor, [Action("tag", tag)], chosen, at_once=at_once).id or 0


def _state(job: int) -> str:
    with db.read() as session:
        row = session.get(BulkJob, job)
        return row.state if row is not None else ""


def _beside(name: str, get: Callable[[str], None], ended: Callable[[float], bool]) -> dict[str, Any]:
    """Pages and writes in turn until it has ended."""
    since, pages, writes = time.perf_counter(), [], []
    while not ended(since):
        if time.perf_counter() - since > PATIENCE:
            raise RuntimeError(f"{name}: it has not ended")
        before = time.perf_counter()
        get(PAGE)
        pages.append(time.perf_counter() - before)
        before = time.perf_counter()
        with db.write() as session:
            audit.record(session, "cli", "benchmark.written", "user:1")
        writes.append(time.perf_counter() - before)
        time.sleep(0.02)
    return {
        f"{name}_seconds": round(time.perf_counter() - since, 1),
        f"{name}_page_p95_ms": round(p95(pages), 1),
        f"{name}_page_worst_ms": round(max(pages) * 1000, 1),
        f"{name}_write_p95_ms": round(p95(writes), 1),
        f"{name}_write_worst_ms": round(max(writes) * 1000, 1),
    }
