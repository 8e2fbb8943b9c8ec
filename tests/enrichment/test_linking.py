"""Links, proposals and the CRM's changes, in the database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.errors import Rejected
from core.event import Author, Link
from enrichment import connection, index, learning, review, tasks
from enrichment.crm import CrmPerson
from enrichment.keys import Key
from enrichment.matching import learn
from enrichment.models import CrmRecord, IdentityKey, MatchKey, MatchLink
from inbox import attributes, consent, erasure
from inbox.models import Contact, Identity
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.house import CRM_ANNA, event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
ROSA = Author(platform="mastodon", id="https://t.example/users/rosa", handle="rosa@t.example", name="Rosa Keane",
              bio="keane (at) mail (dot) example")  # fmt: skip
KEANE = CrmPerson("Contact", "003K", "Rosa", "Keane", "Rosa Keane", emails=("keane@mail.example",))
TWIN = CrmPerson("Lead", "00QT", "Rupert", "Keane", "Rupert Keane", emails=("Keane@mail.example",))


def links() -> list[MatchLink]:
    with db.read() as session:
        return list(session.scalars(sa.select(MatchLink).order_by(db.table(MatchLink).c.id)))


def read_crm() -> None:
    with db.write() as session:
        outbox.emit(session, "crm.due", [("crm", {})])
    house.work()


def test_a_record_that_comes_later_finds_who_wrote_before(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1", ROSA))
    house.work()
    assert house.identity(ROSA).contact_id is None
    crm.put(KEANE)
    read_crm()
    (link,) = links()
    assert (link.decision, link.tier, link.contact_id) == ("auto", "A-", house.identity(ROSA).contact_id)
    assert len(crm.records["interaction"]) == 1


def test_the_first_read_looks_at_everybody(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = house.account()
    house.store(ours, event("1"))
    house.work()
    fake = FakeCrm()
    fake.put(CRM_ANNA)
    monkeypatch.setattr(connection, "crm", lambda: fake)
    with db.write() as session:
        connection.connect(session, url="https://x", client_id="c", client_secret="s", basis="contract", actor="t")
    house.work()
    assert house.identity().contact_id is not None


def test_our_contact_is_made_from_the_record_once(crm: FakeCrm, ours: int) -> None:
    on_bluesky = Author(platform="bluesky", id="did:plc:a", handle="anna.example", name="Anna")
    crm.change("003A", handles={"mastodon": "annab@troet.example", "bluesky": "anna.example"})
    read_crm()
    house.store(ours, event("1"), event("2", on_bluesky))
    house.work()
    assert house.identity().contact_id == house.identity(on_bluesky).contact_id
    with db.read() as session:
        (contact,) = session.scalars(sa.select(Contact))
        said = attributes.of_contacts(session, [contact.id])
    assert contact.name == "Anna Bergmann"
    assert said[0].source == "crm:Contact:003A"


def test_a_site_where_others_work_links_nobody(crm: FakeCrm, ours: int) -> None:
    site = replace_author(ROSA, bio="", name="Wren", links=(Link(url="https://mangold.example", verified=True),))
    crm.put(CrmPerson("Contact", "003M", "Kai", "Ode", "Kai Ode", emails=("k@mangold.example",), company="Mangold KG"))
    crm.put(replace(KEANE, emails=(), websites=("https://mangold.example",)))
    read_crm()
    house.store(ours, event("1", site))
    house.work()
    assert [one.decision for one in links() if one.decision == "auto"] == []
    assert house.identity(ROSA).contact_id is None


def test_two_carriers_are_proposed_and_a_person_decides(crm: FakeCrm, ours: int) -> None:
    crm.put(KEANE)
    crm.put(TWIN)
    read_crm()
    house.store(ours, event("1", ROSA))
    house.work()
    with db.write() as session:
        found = review.proposals(session)
        assert [one.record_id for one in found] == ["003K", "00QT"]
        assert all(one.evidence for one in found)
        contact = review.accept(session, found[0].id, "user:1")
        assert review.accept(session, found[0].id, "user:1") == contact
    house.work()
    assert crm.only("profile")["Match_Tier__c"] == "review"
    assert crm.only("profile")["Contact__c"] == "003K"
    with db.read() as session:
        assert review.proposals(session) == []


def test_a_rejected_pair_is_never_proposed_again(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    (link,) = links()
    with db.write() as session:
        review.reject(session, link.id or 0, "user:1")
        review.reject(session, link.id or 0, "user:1")
    house.work()
    assert house.identity().contact_id is None
    assert not any(crm.records.values())
    assert [one.decision for one in links()] == ["rejected"]
    with db.write() as session:
        review.undo(session, link.id or 0, "user:1")
    house.work()
    assert [one.decision for one in links()] == ["auto"]


def test_a_proposal_that_does_not_exist_is_named(crm: FakeCrm) -> None:
    with db.write() as session, pytest.raises(Rejected, match="no proposal 7"):
        review.accept(session, 7, "user:1")


def test_a_link_survives_what_the_person_changes(crm: FakeCrm, ours: int) -> None:
    crm.put(KEANE)
    read_crm()
    house.store(ours, event("1", ROSA))
    house.work()
    house.store(ours, event("2", replace_author(ROSA, name="Möwe", bio="nichts mehr")))
    house.work()
    assert house.identity(ROSA).contact_id is not None
    assert crm.only("profile")["Name"] == "Möwe"


def replace_author(author: Author, **values: object) -> Author:
    return author.model_copy(update=values)


def test_a_link_falls_when_its_value_turns_out_to_be_shared(crm: FakeCrm, ours: int) -> None:
    crm.put(KEANE)
    read_crm()
    house.store(ours, event("1", ROSA))
    house.work()
    crm.put(TWIN)
    read_crm()
    assert house.identity(ROSA).contact_id is None
    assert {one.decision for one in links()} == {"review"}
    assert not any(crm.records.values())


def test_a_corrected_handle_moves_the_link(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    crm.change("003A", handles={})
    crm.put(CrmPerson("Contact", "003B", "Anna", "Berg", "Anna Berg", handles={"mastodon": "annab@troet.example"}))
    read_crm()
    assert crm.only("profile")["Contact__c"] == "003B"
    assert len(crm.records["interaction"]) == 1


@pytest.mark.parametrize("late", [False, True])
def test_a_record_that_became_one_which_is_gone_is_gone(crm: FakeCrm, ours: int, late: bool) -> None:
    house.store(ours, event("1"))
    house.work()
    heir = CrmPerson("Contact", "003Z", deleted=True)
    if not late:
        crm.put(heir)
    crm.change("003A", converted_to="003Z")
    read_crm()
    if late:
        crm.put(heir)
        read_crm()
    assert (crm.records["profile"], crm.records["interaction"]) == ({}, {})
    assert house.waiting() == []


def test_a_merge_hands_everything_on(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    before = house.identity().contact_id
    crm.put(CrmPerson("Contact", "003Z", "Anna", "Bergmann-Zeh", "Anna Bergmann-Zeh", company_id="001Z"))
    crm.change("003A", deleted=True, merged_into="003Z")
    read_crm()
    assert house.identity().contact_id == before
    assert (crm.only("profile")["Contact__c"], crm.only("profile")["Account__c"]) == ("003Z", "001Z")


def test_a_converted_lead_becomes_its_contact(crm: FakeCrm, ours: int) -> None:
    crm.put(replace(TWIN, emails=(), handles={"mastodon": "rosa@t.example"}))
    read_crm()
    house.store(ours, event("1", ROSA))
    house.work()
    assert crm.only("profile")["Lead__c"] == "00QT"
    crm.change("00QT", converted_to="003N")
    crm.put(CrmPerson("Contact", "003N", "Rupert", "Keane", "Rupert Keane"))
    read_crm()
    assert (crm.only("profile")["Lead__c"], crm.only("profile")["Contact__c"]) == (None, "003N")


def test_a_deleted_record_takes_its_profile_along(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    crm.change("003A", deleted=True)
    read_crm()
    assert not any(crm.records.values())
    assert house.identity().contact_id is None


def test_the_privacy_record_of_the_crm_is_honoured(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    house.work()
    crm.change("003A", objects_to_processing=True)
    read_crm()
    assert not any(crm.records.values())
    crm.change("003A", objects_to_processing=False)
    read_crm()
    assert len(crm.records["interaction"]) == 1


def test_who_objects_to_matching_is_not_matched_and_leaves_no_keys(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"))
    with db.write() as session:
        consent.object_to(session, f"identity:{house.identity().id}", "match", "letter", "user:1")
    house.work()
    assert links() == []
    with db.read() as session:
        assert session.execute(sa.select(db.table(IdentityKey))).all() == []


def test_an_erased_person_is_gone_here_and_there(crm: FakeCrm, ours: int) -> None:
    house.store(ours, event("1"), event("2", ROSA))
    house.work()
    with db.write() as session:
        erasure.erase(session, f"contact:{house.identity().contact_id}", "user:1")
    house.work()
    assert not any(crm.records.values())
    rows = house.everything()
    assert not any("annab" in row or "Bergmann" in row for found in rows.values() for row in found)
    assert (links(), house.states(), house.waiting()) == ([], {}, [])
    crm.change("003A", company="again")
    read_crm()
    with db.read() as session:
        assert session.execute(sa.select(db.table(CrmRecord))).all() == []


def test_erasure_waits_until_the_crm_has_proven_it(crm: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    house.store(ours, event("1"))
    house.work()
    real = crm.exists
    monkeypatch.setattr(crm, "exists", lambda kind, hub_ids: set(hub_ids))
    with db.write() as session:
        erasure.erase(session, f"contact:{house.identity().contact_id}", "user:1")
    house.work()
    assert house.waiting() == ["enrichment.tasks.forget"]
    assert house.states() != {}
    monkeypatch.setattr(crm, "exists", real)
    house.work()
    assert (house.waiting(), house.states()) == ([], {})


def test_reading_again_changes_nothing(crm: FakeCrm, ours: int) -> None:
    crm.put(KEANE)
    house.store(ours, event("1"), event("2", ROSA))
    read_crm()
    before = house.everything()
    read_crm()
    assert house.everything() == before


def test_a_changed_record_changes_its_keys(crm: FakeCrm) -> None:
    crm.change("003A", emails=("new@post.example",))
    read_crm()
    with db.read() as session:
        k = db.table(MatchKey)
        assert session.scalars(sa.select(k.c.value).where(k.c.kind == "email")).all() == ["new@post.example"]


def test_common_names_do_not_widen_the_look_up(crm: FakeCrm) -> None:
    for number in range(60):
        crm.put(CrmPerson("Contact", f"003{number:03}", "Thomas", "Müller", "Thomas Müller"))
    read_crm()
    with db.read() as session:
        keys = {1: frozenset({Key("name", "thomas muller")})}
        assert len(index.records_with(session, keys[1])[Key("name", "thomas muller")]) == index.BLOCK + 1
        assert index.candidates(session, keys, {}).of == {1: []}


def test_two_accounts_of_a_platform_at_once_link_one(crm: FakeCrm, ours: int) -> None:
    crm.put(KEANE)
    read_crm()
    second = replace_author(ROSA, id="https://t.example/users/rosa2", handle="rosa2@t.example")
    house.store(ours, event("1", ROSA), event("2", second))
    house.work()
    with db.read() as session:
        i = db.table(Identity)
        linked = session.scalars(sa.select(i.c.handle).where(i.c.contact_id.is_not(None))).all()
    assert len(linked) == 1
    assert sorted(one.decision for one in links()) == ["auto", "review"]


def test_a_verified_link_is_proof(crm: FakeCrm, ours: int) -> None:
    crm.put(replace(KEANE, emails=(), websites=("https://rosa.example",)))
    read_crm()
    site = Link(url="https://rosa.example/", verified=True)
    house.store(ours, event("1", replace_author(ROSA, bio="", links=(site,))))
    house.work()
    assert [one.tier for one in links()] == ["A"]


def test_without_a_crm_nothing_is_stored(database: str) -> None:
    house.store(house.account(), event("1"))
    house.work()
    assert not any(house.everything().values())


def test_the_clock_asks_for_a_read_when_it_is_time(crm: FakeCrm) -> None:
    tasks.due()
    assert house.waiting() == []
    with db.write() as session:
        session.execute(sa.text("UPDATE crm_connection SET asked_at = NULL"))
    tasks.due()
    tasks.due()
    assert house.waiting() == ["enrichment.tasks.pull_crm"]


def test_learning_sees_who_may_be_matched(crm: FakeCrm, ours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kim = Author(platform="mastodon", id="https://t.example/users/kim", handle="kim@t.example", name="Kim Sommer")
    house.store(ours, event("1", ROSA), event("2", kim))
    for one in (KEANE, TWIN, replace(CRM_ANNA, objects_to_processing=True)):
        crm.put(one)
    read_crm()
    with db.write() as session:
        consent.object_to(session, f"identity:{house.identity(kim).id}", "match", "test", "t")
    seen: dict[str, list[str]] = {}

    def learned(people: Any, accounts: Any, engine: str) -> learn.Learned:
        seen.update(people=[one.id for one in people], accounts=[one.id for one in accounts], engine=[engine])
        return learn.Learned({}, 0, 0, 0)

    monkeypatch.setattr(learn, "learned", learned)
    learning.learned("spark")
    assert seen == {"people": ["003K", "00QT"], "accounts": [str(house.identity(ROSA).id)], "engine": ["spark"]}


def test_a_town_in_the_crm_is_proposed_with_the_name(crm: FakeCrm, ours: int) -> None:
    sommer = Author(platform="mastodon", id="https://t.example/users/ks", handle="ks@t.example", name="Kim Sommerfeld",
                    location="Kiel")  # fmt: skip
    house.store(ours, event("1", sommer))
    crm.put(CrmPerson("Contact", "003S", "Kim", "Sommerfeld", "Kim Sommerfeld", city="Kiel", country="Germany"))
    read_crm()
    (link,) = links()
    assert (link.decision, link.contact_id) == ("review", None)
    assert {"name_full", "same_town"} <= {one["signal"] for one in link.evidence}
