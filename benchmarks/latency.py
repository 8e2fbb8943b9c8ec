"""Seconds from a post on a platform to its event in a browser's open connection, one post after the other.

Mastodon is streamed, Telegram is asked by long polls, Bluesky is polled; the hub does nothing else meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import queue
import random
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from benchmarks import house
from core import db
from inbox.models import Message
from web.supervisor import web_url

STREAMED, LONG_POLLED, POLLED, INTERVAL = 100, 25, 20, 2.0
TARGET, SLACK = 1.5, 1.0
PEOPLE = {"mastodon": ("jonas", "lindenbahn"), "bluesky": ("lena", "hoshizora"), "telegram": ("timo", "kumo")}
Arrived = queue.Queue[tuple[float, int]]
"""When a message's event arrived, and the message's id."""


def run(folder: Path) -> dict[str, Any]:
    """`p95_seconds` is the streamed platform's, `polled_worst_seconds` the slowest of the polled one."""
    settings = {**house.CLOCK_STOPPED, "POLL_SECONDS": str(INTERVAL)}
    with house.running(folder, **settings), listening() as arrived:
        streamed = _posts("mastodon", STREAMED, 0.2, arrived)
        long_polled = _posts("telegram", LONG_POLLED, 0.2, arrived)
        polled = _posts("bluesky", POLLED, INTERVAL, arrived)
    p95 = _p95(streamed)
    return {
        "posts": STREAMED,
        "p50_seconds": round(statistics.median(streamed), 3),
        "p95_seconds": round(p95, 3),
        "target_seconds": TARGET,
        "long_poll_p95_seconds": round(_p95(long_polled), 3),
        "polled_posts": POLLED,
        "polled_interval_seconds": INTERVAL,
        "polled_worst_seconds": round(max(polled), 3),
        "polled_target_seconds": INTERVAL + SLACK,
        "ok": p95 < TARGET and max(polled) < INTERVAL + SLACK,
    }


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


def _posts(platform: str, count: int, pause: float, arrived: Arrived) -> list[float]:
    """Posts one after the other, at moments that have nothing to do with the hub's clock."""
    rng, found = random.Random(7), []
    for _ in range(count):
        time.sleep(rng.uniform(0, pause))
        found.append(_post(platform, arrived))
    return found


def _post(platform: str, arrived: Arrived) -> float:
    """One customer's post; the time until a browser hears of the message with its key."""
    person, account = PEOPLE[platform]
    m = db.table(Message)
    post = {"platform": platform, "person": person, "account": account, "text": f"latency {time.time_ns()}"}
    started = time.monotonic()
    key = house.control("/_post", **post)["key"]
    while True:
        moment, message_id = arrived.get(timeout=30)
        with db.read() as session:
            if session.execute(sa.select(m.c.key).where(m.c.id == message_id)).scalar() == key:
                return moment - started


@contextlib.contextmanager
def listening() -> Iterator[Arrived]:
    """A signed-in browser's event stream: what comes as `message.stored`."""
    arrived: Arrived = queue.Queue()
    opened = threading.Event()
    cookies = house.signed_in()
    threading.Thread(target=_read, args=(cookies, arrived, opened), daemon=True).start()
    if not opened.wait(30):
        raise TimeoutError("the event stream did not open")
    yield arrived


def _read(cookies: dict[str, str], arrived: Arrived, opened: threading.Event) -> None:
    with (
        contextlib.suppress(httpx.HTTPError),  # the hub stops before this browser is closed
        httpx.stream("GET", f"{web_url()}/live", cookies=cookies, timeout=60) as response,
    ):
        response.raise_for_status()
        for row in response.iter_lines():
            opened.set()
            if row.startswith("data: ") and (event := json.loads(row[6:])).get("topic") == "message.stored":
                arrived.put((time.monotonic(), event["message_id"]))
