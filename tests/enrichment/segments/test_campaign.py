"""Claims about segments in campaigns: once, only who may, out again when they leave; faults double and lose nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from simple_salesforce import Salesforce

from core import db, outbox
from core.errors import Rejected
from core.outbox import OutboxRow
from core.queue import handler
from core.topics import SUBSCRIBERS
from enrichment.behaviour import intake
from enrichment.crm import Campaign
from enrichment.models import CrmConnection, SyncRun
from enrichment.segments import activation, campaign, conditions, putting, store, tasks
from enrichment.segments.models import Activation, ActivationMember, ActivationRun
from inbox import consent, erasure
from tests.conftest import BOTH
from tests.enrichment.behaviour import shop
from tests.enrichment.behaviour.shop import identify
from tests.enrichment.org_server import RunningOrg
from tests.sandbox.test_salesforce_plain_client import Plain

HAND_ON = "enrichment.segments.tasks.hand_on"
PULL = "enrichment.tasks.pull_crm"


def mail(name: str) -> str:
    return f"{name.lower()}@mail.example"


def contacts(org: RunningOrg, *names: str) -> dict[str, str]:
    return {one: org.make("Contact", LastName=one, Email=mail(one)) for one in names}


def come(key: int, *names: str) -> None:
    """Customers of these names; who stands in the CRM is known to."""
    pull()
    intake.take(key, [identify(one, one, traits={"name": one, "email": mail(one)}) for one in names])


def start(org: RunningOrg, name: str = "Spring") -> tuple[int, str]:
    """Everybody with an e-mail address goes into a campaign; the activation and the campaign."""
    made = org.make("Campaign", Name=name, IsActive=True)
    with db.write() as session:
        group = conditions.read({"match": "all", "of": [{"field": "email", "op": "yes"}]})
        number = store.save(session, name, group, "user:1")
        return campaign.add(session, number, Campaign(made, name), "user:1"), made


def pull() -> None:
    """The CRM is read."""
    with db.write() as session:
        outbox.emit(session, "crm.due", [("crm", {})])
    work(PULL, waits=1)


def work(*subscribers: str, waits: int = 0) -> None:
    """Do what is due; what waits is brought forward `waits` times."""
    o = db.table(OutboxRow)
    names = subscribers or (HAND_ON,)
    for turn in range(waits + 1):
        while any(outbox.step(SUBSCRIBERS[one], handler(one)) for one in names):
            pass
        if turn < waits:
            with db.write() as session:
                session.execute(sa.update(o).where(o.c.subscriber.in_(names)).values(due_at=0.0))


def inside(org: RunningOrg) -> list[str]:
    """Last names of everybody in campaigns, with repeats."""
    named = {row["Id"]: row["LastName"] for one in ("Contact", "Lead") for row in org.rows(one)}
    return sorted(named[row.get("ContactId") or row["LeadId"]] for row in org.rows("CampaignMember"))


def states() -> dict[str, str]:
    """Contact's key as a customer → how the member stands."""
    owners = {f"contact:{one}": key[1] for key, one in shop.owners().items() if key[0] == "user"}
    return {owners.get(one.person, one.person): one.state for one in shop.rows(ActivationMember)}


def row() -> Activation:
    return shop.rows(Activation)[0]


def person(name: str) -> str:
    return f"contact:{shop.owners()[('user', name)]}"


# --- who comes, and who goes --------------------------------------------------------------------------


@BOTH
def test_contacts_and_leads_are_put_in_once_and_others_are_counted(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada")
    org.make("Lead", LastName="Bo", Company="Nord", Email=mail("Bo"))
    come(key, "Ada", "Bo", "Cy")
    start(org)
    work(waits=3)
    assert inside(org) == ["Ada", "Bo"]
    assert (states(), row().outside, row().error) == ({"Ada": "in", "Bo": "in"}, 1, "")
    assert [(one.added, one.removed, one.refused) for one in shop.rows(ActivationRun)] == [(2, 0, 0)]
    (run,) = [one for one in shop.rows(SyncRun) if one.kind == "send"]
    assert (run.created, run.removed, run.quarantined) == (2, 0, 0)


@BOTH
def test_who_objects_goes_and_who_comes_later_is_added(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada", "Bo")
    come(key, "Ada")
    start(org)
    work()
    with db.write() as session:
        consent.object_to(session, person("Ada"), "marketing", "t", "t")
    come(key, "Bo")
    work(waits=1)
    assert inside(org) == ["Bo"]


@BOTH
@pytest.mark.parametrize("purpose", ["marketing", "crm_sync"])
def test_an_objection_to_either_purpose_keeps_people_out(key: int, org: RunningOrg, purpose: str) -> None:
    contacts(org, "Ada", "Bo")
    come(key, "Ada", "Bo")
    with db.write() as session:
        consent.object_to(session, person("Ada"), purpose, "t", "t")
    start(org)
    work()
    assert inside(org) == ["Bo"]


@BOTH
def test_a_privacy_record_that_says_no_takes_them_out(key: int, org: RunningOrg) -> None:
    ids = contacts(org, "Ada", "Bo")
    come(key, "Ada", "Bo")
    start(org)
    work()
    no = org.make("Individual", LastName="Ada", HasOptedOutProcessing=True)
    org.hook("change", id=ids["Ada"], fields={"IndividualId": no})
    pull()
    work(waits=1)
    assert inside(org) == ["Bo"]


@BOTH
def test_whom_people_put_in_by_hand_is_left_alone(key: int, org: RunningOrg) -> None:
    ids = contacts(org, "Ada", "Bo", "Eve")
    come(key, "Ada", "Bo")
    _, made = start(org)
    for name in ("Ada", "Eve"):
        org.make("CampaignMember", CampaignId=made, ContactId=ids[name])
    work()
    assert states() == {"Ada": "there", "Bo": "in"}
    with db.write() as session:
        consent.switch(session, "marketing", enabled=False, basis="", actor="t")
    work(waits=1)
    assert inside(org) == ["Ada", "Eve"]
    assert shop.rows(ActivationMember) == []


@BOTH
def test_an_erased_person_goes_even_when_it_stands_still(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada", "Bo")
    come(key, "Ada", "Bo")
    number, _ = start(org)
    work()
    with db.write() as session:
        activation.switch(session, number, "paused", "user:1")
    ada = person("Ada").removeprefix("contact:")
    with db.write() as session:
        erasure.erase(session, f"contact:{ada}", "t")
    outcome = tasks.forget([outbox.Item(1, "person.erased", "x", {"contact_ids": [ada], "identity_ids": []})])
    with db.write() as session:
        assert outcome.write is not None
        outcome.write(session)
        consent.object_to(session, person("Bo"), "marketing", "t", "t")
    work(waits=1)
    assert inside(org) == ["Bo"]
    assert [one.state for one in shop.rows(ActivationMember)] == ["in"]


@BOTH
def test_removing_it_takes_out_who_was_put_in(key: int, org: RunningOrg) -> None:
    ids = contacts(org, "Ada", "Bo", "Eve")
    come(key, "Ada", "Bo")
    number, made = start(org)
    org.make("CampaignMember", CampaignId=made, ContactId=ids["Eve"])
    work()
    with db.write() as session, pytest.raises(Rejected, match="campaign first"):
        store.remove(session, row().segment_id, "user:1")
    with db.write() as session:
        activation.remove(session, number, "user:1")
    with db.write() as session, pytest.raises(Rejected, match="emptied"):
        activation.switch(session, number, "active", "user:1")
    org.order("503", path="/services/data")
    work(waits=2)
    assert (inside(org), shop.rows(Activation), shop.rows(ActivationMember)) == (["Eve"], [], [])


# --- merges and conversions there ---------------------------------------------------------------------


@BOTH
def test_a_converted_lead_stays_in_once(key: int, org: RunningOrg) -> None:
    lead = org.make("Lead", LastName="Bo", Company="Nord", Email=mail("Bo"))
    come(key, "Bo")
    start(org)
    work()
    made = org.rows("CampaignMember")
    contact = org.hook("convert", lead=lead)["contactId"]
    pull()
    work(waits=1)
    (member,) = org.rows("CampaignMember")
    assert (member["Id"], member["ContactId"]) == (made[0]["Id"], contact)
    assert [one.record_id for one in shop.rows(ActivationMember)] == [contact]


@BOTH
def test_merged_contacts_are_in_once(key: int, org: RunningOrg) -> None:
    ids = contacts(org, "Ada", "Bo", "Cy")
    come(key, "Ada", "Bo")
    start(org)
    work()
    org.hook("merge", master=ids["Ada"], losers=[ids["Bo"], ids["Cy"]])
    pull()
    work(waits=1)
    assert inside(org) == ["Ada"]
    assert all(one.record_id == ids["Ada"] for one in shop.rows(ActivationMember))


@BOTH
def test_a_deleted_contact_is_forgotten(key: int, org: RunningOrg) -> None:
    ids = contacts(org, "Ada", "Bo")
    come(key, "Ada", "Bo")
    start(org)
    work()
    plain(org).Contact.delete(ids["Ada"])
    pull()
    work(waits=1)
    assert (inside(org), list(states().values())) == (["Bo"], ["in"])


# --- faults -------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("fault", ["lock", "limit", "expired", "html401", "500", "503", "timeout_after_commit", "drop"])
def test_a_fault_puts_everybody_in_once(key: int, org: RunningOrg, fault: str) -> None:
    contacts(org, "Ada", "Bo", "Cy")
    come(key, "Ada", "Bo", "Cy")
    start(org)
    org.order(fault, method="PATCH", path="/services/data")
    work(waits=2)
    assert inside(org) == ["Ada", "Bo", "Cy"]
    assert (states(), row().error) == ({"Ada": "in", "Bo": "in", "Cy": "in"}, "")


@BOTH
def test_who_leaves_while_an_answer_is_lost_is_taken_out(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada")
    come(key, "Ada")
    start(org)
    org.order("timeout_after_commit", method="PATCH", path="/services/data")
    work()
    assert (inside(org), states()) == (["Ada"], {"Ada": "sending"})
    with db.write() as session:
        consent.object_to(session, person("Ada"), "marketing", "t", "t")
    work(waits=1)
    assert (inside(org), shop.rows(ActivationMember)) == ([], [])


@BOTH
def test_a_worker_that_dies_after_the_call_doubles_nobody(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada")
    come(key, "Ada")
    start(org)
    claimed = outbox.claim(SUBSCRIBERS[HAND_ON])
    assert claimed is not None
    tasks.hand_on(claimed.items)  # put in, but never settled
    work(waits=1)
    with db.write() as session:
        o = db.table(OutboxRow)
        session.execute(sa.update(o).where(o.c.subscriber == HAND_ON).values(due_at=0.0))
    work()
    assert (inside(org), states()) == (["Ada"], {"Ada": "in"})


@BOTH
def test_a_bad_row_stands_aside_with_its_reason_until_it_is_tried_again(
    key: int, org: RunningOrg, refusing: Any
) -> None:
    contacts(org, "Ada", "Bo")
    come(key, "Ada", "Bo")
    number, _ = start(org)
    refusing("Bo")
    work(waits=2)
    assert (inside(org), states()) == (["Ada"], {"Ada": "in", "Bo": "refused"})
    with db.read() as session:
        (bad,) = campaign.refusals(session, number)
        (shown,) = activation.standing(session)
    assert (bad.code, shown.members, shown.refused) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", 1, 1)
    refusing("")
    work(waits=1)
    assert inside(org) == ["Ada"]
    with db.write() as session:
        campaign.try_again(session, number, "user:1")
    work()
    assert inside(org) == ["Ada", "Bo"]


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch, org: RunningOrg) -> Callable[[str], None]:
    """The org has a rule against members of one last name."""
    from sandbox.salesforce import campaigns
    from sandbox.salesforce.errors import RowError

    place = campaigns.place
    barred = {"name": ""}

    def placed(one: Any, values: dict[str, Any]) -> None:
        contact = one.get("Contact", values.get("ContactId") or "")
        if contact is not None and contact["LastName"] == barred["name"]:
            raise RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Not this one.")
        place(one, values)

    monkeypatch.setattr(campaigns, "place", placed)
    return lambda name: barred.update(name=name)


@BOTH
def test_a_campaign_that_is_gone_stands_still(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada")
    come(key, "Ada")
    number, made = start(org)
    plain(org).Campaign.delete(made)
    work(waits=3)
    assert (row().state, row().error) == ("refused", putting.GONE)
    with db.write() as session:
        activation.switch(session, number, "active", "user:1")
    assert row().state == "active"


@BOTH
def test_nothing_goes_while_the_day_is_spent_or_the_purpose_off(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada")
    come(key, "Ada")
    start(org)
    with db.write() as session:
        session.execute(sa.update(db.table(CrmConnection)).values(state="spent"))
    work(waits=1)
    assert (inside(org), "API calls" in row().error) == ([], True)
    with db.write() as session:
        session.execute(sa.update(db.table(CrmConnection)).values(state="active"))
        consent.switch(session, "crm_sync", enabled=False, basis="", actor="t")
    work(waits=1)
    assert (inside(org), "switched on" in row().error) == ([], True)
    with db.write() as session:
        consent.switch(session, "crm_sync", enabled=True, basis="contract", actor="t")
    work(waits=1)
    assert (inside(org), row().error) == (["Ada"], "")


@BOTH
def test_what_does_not_fit_follows_at_once(key: int, org: RunningOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "MOST", 2)
    names = [f"P{n}" for n in range(5)]
    contacts(org, *names)
    come(key, *names)
    number, _ = start(org)
    work()
    assert inside(org) == names
    with db.write() as session:
        activation.remove(session, number, "user:1")
    work()
    assert (inside(org), shop.rows(Activation)) == ([], [])


def test_a_call_holds_two_hundred_and_nothing_new_costs_nothing(key: int, org: RunningOrg) -> None:
    names = [f"P{n}" for n in range(120)]
    contacts(org, *names)
    come(key, *names)
    start(org)
    used = org.hook("limits")["used"]
    work()
    assert (len(inside(org)), org.hook("limits")["used"] - used) == (120, 2)
    work(waits=2)
    assert org.hook("limits")["used"] - used == 2


# --- an independent client ----------------------------------------------------------------------------


def plain(org: RunningOrg) -> Salesforce:
    """Signed in by itself, without a line of ours."""
    form = {"grant_type": "client_credentials", "client_id": org.login.client_id,
            "client_secret": org.login.client_secret}  # fmt: skip
    answer = requests.post(f"{org.url}/services/oauth2/token", data=form, timeout=10).json()
    session = requests.Session()
    session.mount("https://", Plain())
    host = answer["instance_url"].removeprefix("http://")
    return Salesforce(instance=host, session_id=answer["access_token"], session=session, version="66.0")


@BOTH
def test_a_plain_client_finds_the_members(key: int, org: RunningOrg) -> None:
    contacts(org, "Ada")
    org.make("Lead", LastName="Bo", Company="Nord", Email=mail("Bo"))
    come(key, "Ada", "Bo")
    start(org)
    work()
    soql = "SELECT Contact.Email, Lead.Email, Status FROM CampaignMember WHERE Campaign.Name = 'Spring'"
    found = plain(org).query_all(soql)["records"]
    emails = sorted((one["Contact"] or one["Lead"])["Email"] for one in found)
    assert (emails, {one["Status"] for one in found}) == ([mail("Ada"), mail("Bo")], {"Sent"})
    (made,) = plain(org).query("SELECT Name, (SELECT ContactId FROM CampaignMembers) FROM Campaign")["records"]
    assert made["CampaignMembers"]["totalSize"] == 2
