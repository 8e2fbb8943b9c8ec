"""The CRM port over the simulated org."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import requests

from enrichment.crm import CRM, Campaign, CrmAccount, CrmPerson, Problem
from enrichment.salesforce import client as client_module
from enrichment.salesforce.accounts import select
from enrichment.salesforce.client import Client
from enrichment.salesforce.org import SalesforceOrg
from tests.enrichment.org_server import RunningOrg, running_org


@pytest.fixture
def org() -> Iterator[RunningOrg]:
    client_module._tokens.clear()
    with running_org() as found:
        yield found


@pytest.fixture
def crm(org: RunningOrg) -> CRM:
    return SalesforceOrg(Client(org.login, allow_private=True))


def people(crm: CRM, since: datetime | None = None) -> dict[str, CrmPerson]:
    return {p.id: p for p in crm.people(since)}


def whats(problems: tuple[Problem, ...]) -> str:
    return "\n".join(p.what for p in problems)


# --- reading people


def test_a_contact_comes_with_all_that_identifies_it(crm: CRM, org: RunningOrg) -> None:
    id_ = org.make(
        "Contact",
        FirstName="Jana",
        LastName="Weber",
        Email="jana@example.org",
        MobilePhone="+49 151 1",
        Fax="+49 30 9",
        Mastodon_Handle__c="@jana@example.social",
        Website__c="https://jana.example",
        MailingCity="Husum",
        MailingCountry="Germany",
        Account={"Name": "Nordwind"},
    )
    found = people(crm)[id_]
    assert (found.city, found.country) == ("Husum", "Germany")
    assert (found.object, found.first_name, found.last_name, found.name) == (
        "Contact",
        "Jana",
        "Weber",
        "Jana Weber",
    )
    assert (found.emails, found.phones) == (("jana@example.org",), ("+49 151 1",))
    assert (found.handles, found.websites) == (
        {"mastodon": "@jana@example.social"},
        ("https://jana.example",),
    )
    assert (found.company_id, found.deleted, found.merged_into) == (org.rows("Account")[0]["Id"], False, "")
    assert found.modified is not None
    assert found.modified.tzinfo is not None


def test_a_lead_comes_with_its_company(crm: CRM, org: RunningOrg) -> None:
    id_ = org.make("Lead", LastName="佐藤", Company="小林工務店", Bluesky_Handle__c="sato.example")
    assert people(crm)[id_].company == "小林工務店"
    assert people(crm)[id_].handles == {"bluesky": "sato.example"}


def test_a_lead_s_own_place_is_read(crm: CRM, org: RunningOrg) -> None:
    id_ = org.make("Lead", LastName="Kato", Company="Aoba", City="仙台市", Country="Japan")
    found = people(crm)[id_]
    assert (found.city, found.country) == ("仙台市", "Japan")


def test_only_what_changed_lately_is_read(crm: CRM, org: RunningOrg) -> None:
    old, new = org.make("Contact", LastName="Old"), org.make("Contact", LastName="New")
    row = org.store.shelf("salesforce.Contact")[old]
    row["SystemModstamp"] = "2026-01-01T00:00:00.000+0000"
    assert set(people(crm, datetime.now(UTC) - timedelta(minutes=1))) == {new}


def test_the_stretch_read_overlaps_with_the_one_before(crm: CRM, org: RunningOrg) -> None:
    id_ = org.make("Contact", LastName="Weber")
    assert set(people(crm, datetime.now(UTC) + timedelta(minutes=2))) == {id_}


def test_a_merged_contact_names_its_survivor(crm: CRM, org: RunningOrg) -> None:
    master, loser = org.make("Contact", LastName="A"), org.make("Contact", LastName="B")
    org.hook("merge", master=master, losers=[loser])
    found = people(crm, datetime.now(UTC))[loser]
    assert (found.deleted, found.merged_into) == (True, master)


def test_a_converted_lead_names_its_contact(crm: CRM, org: RunningOrg) -> None:
    lead = org.make("Lead", LastName="Sato", Company="X")
    contact = org.hook("convert", lead=lead)["contactId"]
    assert people(crm)[lead].converted_to == contact


def test_a_lead_whose_contact_was_deleted_is_gone_too(crm: CRM, org: RunningOrg) -> None:
    lead = org.make("Lead", LastName="Kurz", Company="Nord")
    contact = org.hook("convert", lead=lead)["contactId"]
    assert people(crm)[lead].deleted is False
    org.hook("delete", id=contact)
    assert (people(crm)[lead].deleted, people(crm)[lead].converted_to) == (True, "")


def test_a_changed_privacy_record_brings_its_person(crm: CRM, org: RunningOrg) -> None:
    individual = org.make("Individual", LastName="Weber")
    id_ = org.make("Contact", LastName="Weber", IndividualId=individual)
    org.store.shelf("salesforce.Contact")[id_]["SystemModstamp"] = "2026-01-01T00:00:00.000+0000"
    org.hook("change", id=individual, fields={"HasOptedOutProcessing": True})
    found = people(crm, datetime.now(UTC))
    assert found[id_].objects_to_processing


def accounts(crm: CRM, since: datetime | None = None) -> dict[str, CrmAccount]:
    return {one.id: one for one in crm.accounts(since)}


def test_a_changed_account_comes_alone(crm: CRM, org: RunningOrg) -> None:
    nordwind, chor = (org.make("Account", Name=name, Website="https://x.example") for name in ("Nordwind", "Chor"))
    kim = org.make("Contact", LastName="Park", AccountId=nordwind)
    assert {one.name for one in accounts(crm).values()} == {"Nordwind", "Chor"}
    old = (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    for object_, id_ in (("Account", nordwind), ("Account", chor), ("Contact", kim)):
        org.store.shelf(f"salesforce.{object_}")[id_]["SystemModstamp"] = old
    since = datetime.now(UTC) - timedelta(hours=1)
    assert accounts(crm, since) == {}
    org.hook("change", id=nordwind, fields={"Name": "Südwind", "Phone": "+49 30 1"})
    (found,) = accounts(crm, since).values()
    assert (found.id, found.name, found.website, found.phone) == (nordwind, "Südwind", "https://x.example", "+49 30 1")
    assert people(crm, since) == {}


def test_a_deleted_account_takes_its_contacts_along_and_a_merged_one_names_its_survivor(
    crm: CRM, org: RunningOrg
) -> None:
    ids = [org.make("Account", Name=name) for name in ("North", "South", "East")]
    kim, jo = (org.make("Contact", LastName="Park", AccountId=one) for one in ids[:2])
    org.hook("merge", master=ids[2], losers=[ids[1]])
    org.hook("delete", id=ids[0])
    found = accounts(crm)
    assert [(found[one].deleted, found[one].merged_into) for one in ids] == [(True, ""), (True, ids[2]), (False, "")]
    assert people(crm)[kim].deleted
    assert people(crm)[jo].company_id == ids[2]


def test_an_account_with_cases_is_not_deleted(org: RunningOrg) -> None:
    busy = org.make("Account", Name="Busy")
    org.make("Case", Subject="broken", AccountId=busy)
    answer = requests.post(f"{org.url}/_org/delete", json={"id": busy}, timeout=10)
    assert answer.status_code == 400
    assert "DELETE_FAILED" in answer.text
    assert org.rows("Account")


def test_many_accounts_are_read_in_bulk(org: RunningOrg) -> None:
    ids = {org.make("Account", Name=f"Firm {number}", Phone="+49 30 1") for number in range(3)}
    client = Client(org.login, allow_private=True)
    found = accounts(SalesforceOrg(client, load_from=2))
    assert set(found) == ids
    assert {(one.phone, one.deleted) for one in found.values()} == {("+49 30 1", False)}


def test_accounts_that_may_not_be_read_are_none(crm: CRM, org: RunningOrg) -> None:
    org.make("Contact", LastName="Park", Account={"Name": "Chor"})
    org.hook("security", missing=["Account"])
    said = crm.check()
    assert said.ok
    assert "the object Account" in whats(said.optional)
    assert accounts(crm) == {}
    assert len(people(crm)) == 1


def test_accounts_that_are_a_person_are_left_out() -> None:
    fields = [{"name": name} for name in ("Id", "Name", "Website", "IsPersonAccount", "SystemModstamp")]
    columns, where = select({"fields": fields})
    assert (columns, where) == ("Id, Name, Website, SystemModstamp", "IsPersonAccount = false")


def test_a_hidden_field_is_left_out_and_nothing_breaks(crm: CRM, org: RunningOrg) -> None:
    id_ = org.make("Contact", LastName="Weber", Email="jana@example.org")
    org.hook("security", hidden=["Contact.Email", "Contact.IndividualId"])
    assert people(crm)[id_].emails == ()


# --- writing


def test_a_profile_and_its_interactions_are_written_and_found(crm: CRM, org: RunningOrg) -> None:
    contact = org.make("Contact", LastName="Weber")
    crm.upsert("profile", [{"Hub_Id__c": "p1", "Name": "Jana", "Contact__c": contact}])
    parent = {"Profile__r": {"Hub_Id__c": "p1"}}
    found = crm.upsert("interaction", [{"Hub_Id__c": f"i{n}", "Kind__c": "reply", **parent} for n in range(3)])
    assert [(r.hub_id, r.ok, r.created, r.verdict) for r in found] == [(f"i{n}", True, True, "done") for n in range(3)]
    assert crm.exists("interaction", ["i0", "i2", "no"]) == {"i0", "i2"}
    assert {r["Profile__c"] for r in org.rows("SocialInteraction__c")} == {org.rows("SocialProfile__c")[0]["Id"]}


@pytest.mark.parametrize(
    ("row", "verdict", "code"),
    [
        ({"Handle__c": "x" * 256}, "quarantine", "STRING_TOO_LONG"),
        ({"Nope__c": 1}, "quarantine", "INVALID_FIELD"),
        ({"Contact__c": "003000000000000AAA"}, "relink", "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_a_refused_row_says_what_to_do(crm: CRM, row: dict[str, object], verdict: str, code: str) -> None:
    found = crm.upsert("profile", [{"Hub_Id__c": "p1", **row}, {"Hub_Id__c": "p2"}])
    assert [(r.hub_id, r.ok) for r in found] == [("p1", False), ("p2", True)]
    assert (found[0].verdict, found[0].code) == (verdict, code)


def test_an_interaction_before_its_profile_is_to_be_relinked(crm: CRM) -> None:
    found = crm.upsert("interaction", [{"Hub_Id__c": "i1", "Profile__r": {"Hub_Id__c": "none"}}])
    assert found[0].verdict == "relink"


def test_a_profile_of_a_converted_lead_is_to_be_relinked(crm: CRM, org: RunningOrg) -> None:
    lead = org.make("Lead", LastName="Sato", Company="X")
    org.hook("convert", lead=lead)
    found = crm.upsert("profile", [{"Hub_Id__c": "p1", "Lead__c": lead}])
    assert (found[0].verdict, found[0].code) == ("relink", "CANNOT_UPDATE_CONVERTED_LEAD")


def test_erasure_can_be_proved(crm: CRM) -> None:
    crm.upsert("profile", [{"Hub_Id__c": "p1"}, {"Hub_Id__c": "p2"}])
    assert all(r.ok for r in crm.delete("profile", ["p1", "gone"]))
    assert crm.exists("profile", ["p1", "p2"]) == {"p2"}


# --- preflight


def test_a_ready_org_has_no_problems(crm: CRM) -> None:
    found = crm.check()
    assert (found.ok, found.problems, found.limit) == (True, (), 100000)
    assert found.used > 0
    assert found.handle_fields["Lead"] == ("Mastodon_Handle__c", "Bluesky_Handle__c", "Telegram_Handle__c")


def test_a_missing_object_is_named_with_the_way_to_mend_it(crm: CRM, org: RunningOrg) -> None:
    org.hook("security", missing=["SocialProfile__c", "Lead"])
    found = crm.check()
    assert "object SocialProfile__c is missing" in whats(found.problems)
    assert "may not read the object Lead" in whats(found.problems)
    assert "permission set Widerhall" in found.problems[0].fix


def test_hidden_and_read_only_fields_are_named(crm: CRM, org: RunningOrg) -> None:
    org.hook("security", hidden=["SocialProfile__c.Topics__c"], read_only=["SocialInteraction__c.Text__c"])
    text = whats(crm.check().problems)
    assert "SocialProfile__c.Topics__c is missing" in text
    assert "may read SocialInteraction__c.Text__c but not write it" in text


def test_duplicate_rules_on_what_is_written_are_named_and_a_refused_row_goes_to_a_person(
    crm: CRM, org: RunningOrg
) -> None:
    org.hook("duplicate_rule", name="Same_handle", object="SocialProfile__c", fields=["Handle__c"])
    org.hook("duplicate_rule", name="Same_mail", object="Contact", fields=["Email"])
    said = crm.check()
    assert said.ok
    assert "duplicate rule Same_handle is active on SocialProfile__c" in whats(said.optional)
    assert "Same_mail" not in whats(said.optional)
    rows = [{"Hub_Id__c": f"p{number}", "Handle__c": "kim"} for number in range(2)]
    first, second = crm.upsert("profile", rows)
    assert [(one.ok, one.verdict) for one in (first, second)] == [(True, "done"), (False, "human")]
    assert second.message == f"Use one of these records? [{first.record_id}]"
    many = crm.upsert("profile", [{"Hub_Id__c": f"q{number}", "Handle__c": "kim"} for number in range(9)])
    assert [first.record_id in one.message for one in many] == [True] * 5 + [False] * 4


def test_privacy_records_that_cannot_be_read_are_named(crm: CRM, org: RunningOrg) -> None:
    assert "Individual" not in whats(crm.check().optional)
    org.hook("security", hidden=["Lead.IndividualId"])
    assert "Lead.IndividualId" in whats(crm.check().optional)
    org.hook("security", missing=["Individual"])
    said = crm.check()
    assert said.ok
    assert "object Individual" in whats(said.optional)


def test_people_of_an_object_that_is_missing_are_none(crm: CRM, org: RunningOrg) -> None:
    org.make("Contact", LastName="Weber")
    org.hook("security", missing=["Lead"])
    assert [p.object for p in crm.people(None)] == ["Contact"]


def test_what_the_user_may_not_read_is_named_and_blocks_nothing(crm: CRM, org: RunningOrg) -> None:
    org.hook("security", missing=["Order"], hidden=["Opportunity.Amount"], read_only=["CampaignMember.Hub_Id__c"])
    said = crm.check()
    assert said.ok
    assert "object Order" in whats(said.optional)
    assert "Opportunity.Amount" in whats(said.optional)
    assert "CampaignMember.Hub_Id__c but not write" in whats(said.optional)


def test_an_org_installed_earlier_is_told_of_the_key_of_members(crm: CRM, org: RunningOrg) -> None:
    org.make("Campaign", Name="Spring", IsActive=True)
    org.hook("security", hidden=["CampaignMember.Hub_Id__c"])
    assert "CampaignMember.Hub_Id__c is missing" in whats(crm.check().optional)
    assert crm.campaigns() == []


def test_active_campaigns_come_by_name(crm: CRM, org: RunningOrg) -> None:
    spring = org.make("Campaign", Name="Spring", IsActive=True, EndDate="2026-05-31")
    org.make("Campaign", Name="Old", Status="Completed")
    autumn = org.make("Campaign", Name="Autumn", IsActive=True, Status="In Progress")
    assert crm.campaigns() == [
        Campaign(autumn, "Autumn", "In Progress"),
        Campaign(spring, "Spring", "Planned", date(2026, 5, 31)),
    ]
    org.hook("security", missing=["Campaign"])
    crm.check()
    assert crm.campaigns() == []


def test_members_are_put_in_once_and_taken_out(crm: CRM, org: RunningOrg) -> None:
    campaign, kim = org.make("Campaign", Name="Spring", IsActive=True), org.make("Contact", LastName="Park")
    rows = [{"Hub_Id__c": "m1", "CampaignId": campaign, "ContactId": kim}]
    (made,) = crm.upsert("member", rows)
    assert (made.ok, made.created) == (True, True)
    (again,) = crm.upsert("member", [{**rows[0], "Hub_Id__c": "m2"}])
    assert (again.code, again.message) == ("DUPLICATE_VALUE", "Already a campaign member.")
    assert crm.exists("member", ["m1", "m2"]) == {"m1"}
    assert [one.ok for one in crm.delete("member", ["m1", "m2"])] == [True, True]
    assert org.rows("CampaignMember") == []
