"""All keys there against all of ours: missing and differing records are mended, unknown ones reported."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.settings import settings
from enrichment import reconcile, tasks
from enrichment.alike import alike
from enrichment.models import CrmReconciliation, SyncRun, SyncState
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def synced(crm: FakeCrm, ours: int) -> FakeCrm:
    """A profile and two messages stand in the CRM."""
    house.store(ours, house.event("m1"), house.event("m2"), sentiment="neutral")
    house.work()
    return crm


def compare(crm: FakeCrm, **more: Any) -> dict[str, Any]:
    found = reconcile.run(crm, actor="t", **more)
    house.work()
    return found


def test_where_all_is_well_nothing_is_sent(synced: FakeCrm) -> None:
    writes = synced.writes()
    found = compare(synced)
    assert found["counts"]["profile"] == {**dict.fromkeys(reconcile.COUNTS, 0), "there": 1, "here": 1}
    assert found["counts"]["interaction"] == {**dict.fromkeys(reconcile.COUNTS, 0), "there": 2, "here": 2}
    assert synced.writes() == writes


def test_what_is_missing_comes_back_whole(synced: FakeCrm) -> None:
    before = {kind: dict(rows) for kind, rows in synced.records.items()}
    synced.records["profile"].clear()
    synced.records["interaction"].popitem()
    found = compare(synced)
    assert (found["counts"]["profile"]["missing"], found["counts"]["interaction"]["missing"]) == (1, 1)
    assert synced.records == before
    assert set(house.states().values()) == {"synced"}


def test_what_somebody_changed_there_is_put_right_field_by_field(synced: FakeCrm) -> None:
    synced.only("profile")["Handle__c"] = "somebody else"
    assert compare(synced)["counts"]["profile"]["differing"] == 1
    assert synced.only("profile")["Handle__c"] == "annab@troet.example"
    assert set(synced.calls[-1][2][0]) == {"Hub_Id__c", "Handle__c"}
    assert compare(synced)["counts"]["profile"]["differing"] == 0


def test_what_nobody_knows_is_reported_and_stays_until_somebody_says_otherwise(synced: FakeCrm) -> None:
    synced.records["profile"]["stranger"] = {"Hub_Id__c": "stranger", "Name": "Nobody"}
    assert compare(synced)["unknown"] == [{"kind": "profile", "hub_id": "stranger"}]
    assert "stranger" in synced.records["profile"]
    assert compare(synced, remove=True)["counts"]["profile"]["removed"] == 1
    assert len(synced.records["profile"]) == 1
    assert compare(synced)["unknown"] == []


def test_what_is_just_being_sent_is_left_alone(synced: FakeCrm) -> None:
    with db.write() as session:
        session.execute(sa.update(db.table(SyncState)).values(claim="worker", claimed_at=db.now()))
    synced.records["interaction"].clear()
    assert compare(synced)["counts"]["interaction"]["missing"] == 0


def test_the_clock_asks_when_the_interval_is_over_and_once(synced: FakeCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    def number() -> int:
        tasks.due()
        tasks.due()
        house.work()
        with db.read() as session:
            return int(
                session.execute(sa.select(sa.func.count()).select_from(db.table(CrmReconciliation))).scalar_one()
            )

    assert number() == 0
    with db.write() as session:
        session.execute(sa.update(db.table(SyncRun)).values(hour=db.now() - timedelta(days=8)))
    assert number() == 1
    assert number() == 1
    monkeypatch.setenv("WIDERHALL_CRM_RECONCILE_HOURS", "0")
    settings.cache_clear()
    with db.write() as session:
        session.execute(sa.update(db.table(CrmReconciliation)).values(at=db.now() - timedelta(days=8)))
    assert number() == 1


@pytest.mark.parametrize(
    ("ours", "there", "same"),
    [
        (None, "", True),
        ("", None, True),
        ("a", None, False),
        (3, 3.0, True),
        (3, "3.0", True),
        (0.5, "x", False),
        (True, "true", True),
        (False, None, True),
        (True, None, False),
        ("2026-11-20T12:00:30Z", "2026-11-20T12:00:30.000+0000", True),
        ("2026-11-20T12:00:30Z", "2026-11-20T12:00:31.000+0000", False),
        ("a\r\nb ", "a\nb", True),
        ({"Hub_Id__c": "p1"}, {"Hub_Id__c": "p1", "attributes": {}}, True),
        ({"Hub_Id__c": "p1"}, None, False),
    ],
)
def test_a_value_that_comes_back_in_another_form_is_the_same(db_url: str, ours: Any, there: Any, same: bool) -> None:
    assert alike(ours, there) is same
