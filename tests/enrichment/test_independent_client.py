"""A plain simple-salesforce client, without a line of ours, finds in the org what the hub says it wrote."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import sqlalchemy as sa
from simple_salesforce import Salesforce

from core import db
from enrichment import connection, overview, reconcile
from enrichment.cases import opening
from enrichment.models import SyncState
from enrichment.salesforce.org import SalesforceOrg
from inbox.models import Conversation, Message
from tests.enrichment import house
from tests.enrichment.house import US, event
from tests.enrichment.org_server import RunningOrg
from tests.enrichment.test_whole_way import org as org  # a fixture: the connected hub
from tests.sandbox.test_salesforce_plain_client import Plain

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def sf(org: RunningOrg) -> Salesforce:
    """Signed in by itself, as any program of the organisation would be."""
    login = org.login
    form = {"grant_type": "client_credentials", "client_id": login.client_id, "client_secret": login.client_secret}
    answer = requests.post(f"{org.url}/services/oauth2/token", data=form, timeout=10).json()
    session = requests.Session()
    session.mount("https://", Plain())
    host = answer["instance_url"].removeprefix("http://")
    return Salesforce(instance=host, session_id=answer["access_token"], session=session, version="66.0")


@pytest.fixture
def lived(org: RunningOrg, sf: Salesforce) -> Salesforce:
    """Anna wrote thirty times, was answered, deleted one, and has a case."""
    ours = house.account()
    house.store(ours, *(event(str(n)) for n in range(1, 31)), sentiment="negative")
    house.store(ours, event("40", US, kind="reply", direction="outbound", parent_key="mastodon:1"))
    house.work()
    house.store(ours, event("7", action="delete"))
    with db.write() as session:
        c, m = db.table(Conversation), db.table(Message)
        first = sa.select(m.c.conversation_id).where(m.c.key == "mastodon:1")
        opening.open_case(session, session.scalars(sa.select(c.c.id).where(c.c.id.in_(first))).one(), "t")
    house.work()
    return sf


def there(sf: Salesforce, object_: str, fields: str) -> dict[str, dict[str, Any]]:
    """Records by our key, page by page, as the library reads them."""
    found = sf.query_all(f"SELECT Hub_Id__c, {fields} FROM {object_} WHERE Hub_Id__c != null")["records"]  # noqa: S608 - our names
    return {row["Hub_Id__c"]: row for row in found}


def test_keys_and_record_ids_are_those_the_hub_says(lived: Salesforce) -> None:
    with db.read() as session:
        states = list(session.scalars(sa.select(SyncState)))
        said = overview.status(session)["records"]
    for kind, object_ in overview.OBJECTS.items():
        mine = {one.hub_id: one.record_id for one in states if one.kind == kind and one.state == "synced"}
        assert {key: row["Id"] for key, row in there(lived, object_, "Id").items()} == mine
        assert said[kind]["synced"] == len(mine)
    assert {kind: one["synced"] for kind, one in said.items()} == {"profile": 1, "interaction": 31, "case": 1}


def test_every_value_is_the_one_the_hub_says(lived: Salesforce) -> None:
    found = there(
        lived,
        "SocialInteraction__c",
        "Text__c, Direction__c, Kind__c, Deleted__c, Posted_At__c, Profile__r.Handle__c, Case__r.Subject",
    )
    with db.read() as session:
        sent = {one.hub_id: one.sent for one in session.scalars(sa.select(SyncState))}
    for key, row in found.items():
        for name in ("Text__c", "Direction__c", "Kind__c", "Deleted__c"):
            assert row[name] == sent[key][name]
        assert row["Posted_At__c"].removesuffix(".000+0000") + "Z" == sent[key]["Posted_At__c"]
        assert row["Profile__r"]["Handle__c"] == "annab@troet.example"
    assert [row["Text__c"] for row in found.values() if row["Deleted__c"]] == [None]
    assert [row["Case__r"]["Subject"] for row in found.values() if row["Case__r"]].count("text 1") == 2


def test_it_finds_the_contact_the_profile_and_the_messages_from_one_another(lived: Salesforce) -> None:
    soql = "SELECT Name, (SELECT Network__c, Handle__c FROM SocialProfiles__r) FROM Contact"
    (anna,) = lived.query(soql)["records"]
    assert [row["Handle__c"] for row in anna["SocialProfiles__r"]["records"]] == ["annab@troet.example"]
    count = "SELECT COUNT() FROM SocialInteraction__c WHERE Profile__r.Contact__r.Name = 'Anna Bergmann'"
    assert lived.query(count)["totalSize"] == 31


def test_what_it_changes_behind_our_back_is_found_and_put_right(lived: Salesforce, org: RunningOrg) -> None:
    found = there(lived, "SocialInteraction__c", "Id, Text__c")
    first, second, *_ = sorted(found)
    lived.SocialInteraction__c.update(found[first]["Id"], {"Topic__c": "something else"})
    lived.SocialInteraction__c.delete(found[second]["Id"])
    lived.SocialInteraction__c.create({"Hub_Id__c": "of-another-installation"})
    said = reconcile.run(connection.crm(), actor="t")["counts"]["interaction"]
    house.work()
    assert (said["missing"], said["differing"], said["unknown"]) == (1, 1, 1)
    again = there(lived, "SocialInteraction__c", "Text__c, Topic__c")
    assert again.pop("of-another-installation")["Text__c"] is None
    assert {key: row["Text__c"] for key, row in again.items()} == {key: row["Text__c"] for key, row in found.items()}
    assert {row["Topic__c"] for row in again.values()} == {None}


def test_all_records_read_by_a_bulk_query_are_the_same_too(lived: Salesforce) -> None:
    counts = reconcile.run(SalesforceOrg(connection.client(), load_from=1), actor="t")["counts"]
    there = {kind: one["there"] for kind, one in counts.items()}
    assert there == {"profile": 1, "interaction": 31, "case": 1, "member": 0}
    assert sum(one[name] for one in counts.values() for name in ("missing", "differing", "unknown")) == 0


def test_cases_are_compared_and_what_it_did_to_them_is_believed(lived: Salesforce) -> None:
    (key,) = found = there(lived, "Case", "Id, Status")
    assert reconcile.run(connection.crm(), actor="t")["counts"]["case"]["differing"] == 0  # it only tells the number
    lived.Case.update(found[key]["Id"], {"Status": "Closed"})
    lived.Case.create({"Hub_Id__c": "of-another-installation", "Subject": "x"})
    said = reconcile.run(connection.crm(), actor="t", remove=True)
    assert said["unknown"] == [{"kind": "case", "hub_id": "of-another-installation"}]
    assert (said["counts"]["case"]["there"], said["counts"]["case"]["differing"]) == (2, 1)
    house.work()
    with db.read() as session:
        c, m = db.table(Conversation), db.table(Message)
        query = sa.select(c.c.state).join(m, m.c.conversation_id == c.c.id).where(m.c.key == "mastodon:1")
        assert session.scalar(query) == "closed"
    assert {row["Status"] for row in there(lived, "Case", "Status").values()} == {"Closed", "New"}
    again = reconcile.run(connection.crm(), actor="t")["counts"]["case"]
    assert (again["missing"], again["differing"], again["unknown"]) == (0, 0, 1)


def test_a_case_that_is_gone_there_stays_gone(lived: Salesforce, org: RunningOrg) -> None:
    org.store.shelf("salesforce.Case").clear()  # purged: not even in the bin
    said = reconcile.run(connection.crm(), actor="t")["counts"]["case"]
    assert (said["missing"], said["here"], said["there"]) == (1, 0, 0)
    house.work()
    assert there(lived, "Case", "Id") == {}
    assert {row["Case__r"] for row in there(lived, "SocialInteraction__c", "Case__r.Subject").values()} == {None}
    assert reconcile.run(connection.crm(), actor="t")["counts"]["case"]["missing"] == 0
