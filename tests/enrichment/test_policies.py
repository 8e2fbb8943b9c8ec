"""Rules of single fields: who wins, and that every value that is kept or overwritten stands in the audit trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.audit import AuditEntry
from core.errors import Rejected
from core.settings import settings
from enrichment import policies, reconcile
from enrichment.policies import Policy, decide
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm

FIELD = "SocialProfile__c.Location__c"


@pytest.mark.parametrize(
    ("policy", "ours", "sent", "there", "more", "what"),
    [
        ("hub", "new", "old", "old", {}, "write"),
        ("hub", "new", "old", "theirs", {}, "overwrite"),
        ("hub", "new", "old", "new", {}, "same"),
        ("crm", "new", "old", "old", {}, "write"),
        ("crm", "new", "old", "theirs", {}, "keep"),
        ("crm", "new", "old", None, {}, "keep"),
        ("crm", "new", None, None, {"known": False}, "write"),
        ("crm", "new", None, "theirs", {"known": False}, "keep"),
        ("empty", "new", "old", "old", {}, "keep"),
        ("empty", "new", "old", "", {}, "write"),
        ("newest", "new", "old", "old", {}, "write"),
        ("newest", "new", "old", "theirs", {"newer": True}, "overwrite"),
        ("newest", "new", "old", "theirs", {"newer": False}, "keep"),
        ("newest", "new", "old", "theirs", {"newer": False, "by_us": True}, "overwrite"),
        ("crm", 3, 2, "2.0", {}, "write"),
    ],
)
def test_who_wins(policy: Policy, ours: Any, sent: Any, there: Any, more: dict[str, bool], what: str) -> None:
    facts = {"known": True, "by_us": False, "newer": False} | more
    assert decide(policy, ours, sent, there, **facts) == what


@pytest.fixture
def synced(crm: FakeCrm, ours: int) -> FakeCrm:
    """Anna's profile stands in the CRM, with the place she names."""
    write(ours, "Berlin")
    return crm


def write(ours: int, place: str, number: int = 1) -> None:
    """She writes from another place."""
    author = house.ANNA.model_copy(update={"location": place})
    house.store(ours, house.event(f"m{number}", author))
    house.work()


def rule(policy: str, field: str = FIELD) -> None:
    with db.write() as session:
        policies.put(session, field, policy, "t")


def theirs(crm: FakeCrm, place: str | None = "Hamburg", *, minutes: int = 0) -> None:
    """Somebody in the CRM writes another place, so many minutes after what Anna wrote."""
    key, record = next(iter(crm.records["profile"].items()))
    record["Location__c"] = place
    crm.edited[key] = house.AT + timedelta(minutes=minutes)


def place(crm: FakeCrm) -> Any:
    return crm.only("profile")["Location__c"]


def trail() -> list[tuple[str, Any]]:
    with db.read() as session:
        a = db.table(AuditEntry)
        found = session.scalars(sa.select(AuditEntry).where(a.c.action.like("crm.fields%")).order_by(a.c.id))
        return [(one.action, one.detail["fields"]) for one in found]


@pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
def test_without_rules_the_hub_wins_and_nobody_is_asked(synced: FakeCrm, ours: int) -> None:
    theirs(synced)
    write(ours, "Bremen", 2)
    assert (place(synced), synced.asked, trail()) == ("Bremen", [], [])


@pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("policy", "stands", "said"),
    [
        ("hub", "Bremen", [("crm.fields_overwritten", ["Location__c: hub"])]),
        ("crm", "Hamburg", [("crm.fields_kept", ["Location__c: crm"])]),
        ("empty", "Hamburg", [("crm.fields_kept", ["Location__c: empty"])]),
        ("newest", "Hamburg", [("crm.fields_kept", ["Location__c: newest"])]),
    ],
)
def test_a_value_somebody_changed_there_is_treated_by_its_rule_and_audited_once(
    synced: FakeCrm, ours: int, policy: str, stands: str, said: list[Any]
) -> None:
    rule(policy)
    theirs(synced, minutes=60)
    write(ours, "Bremen", 2)
    house.store(ours, house.event("m3", house.ANNA.model_copy(update={"location": "Bremen"})))
    house.work()
    assert (place(synced), trail()) == (stands, said)
    assert synced.only("profile")["Last_Seen__c"] == "2026-11-20T12:03:30Z"


def test_the_newest_wins_over_an_older_change_there(synced: FakeCrm, ours: int) -> None:
    rule("newest")
    theirs(synced, minutes=1)
    write(ours, "Bremen", 5)
    assert place(synced) == "Bremen"
    assert trail() == [("crm.fields_overwritten", ["Location__c: newest"])]


def test_what_we_wrote_ourselves_is_no_change_there(synced: FakeCrm, ours: int) -> None:
    rule("crm")
    for number, name in enumerate(("Bremen", "Kiel", "Ulm"), 2):
        write(ours, name, number)
    assert (place(synced), trail()) == ("Ulm", [])


def test_an_empty_field_is_filled_and_a_new_record_written_whole(crm: FakeCrm, ours: int) -> None:
    rule("empty")
    write(ours, "Berlin")
    assert (place(crm), crm.asked) == ("Berlin", [])
    theirs(crm, None)
    write(ours, "Bremen", 2)
    assert place(crm) == "Bremen"


def test_after_a_lost_answer_the_rule_still_holds(synced: FakeCrm, ours: int) -> None:
    rule("crm")
    theirs(synced)
    with db.write() as session:
        session.execute(sa.text("UPDATE sync_state SET unsure = true"))
    write(ours, "Bremen", 2)
    assert place(synced) == "Hamburg"


def test_a_comparison_leaves_ruled_fields_to_their_rule(synced: FakeCrm) -> None:
    theirs(synced)
    rule("crm")
    assert reconcile.run(synced, actor="t")["counts"]["profile"]["differing"] == 0
    rule("hub")
    assert reconcile.run(synced, actor="t")["counts"]["profile"]["differing"] == 1


def test_rules_hold_in_bulk_jobs_too(synced: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_CRM_BULK_FROM", "2")
    settings.cache_clear()
    rule("crm", "SocialInteraction__c.Text__c")
    house.store(ours, house.event("m2"), house.event("m3"))
    house.work(waits=6)
    for key in synced.records["interaction"]:
        synced.records["interaction"][key]["Text__c"] = "edited there"
        synced.edited[key] = db.now()
    edits = [house.event(f"m{n}", text="new words", edited_at=house.AT + timedelta(hours=1)) for n in (1, 2, 3)]
    house.store(ours, *edits)
    house.work(waits=6)
    assert {row["Text__c"] for row in synced.records["interaction"].values()} == {"edited there"}


@pytest.mark.parametrize(
    ("field", "policy"), [("SocialProfile__c.Nothing__c", "hub"), ("Case.Status", "crm"), (FIELD, "x")]
)
def test_what_is_no_field_or_no_rule_is_refused(database: str, field: str, policy: str) -> None:
    with pytest.raises(Rejected, match="There is no"), db.write() as session:
        policies.put(session, field, policy, "t")


def test_a_rule_is_set_changed_and_taken_away(database: str) -> None:
    def of() -> str:
        with db.read() as session:
            return next(one["rule"] for one in policies.listed(session) if f"{one['object']}.{one['field']}" == FIELD)

    rule("crm")
    assert of() == "crm"
    rule("newest")
    assert of() == "newest"
    rule("")
    assert of() == ""
