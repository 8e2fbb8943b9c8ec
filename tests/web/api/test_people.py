"""Claims about people by the API: notes, proposals, duplicates, separation, orders and events, records of the CRM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from enrichment import connection
from enrichment.making.models import CrmMade
from enrichment.match import Evidence
from enrichment.models import CrmRecord, Duplicate, MatchLink
from inbox import consent
from inbox.models import Identity
from tests.conftest import BOTH
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.test_making import ZOE
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full, walked
from web import permissions, roles

__all__ = ["full"]
Programs = Callable[..., Program]


def test_note_on_a_person_goes_by_who_wrote_it(full: None, program: Programs) -> None:
    one, other, kim = program("agent"), program("admin"), lived.who(lived.KIM.handle)
    made = one.post(f"people/{kim}/notes", {"text": "Пьёт чай."}).json()["id"]
    here = f"people/{kim}/notes/{made}/remove"
    assert one.post(f"people/{lived.who(lived.OTHER.handle)}/notes/{made}/remove").status_code == 404
    assert other.post(here).status_code == 422
    assert one.post(here).json()["changed"] is True
    assert one.post(here).status_code == 404
    assert len(one.get(f"people/{kim}/notes").json()["items"]) == 1


# --- proposals and duplicates -------------------------------------------------------------------------


@BOTH
def test_proposals_are_walked_and_decided_together(full: None, program: Programs) -> None:
    one = program("agent")
    rows = list(walked(one, "proposals", 1))
    assert [(row["score"], row["decision"]) for row in rows] == [(0.91, "review")] * 2
    assert {line["field"] for line in rows[0]["lines"]} >= {"name", "handle"}
    numbers = [row["id"] for row in rows]
    body = {"decision": "accept", "proposals": [*numbers, 9999]}
    found = one.post("proposals", body, key="p").json()
    assert found == {"done": numbers, "refused": [9999]}
    assert one.post("proposals", body, key="p").json() == found
    assert list(walked(one, "proposals", 1)) == []
    assert sorted(row["id"] for row in walked(one, "proposals?decision=accepted", 1)) == sorted(numbers)
    one.post("proposals", {"decision": "undo", "proposals": numbers})
    assert one.get(f"proposals/{numbers[0]}").json()["decision"] == "review"
    assert one.get("proposals/9999").status_code == 404
    assert one.get("proposals?cursor=eHx5").status_code == 422
    assert program("marketer").post("proposals", body).status_code == 403


@BOTH
def test_duplicates_of_the_crm_are_decided(full: None, program: Programs) -> None:
    one, r = program("agent"), db.table(CrmRecord)
    with db.write() as session:
        session.add(CrmRecord(record_id="003x", object="Contact", name="Ким Ли", company="Гончарня"))
        session.flush()
        ids = list(session.scalars(sa.select(r.c.id).order_by(r.c.id)))
        row = Duplicate(
            left_id=ids[0], right_id=ids[-1], score=0.8, decision="review", rules="1", at=db.now(),
            evidence=[Evidence("name_full", "the same name", 0.3).row()],
        )  # fmt: skip
        session.add(row)
        session.flush()
        number = row.id
    (found,) = walked(one, "duplicates", 1)
    assert (found["id"], found["right"]["record_id"]) == (number, "003x")
    for decision, stands in (("accept", "accepted"), ("undo", "review"), ("reject", "rejected")):
        assert one.post(f"duplicates/{number}", {"decision": decision}).json()["changed"] is True
        (found,) = walked(one, f"duplicates?decision={stands}", 1)
        assert found["decision"] == stands
    assert one.post("duplicates/9999", {"decision": "accept"}).status_code == 404
    assert program("marketer").post(f"duplicates/{number}", {"decision": "undo"}).status_code == 403


def test_separation_is_undone(full: None, program: Programs) -> None:
    one, kim = program("agent"), lived.who(lived.KIM.handle)
    gone = one.post(f"people/{kim}/unlink").json()
    assert gone["changed"] is True
    assert one.get(f"people/{kim}").json()["contact_id"] is None
    assert one.post(f"people/{lived.who(lived.OTHER.handle)}/rejoin", {"back": gone["back"]}).status_code == 422
    assert one.post(f"people/{kim}/rejoin", {"back": gone["back"]}).json()["changed"] is True
    assert one.get(f"people/{kim}").json()["contact_id"] == lived.CONTACT
    assert one.post(f"people/{kim}/rejoin", {"back": "x"}).status_code == 422


# --- orders and events --------------------------------------------------------------------------------


@BOTH
def test_customer_has_figures_orders_and_events(full: None, program: Programs) -> None:
    one, kim = program("agent"), lived.who(lived.KIM.handle)
    found = one.get(f"people/{kim}/customer").json()
    figures: dict[str, Any] = {row["name"]: row for row in found["figures"]}
    assert (found["why"], figures["orders"]["n"]) == ("", 1)
    assert (figures["spent"]["value"], figures["spent"]["amount"]) == ("EUR", "49.98")
    entries = list(walked(one, f"people/{kim}/timeline", 3))
    assert {row["what"] for row in entries} == {"message", "order", "event", "details"}
    assert [row["at"] for row in entries] == sorted((row["at"] for row in entries), reverse=True)
    (order,) = [row for row in entries if row["what"] == "order"]
    assert (order["words"], order["amount"], order["refunded"]) == ("О-1001", "59.98", "10.00")
    assert list(walked(one, f"contacts/{lived.CONTACT}/timeline", 4)) == entries
    contact = one.get(f"contacts/{lived.CONTACT}").json()
    assert (contact["accounts"], contact["keys"]) == ([kim], [{"kind": "user", "value": "у1"}])
    assert one.get("contacts/nobody").status_code == one.get("contacts/nobody/timeline").status_code == 404


def test_who_objects_is_shown_without_orders(full: None, program: Programs) -> None:
    one, kim = program("agent"), lived.who(lived.KIM.handle)
    private = [row["words"] for row in walked(program("marketer"), f"people/{kim}/timeline", 50)]
    assert "Номер семь." not in private
    with db.write() as session:
        consent.object_to(session, f"identity:{kim}", "behaviour", "web", "user:1")
    found = one.get(f"people/{kim}/customer").json()
    assert (found["why"], found["figures"]) == ("objects", [])
    assert {row["what"] for row in walked(one, f"people/{kim}/timeline", 50)} == {"message"}
    assert one.get(f"contacts/{lived.CONTACT}").json()["keys"] == []


# --- a record in Salesforce ---------------------------------------------------------------------------


@pytest.fixture
def zoe(database: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Somebody whom the CRM does not have."""
    fake = FakeCrm()
    fake.put(house.CRM_ANNA)
    monkeypatch.setattr(connection, "crm", lambda: fake)
    with db.write() as session:
        connection.connect(
            session, url="https://fake.example", client_id="c", client_secret="s", basis="contract", actor="t"
        )
    house.work(waits=0)
    house.store(house.account(), house.event("m7", ZOE))
    house.work()
    i = db.table(Identity)
    with db.read() as session:
        return int(session.scalars(sa.select(i.c.id).where(i.c.external_id == ZOE.id)).one())


def test_a_lead_is_made_once_and_taken_back(zoe: int, program: Programs) -> None:
    one, here = program("agent"), f"people/{zoe}/record"
    blank = one.get(f"{here}/Lead").json()
    assert (blank["why"], {row["name"]: row["value"] for row in blank["fields"]}["LastName"]) == ("", "Kahn")
    assert one.get(f"{here}/Account").status_code == 422
    refused = one.post(here, {"object": "Lead", "fields": {"LastName": "Kahn"}})
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "body.fields.Company")
    assert (
        one.post(here, {"object": "Lead", "fields": {"LastName": "K", "Company": "C", "X__c": "1"}}).status_code == 422
    )
    body = {"object": "Lead", "fields": {"LastName": "Kahn", "Company": "Chor"}}
    made = one.post(here, body, key="z").json()
    assert one.post(here, body, key="z").json() == one.post(here, body).json() == made
    assert one.get(here).json()["wanted"]["state"] == "pending"
    assert [one.post(f"{here}-back").json()["changed"] for _ in "12"] == [True, False]
    assert one.get(here).json()["wanted"] is None
    one.post(here, body)
    house.work()
    with db.read() as session:
        assert session.get_one(CrmMade, made["key"]).state == "made"
    assert "stands in the CRM already" in one.post(here, body).json()["detail"]
    assert one.get("people/9999/record/Lead").status_code == one.post("people/9999/record", body).status_code == 404
    assert program("marketer").get(f"{here}/Lead").status_code == 403


def test_link_of_a_decided_proposal_is_of_its_account(full: None, program: Programs) -> None:
    one, twin = program("agent"), lived.who(lived.TWIN.handle)
    with db.read() as session:
        number = session.scalar(sa.select(MatchLink.id).where(MatchLink.identity_id == twin))
    one.post("proposals", {"decision": "accept", "proposals": [number]})
    (link,) = one.get(f"people/{twin}").json()["links"]
    assert link["decision"] == "accepted"


def test_ratings_are_of_conversations_that_are_seen(full: None, program: Programs) -> None:
    kim = lived.who(lived.KIM.handle)
    (found,) = program("agent").get(f"people/{kim}/ratings").json()["items"]
    assert (found["conversation_id"], found["kind"]) == (lived.talk("y:4"), "nps")
    with db.write() as session:
        rights = roles.Wanted("Blind", ["people.read", "messages.read"], "own")
        key = roles.save(session, None, rights, "test")
    assert program(key).get(f"people/{kim}/ratings").json()["items"] == []


@BOTH
def test_linking_somebody_who_is_a_person_merges_as_the_page_does(full: None, program: Programs) -> None:
    one, kim = program("agent"), lived.who(lived.KIM.handle)
    with db.write() as session:
        record = CrmRecord(record_id="003Z", object="csv", name="Kim Other")
        session.add(record)
        session.flush()
        row = record.id
    before = one.get(f"people/{kim}").json()
    made = one.post(f"people/{kim}/link", {"record": row}).json()
    assert made["merged"] is True
    assert "003Z" in {one["record_id"] for one in one.get(f"people/{kim}").json()["records"]}
    assert one.post(f"decisions/{made['id']}/undo", {}).status_code == 201
    assert one.get(f"people/{kim}").json()["records"] == before["records"]
    other = lived.who(lived.OTHER.handle)
    assert one.get(f"people/{other}").json()["contact_id"] is None
    assert one.post(f"people/{other}/link", {"record": row}).json()["merged"] is False


@pytest.mark.parametrize("right", ["people.review", "conversations.manage"])
def test_one_rule_says_who_writes_notes_on_people(
    full: None, program: Programs, as_role: Callable[..., Any], right: str
) -> None:
    kim, talk = lived.who(lived.KIM.handle), lived.talk("x:1")
    with db.write() as session:
        given = ["people.read", "messages.read", "messages.private", right]
        key = roles.save(session, None, roles.Wanted("Some", given), "test")
        alone = roles.save(session, None, roles.Wanted("People", ["people.read", "people.review"]), "test")
    browser, may = as_role(key), right == permissions.PERSON_NOTES
    assert (browser.post(f"/people/{kim}/notes", {"text": "1"}).status_code == 303) is may
    assert (browser.post(f"/inbox/{talk}/person-note", {"person-note": "2"}).status_code == 303) is may
    assert (program(key).post(f"people/{kim}/notes", {"text": "3"}).status_code == 201) is may
    assert (f"/people/{kim}/notes" in browser.get(f"/people/{kim}").text) is may
    assert ("person-note" in browser.get(f"/inbox/{talk}?view=all").text) is may
    blind = as_role(alone)  # sees people, and no conversation
    assert blind.post(f"/inbox/{talk}/person-note", {"person-note": "4"}).status_code == 404


# --- custom fields --------------------------------------------------------------------------------------


@BOTH
def test_list_is_filtered_and_walked_by_a_custom_field(full: None, program: Programs) -> None:
    one, kim = program("admin"), lived.who(lived.KIM.handle)
    body = {"subject": "person", "kind": "number", "names": {"en": "Seats"}}
    number = one.post("fields", body).json()["id"]
    assert one.post(f"people/{kim}/fields", {"field_id": number, "value": 12.5}).status_code == 200
    everybody = {row["id"] for row in walked(one, "people", 2)}
    for sort in ("field", "-field"):
        rows = list(walked(one, f"people?field={number}&sort={sort}", 2))
        assert (rows[0]["value"], {row["id"] for row in rows}, len(rows)) == ("12.5", everybody, len(everybody))
    rows = list(walked(one, f"people?field={number}&how=at_least&value=12", 1))
    assert {row["value"] for row in rows} == {"12.5"}
    segment: dict[str, Any] = {"name": "Seats", "conditions": {"match": "all", "of": [
        {"field": f"person:number:{number}", "op": "at_most", "value": "12.5"}]}}  # fmt: skip
    made = one.post("segments", segment).json()["id"]
    assert one.get(f"segments/{made}/count").json()["people"] == 1
    segment["conditions"]["of"][0]["field"] = "person:number:999"
    assert one.post(f"segments/{made}", segment).status_code == 422


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("sort=field", "query.field"), ("how=has", "query.field"), ("field=999", "query.field"),
        ("field=1&how=near", "query.how"), ("field=1&how=at_least&value=x", "query.value"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_about_a_custom_field_is_named(
    full: None, program: Programs, query: str, where: str
) -> None:
    one = program("admin")
    number = one.post("fields", {"subject": "person", "kind": "number", "names": {"en": "Seats"}}).json()["id"]
    answer = one.get(f"people?{query.replace('field=1&', f'field={number}&')}")
    assert (answer.status_code, [row["where"] for row in answer.json()["errors"]]) == (422, [where])
