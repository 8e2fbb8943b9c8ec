"""Bulk jobs: very many records go together, whatever dies on the way, and each of them as it would alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.errors import Rejected, TryLater
from core.event import Author
from core.outbox import OutboxRow
from core.settings import settings
from enrichment.crm import CrmPerson, Progress, RowResult
from enrichment.models import CrmJob, SyncRun, SyncState
from enrichment.profile import hub_id
from inbox import consent, erasure
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.house import event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
KEYS = [hub_id("interaction", f"mastodon:{n}") for n in range(12)]


class Killed(BaseException):
    """The worker is gone: nothing catches it."""


@pytest.fixture
def bulk(crm: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch) -> FakeCrm:
    """Anna's profile stands there, and jobs begin at ten records."""
    monkeypatch.setenv("WIDERHALL_CRM_BULK_FROM", "10")
    settings.cache_clear()
    house.store(ours, event("100"))
    house.work()
    crm.calls.clear()
    return crm


def write(ours: int, text: str = "text", number: int = 12, **more: Any) -> None:
    """Anna writes, or edits, so many messages."""
    house.store(ours, *(event(str(n), text=f"{text} {n}", **more) for n in range(number)))


def work(turns: int = 12) -> None:
    house.work(waits=turns)


def edited(hour: int) -> dict[str, Any]:
    return {"edited_at": house.AT.replace(hour=hour)}


def sent(crm: FakeCrm) -> list[tuple[str, str, int]]:
    return [(how, kind, len(rows)) for how, kind, rows in crm.calls if kind == "interaction"]


def texts(crm: FakeCrm) -> set[str]:
    return {crm.records["interaction"][key]["Text__c"] for key in KEYS if key in crm.records["interaction"]}


def left(model: Any) -> int:
    with db.read() as session:
        return int(session.execute(sa.select(sa.func.count()).select_from(db.table(model))).scalar_one())


def test_many_records_go_in_one_job(bulk: FakeCrm, ours: int) -> None:
    write(ours)
    work()
    assert sent(bulk) == [("bulk", "interaction", 12)]
    assert texts(bulk) == {f"text {n}" for n in range(12)}
    assert set(house.states().values()) == {"synced"}
    assert (house.waiting(), bulk.jobs, left(CrmJob)) == ([], {}, 0)


def test_few_records_go_without_one(bulk: FakeCrm, ours: int) -> None:
    write(ours, number=9)
    work()
    assert sent(bulk) == [("upsert", "interaction", 9)]


def test_only_changed_fields_go_in_a_job(bulk: FakeCrm, ours: int) -> None:
    write(ours)
    work()
    bulk.calls.clear()
    write(ours, "new", **edited(15))
    work()
    ((_, _, rows),) = [one for one in bulk.calls if one[1] == "interaction"]
    assert {tuple(row) for row in rows} == {("Hub_Id__c", "Text__c")}
    assert texts(bulk) == {f"new {n}" for n in range(12)}


def test_the_same_again_sends_nothing(bulk: FakeCrm, ours: int) -> None:
    write(ours)
    work()
    bulk.calls.clear()
    who = house.identity()
    with db.write() as session:
        outbox.emit(session, "person.linked", [("p", {"identity_id": who.id, "contact_id": who.contact_id})])
    work()
    assert bulk.calls == []


POINTS = ["begin", "upload", "progress", "results", "drop"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_anywhere_ends_the_same(
    bulk: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch, point: str, after: bool
) -> None:
    kills = [point]
    real = getattr(bulk, point)

    def dying(*args: Any) -> Any:
        found = real(*args) if after or not kills else None
        if kills:
            kills.pop()
            raise Killed
        return found

    monkeypatch.setattr(bulk, point, dying)
    write(ours)
    _until_killed(work)
    _leases_end()
    work()
    assert not kills
    assert texts(bulk) == {f"text {n}" for n in range(12)}
    assert len(bulk.records["interaction"]) == 13
    assert set(house.states().values()) == {"synced"}
    assert (house.waiting(), left(CrmJob)) == ([], 0)


def _until_killed(do: Callable[[], None]) -> None:
    with pytest.raises(Killed):
        do()


def _leases_end() -> None:
    with db.write() as session:
        session.execute(sa.update(db.table(OutboxRow)).values(due_at=0.0))


def test_an_answer_that_was_lost_after_the_upload_doubles_nothing(bulk: FakeCrm, ours: int) -> None:
    bulk.late_faults = [TryLater("no answer")]
    write(ours)
    work()
    assert sent(bulk) == [("bulk", "interaction", 12)]
    assert set(house.states().values()) == {"synced"}


def test_a_job_that_got_lost_is_made_anew(bulk: FakeCrm, ours: int) -> None:
    write(ours)
    work(0)
    bulk.jobs.clear()
    work()
    assert sent(bulk) == [("bulk", "interaction", 12)] * 2
    assert texts(bulk) == {f"text {n}" for n in range(12)}


def test_a_value_changed_back_while_a_job_got_lost_is_right(bulk: FakeCrm, ours: int) -> None:
    write(ours, "one")
    work()
    write(ours, "two", **edited(15))
    work(0)
    for job in bulk.jobs.values():
        bulk.progress(next(name for name, one in bulk.jobs.items() if one is job))
    bulk.jobs.clear()
    write(ours, "one", **edited(16))
    work()
    assert texts(bulk) == {f"one {n}" for n in range(12)}


def test_a_change_during_a_job_follows_it(bulk: FakeCrm, ours: int) -> None:
    write(ours)
    work(0)
    house.store(ours, event("3", text="newer", **edited(15)))
    work()
    assert bulk.records["interaction"][KEYS[3]]["Text__c"] == "newer"
    assert set(house.states().values()) == {"synced"}


def test_bad_rows_are_told_apart_and_good_ones_go_through(bulk: FakeCrm, ours: int) -> None:
    locked = [RowResult("", False, verdict="retry", code="UNABLE_TO_LOCK_ROW", message="busy")]
    bad = RowResult("", False, verdict="quarantine", code="STRING_TOO_LONG", message="too long")

    def refuse(kind: Any, row: Any) -> RowResult | None:
        if row["Hub_Id__c"] == KEYS[1]:
            return bad
        return locked.pop() if row["Hub_Id__c"] == KEYS[2] and locked else None

    bulk.refuse = refuse
    write(ours)
    work()
    states = house.states()
    assert (states[KEYS[1]], states[KEYS[2]]) == ("quarantined", "synced")
    assert len(texts(bulk)) == 11
    assert house.waiting() == []


def test_a_job_that_fails_as_a_whole_goes_without_one(
    bulk: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "progress", lambda job: Progress("failed", 0, 0, "InvalidBatch : Field name not found"))
    write(ours)
    work()
    assert sent(bulk)[-1] == ("upsert", "interaction", 12)
    assert set(house.states().values()) == {"synced"}


def test_an_org_without_bulk_jobs_goes_without_one(bulk: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(kind: Any) -> str:
        raise Rejected("no", "FEATURENOTENABLED")

    monkeypatch.setattr(bulk, "begin", refuse)
    write(ours)
    work()
    assert sent(bulk) == [("upsert", "interaction", 12)]


def test_what_a_file_cannot_hold_goes_without_one(bulk: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "fits", lambda row: row["Hub_Id__c"] != KEYS[0])
    write(ours)
    work()
    assert sorted(sent(bulk)) == [("bulk", "interaction", 11), ("upsert", "interaction", 1)]
    assert len(texts(bulk)) == 12


def test_profiles_go_before_their_interactions(bulk: FakeCrm, ours: int) -> None:
    people = [
        Author(platform="mastodon", id=f"https://x.example/users/p{n}", handle=f"p{n}@x.example", name=f"P {n}")
        for n in range(12)
    ]
    for n, one in enumerate(people):
        bulk.put(CrmPerson("Contact", f"003{n:03}", "P", str(n), f"P {n}", handles={"mastodon": f"@{one.handle}"}))
    with db.write() as session:
        outbox.emit(session, "crm.due", [("crm", {})])
    house.work(waits=0)
    house.store(ours, *(event(str(200 + n), one) for n, one in enumerate(people)))
    work(20)
    assert [(how, kind) for how, kind, _ in bulk.calls if how == "bulk"] == [
        ("bulk", "profile"),
        ("bulk", "interaction"),
    ]
    assert (len(bulk.records["profile"]), len(bulk.records["interaction"])) == (13, 13)
    assert set(house.states().values()) == {"synced"}


def test_a_mass_of_removals_is_worked_off(bulk: FakeCrm, ours: int) -> None:
    write(ours)
    work()
    with db.write() as session:
        consent.object_to(session, f"identity:{house.identity().id}", "crm_sync", "letter", "user:1")
    work(20)
    assert not any(bulk.records.values())
    assert (house.waiting(), left(CrmJob)) == ([], 0)


def test_switched_off_before_the_upload_nothing_leaves(bulk: FakeCrm, ours: int) -> None:
    bulk.faults = []
    write(ours)
    for name in ("enrichment.tasks.sync_messages", "enrichment.tasks.send"):
        outbox.step(house.SUBSCRIBERS[name], house.handler(name))
    assert left(CrmJob) == 1
    with db.write() as session:
        consent.switch(session, "crm_sync", enabled=False, basis="", actor="user:1")
    work()
    assert (sent(bulk), left(CrmJob)) == ([], 0)
    with db.write() as session:
        consent.switch(session, "crm_sync", enabled=True, basis="consent", actor="user:1")
        s = db.table(SyncState)
        assert not session.scalars(sa.select(s.c.id).where(s.c.job_id.is_not(None))).all()


def test_erasure_waits_for_the_job_and_leaves_nothing(bulk: FakeCrm, ours: int) -> None:
    write(ours)
    work(0)
    with db.write() as session:
        erasure.erase(session, f"contact:{house.identity().contact_id}", "user:1")
    work(20)
    assert not any(bulk.records.values())
    assert (left(SyncState), left(CrmJob), bulk.jobs) == (0, 0, {})


def test_a_job_whose_letter_was_given_up_goes_on(bulk: FakeCrm, ours: int) -> None:
    write(ours)
    work(0)
    with db.write() as session:
        o = db.table(OutboxRow)
        session.execute(sa.delete(o).where(o.c.subscriber == "enrichment.tasks.bulk"))
        session.execute(sa.update(db.table(CrmJob)).values(at=house.AT))
        outbox.emit(session, "crm.due", [("crm", {})])
    work()
    assert (len(texts(bulk)), left(CrmJob)) == (12, 0)


def test_a_job_counts_among_the_figures(bulk: FakeCrm, ours: int) -> None:
    write(ours)
    work()
    with db.read() as session:
        assert sum(session.scalars(sa.select(db.table(SyncRun).c.created))) == 14
