"""Members of campaigns in the comparison of all keys, and when a run is taken back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.errors import TryLater
from enrichment import connection, reconcile, rollback, runs
from enrichment.models import CrmChange
from enrichment.salesforce.org import SalesforceOrg
from enrichment.segments import activation, campaign, conditions, store, tasks
from enrichment.segments.models import ActivationMember
from inbox import consent, erasure
from tests.conftest import BOTH
from tests.enrichment.behaviour import shop
from tests.enrichment.org_server import RunningOrg
from tests.enrichment.segments.test_campaign import come, contacts, inside, person, pull, start, states, work


def compare(**more: Any) -> dict[str, Any]:
    """The figures of members, and unknown keys."""
    found = reconcile.run(connection.crm(), actor="t", **more)
    work(waits=1)
    return {**found["counts"]["member"], "keys": [one["hub_id"] for one in found["unknown"]]}


def member(org: RunningOrg, name: str) -> dict[str, Any]:
    """The member of this last name there."""
    whose = {row["Id"] for row in org.rows("Contact") if row["LastName"] == name}
    return next(row for row in org.rows("CampaignMember") if row["ContactId"] in whose)


def drop(org: RunningOrg, name: str) -> None:
    org.hook("delete", id=member(org, name)["Id"])


@BOTH
def test_who_is_missing_in_a_campaign_is_put_in_again_once(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada", "Bo")
    come(key, "Ada", "Bo")
    start(org)
    work()
    found = compare()
    assert (found["there"], found["here"], found["missing"], found["differing"], found["unknown"]) == (2, 2, 0, 0, 0)
    drop(org, "Ada")
    found = compare()
    assert (found["there"], found["here"], found["missing"]) == (1, 2, 1)
    assert (inside(org), states()) == (["Ada", "Bo"], {"Ada": "in", "Bo": "in"})
    assert compare()["missing"] == 0


def test_a_key_that_nobody_knows_is_reported_and_removed_only_when_asked_for(key: int, org: RunningOrg) -> None:
    ids = contacts(org, "Ada", "Bo")
    come(key, "Ada")
    _, made = start(org)
    work()
    org.make("CampaignMember", CampaignId=made, ContactId=ids["Bo"], Hub_Id__c="stranger")
    assert (compare()["keys"], inside(org)) == (["stranger"], ["Ada", "Bo"])
    assert (compare(remove=True)["removed"], inside(org)) == (1, ["Ada"])


def test_a_member_that_a_merge_moved_is_followed(key: int, org: RunningOrg) -> None:
    ids = contacts(org, "Ada", "Eve")
    come(key, "Ada")
    start(org)
    work()
    org.hook("merge", master=ids["Eve"], losers=[ids["Ada"]])
    assert compare()["differing"] == 1
    pull()
    work(waits=3)
    assert (inside(org), states()) == (["Eve"], {"Ada": "in"})
    assert compare()["differing"] == 0


def test_members_that_may_not_be_read_stop_no_comparison(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada")
    come(key, "Ada")
    start(org)
    work()
    org.hook("security", hidden=["CampaignMember.Hub_Id__c"])
    found = compare()
    assert (found["there"], found["missing"], states()) == (0, 0, {"Ada": "in"})


def last() -> int:
    with db.read() as session:
        return int(runs.latest(session)[0]["run"])


@BOTH
def test_who_was_put_in_goes_with_the_run_and_stays_out_until_somebody_says_otherwise(
    key: int, org: RunningOrg
) -> None:
    contacts(org, "Ada")
    come(key, "Ada")
    number, _ = start(org)
    work()
    contacts(org, "Bo")
    come(key, "Bo")
    work(waits=1)
    assert inside(org) == ["Ada", "Bo"]
    counts = rollback.take_back(last(), "user:1")
    assert counts == {"restored": 0, "deleted": 1, "refused": 0, "left_alone": 0}
    work(waits=2)
    assert (inside(org), states()) == (["Ada"], {"Ada": "in", "Bo": "refused"})
    assert compare()["missing"] == 0
    with db.write() as session:
        campaign.try_again(session, number, "user:1")
    work()
    assert inside(org) == ["Ada", "Bo"]


@BOTH
def test_who_was_taken_out_comes_back_and_stays_as_long_as_they_may(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada", "Bo")
    come(key, "Ada", "Bo")
    start(org)
    work()
    with db.write() as session:
        consent.object_to(session, person("Ada"), "marketing", "t", "t")
    work(waits=1)
    assert inside(org) == ["Bo"]
    run = last()
    counts = rollback.take_back(run, "user:1")
    assert (counts["restored"], counts["left_alone"], inside(org)) == (0, 1, ["Bo"])  # who objects stays out
    with db.write() as session:
        consent.withdraw_objection(session, person("Ada"), "marketing", "t")
    work(waits=1)
    assert inside(org) == ["Ada", "Bo"]


def test_who_left_the_segment_is_put_back_and_kept(key: int, org: RunningOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    contacts(org, "Ada", "Bo")
    come(key, "Ada", "Bo")
    number, _ = start(org)
    work()
    leave(number)
    assert inside(org) == []
    upsert = SalesforceOrg.upsert

    def lost(*given: Any) -> Any:
        upsert(*given)
        raise TryLater("lost")

    with monkeypatch.context() as patch:
        patch.setattr(SalesforceOrg, "upsert", lost)
        with pytest.raises(TryLater):
            rollback.take_back(last(), "user:1")
    counts = rollback.take_back(last(), "user:1")
    assert (counts["restored"], inside(org)) == (2, ["Ada", "Bo"])
    work(waits=2)
    assert (inside(org), states()) == (["Ada", "Bo"], {"Ada": "kept", "Bo": "kept"})
    assert compare()["unknown"] == 0
    with db.write() as session:
        consent.object_to(session, person("Ada"), "marketing", "t", "t")
    work(waits=1)
    assert inside(org) == ["Bo"]
    with db.write() as session:
        activation.remove(session, number, "user:1")
    work(waits=1)
    assert (inside(org), shop.rows(ActivationMember)) == ([], [])


def leave(number: int) -> None:
    """Nobody is in the segment any more."""
    with db.write() as session:
        segment = activation.get(session, number).segment_id
        group = conditions.read({"match": "all", "of": [{"field": "email", "op": "no"}]})
        store.save(session, "Spring", group, "user:1", segment)
    work(waits=1)


@BOTH
def test_an_erased_person_leaves_no_trace_in_the_runs(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada", "Bo")
    come(key, "Ada", "Bo")
    start(org)
    work()
    ada = person("Ada").removeprefix("contact:")
    with db.write() as session:
        erasure.erase(session, f"contact:{ada}", "t")
    outcome = tasks.forget([outbox.Item(1, "person.erased", "x", {"contact_ids": [ada], "identity_ids": []})])
    with db.write() as session:
        outcome.write(session)
        c = db.table(CrmChange)
        whose = session.scalars(sa.select(CrmChange).where(c.c.kind == "member")).all()
        assert [one.before["person"] for one in whose] == [person("Bo")]
    pull()
