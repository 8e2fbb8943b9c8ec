"""Deploying our objects into an org over HTTP: what it does, what it leaves alone, what it says when refused."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from core.errors import BadPayload, Rejected, TryLater
from enrichment import connection, packing
from enrichment.salesforce import deploy, layouts, metadata, preflight
from enrichment.salesforce.client import Client
from enrichment.salesforce.deploy import Installed
from enrichment.salesforce.login import Login
from enrichment.salesforce.soap import XMLNS, envelope, opened, text
from tests.enrichment.org_server import RunningOrg, answers, running_org


@pytest.fixture
def org() -> Iterator[RunningOrg]:
    with running_org(installed=False) as found:
        yield found


@pytest.fixture
def client(org: RunningOrg) -> Iterator[Client]:
    found = Client(org.login, allow_private=True)
    yield found
    found.close()


def install(client: Client, *, dry_run: bool = False) -> Installed:
    return deploy.install(client, dry_run=dry_run, sleep=lambda span: None)


def lists(org: RunningOrg, name: str) -> list[str]:
    return [one["relatedList"] for one in org.store.shelf("salesforce.layouts")[name]["relatedLists"]]


def test_an_org_lacks_nothing_after_it(client: Client) -> None:
    assert list(preflight.problems(client.describe))
    done = install(client)
    assert list(preflight.problems(client.describe)) == list(preflight.optional(client.describe)) == []
    assert done.assigned == "yes"
    assert {one.name for one in done.changes if one.what == "created"} >= {"SocialProfile__c", "Widerhall"}


def test_a_second_time_nothing_is_new(client: Client) -> None:
    install(client)
    again = install(client)
    assert (again.counts()["created"], again.counts()["changed"], again.assigned) == (0, 0, "already")


def test_an_org_without_orders_and_marketing_is_installed_too(org: RunningOrg, client: Client) -> None:
    org.hook("without", objects=["Order", "Campaign", "CampaignMember"])
    done = install(client)
    assert "CampaignMember.Hub_Id__c" not in {one.name for one in done.changes}
    assert list(preflight.problems(client.describe)) == []
    assert [one.what.partition(", ")[0].split()[-1] for one in preflight.optional(client.describe)] == [
        "Order",
        "Campaign",
    ]


def test_a_dry_run_lists_changes_and_makes_none(client: Client) -> None:
    done = install(client, dry_run=True)
    assert done.counts()["created"] > 30
    assert done.assigned == ""
    assert client.describe("SocialProfile__c") is None


def test_layouts_of_contact_lead_and_case_get_our_list_and_keep_the_rest(client: Client, org: RunningOrg) -> None:
    install(client)
    assert lists(org, "Contact-Contact Layout") == [
        "RelatedCaseList",
        "RelatedActivityList",
        "SocialProfile__c.Contact__c",
    ]
    assert lists(org, "Lead-Lead Layout")[-1] == "SocialProfile__c.Lead__c"
    assert lists(org, "Case-Case Layout")[-1] == "SocialInteraction__c.Case__c"
    assert len(lists(org, "Account-Account Layout")) == 2
    assert layouts.extended(client) == {}


def test_a_layout_keeps_the_order_of_the_schema() -> None:
    raw = f'<r xmlns="{XMLNS.strip("{}")}"><fullName>x</fullName><showSolutionSection>false</showSolutionSection></r>'
    changed = layouts.with_list(ElementTree.fromstring(raw), "A.B__c", ("NAME",))  # noqa: S314 - our own text
    assert changed is not None
    found = [one.tag.removeprefix(XMLNS) for one in ElementTree.fromstring(changed)]  # noqa: S314 - our own text
    assert found == ["relatedLists", "showSolutionSection"]


def test_the_administrator_s_package_leaves_out_what_the_connected_org_lacks(
    org: RunningOrg, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "client", lambda: Client(org.login, allow_private=True))
    assert packing.packed()[1] == []
    org.hook("without", objects=["Order", "Campaign", "CampaignMember"])
    package, lacking = packing.packed()
    assert lacking == ["Campaign", "CampaignMember", "Order"]
    refused = deploy.deployed(client, metadata.package(), check_only=True, sleep=lambda span: None)
    taken = deploy.deployed(client, package, check_only=True, sleep=lambda span: None)
    assert (text(refused, "status"), text(taken, "status")) == ("Failed", "Succeeded")
    org.hook("security", may_deploy=False)
    assert packing.packed(["opportunity"])[1] == ["Opportunity"]


def test_a_refusal_comes_in_salesforces_words(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"layouts/Contact-Other.layout": b'<Layout xmlns="http://soap.sforce.com/2006/04/metadata"><x/></Layout>'}
    monkeypatch.setattr(layouts, "extended", lambda client: bad)
    with pytest.raises(Rejected, match=r"Contact-Other: Error parsing file: Element .*x invalid at this location"):
        install(client)
    assert client.describe("SocialProfile__c") is None


def test_a_user_who_may_not_deploy_is_told_so(client: Client, org: RunningOrg) -> None:
    org.hook("security", may_deploy=False)
    with pytest.raises(Rejected, match="ModifyMetadata"):
        install(client)


def test_a_session_that_ended_is_renewed(client: Client, org: RunningOrg) -> None:
    client.limits()
    org.hook("expire")
    assert install(client).counts()["created"] > 30


def test_a_deployment_that_never_ends_is_given_up(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "PATIENCE", 0.3)
    with pytest.raises(TryLater, match="Deployment Status"):
        install(client)


@pytest.mark.parametrize("raw", [b"<html>", b"<!DOCTYPE x []><x/>", b"<a/>"])
def test_an_answer_that_is_no_envelope_is_said_so(raw: bytes) -> None:
    with pytest.raises(BadPayload):
        opened(raw)


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_no_entity_is_ever_opened_in_whatever_coding(coding: str) -> None:
    with pytest.raises(BadPayload, match=r"UTF-8|document type"):
        opened(LAUGHS.encode(coding))


@pytest.mark.parametrize("coding", ["utf-16", "iso-8859-1", "cp037"])
def test_an_envelope_in_another_coding_than_utf8_is_refused(coding: str) -> None:
    said = envelope("s", "<a>ä</a>").decode().replace("UTF-8", coding)
    with pytest.raises(BadPayload, match="UTF-8"):
        opened(said.encode(coding))


def test_an_envelope_in_utf8_is_opened_with_or_without_saying_so() -> None:
    said = envelope("s", "<a>ä</a>")
    for raw in (said, b"\xef\xbb\xbf" + said, said.replace(b"UTF-8", b"utf-8"), said.partition(b"?>")[2]):
        assert opened(raw).text == "ä"


def test_an_org_that_is_away_is_tried_later() -> None:
    token = '{"access_token": "t"}'
    with answers((200, "application/json", token), (503, "text/html", "<html>away</html>")) as (url, _):
        client = Client(Login(url, "c", "s"), allow_private=True)
        with pytest.raises(TryLater):
            client.metadata("deploy", "")


def test_the_package_names_no_standard_layout() -> None:
    assert {path.stem.partition("-")[0] for path in (metadata.FOLDER / "layouts").iterdir()} == set(metadata.ORDER)
