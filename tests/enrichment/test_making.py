"""Leads and contacts that are made from here: once, linked, refused with the CRM's words, taken back, erased."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.errors import Rejected, TryLater
from core.event import Author
from enrichment import merging, person
from enrichment.crm import Kind, Needed, RowResult
from enrichment.making import form, store
from enrichment.making.models import CrmMade
from enrichment.models import CrmRecord, MatchLink
from enrichment.salesforce import client as client_module
from enrichment.salesforce.client import Client
from enrichment.salesforce.org import SalesforceOrg
from inbox import consent, erasure, people
from inbox.models import Identity
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.org_server import RunningOrg, running_org

ZOE = Author(platform="mastodon", id="https://t.example/users/z", handle="z@t.example", name="Zoe Maria Kahn")
VALUES = {"FirstName": "Zoe", "LastName": "Kahn", "Company": "Chor", "Email": "zoe@post.example"}


@pytest.fixture
def zoe(crm: FakeCrm, ours: int) -> int:
    house.store(ours, house.event("m7", ZOE))
    house.work()
    i = db.table(Identity)
    with db.read() as session:
        return int(session.scalars(sa.select(i.c.id).where(i.c.external_id == ZOE.id)).one())


def want(identity: int, object_: str = "Lead", **changes: str) -> str:
    with db.write() as session:
        return store.want(session, identity, object_, {**VALUES, **changes}, "user:1")


def row(key: str) -> CrmMade:
    with db.read() as session:
        found = session.get(CrmMade, key)
        assert found is not None
        return found


@pytest.mark.parametrize("object_", form.OBJECTS)
def test_it_is_made_once_mirrored_and_linked(crm: FakeCrm, zoe: int, object_: str) -> None:
    key = want(zoe, object_)
    assert want(zoe, object_) == key, "a second click finds the one that waits"
    house.work()
    kind: Kind = "lead" if object_ == "Lead" else "contact"
    assert crm.only(kind)["LastName"] == "Kahn"
    made = row(key)
    assert (made.state, made.values) == ("made", {})
    with db.read() as session:
        found = person.find(session, zoe)
        assert found is not None
        assert [(one.object, one.record_id, one.company) for one in found.records] == [
            (object_, made.record_id, "Chor")
        ]
        (link,) = session.scalars(sa.select(MatchLink).where(db.table(MatchLink).c.identity_id == zoe)).all()
        assert (link.decision, link.actor) == ("accepted", "user:1")
    with pytest.raises(Rejected, match="already"):
        want(zoe, object_)


def test_somebody_who_is_a_person_here_already_is_linked_too(crm: FakeCrm, zoe: int) -> None:
    with db.write() as session:
        merging.contact_for(session, zoe, "user:1")
    key = want(zoe)
    house.work()
    assert row(key).state == "made"
    with db.read() as session:
        found = person.find(session, zoe)
        assert found is not None
        assert [one.record_id for one in found.records] == [row(key).record_id]


def test_of_two_accounts_of_one_person_one_is_wanted(crm: FakeCrm, zoe: int) -> None:
    with db.write() as session:
        contact = merging.contact_for(session, zoe, "user:1")
        i = db.table(Identity)
        other = session.scalars(sa.select(i.c.id).where(i.c.id != zoe, ~i.c.ours, i.c.contact_id.is_(None))).first()
        if other is None:
            row_ = Identity(platform="bluesky", external_id="did:plc:z", handle="zoe.example", name="Zoë",
                            first_seen=db.now(), last_seen=db.now())  # fmt: skip
            session.add(row_)
            session.flush()
            other = row_.id or 0
        people.link(session, other, contact, "t", "test")
    key = want(zoe)
    with pytest.raises(Rejected, match="on its way"):
        want(other, "Contact")
    with db.read() as session:
        waits = store.shown(session, [other, zoe])
        assert waits is not None
        assert waits.hub_id == key


def test_an_answer_that_is_lost_after_the_commit_makes_no_second_one(crm: FakeCrm, zoe: int) -> None:
    crm.late_faults = [TryLater("the connection broke", 1)] * 2
    key = want(zoe)
    house.work()
    assert len(crm.records["lead"]) == 1
    assert row(key).state == "made"
    with db.read() as session:
        r = db.table(CrmRecord)
        assert session.scalar(sa.select(sa.func.count()).where(r.c.object == "Lead").select_from(r)) == 1


def test_while_the_crm_is_away_it_waits_says_why_and_is_made_once(crm: FakeCrm, zoe: int) -> None:
    crm.faults = [TryLater("Salesforce did not answer", 60)] * 9
    key = want(zoe)
    house.work(waits=1)
    assert (row(key).state, row(key).message) == ("pending", "Salesforce did not answer")
    crm.faults.clear()
    house.work()
    assert (row(key).state, row(key).message, len(crm.records["lead"])) == ("made", "", 1)


def test_what_the_crm_refuses_is_kept_with_its_words_and_tried_again(crm: FakeCrm, zoe: int) -> None:
    def no(kind: Kind, given: Mapping[str, Any]) -> RowResult | None:
        if given.get("Company") != "Chor":
            return None
        return RowResult(given["Hub_Id__c"], False, "", False, "human", "DUPLICATES_DETECTED", "Use one of these?")

    crm.refuse = no
    key = want(zoe)
    house.work()
    with db.read() as session:
        shown = store.shown(session, [zoe])
        assert shown is not None
        assert (shown.state, shown.code, shown.values["LastName"]) == ("refused", "DUPLICATES_DETECTED", "Kahn")
    assert want(zoe, Company="Orchester") == key
    house.work()
    assert (row(key).state, len(crm.records["lead"])) == ("made", 1)


def test_what_waits_is_taken_back_and_not_sent(crm: FakeCrm, zoe: int) -> None:
    key = want(zoe)
    with db.write() as session:
        assert store.take_back(session, zoe, "user:1")
        assert not store.take_back(session, zoe, "user:1")
    house.work()
    assert (row(key).state, row(key).values, crm.records["lead"]) == ("undone", {}, {})


def test_who_objects_is_not_made_even_when_it_was_wanted_before(crm: FakeCrm, zoe: int) -> None:
    key = want(zoe)
    with db.write() as session:
        consent.object_to(session, f"identity:{zoe}", "crm_sync", "mail", "t")
    house.work()
    assert (row(key).state, crm.records["lead"]) == ("refused", {})
    with pytest.raises(Rejected, match="objects"):
        want(zoe)


def test_a_lead_that_was_converted_there_is_followed(crm: FakeCrm, zoe: int) -> None:
    key = want(zoe)
    house.work()
    with db.write() as session:
        crm.put(replace(house.CRM_ANNA, id=row(key).record_id, object="Lead", converted_to="003Z"))
        crm.put(replace(house.CRM_ANNA, id="003Z", last_name="Kahn", name="Zoe Kahn", handles={}, emails=()))
        outbox.emit(session, "crm.due", [("crm", {})])
    house.work()
    with db.read() as session:
        found = person.find(session, zoe)
        assert found is not None
        assert [(one.object, one.record_id) for one in found.records] == [("Contact", "003Z")]


def test_an_erased_person_goes_there_too(crm: FakeCrm, zoe: int) -> None:
    key = want(zoe)
    house.work()
    with db.write() as session:
        erasure.erase(session, f"identity:{zoe}", "t")
    house.work()
    assert crm.records["lead"] == {}
    with db.read() as session:
        assert session.get(CrmMade, key) is None


# --- the form -------------------------------------------------------------------------------------------


def test_the_form_is_filled_with_what_is_known_and_asks_for_what_the_org_needs() -> None:
    facts = [
        person.Fact("name", "Zoe Maria Kahn", "mastodon"),
        person.Fact("email", "zoe@post.example", "csv"),
        person.Fact("site", "https://zoe.example/" + "x" * 300, "mastodon"),
    ]
    filled = form.suggested("Lead", facts)
    assert {name: value for name, (value, _) in filled.items() if name != "Website"} == {
        "FirstName": "Zoe Maria", "LastName": "Kahn", "Email": "zoe@post.example",
    }  # fmt: skip
    assert len(filled["Website"][0]) == 255
    assert form.split("山田太郎") == ("", "山田太郎")
    org = [
        Needed("LastName", "Last Name", "text", required=True),
        Needed("Region__c", "Region", "choice", ("N", "S"), True),
        Needed("Rating", "Rating", "choice", ("Hot",)),
    ]  # fmt: skip
    fields = form.asked("Contact", org)
    assert [one.name for one in fields] == ["FirstName", "LastName", "Email", "Phone", "Region__c"]
    typed = {"LastName": "", "Phone": "1" * 41, "Region__c": "W"}
    assert form.wrong("Contact", fields, typed) == {"LastName": "empty", "Phone": "long", "Region__c": "choice"}


# --- against the simulated org ----------------------------------------------------------------------------


@pytest.fixture
def org() -> Iterator[RunningOrg]:
    client_module._tokens.clear()
    with running_org() as found:
        yield found


def test_the_org_refuses_what_salesforce_refuses_and_makes_one(org: RunningOrg) -> None:
    crm = SalesforceOrg(Client(org.login, allow_private=True))
    needed = {one.name: one.required for one in crm.needed("lead") or ()}
    assert (needed["LastName"], needed["Company"], needed["Email"]) == (True, True, False)
    assert "Hub_Id__c" not in needed
    (bare,) = crm.upsert("lead", [{"Hub_Id__c": "k1", "LastName": "Kahn"}])
    assert (bare.ok, bare.code, bare.verdict) == (False, "REQUIRED_FIELD_MISSING", "quarantine")
    whole = {"Hub_Id__c": "k1", **VALUES}
    (made,), (again,) = crm.upsert("lead", [whole]), crm.upsert("lead", [whole])
    assert (made.created, again.created, again.record_id) == (True, False, made.record_id)
    org.hook("duplicate_rule", name="Same mail", object="Lead", fields=["Email"])
    (twin,) = crm.upsert("lead", [{**whole, "Hub_Id__c": "k2"}])
    assert (twin.code, twin.verdict) == ("DUPLICATES_DETECTED", "human")
    org.hook("validation_rule", object="Contact", field="Email", without="@post.example", message="No private mail.")
    (wrong,) = crm.upsert("contact", [{"Hub_Id__c": "k3", "LastName": "Kahn", "Email": "z@post.example"}])
    assert (wrong.code, wrong.message) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "No private mail.")
    assert [one["LastName"] for one in org.rows("Lead")] == ["Kahn"]
