"""Claims about what is known of a person: statements with their sources, by accounts, the CRM and colleagues."""

from __future__ import annotations

import pytest

from core import db
from core.errors import Rejected
from core.event import Author
from enrichment import byhand, person
from enrichment.crm import CrmPerson
from inbox import attributes, consent, erasure, people
from inbox.knowledge import Attribute
from inbox.survivorship import survive
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm

BOTH = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def anna(crm: FakeCrm) -> str:
    """The contact that the rules made of Anna's account and her CRM record."""
    house.store(house.account(), house.event("1"), sentiment="positive")
    house.work()
    return house.identity().contact_id or ""


def said(contact: str, *, removed: bool = False) -> set[tuple[str, str, str]]:
    with db.read() as session:
        return {
            (one.name, one.value, one.source.partition(":")[0])
            for one in attributes.trail(session, [contact])
            if (one.removed_at is not None) == removed
        }


def facts() -> dict[str, tuple[str, str]]:
    with db.read() as session:
        found = person.find(session, house.identity().id or 0)
    assert found is not None
    return {one.name: (one.value, one.source) for one in found.facts}


@BOTH
def test_account_and_record_each_say_what_they_know(anna: str) -> None:
    assert said(anna) == {
        ("name", "Anna Bergmann", "crm"),
        ("company", "Chor", "crm"),
        ("email", "anna@post.example", "crm"),
        ("name", "Anna Bergmann", "identity"),
    }
    with db.read() as session:
        one = attributes.trail(session, [anna])[0]
    assert (one.purpose, one.basis) == ("profile", "legitimate_interest")
    assert one.at.tzinfo is not None


def test_a_change_in_the_crm_replaces_what_it_said_and_keeps_the_old(anna: str, crm: FakeCrm) -> None:
    crm.put(CrmPerson("Contact", "003A", "Anna", "Bergmann", "Anna Bergmann", emails=("new@post.example",),
                      handles={"mastodon": "@annab@troet.example"}, company="Chor"))  # fmt: skip
    _read_crm()
    assert ("email", "new@post.example", "crm") in said(anna)
    assert said(anna, removed=True) == {("email", "anna@post.example", "crm")}


def test_a_change_on_the_platform_is_heard(anna: str) -> None:
    new = Author(**{**house.ANNA.model_dump(), "location": "Kiel"})
    house.store(1, house.event("2", author=new))
    assert facts()["place"] == ("Kiel", "mastodon")


def test_reading_the_same_again_says_nothing_new(anna: str) -> None:
    before = _rows()
    _read_crm()
    house.store(1, house.event("3"))
    house.work()
    assert _rows() == before


def test_what_a_colleague_types_stands_below_the_crm_and_above_the_account(anna: str) -> None:
    with db.write() as session:
        attributes.know(session, anna, "name", "Anni", "user:1")
        attributes.know(session, anna, "place", "Kiel", "user:1")
    assert facts()["name"] == ("Anna Bergmann", "Contact")
    assert facts()["place"] == ("Kiel", "typed")
    with db.write() as session:
        attributes.know(session, anna, "place", "", "user:1")
    assert "place" not in facts()


@pytest.mark.parametrize(("name", "value"), [("phone", "4111 1111 1111 1111"), ("openness", "high"), ("iban", "x")])
def test_what_is_refused_is_not_typed(anna: str, name: str, value: str) -> None:
    with pytest.raises(Rejected), db.write() as session:
        attributes.know(session, anna, name, value, "user:1")


def test_what_is_refused_is_not_heard_either(anna: str) -> None:
    new = Author(**{**house.ANNA.model_dump(), "bio": "donate: DE89 3704 0044 0532 0130 00", "location": "Kiel"})
    house.store(1, house.event("2", author=new))
    assert {name for name, _, source in said(anna) if source == "identity"} == {"name", "place"}


def test_an_account_taken_away_takes_its_words_along(anna: str) -> None:
    with db.write() as session:
        byhand.separate(session, house.identity().id or 0, "user:1")
    assert {source for _, _, source in said(anna) | said(anna, removed=True)} == {"crm"}


def test_a_record_that_objects_says_nothing(anna: str, crm: FakeCrm) -> None:
    crm.put(CrmPerson("Contact", "003A", "Anna", "Bergmann", "Anna Bergmann", objects_to_processing=True))
    _read_crm()
    assert "crm" not in {source for _, _, source in said(anna)}
    with db.read() as session:
        assert not consent.may(session, anna, "profile")


@BOTH
def test_erasing_leaves_no_attribute(anna: str) -> None:
    with db.write() as session:
        attributes.know(session, anna, "place", "Kiel", "user:1")
        erasure.erase(session, f"contact:{anna}", "user:1")
    house.work()
    assert _rows() == []


@BOTH
def test_page_shows_what_survives_of_the_table(anna: str) -> None:
    """One place for the rules: the page agrees with the statements of the table."""
    with db.read() as session:
        shown = {(one.name, one.value) for one in survive(attributes.of_contacts(session, [anna]))}
    assert {(name, value) for name, (value, _) in facts().items()} == shown
    assert people.home(house.identity()) == anna


def _rows() -> list[str]:
    with db.read() as session:
        return sorted(str(tuple(row)) for row in session.execute(db.table(Attribute).select()))


def _read_crm() -> None:
    with db.write() as session:
        house.outbox.emit(session, "crm.due", [("crm", {})])
    house.work()
