"""Seconds from a post on a platform to its event in a browser's open connection, one post after the other."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from benchmarks import house
from core import db
from inbox.models import Message
from web import demo, sessions
from web.models import User
from web.supervisor import web_url

STREAMED, POLLED, INTERVAL = 60, 12, 2.0
TARGET, SLACK = 1.5, 1.0
COOKIE = "widerhall"
PEOPLE = {"mastodon": ("jonas", "lindenbahn"), "bluesky": ("lena", "hoshizora")}


def run(folder: Path) -> dict[str, Any]:
    """Mastodon is streamed, Bluesky is polled every two seconds; the hub does nothing else meanwhile."""
    with house.running(folder, POLL_SECONDS=str(INTERVAL), RECHECK_SECONDS="3600", CRM_SECONDS="3600"):
        time.sleep(5)  # lines are open
        with listening() as arrived:
            streamed = sorted(_post("mastodon", number, arrived) for number in range(STREAMED))
            polled = sorted(_post("bluesky", number, arrived) for number in range(POLLED))
    p95 = streamed[int(len(streamed) * 0.95)]
    return {
        "posts": STREAMED,
        "p50_seconds": round(streamed[len(streamed) // 2], 3),
        "p95_seconds": round(p95, 3),
        "target_seconds": TARGET,
        "polled_posts": POLLED,
        "polled_worst_seconds": round(polled[-1], 3),
        "polled_target_seconds": INTERVAL + SLACK,
        "ok": p95 < TARGET and polled[-1] < INTERVAL + SLACK,
    }


def _post(platform: str, number: int, arrived: queue.Queue[int]) -> float:
    """One customer's post; the time until a browser hears of the message with its key."""
    person, account = PEOPLE[platform]
    started = time.perf_counter()
    m = db.table(Message)
    text = f"latency {number} {time.time_ns()}"
    key = house.control("/_post", platform=platform, person=person, account=account, text=text, private=False)["key"]
    while True:
        message_id = arrived.get(timeout=30)
        seconds = time.perf_counter() - started
        with db.read() as session:
            if session.execute(sa.select(m.c.key).where(m.c.id == message_id)).scalar() == key:
                return seconds


@contextmanager
def listening() -> Iterator[queue.Queue[int]]:
    """A signed-in browser's event stream; message ids of `message.stored` as they come."""
    arrived: queue.Queue[int] = queue.Queue()
    stop = threading.Event()
    demo.login()
    with db.write() as session:
        user = session.execute(sa.select(db.table(User).c.id)).scalar_one()
        token = sessions.start(session, user, "benchmark")
    reader = threading.Thread(target=_read, args=(token, arrived, stop), daemon=True)
    reader.start()
    time.sleep(1)
    try:
        yield arrived
    finally:
        stop.set()


def _read(token: str, arrived: queue.Queue[int], stop: threading.Event) -> None:
    cookies = {COOKIE: token}
    with httpx.stream("GET", f"{web_url()}/live", cookies=cookies, timeout=60) as response:
        response.raise_for_status()
        for row in response.iter_lines():
            if stop.is_set():
                return
            if row.startswith("data: ") and (event := json.loads(row[6:])).get("topic") == "message.stored":
                arrived.put(event["message_id"])
