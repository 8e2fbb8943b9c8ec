"""Claims about Salesforce campaigns on a segment's pages: chosen, shown, tried again, emptied before they are gone."""

from __future__ import annotations

from datetime import date

import pytest

from core import db
from core.errors import TryLater
from enrichment import connection
from enrichment.crm import Campaign
from enrichment.segments import conditions, store
from enrichment.segments.models import Activation, ActivationMember
from inbox import consent
from tests.conftest import BOTH
from tests.enrichment.behaviour import shop
from tests.enrichment.fake_crm import FakeCrm
from web import note_words

pytestmark = BOTH
HERE = "/people/segments"
SPRING = Campaign("701000000000001AAA", "Spring <b>", "In Progress", date(2026, 5, 31))


@pytest.fixture
def number(database: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """A segment on a hub that is connected to an org with one campaign."""
    fake = FakeCrm()
    fake.campaigns_ = [SPRING]
    monkeypatch.setattr(connection, "crm", lambda: fake)
    with db.write() as session:
        login = {"client_id": "c", "client_secret": "s"}
        connection.connect(session, url="https://fake.example", basis="contract", actor="t", **login)
        group = conditions.read({"match": "all", "of": [{"field": "email", "op": "yes"}]})
        return store.save(session, "Loyal", group, "t")


def member(state: str, **values: str) -> None:
    with db.write() as session:
        session.add(ActivationMember(activation_id=1, person="contact:x", state=state, **values))


def test_a_campaign_is_chosen_and_shown(number: int, as_role) -> None:
    browser = as_role("marketer")
    assert f"{HERE}/{number}/campaigns" in browser.get(f"{HERE}/{number}").text
    page = browser.get(f"{HERE}/{number}/campaigns").text
    assert ("Spring &lt;b&gt;" in page, "until" in page) == (True, True)
    where = browser.post(f"{HERE}/{number}/campaigns", {"campaign_id": SPRING.id}).headers["location"]
    page = browser.get(where).text
    assert f"https://fake.example/lightning/r/Campaign/{SPRING.id}/view" in page
    assert note_words.NOTES["campaign-chosen"] in page
    again = browser.post(f"{HERE}/{number}/campaigns", {"campaign_id": SPRING.id[:15]})
    assert (again.status_code, "handed on to that campaign already" in again.text) == (422, True)


@pytest.mark.parametrize("wanted", ["", "701", "701000000000009AAA", "' OR Name LIKE '%", SPRING.id + "x"])
def test_only_a_campaign_of_the_org_is_taken(number: int, as_role, wanted: str) -> None:
    answer = as_role("admin").post(f"{HERE}/{number}/campaigns", {"campaign_id": wanted})
    taken = wanted.startswith(SPRING.id)  # a form's field is cut to the length of an id
    assert answer.status_code == (303 if taken else 422)
    assert len(shop.rows(Activation)) == taken


def test_who_may_not_export_chooses_nothing(number: int, as_role) -> None:
    for role in ("agent", "dpo"):
        assert as_role(role).get(f"{HERE}/{number}/campaigns").status_code == 403
        assert as_role(role).post(f"{HERE}/{number}/campaigns", {"campaign_id": SPRING.id}).status_code == 403


def test_an_org_that_is_away_or_off_is_a_sentence(number: int, as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> FakeCrm:
        raise TryLater("Salesforce did not answer at fake.example.")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "crm", away)
        assert "did not answer at fake.example" in as_role("admin").get(f"{HERE}/{number}/campaigns").text
    with db.write() as session:
        consent.switch(session, "crm_sync", enabled=False, basis="", actor="t")
    assert "No CRM is connected and switched on." in as_role("admin").get(f"{HERE}/{number}/campaigns").text
    assert as_role("admin").get(f"{HERE}/99/campaigns").status_code == 404


def test_refused_people_are_shown_and_tried_again(number: int, as_role) -> None:
    browser = as_role("admin")
    browser.post(f"{HERE}/{number}/campaigns", {"campaign_id": SPRING.id})
    member("refused", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="Not <i>this</i> one.")
    page = browser.get(f"{HERE}/{number}").text
    assert ("Salesforce refuses 1 person" in page, "Not &lt;i&gt;this&lt;/i&gt; one." in page) == (True, True)
    assert "receiver-retried" in browser.post("/people/receivers/1/retry").headers["location"]
    assert "Salesforce refuses" not in browser.get(f"{HERE}/{number}").text


def test_a_campaign_is_emptied_before_it_is_gone_and_its_segment_stays(number: int, as_role) -> None:
    browser = as_role("admin")
    browser.post(f"{HERE}/{number}/campaigns", {"campaign_id": SPRING.id})
    member("in")
    assert "segment-handed" in browser.post(f"{HERE}/{number}/remove").headers["location"]
    assert "receiver-ending" in browser.post("/people/receivers/1/remove").headers["location"]
    page = browser.get(f"{HERE}/{number}").text
    assert ("being emptied" in page, "/people/receivers/1/" in page) == (True, False)
    assert browser.post("/people/receivers/1/resume").status_code == 404


def test_without_an_org_there_is_no_such_choice(number: int, as_role) -> None:
    with db.write() as session:
        connection.disconnect(session, "t")
    assert f"{HERE}/{number}/campaigns" not in as_role("admin").get(f"{HERE}/{number}").text
