"""Claims about links a person makes and takes back: undo restores exactly what stood before."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from enrichment import byhand, person, review
from enrichment.models import CrmRecord, MatchLink
from inbox import people
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm


@pytest.fixture
def anna(crm: FakeCrm) -> int:
    """An account that the rules linked to Anna's CRM record, and that stands in the CRM."""
    house.store(house.account(), house.event("1"), sentiment="positive")
    house.work()
    return house.identity().id or 0


def _link() -> tuple[str, bool]:
    with db.read() as session:
        link = session.scalars(sa.select(MatchLink)).one()
        return link.decision, link.contact_id is not None


def test_separated_stays_separated_when_the_rules_look_again(anna: int, crm: FakeCrm) -> None:
    with db.write() as session:
        byhand.separate(session, anna, "user:1")
    house.work()
    assert house.identity().contact_id is None
    assert crm.records["profile"] == {}


def test_undo_brings_back_the_link_as_it_was_and_the_crm_with_it(anna: int, crm: FakeCrm) -> None:
    before, contact = _link(), house.identity().contact_id
    with db.write() as session:
        mark = byhand.separate(session, anna, "user:1")
    house.work()
    with db.write() as session:
        byhand.rejoin(session, anna, mark, "user:1")
    house.work()
    assert (_link(), house.identity().contact_id) == (before, contact)
    assert crm.only("profile")["Contact__c"] == "003A"


def test_link_without_evidence_comes_back_too(anna: int) -> None:
    with db.write() as session:
        session.execute(sa.delete(MatchLink))
        mark = byhand.separate(session, anna, "user:1")
        byhand.rejoin(session, anna, mark, "user:1")
    assert house.identity().contact_id is not None


@pytest.mark.parametrize("mark", ["", "auto-", "auto-99", "contact-01J", "accepted-x", "auto-²"])
def test_unknown_mark_is_refused(anna: int, mark: str) -> None:
    with pytest.raises(Rejected), db.write() as session:
        byhand.rejoin(session, anna, mark, "user:1")


def test_record_is_found_and_joined_by_hand(anna: int) -> None:
    with db.write() as session:
        byhand.separate(session, anna, "user:1")
        found = byhand.search(session, "bergmann chor")
        assert [one.name for one in found] == ["Anna Bergmann"]
        assert byhand.search(session, "Anna@Post.example") == found
        byhand.join(session, anna, found[0].id, "user:1")
    house.work()
    assert _link() == ("accepted", True)
    assert house.identity().contact_id is not None


def test_decision_of_a_proposal_is_taken_back(anna: int) -> None:
    with db.write() as session:
        (link,) = person.links(session, anna)
        review.reject(session, link.id, "user:1")
        review.undo(session, link.id, "user:1")
        assert review.waiting(session) == 1
        again = review.one(session, link.id)
    assert again is not None
    assert [line.verdict for line in again.lines if line.field == "handle"] == ["same"]


def test_profile_names_the_source_of_each_field(anna: int) -> None:
    with db.read() as session:
        found = person.find(session, anna)
    assert found is not None
    sources = {fact.name: fact.source for fact in found.facts}
    assert (sources["name"], sources["company"], sources["email"]) == ("Contact", "Contact", "Contact")
    assert found.records[0].url == "https://fake.example/lightning/r/Contact/003A/view"
    assert found.syncs[anna].state == "synced"


def test_account_of_ours_is_nobody(crm: FakeCrm) -> None:
    house.account()
    with db.read() as session:
        assert person.find(session, 1) is None


def test_identity_of_somebody_else_is_not_taken(anna: int) -> None:
    with db.write() as session:
        record = session.scalars(sa.select(CrmRecord)).one()
        people.unlink(session, anna, "t", "test")
        people.link(session, anna, people.create_contact(session, "Other"), "t", "test")
        with pytest.raises(Rejected):
            byhand.join(session, anna, record.id or 0, "user:1")
