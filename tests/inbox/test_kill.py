"""A process that stores pages and works the outbox off is killed again and again: nothing lost, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from core import db
from core.outbox import OutboxRow
from inbox.models import Conversation, Feed, Identity, Message

from .conftest import event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
PAGES, SIZE = 400, 10

STORE = f"""
import sys
from core import db, outbox
from core.event import Page
from core.outbox import DONE, Outcome
from core.topics import SUBSCRIBERS
from inbox.ingest import FeedStep, store_page
from inbox.models import Feed
from tests.inbox.conftest import event, person
import sqlalchemy as sa

db.configure(sys.argv[1])
account, feed = int(sys.argv[2]), int(sys.argv[3])
match = SUBSCRIBERS["sentiment.tasks.annotate"]

def annotate(items):
    def write(session):
        outbox.emit(session, "message.annotated", [(f"{{i.payload['message_id']}}:done", i.payload) for i in items])
    return Outcome(write)

while True:
    with db.read() as session:
        cursor = session.get(Feed, feed).cursor
    page = int(cursor or 0)
    if page < {PAGES}:
        events = tuple(event(page * {SIZE} + n, author=person(f"p{{n}}")) for n in range({SIZE}))
        store_page(account, Page(events=events, cursor=str(page + 1)), step=FeedStep(feed, cursor))
    if not outbox.step(match, annotate) and page >= {PAGES}:
        break
"""


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model)))


def _until_stored(pages: float) -> None:
    """Wait for progress, not for a time: machines differ in speed."""
    deadline = time.monotonic() + 60
    while int(rows(Feed)[0].cursor or 0) < pages:
        assert time.monotonic() < deadline, "the process makes no progress"
        time.sleep(0.01)


def test_kill_anywhere_and_finish_the_same(account, database) -> None:
    rng = random.Random(5)
    (feed,) = rows(Feed)
    command = [sys.executable, "-c", STORE, database, str(account), str(feed.id)]
    kills = 0
    for _ in range(40):
        child = subprocess.Popen(command, stderr=subprocess.PIPE, env=dict(os.environ))
        try:
            if kills < 8:
                _until_stored((kills + rng.random()) * PAGES / 9)
                time.sleep(rng.uniform(0, 0.1))
                child.send_signal(signal.SIGKILL)
                kills += 1
            _, error = child.communicate(timeout=60)
            if child.returncode == 0:
                break
            assert child.returncode == -signal.SIGKILL, error.decode()[-2000:]
        finally:
            child.kill()
        with db.write() as session:  # what the dead worker held is free at once instead of after its lease
            session.execute(sa.update(db.table(OutboxRow)).where(db.table(OutboxRow).c.dead == 0).values(due_at=0))
    assert kills == 8
    assert len(rows(Message)) == PAGES * SIZE
    assert len({row.key for row in rows(Message)}) == PAGES * SIZE
    assert len(rows(Conversation)) == PAGES * SIZE
    assert len([row for row in rows(Identity) if not row.ours]) == SIZE
    assert rows(Feed)[0].cursor == str(PAGES)
    todo = [row.key for row in rows(OutboxRow) if row.subscriber == "listening.tasks.match"]
    assert sorted(todo) == sorted(f"{row.id}:done" for row in rows(Message))
    assert not [row for row in rows(OutboxRow) if row.subscriber == "sentiment.tasks.annotate"]
    assert event(0).key in {row.key for row in rows(Message)}
