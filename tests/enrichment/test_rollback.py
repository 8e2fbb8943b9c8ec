"""A run is taken back: what it changed in the CRM is as it was, and stays so until the data change."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.errors import Rejected, TryLater
from core.settings import settings
from enrichment import overview, rollback, runs
from enrichment.crm import RowResult
from enrichment.models import CrmChange, CrmRun
from enrichment.profile import hub_id
from inbox import consent, erasure
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.house import event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
FIRST, SECOND = (hub_id("interaction", f"mastodon:{n}") for n in (1, 2))


def write(ours: int, *numbers: int, hour: int = 0, text: str = "text") -> None:
    more: dict[str, Any] = {"edited_at": house.AT.replace(hour=hour)} if hour else {}
    house.store(ours, *(event(str(n), text=f"{text} {n}", **more) for n in numbers))
    house.work()


def newest() -> int:
    with db.read() as session:
        return int(runs.latest(session)[0]["run"])


def text(crm: FakeCrm, key: str = FIRST) -> str:
    return str(crm.records["interaction"][key]["Text__c"])


def announce() -> None:
    who = house.identity()
    with db.write() as session:
        outbox.emit(session, "person.linked", [("p", {"identity_id": who.id, "contact_id": who.contact_id})])
    house.work()


def test_changed_fields_become_what_they_were(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    write(ours, 1, hour=15, text="wrong")
    assert text(crm) == "wrong 1"
    found = rollback.take_back(newest(), "user:1")
    assert text(crm) == "text 1"
    assert (found["restored"], found["refused"], found["left_alone"]) == (1, 0, 0)


def test_it_stays_so_until_the_data_change(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    write(ours, 1, hour=15, text="wrong")
    rollback.take_back(newest(), "user:1")
    announce()
    assert text(crm) == "text 1"
    write(ours, 1, hour=16, text="right")
    assert text(crm) == "right 1"
    assert set(house.states().values()) == {"synced"}


def test_a_person_may_send_it_again(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    write(ours, 1, hour=15, text="new")
    rollback.take_back(newest(), "user:1")
    with db.write() as session:
        assert overview.quarantined(session)[0]["code"] == rollback.CODE
        overview.retry(session, [FIRST], "user:1")
    house.work()
    assert text(crm) == "new 1"


def test_what_a_run_created_is_deleted(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    found = rollback.take_back(newest(), "user:1")
    assert found["deleted"] == 2
    assert not any(crm.records.values())
    announce()
    assert not any(crm.records.values())


def test_what_a_later_run_changed_is_left_alone(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    first = newest()
    write(ours, 1, hour=15, text="later")
    found = rollback.take_back(first, "user:1")
    assert FIRST in crm.records["interaction"]
    assert found["left_alone"] >= 1


def test_a_removal_is_not_taken_back_against_an_objection(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    with db.write() as session:
        consent.object_to(session, f"identity:{house.identity().id}", "crm_sync", "letter", "user:1")
    house.work()
    assert rollback.take_back(newest(), "user:1")["restored"] == 0
    assert not any(crm.records.values())


def test_a_text_deleted_on_its_platform_does_not_come_back(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    house.store(ours, event("1", action="delete"))
    house.work()
    rollback.take_back(newest(), "user:1")
    assert crm.records["interaction"][FIRST]["Text__c"] is None


def test_a_bulk_job_is_a_run_too(crm: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_CRM_BULK_FROM", "10")
    settings.cache_clear()
    write(ours, 100)
    house.store(ours, *(event(str(n)) for n in range(1, 13)))
    house.work(waits=12)
    with db.read() as session:
        job = next(one for one in runs.latest(session) if one["how"] == "job")
    assert (job["created"], job["updated"]) == (12, 0)
    assert rollback.take_back(job["run"], "user:1")["deleted"] == 12
    assert len(crm.records["interaction"]) == 1


def test_a_run_is_taken_back_once(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    rollback.take_back(newest(), "user:1")
    with pytest.raises(Rejected, match="already"):
        rollback.take_back(newest(), "user:1")
    with pytest.raises(Rejected, match="no run 999"):
        rollback.take_back(999, "user:1")


def test_a_call_that_broke_off_is_repeated(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    write(ours, 1, hour=15, text="wrong")
    crm.late_faults = [TryLater("no answer")]
    with pytest.raises(TryLater):
        rollback.take_back(newest(), "user:1")
    rollback.take_back(newest(), "user:1")
    assert text(crm) == "text 1"


def test_a_refused_row_keeps_the_run_open(crm: FakeCrm, ours: int) -> None:
    write(ours, 1, 2)
    write(ours, 1, 2, hour=15, text="wrong")
    refusal = RowResult("", False, verdict="quarantine", code="X", message="no")
    crm.refuse = lambda kind, row: refusal if row["Hub_Id__c"] == FIRST else None
    assert rollback.take_back(newest(), "user:1") == {"restored": 1, "deleted": 0, "refused": 1, "left_alone": 0}
    assert (text(crm), text(crm, SECOND)) == ("wrong 1", "text 2")
    crm.refuse = lambda kind, row: None
    rollback.take_back(newest(), "user:1")
    assert text(crm) == "text 1"


def test_nothing_sent_is_no_run_and_old_runs_are_forgotten(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    announce()
    with db.write() as session:
        assert len(runs.latest(session)) == 1
        session.execute(sa.update(db.table(CrmRun)).values(at=db.now() - runs.KEPT * 2))
    write(ours, 2)
    with db.read() as session:
        assert len(runs.latest(session)) == 1
        left = set(session.scalars(sa.select(db.table(CrmChange).c.hub_id)))
    assert FIRST not in left


def test_erasure_leaves_no_old_values(crm: FakeCrm, ours: int) -> None:
    write(ours, 1)
    with db.write() as session:
        erasure.erase(session, f"contact:{house.identity().contact_id}", "user:1")
    house.work()
    with db.read() as session:
        assert session.scalars(sa.select(db.table(CrmChange).c.hub_id)).all() == []
