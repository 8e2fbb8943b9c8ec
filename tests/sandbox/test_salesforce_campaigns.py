"""The simulated org keeps campaigns and their members as Salesforce does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.salesforce_org import Api


@pytest.fixture
def api() -> Api:
    return Api()


def made(api: Api, object_: str, **fields: Any) -> str:
    answer = api.post(f"sobjects/{object_}", fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def refused(api: Api, **fields: Any) -> tuple[str, str]:
    answer = api.post("sobjects/CampaignMember", fields)
    assert answer.status_code == 400, answer.text
    return answer.json()[0]["errorCode"], answer.json()[0]["message"]


@pytest.fixture
def campaign(api: Api) -> str:
    return made(api, "Campaign", Name="Spring")


def members(api: Api) -> list[dict[str, Any]]:
    soql = "SELECT Id, CampaignId, ContactId, LeadId, Status, HasResponded FROM CampaignMember ORDER BY Id"
    return [{name: value for name, value in row.items() if name != "attributes"} for row in api.query(soql)["records"]]


def test_a_member_is_a_contact_or_a_lead_once(api: Api, campaign: str) -> None:
    contact, lead = made(api, "Contact", LastName="Weber"), made(api, "Lead", LastName="Kurz", Company="Nord")
    made(api, "CampaignMember", CampaignId=campaign, ContactId=contact)
    made(api, "CampaignMember", CampaignId=campaign, LeadId=lead)
    assert refused(api, CampaignId=campaign, ContactId=contact) == ("DUPLICATE_VALUE", "Already a campaign member.")
    assert refused(api, CampaignId=campaign, LeadId=lead)[0] == "DUPLICATE_VALUE"
    assert [(one["ContactId"], one["LeadId"], one["Status"]) for one in members(api)] == [
        (contact, None, "Sent"),
        (None, lead, "Sent"),
    ]


def test_of_both_only_the_contact_is_kept(api: Api, campaign: str) -> None:
    contact, lead = made(api, "Contact", LastName="Weber"), made(api, "Lead", LastName="Kurz", Company="Nord")
    made(api, "CampaignMember", CampaignId=campaign, ContactId=contact, LeadId=lead)
    assert [(one["ContactId"], one["LeadId"]) for one in members(api)] == [(contact, None)]


def test_nobody_and_no_campaign_are_refused(api: Api, campaign: str) -> None:
    contact = made(api, "Contact", LastName="Weber")
    assert refused(api, CampaignId=campaign)[0] == "FIELD_INTEGRITY_EXCEPTION"
    assert refused(api, ContactId=contact)[0] == "REQUIRED_FIELD_MISSING"
    assert refused(api, CampaignId=contact, ContactId=contact)[0] == "FIELD_INTEGRITY_EXCEPTION"
    assert refused(api, CampaignId=campaign, ContactId="003000000000001AAA")[0] == "INVALID_CROSS_REFERENCE_KEY"


def test_whom_it_is_about_cannot_be_changed_but_the_status_can(api: Api, campaign: str) -> None:
    contact, other = made(api, "Contact", LastName="Weber"), made(api, "Contact", LastName="Kurz")
    row = {"CampaignId": campaign, "ContactId": contact}
    key = "sobjects/CampaignMember/Hub_Id__c/m1"
    assert api.patch(key, row).status_code == 201
    again = api.patch(key, {**row, "ContactId": other})
    assert (again.status_code, again.json()[0]["errorCode"]) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert api.patch(key, {"Status": "Responded"}).status_code == 200
    assert [(one["ContactId"], one["HasResponded"]) for one in members(api)] == [(contact, True)]


@pytest.mark.parametrize("what", ["Contact", "Campaign"])
def test_a_member_goes_with_its_person_or_campaign(api: Api, campaign: str, what: str) -> None:
    contact = made(api, "Contact", LastName="Weber")
    member = made(api, "CampaignMember", CampaignId=campaign, ContactId=contact)
    gone = {"Contact": contact, "Campaign": campaign}[what]
    assert api.delete(f"sobjects/{what}/{gone}").status_code == 204
    assert members(api) == []
    assert api.query("SELECT Id FROM CampaignMember", deleted=True)["records"][0]["Id"] == member


def test_a_merge_leaves_one_member_of_two(api: Api, campaign: str) -> None:
    master, loser, third = (made(api, "Contact", LastName=name) for name in ("Weber", "Weber", "Kurz"))
    made(api, "CampaignMember", CampaignId=campaign, ContactId=loser)
    api.hook("merge", {"master": master, "losers": [loser]})
    assert [one["ContactId"] for one in members(api)] == [master]
    made(api, "CampaignMember", CampaignId=campaign, ContactId=third)
    api.hook("merge", {"master": master, "losers": [third]})
    assert [one["ContactId"] for one in members(api)] == [master]


def test_a_converted_lead_is_in_the_campaign_as_its_contact(api: Api, campaign: str) -> None:
    lead = made(api, "Lead", LastName="Kurz", Company="Nord")
    made(api, "CampaignMember", CampaignId=campaign, LeadId=lead)
    contact = api.hook("convert", {"lead": lead})["contactId"]
    assert [(one["ContactId"], one["LeadId"]) for one in members(api)] == [(contact, lead)]
    assert refused(api, CampaignId=campaign, ContactId=contact)[0] == "DUPLICATE_VALUE"
    assert refused(api, CampaignId=campaign, LeadId=lead)[0] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_members_are_found_from_either_side(api: Api, campaign: str) -> None:
    contact = made(api, "Contact", LastName="Weber", Email="w@mail.example")
    made(api, "CampaignMember", CampaignId=campaign, ContactId=contact)
    (row,) = api.query("SELECT Name, (SELECT Contact.Email FROM CampaignMembers) FROM Campaign")["records"]
    assert row["CampaignMembers"]["records"][0]["Contact"]["Email"] == "w@mail.example"
