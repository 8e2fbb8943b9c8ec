"""Claims about merging on the pages: found, compared, merged with its undo, split, and shown in the history."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from core import db
from enrichment import contacts, duplicates, merging, splitting
from enrichment.models import CannotLink, CrmRecord, Duplicate
from inbox import people
from inbox.knowledge import PersonDecision
from inbox.models import Identity
from tests.conftest import BOTH
from tests.web.conftest import account, event, store
from web.i18n import catalogue

pytestmark = BOTH


@pytest.fixture
def kim(database: str) -> int:
    """Somebody who wrote once, linked to a record of the CRM."""
    store(account(), event("m:1", "about coffee"))
    i = db.table(Identity)
    with db.write() as session:
        one = session.scalars(sa.select(Identity).where(i.c.name == "Kim")).one()
        record = CrmRecord(record_id="003K", object="Contact", name="Kim Park", emails=["kim@a.example"])
        session.add(record)
        session.flush()
        people.link(session, one.id or 0, contacts.contact_of(session, record), "t", "test")
        return one.id or 0


@pytest.fixture
def twin(kim: int) -> int:
    """Another account, of nobody yet."""
    with db.write() as session:
        row = Identity(platform="bluesky", external_id="did:plc:k", handle="kimmy.example", name="Kimmy",
                       location="Kiel", first_seen=db.now(), last_seen=db.now())  # fmt: skip
        session.add(row)
        session.flush()
        return row.id or 0


def whose(*ids: int) -> list[str | None]:
    with db.read() as session:
        return [session.get_one(Identity, one).contact_id for one in ids]


def merged(browser, kim: int, twin: int) -> str:
    said = browser.post(f"/people/{kim}/merge", data={"other": twin, "why": "the same phone"})
    assert said.status_code == 303
    return str(said.headers["location"])


def test_person_is_found_and_compared_before_anything_happens(kim: int, twin: int, as_role) -> None:
    browser = as_role("agent")
    assert f"/people/{kim}/merge" in browser.get(f"/people/{kim}").text
    found = browser.get(f"/people/{kim}/merge?find=kimmy").text
    assert f"/people/{kim}/merge?with={twin}" in found
    text = browser.get(f"/people/{kim}/merge?with={twin}").text
    assert [re.search(word, text) is not None for word in ("Kim Park", "Kimmy", "Kiel", "Merge the two")] == [True] * 4
    assert whose(twin) == [None]


def test_two_of_one_name_are_told_apart_in_every_column(kim: int, twin: int, as_role) -> None:
    with db.write() as session:
        for number in (kim, twin):
            session.get_one(Identity, number).name = "Kim Park"
    text = as_role("agent").get(f"/people/{kim}/merge?with={twin}").text
    heads = re.findall(r'<th scope="col">Kim Park<br><small class="aside">(.*?)</small></th>', text)
    assert len(set(heads)) == 2
    assert "kimmy.example" in heads[1]
    assert f"No. {twin}" in heads[1]
    assert 'data-head="Kim Park, Bluesky kimmy.example"' in text


def test_merge_is_undone_from_the_toast_and_stands_in_the_history(kim: int, twin: int, as_role) -> None:
    browser = as_role("agent")
    place = merged(browser, kim, twin)
    assert whose(twin) == whose(kim)
    text = browser.get(place).text
    assert "kimmy.example" in text
    assert "the same phone" in text
    assert re.search(r"Merged: <bdi>Kim Park</bdi> · <bdi>Kimmy</bdi>", text)
    undo = re.search(rf"/people/{kim}/decisions/(\d+)/undo", text)
    assert undo is not None
    assert browser.post(undo[0]).status_code == 303
    assert whose(twin) == [None]
    text = browser.get(f"/people/{kim}").text
    assert "Merge taken back" in text
    assert "kimmy.example" not in text
    assert browser.post(undo[0]).status_code == 422


def test_old_number_of_a_contact_leads_to_the_survivor(kim: int, twin: int, as_role) -> None:
    browser = as_role("agent")
    with db.write() as session:
        other = people.create_contact(session, "Kimmy")
        people.link(session, twin, other, "t", "test")
    merged(browser, kim, twin)
    said = browser.get(f"/people/contacts/{other}", follow_redirects=False)
    assert said.status_code == 303
    assert said.headers["location"] == f"/people/{kim}"


def test_what_blocks_a_merge_is_said_and_nothing_is_merged(kim: int, twin: int, as_role) -> None:
    browser = as_role("agent")
    with db.write() as session:
        record = session.scalars(sa.select(CrmRecord)).one()
        session.add(CannotLink(identity_id=twin, crm_record_id=record.id or 0, actor="t", at=db.now()))
    assert "Take that decision back first" in browser.get(f"/people/{kim}/merge?with={twin}").text
    said = browser.post(f"/people/{kim}/merge", data={"other": twin})
    assert said.status_code == 422
    assert "Take that decision back first" in said.text
    assert whose(twin) == [None]


def test_accounts_are_split_off_and_put_back(kim: int, twin: int, as_role) -> None:
    browser = as_role("agent")
    merged(browser, kim, twin)
    said = browser.post(f"/people/{kim}/split", data={"account": twin, "why": "two sisters"})
    assert said.status_code == 303
    assert whose(twin) != whose(kim)
    text = browser.get(said.headers["location"]).text
    assert "two sisters" in text
    undo = re.findall(rf"/people/{kim}/decisions/\d+/undo", text)
    assert browser.post(undo[0]).status_code == 303
    assert whose(twin) == whose(kim)
    assert browser.post(f"/people/{kim}/split").status_code == 422


def test_person_that_is_one_by_hand_is_linked_to_the_crm_too(kim: int, twin: int, as_role) -> None:
    browser = as_role("agent")
    with db.write() as session:
        record = CrmRecord(record_id="00QT", object="Lead", name="Kimmy Lee")
        session.add(record)
        session.flush()
        row, other = record.id or 0, people.create_contact(session, "Kimmy")
        people.link(session, twin, other, "t", "test")
    said = browser.post(f"/people/{twin}/link", data={"record": row})
    assert said.status_code == 303
    assert "decision-" in said.headers["location"]
    with db.read() as session:
        assert session.get_one(CrmRecord, row).contact_id == session.get_one(Identity, twin).contact_id


@pytest.mark.parametrize("asked", ["with=0", "with=x", "with=99999999999999999999", "with=1&find=", "find=%00"])
def test_odd_questions_are_answered_calmly(kim: int, as_role, asked: str) -> None:
    assert as_role("agent").get(f"/people/{kim}/merge?{asked}").status_code == 200


def test_who_may_only_read_neither_merges_nor_sees_the_buttons(kim: int, twin: int, as_role) -> None:
    merged(as_role("agent"), kim, twin)
    browser = as_role("marketer")
    text = browser.get(f"/people/{kim}").text
    assert "/merge" not in text
    assert "/undo" not in text
    assert browser.get(f"/people/{kim}/merge").status_code == 403
    assert browser.post(f"/people/{kim}/split", data={"account": twin}).status_code == 403


def test_every_sentence_of_a_refusal_is_translated(db_url: str) -> None:
    said = (merging.SAME, merging.REFUSED, merging.RECORDS, merging.LARGE, merging.GONE, merging.TAKEN_BACK,
            splitting.NOT_ONE, splitting.NOT_ALL, splitting.CHANGED, duplicates.GONE)  # fmt: skip
    for language in ("de", "ja"):
        assert [one for one in said if catalogue(language).gettext(one) == one] == []


def test_log_names_who_did_it(kim: int, twin: int, as_role) -> None:
    merged(as_role("agent"), kim, twin)
    with db.read() as session:
        (row,) = session.scalars(sa.select(PersonDecision))
    assert row.actor.startswith("user:")


@pytest.fixture
def pair(kim: int) -> int:
    """Kim stands in the CRM twice."""
    with db.write() as session:
        record = session.scalars(sa.select(CrmRecord)).one()
        twin = CrmRecord(record_id="00QK", object="Lead", name="Kim Park", emails=["kim@a.example"], company="Segel AG")
        session.add(twin)
        session.flush()
        evidence = [{"signal": "same_email", "words": "e-mail", "weight": 0.5, "supports": True, "value": "x"}]
        row = Duplicate(
            left_id=record.id or 0, right_id=twin.id or 0, score=0.9, decision="review", evidence=evidence,
            rules="t", at=db.now(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id or 0


def decision_of(pair: int) -> str:
    with db.read() as session:
        return session.get_one(Duplicate, pair).decision


@pytest.mark.parametrize(("decision", "stored"), [("accept", "accepted"), ("reject", "rejected")])
def test_duplicate_is_decided_and_taken_back(pair: int, as_role, decision: str, stored: str) -> None:
    browser = as_role("agent")
    text = browser.get("/people/review").text
    assert "Twice in the CRM?" in text
    assert "Segel AG" in text
    said = browser.post(f"/people/duplicates/{pair}", data={"decision": decision})
    assert said.status_code == 303
    assert decision_of(pair) == stored
    text = browser.get(said.headers["location"].partition("#")[0]).text
    assert "Twice in the CRM?" not in text
    assert f"/people/duplicates/{pair}/undo" in text
    assert browser.post(f"/people/duplicates/{pair}/undo").status_code == 303
    assert decision_of(pair) == "review"


def test_duplicate_is_decided_by_who_may_and_with_a_known_word(pair: int, as_role) -> None:
    assert as_role("marketer").post(f"/people/duplicates/{pair}", data={"decision": "accept"}).status_code == 403
    assert "One person</button>" not in as_role("marketer").get("/people/review").text
    browser = as_role("agent")
    assert browser.post(f"/people/duplicates/{pair}", data={"decision": "maybe"}).status_code == 400
    assert browser.post("/people/duplicates/99", data={"decision": "accept"}).status_code == 422
    assert decision_of(pair) == "review"
