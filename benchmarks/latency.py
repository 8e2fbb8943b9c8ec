"""From a post on a platform to the event in an open page: over a stream, over a long poll, and polled.

One message at a time is posted in the sandbox; the page is a connection to `/live` as a browser holds it.
"""

from __future__ import annotations

import contextlib
import json
import queue
import random
import statistics
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from benchmarks import house
from core import db
from web import demo, sessions
from web.models import User
from web.supervisor import web_url

POLL_SECONDS = 6
STREAMED, POLLED = 100, 12
TARGET_P95 = 1.5
PATIENCE = 30.0


def run(folder: Path) -> dict[str, Any]:
    """Seconds; `ok` when the stream's p95 and the slowest polled message are in time."""
    with house.running(folder, **{**house.CLOCK_STOPPED, "POLL_SECONDS": str(POLL_SECONDS)}):
        page = Page()
        stream = [page.after_post("mastodon", pause=0.3) for _ in range(STREAMED)]
        long_poll = [page.after_post("telegram", pause=0.3) for _ in range(STREAMED // 4)]
        polled = [page.after_post("bluesky", pause=POLL_SECONDS) for _ in range(POLLED)]
    figures = {**_figures("stream", stream), **_figures("long_poll", long_poll), **_figures("polled", polled)}
    limit = POLL_SECONDS + 1
    return {
        **figures,
        "stream_p95_target": TARGET_P95,
        "polled_interval": POLL_SECONDS,
        "polled_target": limit,
        "ok": figures["stream_p95"] < TARGET_P95 and figures["polled_slowest"] <= limit,
    }


def _figures(name: str, seconds: list[float]) -> dict[str, float]:
    return {
        f"{name}_median": round(statistics.median(seconds), 3),
        f"{name}_p95": round(statistics.quantiles(seconds, n=20, method="inclusive")[-1], 3),
        f"{name}_slowest": round(max(seconds), 3),
    }


class Page:
    """An open page: a connection to `/live`, read by a thread of its own."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
        self._newest = 0
        self._rng = random.Random(11)
        opened = threading.Event()
        threading.Thread(target=self._read, args=(_cookies(), opened), daemon=True).start()
        if not opened.wait(PATIENCE):
            raise TimeoutError("the event stream did not open")

    def _read(self, cookies: dict[str, str], opened: threading.Event) -> None:
        with (
            contextlib.suppress(httpx.HTTPError),  # the hub stops before this page is closed
            httpx.Client(base_url=web_url() or "", cookies=cookies, timeout=None) as client,
            client.stream("GET", "/live") as answer,
        ):
            answer.raise_for_status()
            for line in answer.iter_lines():
                opened.set()
                if line.startswith("data: "):
                    self._events.put((time.monotonic(), json.loads(line.removeprefix("data: "))))

    def after_post(self, platform: str, pause: float) -> float:
        """Seconds from a new post on a platform to its event here."""
        time.sleep(self._rng.uniform(0, pause))
        started = time.monotonic()
        house.control("/_bulk", platform=platform, count=1)
        while True:
            arrived, event = self._events.get(timeout=PATIENCE)
            if event.get("topic") == "message.stored" and event["message_id"] > self._newest:
                self._newest = event["message_id"]
                return arrived - started


def _cookies() -> dict[str, str]:
    """A session of the demo's administrator."""
    demo.login()
    with db.write() as session:
        user = session.execute(sa.select(db.table(User).c.id)).scalar_one()
        return {"widerhall": sessions.start(session, user, "benchmark")}
