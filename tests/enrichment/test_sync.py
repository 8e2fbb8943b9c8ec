"""From a post to a record in the CRM: exactly what may be there, once, and only what changed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.errors import AuthExpired, TryLater
from core.event import Author
from enrichment import overview, tasks
from enrichment.crm import RowResult
from enrichment.models import CrmConnection, SyncState
from enrichment.profile import hub_id
from inbox import consent, people
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.house import US, event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
PROFILE = hub_id("profile", "mastodon:https://troet.example/users/annab")
STRANGER = Author(platform="mastodon", id="https://troet.example/users/x", handle="x@troet.example", name="X")


def test_a_linked_person_who_writes_has_a_profile_and_an_interaction(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"), sentiment="negative")
    house.work()
    profile, interaction = crm.only("profile"), crm.only("interaction")
    assert profile["Hub_Id__c"] == PROFILE
    assert (profile["Contact__c"], profile["Lead__c"], profile["Account__c"]) == ("003A", None, "001A")
    assert (profile["Match_Tier__c"], profile["Negative_Share__c"], profile["Rated_Messages__c"]) == ("A", 100, 1)
    assert interaction == {
        "Hub_Id__c": hub_id("interaction", "mastodon:1"),
        "Profile__r": {"Hub_Id__c": PROFILE},
        "Direction__c": "inbound",
        "Kind__c": "mention",
        "Text__c": "text 1",
        "Sentiment__c": "negative",
        "Topic__c": None,
        "Posted_At__c": "2026-11-20T12:01:30Z",
        "Permalink__c": "https://x.example/1",
        "Private__c": False,
        "Deleted__c": False,
    }
    assert set(house.states().values()) == {"synced"}
    assert house.waiting() == []


def test_strangers_likes_and_context_leave_nothing(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1", STRANGER), event("2", kind="like"), event("3", kind="reply", origin="context"))
    house.work()
    assert not any(crm.records.values())


def test_an_answer_of_ours_belongs_to_whom_it_answers(crm: FakeCrm, ours: int) -> None:
    answer = event("2", US, kind="reply", direction="outbound", parent_key="mastodon:1")
    house.store(ours, event("1"), answer, event("3", US, kind="post", direction="outbound"))
    house.work()
    outbound = crm.records["interaction"][hub_id("interaction", "mastodon:2")]
    assert (outbound["Direction__c"], outbound["Kind__c"], outbound["Text__c"]) == ("outbound", "reply", "text 2")
    assert len(crm.records["interaction"]) == 2


@pytest.mark.parametrize("private", [False, True])
def test_an_answer_that_was_stored_before_its_question_follows_it(crm: FakeCrm, ours: int, private: bool) -> None:
    """Our own posts are pulled as a feed of their own: they may well come first."""
    house.store(ours, event("0"))
    house.work()
    how = {"kind": "dm", "visibility": "private", "thread_key": "mastodon:dm"} if private else {}
    answer = event("2", US, direction="outbound", **{"kind": "reply", "parent_key": "mastodon:1", **how})
    house.store(ours, answer)
    house.work()
    house.store(ours, event("1", **how))
    house.work()
    assert hub_id("interaction", "mastodon:2") in crm.records["interaction"]


def test_private_messages_go_without_text(crm: FakeCrm, ours: int) -> None:
    private = {"kind": "dm", "visibility": "private", "thread_key": "mastodon:dm"}
    house.store(ours, event("1", **private), event("2", US, direction="outbound", **private))
    house.work()
    found = sorted(crm.records["interaction"].values(), key=lambda row: row["Posted_At__c"])
    assert [(r["Kind__c"], r["Direction__c"], r["Text__c"], r["Private__c"], r["Permalink__c"]) for r in found] == [
        ("dm", "inbound", None, True, None),
        ("dm", "outbound", None, True, None),
    ]


def test_an_edit_sends_only_the_new_text(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    before = crm.writes()
    house.store(ours, event("1", text="a" * 300, edited_at=house.AT.replace(hour=15)))
    house.work()
    sent = [row for _, kind, rows in crm.calls[before:] for row in rows if kind == "interaction"]
    assert sent == [{"Hub_Id__c": hub_id("interaction", "mastodon:1"), "Text__c": "a" * 254 + "…"}]


def test_a_deletion_empties_the_text(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    house.store(ours, event("1", action="delete"))
    house.work()
    assert (crm.only("interaction")["Deleted__c"], crm.only("interaction")["Text__c"]) == (True, None)


def test_the_same_again_sends_nothing(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"), event("2"))
    house.work()
    before, rows = crm.writes(), house.everything()
    with db.write() as session:
        who = house.identity()
        outbox.emit(session, "identity.seen", [("i", {"identity_id": who.id})])
        outbox.emit(session, "person.linked", [("p", {"identity_id": who.id, "contact_id": who.contact_id})])
        outbox.emit(session, "message.annotated", [("m", {"message_id": 1}), ("n", {"message_id": 2})])
        outbox.emit(session, "crm.due", [("crm", {})])
    house.work()
    assert crm.writes() == before
    after = house.everything()
    assert {name: after[name] for name in after if name != "SyncState"} == {
        name: rows[name] for name in rows if name != "SyncState"
    }


def test_a_timeout_after_commit_doubles_nothing(crm: FakeCrm, ours: int) -> None:
    crm.late_faults = [TryLater("no answer"), TryLater("no answer")]
    house.store(ours, event("1"))
    house.work(waits=5)
    assert len(crm.records["profile"]) == len(crm.records["interaction"]) == 1
    assert set(house.states().values()) == {"synced"}


def test_a_change_back_after_an_unknown_outcome_is_sent(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1", text="one"))
    house.work()
    crm.late_faults = [TryLater("no answer"), TryLater("no answer")]
    house.store(ours, event("1", text="two", edited_at=house.AT.replace(hour=15)))
    house.work(waits=0)
    house.store(ours, event("1", text="one", edited_at=house.AT.replace(hour=16)))
    house.work(waits=5)
    assert crm.only("interaction")["Text__c"] == "one"


def test_a_refused_row_is_kept_aside_and_the_rest_goes_through(crm: FakeCrm, ours: int) -> None:
    bad = hub_id("interaction", "mastodon:1")
    refusal = RowResult("", False, verdict="quarantine", code="STRING_TOO_LONG", message="too long")
    crm.refuse = lambda kind, row: refusal if row["Hub_Id__c"] == bad else None
    house.store(ours, event("1"), event("2"))
    house.work()
    assert house.states()[bad] == "quarantined"
    assert house.waiting() == []
    assert list(crm.records["interaction"]) == [hub_id("interaction", "mastodon:2")]
    crm.refuse = lambda kind, row: None
    with db.write() as session:
        assert overview.quarantined(session)[0]["code"] == "STRING_TOO_LONG"
        assert overview.retry(session, [bad], "user:1") == 1
    house.work()
    assert house.states()[bad] == "synced"


def test_a_refused_profile_holds_its_interactions_until_it_is_mended(crm: FakeCrm, ours: int) -> None:
    refusal = RowResult("", False, verdict="quarantine", code="X", message="no")
    crm.refuse = lambda kind, row: refusal if kind == "profile" else None
    house.store(ours, event("1"))
    house.work()
    assert sorted(house.states().values()) == ["pending", "quarantined"]
    crm.refuse = lambda kind, row: None
    with db.write() as session:
        overview.retry(session, [PROFILE], "user:1")
    house.work()
    assert len(crm.records["interaction"]) == 1


def test_locks_are_tried_again(crm: FakeCrm, ours: int) -> None:
    locked = [RowResult("", False, verdict="retry", code="UNABLE_TO_LOCK_ROW", message="busy")] * 2
    crm.refuse = lambda kind, row: locked.pop() if locked else None
    house.store(ours, event("1"))
    house.work(waits=6)
    assert set(house.states().values()) == {"synced"}


def test_a_dead_sign_in_waits_and_says_so(crm: FakeCrm, ours: int) -> None:
    crm.faults = [AuthExpired("Salesforce refuses the sign-in.")]
    house.store(ours, event("1"))
    house.work(waits=0)
    with db.read() as session:
        row = session.get(CrmConnection, 1)
        assert row is not None
        assert (row.state, row.error) == ("auth_expired", "Salesforce refuses the sign-in.")
    house.work()
    assert set(house.states().values()) == {"synced"}
    with db.read() as session:
        assert overview.status(session)["error"] == ""


def test_an_objection_takes_everything_back(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    who = house.identity()
    with db.write() as session:
        consent.object_to(session, f"identity:{who.id}", "crm_sync", "letter", "user:1")
    house.work()
    assert not any(crm.records.values())
    assert set(house.states().values()) == {"ignored"}
    with db.write() as session:
        consent.withdraw_objection(session, f"identity:{who.id}", "crm_sync", "user:1")
    house.work()
    assert len(crm.records["interaction"]) == 1


def test_a_link_taken_back_takes_everything_back_and_may_return(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    who = house.identity()
    with db.write() as session:
        people.unlink(session, who.id or 0, "user:1", "wrong")
    house.work()
    assert not any(crm.records.values())
    with db.write() as session:
        people.link(session, who.id or 0, who.contact_id or "", "user:1", "right")
    house.work()
    assert len(crm.records["profile"]) == len(crm.records["interaction"]) == 1


def test_nothing_leaves_before_a_basis_is_named(crm: FakeCrm, ours: int) -> None:
    with db.write() as session:
        consent.switch(session, "crm_sync", enabled=False, basis="", actor="user:1")
    house.store(ours, event("1"))
    house.work()
    assert crm.writes() == 0
    with db.write() as session:
        consent.switch(session, "crm_sync", enabled=True, basis="consent", actor="user:1")
    assert house.waiting() == []
    tasks.due()
    house.work()
    assert len(crm.records["interaction"]) == 1


def test_switching_off_removes_nothing(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    with db.write() as session:
        consent.switch(session, "crm_sync", enabled=False, basis="", actor="user:1")
    house.store(ours, event("2"))
    house.work()
    assert len(crm.records["interaction"]) == 1


def test_a_record_deleted_over_there_comes_back_whole(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    crm.records["profile"].clear()
    house.store(ours, event("2"))
    house.work(waits=6)
    assert crm.only("profile")["Contact__c"] == "003A"
    assert len(crm.records["interaction"]) == 2


def test_a_dead_worker_leaves_no_old_value_behind(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    with db.write() as session:  # it had sent something else and died before it could say so
        session.execute(sa.update(db.table(SyncState)).values(claim="dead", claimed_at=house.AT))
    crm.only("interaction")["Text__c"] = "what the dead worker sent"
    house.store(ours, event("1", kind="mention"), event("2"))
    with db.write() as session:
        outbox.emit(session, "message.annotated", [("m", {"message_id": 1})])
    house.work()
    assert crm.records["interaction"][hub_id("interaction", "mastodon:1")]["Text__c"] == "text 1"


def test_a_record_another_worker_sends_waits(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    with db.write() as session:
        session.execute(sa.update(db.table(SyncState)).values(claim="alive", claimed_at=db.now()))
    before = crm.writes()
    house.store(ours, event("1", text="new", edited_at=house.AT.replace(hour=15)))
    house.work(waits=1)
    assert crm.writes() == before
    assert "enrichment.tasks.send" in house.waiting()


def test_a_dry_run_tells_each_field_and_sends_nothing(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    crm.faults = [TryLater("busy")] * 9
    house.work(waits=0)
    before = crm.writes()
    with db.read() as session:
        found = overview.dry_run(session)
    assert crm.writes() == before
    assert found["counts"] == {"create": 2}
    assert (found["calls"], found["budget"]["stopped"]) == (2, False)
    text = [one["fields"]["Text__c"] for one in found["records"] if one["kind"] == "interaction"]
    assert text == [(None, "text 1")]


def test_a_dry_run_gives_a_reason_for_every_record(crm: FakeCrm, ours: int) -> None:
    bad, gone = (hub_id("interaction", f"mastodon:{n}") for n in (1, 3))
    refusal = RowResult("", False, verdict="quarantine", code="STRING_TOO_LONG", message="too long")
    crm.refuse = lambda kind, row: refusal if row["Hub_Id__c"] == bad else None
    house.store(ours, event("1"), event("2"), event("3"))
    house.work()
    crm.faults = [TryLater("busy")] * 9
    house.store(ours, event("2", text="new", edited_at=house.AT.replace(hour=15)))
    house.work(waits=0)
    with db.write() as session:  # a message that is no interaction any more
        session.execute(
            sa.update(db.table(SyncState)).where(db.table(SyncState).c.hub_id == gone).values(message_id=999)
        )
    with db.read() as session:
        found = {one["hub_id"]: one for one in overview.dry_run(session)["records"]}
    assert {one["action"] for one in found.values()} == {"skip", "update", "blocked", "remove"}
    assert all(one["reason"] for one in found.values())
    assert found[hub_id("interaction", "mastodon:2")]["fields"]["Text__c"] == ("text 2", "new")


def test_status_counts_what_stands_where(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    with db.read() as session:
        found = overview.check(session)
    assert found["ok"]
    assert found["records"] == {"profile": {"synced": 1}, "interaction": {"synced": 1}, "case": {}}
    assert (found["mirror"], found["links"]) == ({"Contact": 1}, {"auto": 1})


def test_five_hundred_messages_take_few_calls(crm: FakeCrm, ours: int) -> None:
    house.store(ours, *(event(str(number)) for number in range(500)))
    house.work()
    assert len(crm.records["interaction"]) == 500
    assert sum(kind == "interaction" for _, kind, _ in crm.calls) <= 4
