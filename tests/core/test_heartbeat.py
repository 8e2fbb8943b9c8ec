"""A lease lasts as long as its work, and no longer than the process that does it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import sqlalchemy as sa

from core import db, heartbeat, outbox
from core.outbox import DONE, Item, OutboxRow, Outcome
from core.topics import SUBSCRIBERS

pytestmark = [
    pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True),
    pytest.mark.usefixtures("database"),
]
SHORT = replace(SUBSCRIBERS["enrichment.tasks.match"], lease=0.6)


def put() -> None:
    with db.write() as session:
        outbox.emit(session, "identity.seen", [("1", {"identity_id": 1})])


def taken_meanwhile() -> bool:
    """Whether another worker could take the letter, asked for more than two leases."""
    end = time.monotonic() + 1.6
    while time.monotonic() < end:
        if outbox.claim(SHORT) is not None:
            return True
        time.sleep(0.05)
    return False


def left() -> list[OutboxRow]:
    with db.read() as session:
        o = db.table(OutboxRow)
        return list(session.scalars(sa.select(OutboxRow).where(o.c.subscriber == SHORT.name)))


def test_nobody_takes_what_a_long_call_still_works_on() -> None:
    put()
    seen: list[bool] = []

    def work(items: list[Item]) -> Outcome:
        with heartbeat.beating():
            seen.append(taken_meanwhile())
        return DONE

    assert outbox.step(SHORT, work) == 1
    assert (seen, left()) == ([False], [])


def test_without_it_the_lease_runs_out() -> None:
    put()
    seen: list[bool] = []

    def work(items: list[Item]) -> Outcome:
        seen.append(taken_meanwhile())
        return DONE

    outbox.step(SHORT, work)
    assert seen == [True]


def test_it_ends_with_its_work_and_needs_no_letter() -> None:
    with heartbeat.beating():
        pass
    put()

    def work(items: list[Item]) -> Outcome:
        with pytest.raises(ZeroDivisionError), heartbeat.beating():
            raise ZeroDivisionError
        assert taken_meanwhile()
        return DONE

    outbox.step(SHORT, work)
