"""A running demo for benchmarks: sandbox, broker, one worker, stream and web as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from core import db
from core.outbox import OutboxRow
from core.topics import SUBSCRIBERS
from inbox.worker_models import User
from web import demo, sessions
from web.demo import world
from web.supervisor import Supervisor, announcement, hub_children

CLOCK_STOPPED = {"POLL_SECONDS": "3600", "RECHECK_SECONDS": "3600", "CRM_SECONDS": "3600"}
"""Settings with which nothing happens by the clock: what is measured is asked for."""


@contextmanager
def running(folder: Path, *, without: Collection[str] = (), **values: str) -> Iterator[Supervisor]:
    """The demo with the sandbox's rate limits off, its world connected and quiet; `values` are settings."""
    os.environ |= {f"WIDERHALL_{name}": value for name, value in values.items()}
    world.prepare(folder / "hub", fresh=False, quick=True)
    children = [child for child in hub_children() if child.name not in without]
    supervisor = Supervisor([demo.sandbox_child(0, limits=False), *children])
    try:
        supervisor.start()
        world.connect_world()
        control("/_play", steps="all")
        quiet(120)
        yield supervisor
    finally:
        supervisor.stop()
        db.engine().dispose()


@contextmanager
def apart(folder: Path, **values: str) -> Iterator[dict[str, int]]:
    """The same under a supervisor of its own; process numbers by name, `supervisor` among them."""
    os.environ |= {f"WIDERHALL_{name}": value for name, value in values.items()}
    world.prepare(folder / "hub", fresh=False, quick=True)
    with subprocess.Popen([sys.executable, "-m", "benchmarks.supervised"]) as process:  # our own arguments
        try:
            end = time.monotonic() + 120
            while not announcement().exists():
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the hub did not come up")
                time.sleep(0.1)
            world.connect_world()
            control("/_play", steps="all")
            quiet(120)
            found = json.loads(announcement().read_text())
            yield {"supervisor": found["supervisor"], **found["children"]}
        finally:
            process.terminate()
            process.wait(60)
            db.engine().dispose()


def control(path: str, **values: Any) -> dict[str, Any]:
    """Ask the sandbox for something."""
    answer = httpx.post(demo.services()["control"] + path, json=values, timeout=600).raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def signed_in() -> dict[str, str]:
    """The cookies of a browser in which the demo's administrator is signed in."""
    world.login()
    with db.write() as session:
        user = session.execute(sa.select(db.table(User).c.id)).scalar_one()
        return {"widerhall": sessions.start(session, user, "benchmark")}


def quiet(patience: float, apart: Collection[str] = ()) -> None:
    """Wait until the outbox is empty (letters to `apart` may wait); TimeoutError tells what is left."""
    end = time.monotonic() + patience
    while left := waiting(apart):
        if time.monotonic() > end:
            raise TimeoutError(f"after {patience:.0f} s letters still wait for {', '.join(left)}")
        time.sleep(0.02)


def waiting(apart: Collection[str] = ()) -> list[str]:
    """Subscribers that have letters, due, leased or for later."""
    t = db.table(OutboxRow)
    with db.read() as session:
        return [
            name
            for name in SUBSCRIBERS
            if name not in apart
            and session.execute(sa.select(t.c.id).where(t.c.subscriber == name, t.c.dead == 0).limit(1)).first()
        ]
