"""Letters that a handler takes over in bulk, and letters that are hurried."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.outbox import OutboxRow

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
SEND = "enrichment.tasks.send"


@pytest.fixture(autouse=True)
def letters(database: str) -> None:
    with db.write() as session:
        for kind in ("profile", "interaction"):
            outbox.emit(session, "sync.due", [(f"{kind}:{n}", {"kind": kind, "hub_id": str(n)}) for n in range(3)])
        outbox.emit(session, "sync.singly", [("profile:7", {"kind": "profile", "hub_id": "7"})])


def keys() -> set[str]:
    with db.read() as session:
        return set(session.scalars(sa.select(db.table(OutboxRow).c.key)))


def test_due_letters_of_one_topic_and_kind_are_found() -> None:
    with db.write() as session:
        found = outbox.waiting(session, SEND, "sync.due", "profile:", 10)
        assert list(found) == ["profile:0", "profile:1", "profile:2"]
        assert len(outbox.waiting(session, SEND, "sync.due", "profile:", 2, hold=False)) == 2


def test_a_letter_somebody_holds_is_not_taken() -> None:
    held = outbox.claim(outbox.SUBSCRIBERS[SEND], 4)
    assert held is not None
    with db.write() as session:
        left = outbox.waiting(session, SEND, "sync.due", "", 10)
        assert len(left) == 2
        assert outbox.withdraw(session, [*left.values(), *held.ids]) == 2
    assert len(keys()) == 5


def test_what_is_gathered_is_hurried_and_what_was_tried_is_not() -> None:
    later = db.now() + timedelta(hours=1)
    with db.write() as session:
        outbox.emit(session, "sync.due", [("profile:8", {"kind": "profile", "hub_id": "8"})], later)
        outbox.emit(session, "sync.due", [("profile:9", {"kind": "profile", "hub_id": "9"})], later)
        t = db.table(OutboxRow)
        session.execute(sa.update(t).where(t.c.key == "profile:9").values(tries=1))
    with db.write() as session:
        assert outbox.hurry(session, SEND) == 8
        outbox.pause(session, SEND, "test")
        assert outbox.hurry(session, SEND) == 0
    with db.read() as session:
        t = db.table(OutboxRow)
        due = dict(session.execute(sa.select(t.c.key, t.c.due_at)).all())
    assert due["profile:8"] <= time.time() < due["profile:9"]


def test_nothing_to_withdraw_is_no_query(database: str) -> None:
    with db.write() as session:
        assert outbox.withdraw(session, []) == 0
