"""simple-salesforce as it comes, without a line of ours, works with the simulated org."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest

from tests.enrichment.org_server import RunningOrg, running_org


class Plain(requests.adapters.HTTPAdapter):
    """It writes https:// before every host; the org speaks plain HTTP."""

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        assert request.url is not None
        request.url = request.url.replace("https://", "http://")
        return super().send(request, *args, **more)


@pytest.fixture
def org() -> Iterator[RunningOrg]:
    with running_org() as found:
        yield found


@pytest.fixture
def sf(org: RunningOrg) -> Salesforce:
    form = {"grant_type": "client_credentials", "client_id": org.login.client_id}
    answer = requests.post(
        f"{org.url}/services/oauth2/token", data={**form, "client_secret": org.login.client_secret}, timeout=10
    ).json()
    session = requests.Session()
    session.mount("https://", Plain())
    host = answer["instance_url"].removeprefix("http://")
    return Salesforce(instance=host, session_id=answer["access_token"], session=session, version="66.0")


def test_records_are_made_read_and_queried(sf: Salesforce) -> None:
    made = sf.Contact.create({"LastName": "Weber", "Email": "w@example.org"})
    sf.Contact.update(made["id"], {"FirstName": "Jana"})
    assert sf.Contact.get(made["id"])["Name"] == "Jana Weber"
    assert sf.query("SELECT Id FROM Contact WHERE LastName = 'Weber'")["totalSize"] == 1
    assert {one["name"] for one in sf.SocialProfile__c.describe()["fields"]} >= {"Hub_Id__c", "Name"}


def test_upserts_by_external_id_change_and_never_double(sf: Salesforce) -> None:
    assert [sf.SocialProfile__c.upsert("Hub_Id__c/p1", {"Name": name}) for name in "AB"] == [201, 200]
    assert [row["Name"] for row in sf.query("SELECT Name FROM SocialProfile__c")["records"]] == ["B"]


def test_its_bulk_upsert_works(sf: Salesforce, org: RunningOrg) -> None:
    rows = [{"Hub_Id__c": f"p{n}", "Name": f"Person {n}", "Handle__c": "x" * (300 * (n == 7))} for n in range(300)]
    (found,) = sf.bulk2.SocialProfile__c.upsert(records=rows, external_id_field="Hub_Id__c", wait=1)
    assert (found["numberRecordsProcessed"], found["numberRecordsFailed"]) == (300, 1)
    failed = sf.bulk2.SocialProfile__c.get_failed_records(found["job_id"])
    assert "STRING_TOO_LONG" in failed
    assert len(org.rows("SocialProfile__c")) == 299


def test_its_bulk_query_works(sf: Salesforce, org: RunningOrg) -> None:
    org.hook("records", records=[{"attributes": {"type": "Contact"}, "LastName": f"P{n}"} for n in range(25)])
    pages = list(sf.bulk2.Contact.query("SELECT Id, LastName FROM Contact ORDER BY LastName", max_records=10, wait=1))
    assert [len(page.strip().splitlines()) - 1 for page in pages] == [10, 10, 5]


def test_refusals_come_as_its_exceptions(sf: Salesforce, org: RunningOrg) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        sf.Contact.create({"FirstName": "Jana"})
    org.hook("expire")
    with pytest.raises(SalesforceExpiredSession):
        sf.query("SELECT Id FROM Contact")
