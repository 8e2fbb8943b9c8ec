"""The doorbell: rings find work, a lost ring costs a sweep, a killed worker costs a lease."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from core import broker, db, outbox, queue
from core.outbox import OutboxRow
from core.settings import settings
from core.topics import SUBSCRIBERS, TOPICS

pytestmark = [pytest.mark.usefixtures("database", "valkey"), pytest.mark.xdist_group("queue")]


def start_worker() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "core.queue", "worker", "-P", "threads", "-c", "4", "-Q", "cpu,io"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR"]
    return subprocess.Popen([*command, *quiet], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    child = start_worker()
    until(lambda: queue.last_sweep() is not None)
    yield child
    child.kill()
    child.wait()


def until(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def put(number: int) -> None:
    with db.write() as session:
        outbox.emit(session, "identity.seen", [(str(n), {"identity_id": n}) for n in range(number)])


def left() -> int:
    with db.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(OutboxRow)).scalar_one()


def test_work_without_a_ring_is_found_by_the_sweep(worker) -> None:
    put(5)  # no hook rings in tests: nobody was told
    until(lambda: left() == 0, 8)


def test_a_ring_is_quicker_than_the_sweep(worker) -> None:
    until(lambda: (queue.last_sweep() or 9) < 0.3)
    put(5)
    queue.ring("enrichment.tasks.match")
    until(lambda: left() == 0, 1.2)


def test_a_flushed_broker_loses_no_work(worker) -> None:
    put(5)
    queue.ring("enrichment.tasks.match")
    broker.client().flushall()
    until(lambda: left() == 0, 8)


def test_no_broker_is_no_error_for_the_one_who_rings() -> None:
    broker.client().shutdown(nosave=True)
    queue.ring("enrichment.tasks.match")


def test_a_killed_workers_rows_are_handled_by_the_next(worker) -> None:
    with db.write() as session:  # what a worker that died in the middle of a batch leaves behind
        outbox.emit(session, "identity.seen", [("1", {"identity_id": 1})])
    held = outbox.claim(SUBSCRIBERS["enrichment.tasks.match"])
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    if held is not None:
        with db.write() as session:
            session.execute(sa.update(db.table(OutboxRow)).values(due_at=time.time()))
    other = start_worker()
    try:
        until(lambda: left() == 0)
    finally:
        other.kill()
        other.wait()


def test_a_bell_rings_once_until_it_is_taken_down() -> None:
    queue.ring("enrichment.tasks.match")
    queue.ring("enrichment.tasks.match")
    assert broker.client().llen(f"{broker.prefix()}cpu") == 1


def test_every_subscriber_can_be_resolved() -> None:
    assert all(callable(queue.handler(name)) for name in SUBSCRIBERS)
    assert all(callable(queue.handler(name)) for name in queue.clock_jobs())


def test_every_subscriber_listens_to_something_and_is_known() -> None:
    assert {name for names in TOPICS.values() for name in names} == set(SUBSCRIBERS)


def test_an_external_broker_serves_as_well_as_the_embedded_one(monkeypatch, tmp_path, database) -> None:
    """REDIS_URL names a server that somebody else runs, reached over TCP."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [broker.command()[0], "--port", str(port), "--save", "", "--bind", "127.0.0.1", "--dir", str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0")
    settings.cache_clear()
    try:
        broker.wait_alive(30)
        child = start_worker()
        try:
            put(5)
            until(lambda: left() == 0)
        finally:
            child.kill()
            child.wait()
    finally:
        server.kill()
        server.wait()
