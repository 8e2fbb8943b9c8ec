"""Celery as the doorbell of the outbox: ring, drain, sweep.

    ring    SET bell NX EX 10 -> one drain task of that subscriber
    drain   take the bell down first; step until empty or 2 s; ring again if work is left; one at a time
    sweep   every second, from beat: ring whoever has due rows

A lost ring, a flushed broker, a killed worker cost at most a sweep.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

import redis
from celery import Celery, beat, bootsteps, signals
from kombu.connection import Connection
from kombu.exceptions import KombuError
from kombu.pools import producers

from core import backlog, broker, db, log, outbox, process
from core.settings import settings
from core.topics import SUBSCRIBERS

BELL_SECONDS = 10
DRAIN_SECONDS = 2.0
SWEEP_SECONDS = 1.0
GATHER_SECONDS = 0.1
"""Under load a subscriber waits so long between two batches that are not full."""

logger = log.get("queue")


def transport_options() -> dict[str, Any]:
    """How Celery uses the broker; keys carry this installation's prefix."""
    return {
        "global_keyprefix": broker.prefix(),
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "visibility_timeout": 60,
        "socket_connect_timeout": 2,
    }


app = Celery("widerhall")
app.conf.update(
    broker_url=broker.celery_url(),
    task_ignore_result=True,
    task_acks_late=False,  # the row is the letter: an unanswered ring is repeated by the sweep
    worker_prefetch_multiplier=4,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options=transport_options(),
    task_default_queue="cpu",
    task_routes={"widerhall.sweep": {"queue": "io"}},
    beat_schedule={"sweep": {"task": "widerhall.sweep", "schedule": SWEEP_SECONDS, "options": {"expires": 10}}},
    beat_max_loop_interval=1,
    timezone="UTC",
)


@cache
def handler(name: str) -> outbox.Handler:
    """The function behind a dotted name of the table of subscribers."""
    module, _, function = name.rpartition(".")
    found: outbox.Handler = getattr(import_module(module), function)
    process.steady()
    return found


@lru_cache(maxsize=4)
def _connection(url: str, prefix: str) -> Connection:
    """One pool of producers per broker: which one it is, is read when it rings, not when this is imported."""
    return Connection(url, transport_options={**transport_options(), "global_keyprefix": prefix})  # type: ignore[no-untyped-call]  # kombu is untyped


def ring(name: str) -> None:
    """Ask for a drain of one subscriber; an absent broker is no error, the sweep asks again."""
    subscriber = SUBSCRIBERS[name]
    try:
        for slot in range(subscriber.parallel):
            bell = f"{broker.prefix()}bell:{name}:{slot}"
            if broker.client().set(bell, "1", nx=True, ex=BELL_SECONDS):
                connection = _connection(broker.celery_url(), broker.prefix())
                with producers[connection].acquire(block=True, timeout=5) as producer:
                    drain.apply_async((name, slot), queue=subscriber.queue, retry=False, producer=producer)
                return
    except (redis.RedisError, OSError, KombuError) as error:
        logger.warning("no broker to ring", subscriber=name, error=type(error).__name__)


def ring_after_commit(info: dict[str, Any]) -> None:
    """Hook of `db.write`: ring everybody who was written to in this transaction."""
    for name in info.get("rung", ()):
        ring(name)


if ring_after_commit not in db.after_commit:
    db.after_commit.append(ring_after_commit)


_at_work: dict[tuple[str, int], threading.Lock] = defaultdict(threading.Lock)


@app.task(name="widerhall.drain")  # type: ignore[untyped-decorator]  # Celery is untyped
def drain(name: str, slot: int = 0) -> None:
    """Work off one subscriber for a while; one drain per slot and process, so that batches grow under load.

    Whoever is at work when it rings again looks at the bell after letting go, so that no ring is lost.
    """
    bell, lock, end = f"{broker.prefix()}bell:{name}:{slot}", _at_work[name, slot], time.monotonic() + DRAIN_SECONDS
    while lock.acquire(blocking=False):
        try:
            _take_down(bell)
            emptied = _work_off(name, end)
        finally:
            lock.release()
        if not emptied:
            _take_down(bell)
            ring(name)
        if not emptied or not _rung(bell):
            return


def _work_off(name: str, end: float) -> bool:
    """Batch after batch until nothing is due; False when it made room for others before."""
    subscriber, handle = SUBSCRIBERS[name], handler(name)
    while worked := outbox.step(subscriber, handle):
        if subscriber.parallel > 1:
            ring(name)  # somebody else may take the next one meanwhile
        if time.monotonic() > end:
            return False
        if 1 < worked < subscriber.batch:
            time.sleep(GATHER_SECONDS)  # what comes within a moment goes together
    return True


def _take_down(bell: str) -> None:
    try:
        broker.client().delete(bell)
    except redis.RedisError:
        logger.warning("bell not taken down", bell=bell)


def _rung(bell: str) -> bool:
    try:
        return bool(broker.client().exists(bell))
    except redis.RedisError:
        return False  # the sweep asks again


@app.task(name="widerhall.sweep")  # type: ignore[untyped-decorator]  # Celery is untyped
def sweep() -> None:
    """Ring whoever has due rows, start what is due by the clock, and leave a sign of life."""
    for name in clock_jobs():
        handler(name)  # resolved here so that a wrong name is loud
    lock = broker.client().set(f"{broker.prefix()}sweep", "1", nx=True, px=int(SWEEP_SECONDS * 500))
    if not lock:
        return
    for name in clock_jobs():
        job: Any = handler(name)
        job()
    for name in backlog.due_subscribers():
        ring(name)
    broker.client().set(f"{broker.prefix()}swept", repr(time.time()), ex=3600)


def clock_jobs() -> tuple[str, ...]:
    """Functions that look at the clock and emit what is due; cheap, repeatable, called by each sweep."""
    return (
        "connectors.schedule.due",
        "enrichment.tasks.due",
        "enrichment.behaviour.retention.due",
        "enrichment.segments.members.due",
        "inbox.desk.wake",
        "inbox.clocks.look",
        "sentiment.clock.due",
        "web.notices.mail.due",
        "web.outgoing.clock.due",
    )


def last_sweep() -> float | None:
    """Seconds since the last sweep; None when there was none or the broker is away."""
    try:
        value = broker.client().get(f"{broker.prefix()}swept")
    except redis.RedisError:
        return None
    return time.time() - float(str(value)) if value else None


class Beat(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery is untyped
    """Beat as a thread of the worker: it dies with it, leaves no orphan, and keeps no file."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **_: Any) -> None:
        self.service: Any = None

    def start(self, worker: Any) -> None:
        self.service = beat.EmbeddedService(app, max_interval=1, thread=True, scheduler_cls="celery.beat:Scheduler")
        self.service.start()

    def stop(self, worker: Any) -> None:
        if self.service is not None:
            self.service.stop()


app.steps["worker"].add(Beat)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]  # Celery is untyped
def _logging(**_: Any) -> None:
    log.configure(settings().log_level)


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery is untyped
def _forked(**_: Any) -> None:
    db.after_fork()


def work_inline(seconds: float | None = None) -> bool:
    """Work everything off in this process until nothing is due or leased; False when time ran out.

    For commands that run without a hub, and beside one: leases keep workers apart.
    """
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        worked = sum(outbox.step(subscriber, handler(name)) for name, subscriber in SUBSCRIBERS.items())
        if not worked:
            rows = backlog.overview()
            if not any((row.due and not row.paused) or row.leased for row in rows):
                return True
            time.sleep(0.05)
        if end is not None and time.monotonic() > end:
            return False
