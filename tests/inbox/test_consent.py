"""The gate: unknown is denied, an objection stops, the CRM is off until its basis is named."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from core.event import Page
from core.outbox import OutboxRow
from inbox import consent, people
from inbox.ingest import store_page
from inbox.models import Identity

from .conftest import event, person

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def anna(account) -> int:
    store_page(account, Page(events=(event(1), event(2, author=person("ben")))))
    with db.read() as session:
        return session.scalars(sa.select(Identity.id).where(Identity.handle == "anna@social.example")).one()


def may(who, purpose: str) -> bool:
    with db.read() as session:
        return consent.may(session, who, purpose)


def switch_on() -> None:
    with db.write() as session:
        consent.switch(session, "crm_sync", enabled=True, basis="contract", actor="test")


def test_the_crm_is_off_until_somebody_names_the_basis(anna) -> None:
    assert not may(anna, "crm_sync")
    with pytest.raises(Rejected, match="lawful basis"), db.write() as session:
        consent.switch(session, "crm_sync", enabled=True, basis="because", actor="test")
    switch_on()
    assert may(anna, "crm_sync")


def test_unknown_people_and_purposes_are_denied(anna) -> None:
    assert not may(999_999, "match")
    assert not may(anna, "sell")


@pytest.mark.parametrize("purpose", ["crm_sync", "all"])
def test_an_objection_stops_that_person_only(anna, purpose) -> None:
    switch_on()
    with db.write() as session:
        consent.object_to(session, f"identity:{anna}", purpose, "by mail", "test")
        consent.object_to(session, f"identity:{anna}", purpose, "by mail", "test")
    assert not may(anna, "crm_sync")
    with db.read() as session:
        everybody = list(session.scalars(sa.select(Identity.id)))
        assert consent.may_many(session, everybody, "crm_sync") == set(everybody) - {anna}


def test_a_contacts_objection_covers_all_identities(anna) -> None:
    switch_on()
    with db.write() as session:
        contact = people.create_contact(session, "Anna")
        people.link(session, anna, contact, "test", "handle")
        consent.object_to(session, f"contact:{contact}", "crm_sync", "salesforce", "test")
    assert not may(anna, "crm_sync")
    assert not may(contact, "crm_sync")
    assert may(anna, "match")


def test_what_one_account_objects_to_holds_for_the_whole_person_while_they_are_one(anna) -> None:
    switch_on()
    with db.write() as session:
        ben = session.scalars(sa.select(Identity.id).where(Identity.handle == "ben@social.example")).one()
        contact = people.create_contact(session, "Anna")
        people.link(session, anna, contact, "test", "handle")
        consent.object_to(session, f"identity:{ben}", "crm_sync", "by mail", "test")
    assert may(anna, "crm_sync")
    with db.write() as session:
        session.execute(sa.delete(db.table(OutboxRow)))
        people.link(session, ben, contact, "test", "handle")
        told = set(session.scalars(sa.select(OutboxRow.key).where(OutboxRow.topic == "identity.seen")))
    assert told == {str(anna), str(ben)}, "what stands in the CRM of the other account is looked at"
    assert not may(anna, "crm_sync")
    assert not may(contact, "crm_sync")
    with db.write() as session:
        people.unlink(session, ben, "test", "two people")
    assert may(anna, "crm_sync")
    assert not may(ben, "crm_sync")


def test_an_objection_can_be_withdrawn(anna) -> None:
    with db.write() as session:
        consent.object_to(session, f"identity:{anna}", "match", "page", "test")
        consent.withdraw_objection(session, f"identity:{anna}", "match", "test")
    assert may(anna, "match")


def test_an_identity_never_moves_to_another_contact_silently(anna) -> None:
    with db.write() as session:
        first, second = people.create_contact(session, "A"), people.create_contact(session, "B")
        assert people.link(session, anna, first, "test", "handle")
        assert not people.link(session, anna, first, "test", "handle")
        with pytest.raises(Rejected, match="somebody else"):
            people.link(session, anna, second, "test", "handle")
