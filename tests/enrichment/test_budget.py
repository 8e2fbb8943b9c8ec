"""The sync leaves API calls to people: it stops at its share of the day and goes on by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db, outbox
from enrichment import budget, overview, tasks
from enrichment.crm import Cost
from enrichment.models import CrmConnection, SyncState
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.house import event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


def states() -> set[str]:
    return set(house.states().values())


def standing() -> budget.Budget:
    with db.read() as session:
        return budget.budget(session)


def time_goes_by() -> None:
    """A quarter of an hour later the clock asks again."""
    with db.write() as session:
        before = db.now() - timedelta(hours=1)
        session.execute(sa.update(db.table(CrmConnection)).values(calls_at=before, asked_at=before))
    tasks.due()


def test_at_its_share_of_the_day_the_sync_stops(crm: FakeCrm, ours: int) -> None:
    crm.limit, crm.used = 100, 79
    house.store(ours, event("1"))
    house.work()
    assert crm.used == 80
    assert (standing().stopped, standing().left) == (True, 0)
    assert sorted(house.states().values()) == ["pending", "synced"]
    assert "enrichment.tasks.send" not in house.waiting()


def test_while_it_stands_still_nothing_is_called_and_nothing_forgotten(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    crm.limit, crm.used = 100, 80
    house.store(ours, event("2"))
    house.work()
    before = crm.used
    house.store(ours, event("1", text="new", edited_at=house.AT.replace(hour=15)))
    house.work()
    assert crm.used == before
    crm.used = 10
    time_goes_by()
    house.work()
    assert {row["Text__c"] for row in crm.records["interaction"].values()} == {"new", "text 2"}
    assert (states(), standing().stopped, house.waiting()) == ({"synced"}, False, [])


def test_it_asks_again_and_waits_on_while_there_is_no_room(crm: FakeCrm, ours: int) -> None:
    crm.limit, crm.used = 100, 90
    house.store(ours, event("1"))
    house.work()
    time_goes_by()
    house.work()
    assert (standing().stopped, standing().look_due) == (True, False)
    assert len(crm.records["interaction"]) == 0


def test_the_sync_says_why_it_stands_still(crm: FakeCrm, ours: int) -> None:
    crm.limit, crm.used = 100, 90
    house.store(ours, event("1"))
    house.work()
    with db.read() as session:
        found = overview.status(session)["budget"]
    assert (found["used"], found["limit"], found["most"], found["stopped"]) == (90, 100, 80, True)


def test_somebody_elses_calls_count_too(crm: FakeCrm, ours: int) -> None:
    crm.limit, crm.used = 100, 5
    house.store(ours, event("1"))
    house.work()
    assert standing().used == 7
    crm.used = 95
    house.store(ours, event("2"), event("3"))
    house.work()
    assert standing().stopped


def test_an_org_that_says_nothing_is_not_held_back(crm: FakeCrm) -> None:
    assert not budget.spent(Cost(5, 5))
    assert standing() == budget.Budget(0, 0, None, False)


def test_waking_does_not_touch_what_a_bulk_job_holds(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    with db.write() as session:
        outbox.pause(session, "enrichment.tasks.send", "test")
    house.work(waits=0)
    with db.write() as session:
        session.execute(sa.update(db.table(SyncState)).values(job_id=1))
        from_connection = overview.connection.wake(session)
    assert from_connection == 0
