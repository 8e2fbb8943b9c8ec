"""Claims about merging two persons and taking it back: what blocks it, what follows it, what comes back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from core.event import Author
from enrichment import merging, person, review, splitting
from enrichment.crm import CrmPerson
from enrichment.models import CannotLink, CrmRecord, MatchLink, SyncState
from inbox import attributes, consent, erasure, notes, people
from inbox.conditions import known, predicate, sql, tree
from inbox.conditions.tree import Asker
from inbox.fields import naming, store
from inbox.fields import people as own_fields
from inbox.knowledge import ContactEdge, PersonDecision
from inbox.models import Contact, Conversation, Identity
from inbox.visibility import EVERYTHING
from migrations.tables import metadata
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm

BOTH = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
BEA = Author(platform="bluesky", id="did:plc:bea", handle="bea.example", name="Bea Lund")
CLEO = Author(platform="mastodon", id="https://troet.example/users/cleo", handle="cleo@troet.example", name="Cleo")
CRM_BEA = CrmPerson("Lead", "00QB", "Bea", "Lund", "Bea Lund", handles={"bluesky": "bea.example"}, company="Segel AG")
LOGS = ("person_decision", "audit", "outbox", "sync_run", "crm_run", "crm_change")


@pytest.fixture
def two(crm: FakeCrm) -> tuple[str, str]:
    """Anna (a Contact in the CRM) and Bea (a Lead); a third account belongs to nobody."""
    crm.put(CRM_BEA)
    _read_crm()
    house.store(house.account(), house.event("1"), house.event("2", BEA), house.event("3", CLEO), sentiment="positive")
    house.work()
    return house.identity().contact_id or "", house.identity(BEA).contact_id or ""


def _read_crm() -> None:
    with db.write() as session:
        house.outbox.emit(session, "crm.due", [("crm", {})])
    house.work()


def dump(*, sync: bool = True) -> dict[str, list[str]]:
    """Every row of every table but logs; of the sync its states without the moment."""
    kept: dict[str, list[str]] = {}
    with db.read() as session:
        for table in metadata.sorted_tables:
            if table.name in LOGS or (table.name == "sync_state" and not sync):
                continue
            columns = [one for one in table.c if not (table.name == "sync_state" and one.name in ("at", "tries"))]
            kept[table.name] = sorted(str(tuple(row)) for row in session.execute(sa.select(*columns)))
    return kept


def merge(left: str, right: str, **values: Any) -> int:
    with db.write() as session:
        return merging.merge(session, left, right, "user:1", "one person", **values)


def unmerge(number: int) -> None:
    with db.write() as session:
        merging.unmerge(session, number, "user:1")


@BOTH
def test_merged_they_are_one_person_everywhere(two: tuple[str, str], crm: FakeCrm) -> None:
    anna, bea = two
    merge(bea, anna)
    house.work()
    assert house.identity(BEA).contact_id == house.identity().contact_id == min(two)
    with db.read() as session:
        found = person.find(session, house.identity(BEA).id or 0)
        assert {people.survivor(session, one) for one in two} == {min(two)}
    assert found is not None
    assert {one.handle for one in found.identities} == {"annab@troet.example", "bea.example"}
    assert {one.record_id for one in found.records} == {"003A", "00QB"}
    assert {fields["Contact__c"] for fields in crm.records["profile"].values()} == {"003A"}


@BOTH
def test_unmerge_restores_every_row_and_the_crm(two: tuple[str, str], crm: FakeCrm) -> None:
    before, there = dump(), {key: dict(fields) for key, fields in crm.records["profile"].items()}
    number = merge(*two)
    house.work()
    assert dump() != before
    unmerge(number)
    house.work()
    assert dump() == before
    assert crm.records["profile"] == there


def test_notes_and_conversations_stay_where_they_were(two: tuple[str, str]) -> None:
    with db.write() as session:
        notes.add(session, identity_id=house.identity(BEA).id, author="user:1", text="likes boats")
    before = dump(sync=False)
    number = merge(*two)
    with db.read() as session:
        found = person.find(session, house.identity().id or 0)
        assert found is not None
        assert len(person.history(session, found.ids, sight=EVERYTHING)[0]) == 2
        assert [one.text for one in notes.of_people(session, found.ids)] == ["likes boats"]
    unmerge(number)
    assert dump(sync=False) == before


def test_account_that_belonged_to_nobody_belongs_to_nobody_again(two: tuple[str, str]) -> None:
    before, cleo = dump(sync=False), house.identity(CLEO).id or 0
    with db.write() as session:
        number = merging.merge(session, two[0], merging.contact_for(session, cleo, "user:1"), "user:1")
    house.work()
    assert house.identity(CLEO).contact_id == two[0]
    unmerge(number)
    house.work()
    assert house.identity(CLEO).contact_id is None
    assert dump(sync=False) == before
    with db.read() as session:
        s = db.table(SyncState)
        states = session.scalars(sa.select(SyncState).where(s.c.identity_id == cleo)).all()
    assert {(one.state, one.record_id, str(one.sent)) for one in states} == {("ignored", "", "{}")}


def test_a_link_made_meanwhile_stays_with_the_contact_it_was_made_to(two: tuple[str, str]) -> None:
    number = merge(*two)
    with db.write() as session:
        people.link(session, house.identity(CLEO).id or 0, max(two), "user:1", "test")
    assert house.identity(CLEO).contact_id == min(two)
    unmerge(number)
    assert house.identity(CLEO).contact_id == max(two)


def test_what_is_learnt_meanwhile_stays(two: tuple[str, str]) -> None:
    number = merge(*two)
    with db.write() as session:
        attributes.know(session, two[1], "place", "Kiel", "user:1")
    unmerge(number)
    with db.read() as session:
        assert "Kiel" in {one.value for one in attributes.of_contacts(session, [two[1]])}
        assert "Kiel" not in {one.value for one in attributes.of_contacts(session, [two[0]])}


@BOTH
def test_a_field_of_each_is_as_it_was_although_it_was_filled_in_as_they_were_one(two: tuple[str, str]) -> None:
    """Two merges, both taken back: what was typed at one of them meanwhile stays there, and takes nothing elsewhere."""
    anna, bea = two
    with db.write() as session:
        cleo = merging.contact_for(session, house.identity(CLEO).id or 0, "user:1")
        shoe = store.save(session, None, store.Wanted("person", "number", {"en": "Shoe"}), "user:1")
        for one, size in ((anna, "36"), (bea, "39"), (cleo, "41")):
            own_fields.put(session, one, shoe, size, "user:1")

    def found(size: str) -> int:
        """Conversations in whose person's field that stands."""
        name, c = naming.name("person", "number", shoe), db.table(Conversation)
        both = [{"field": name, "op": op, "value": size} for op in ("at_least", "at_most")]
        group, asker = tree.read({"match": "all", "of": both}), Asker("", db.now())
        with db.read() as session:
            here = set(session.scalars(sa.select(c.c.id).where(sql.holds(group, asker))))
            every = list(session.scalars(sa.select(c.c.id)))
            plainly = {one.id for one in known.read(session, every, group) if predicate.holds(group, one, asker)}
        assert here == plainly
        return len(here)

    def stands() -> list[str]:
        with db.read() as session:
            whole = {one: people.survivor(session, one) for one in (anna, bea, cleo)}
            said = own_fields.filled_in(session, sorted(set(whole.values())))
        return [said.get(whole[one], {}).get(shoe, "") for one in (anna, bea, cleo)]

    first, second = merge(anna, bea), merge(bea, cleo)
    assert (stands(), found("41"), found("36")) == (["41"] * 3, 3, 0), "what is shown is what is found"
    with db.write() as session:
        own_fields.put(session, anna, shoe, "99", "user:2")
    assert stands() == ["99"] * 3
    unmerge(second)
    assert stands() == ["99", "99", "41"]
    with db.write() as session:
        own_fields.put(session, bea, shoe, "", "user:2")
    assert stands() == ["", "", "41"]
    unmerge(first)
    assert stands() == ["99", "", "41"], "emptied at one of them, and not at the other"
    unmerge(merge(anna, bea))
    assert stands() == ["99", "", "41"]


def test_two_contacts_of_the_crm_are_not_merged(crm: FakeCrm, two: tuple[str, str]) -> None:
    crm.put(CrmPerson("Contact", "003C", "Cleo", "May", "Cleo May", handles={"mastodon": "cleo@troet.example"}))
    _read_crm()
    before = dump()
    with pytest.raises(Rejected, match="a record of its own in the CRM"):
        merge(two[0], house.identity(CLEO).contact_id or "")
    assert dump() == before


def test_not_the_same_blocks_until_it_is_taken_back(two: tuple[str, str]) -> None:
    with db.write() as session:
        r = db.table(CrmRecord)
        record = session.scalars(sa.select(r.c.id).where(r.c.record_id == "00QB")).one()
        session.add(CannotLink(identity_id=house.identity().id or 0, crm_record_id=record, actor="t", at=db.now()))
    with pytest.raises(Rejected, match="not the same person"):
        merge(*two)
    with db.write() as session:
        session.execute(sa.delete(db.table(CannotLink)))
    assert merge(*two)


def test_merging_again_and_unmerging_again_are_refused(two: tuple[str, str]) -> None:
    number = merge(*two)
    with pytest.raises(Rejected, match="one person already"):
        merge(two[1], two[0])
    unmerge(number)
    with pytest.raises(Rejected, match="taken back already"):
        unmerge(number)
    with pytest.raises(Rejected, match="no merge"):
        unmerge(99)


def test_more_than_ten_accounts_are_looked_at_first(two: tuple[str, str]) -> None:
    with db.write() as session:
        for number in range(9):
            row = Identity(platform="x", external_id=str(number), first_seen=db.now(), last_seen=db.now())
            session.add(row)
            session.flush()
            people.link(session, row.id or 0, two[0], "t", "test")
    with pytest.raises(Rejected, match="more than ten accounts"):
        merge(*two)
    assert merge(*two, looked=True)


def test_objection_of_either_holds_for_the_whole_person(two: tuple[str, str]) -> None:
    anna, bea = two
    merge(anna, bea)
    with db.write() as session:
        consent.object_to(session, f"contact:{max(two)}", "crm_sync", "mail", "user:1")
        ids = {house.identity().id or 0, house.identity(BEA).id or 0}
        assert consent.may_many(session, ids, "crm_sync") == set()
        assert consent.may_contacts(session, two, "crm_sync") == set()
        assert not consent.may(session, min(two), "crm_sync")


@BOTH
def test_erasing_a_merged_person_leaves_no_trace_of_either(two: tuple[str, str]) -> None:
    merge(*two)
    with db.write() as session:
        attributes.know(session, two[1], "place", "Kiel", "user:1")
        gone = erasure.erase(session, f"contact:{max(two)}", "user:1")
    house.work()
    assert (gone["identities"], gone["contacts"]) == (2, 2)
    left = {name: rows for name, rows in dump().items() if name not in ("tombstone",)}
    for trace in ("Anna", "Bea", "Kiel", "annab@", "bea.example", *two):
        assert [row for rows in left.values() for row in rows if trace in row] == []
    with db.read() as session:
        for model in (ContactEdge, PersonDecision):
            assert session.scalars(sa.select(model)).all() == []


@BOTH
def test_split_takes_an_account_out_and_undo_puts_it_back(two: tuple[str, str], crm: FakeCrm) -> None:
    with db.write() as session:
        people.link(session, house.identity(CLEO).id or 0, two[0], "user:1", "test")
    house.work()
    before, there = dump(), {key: dict(fields) for key, fields in crm.records["profile"].items()}
    with db.write() as session:
        number = splitting.split(session, [house.identity().id or 0], "user:1", "two people")
    house.work()
    assert house.identity().contact_id not in (None, *two)
    assert house.identity(CLEO).contact_id == two[0]
    assert len(crm.records["profile"]) == 2
    with db.write() as session:
        splitting.rejoin(session, number, "user:1")
    house.work()
    assert dump() == before
    assert crm.records["profile"] == there


def test_what_was_split_is_not_merged_again_by_the_rules_or_by_mistake(two: tuple[str, str]) -> None:
    with db.write() as session:
        people.link(session, house.identity(CLEO).id or 0, two[0], "user:1", "test")
        splitting.split(session, [house.identity().id or 0], "user:1")
    _read_crm()
    own = house.identity().contact_id or ""
    assert own != two[0]
    with pytest.raises(Rejected, match="not the same person"):
        merge(own, two[0])


def test_split_of_everything_or_of_two_persons_is_refused(two: tuple[str, str]) -> None:
    anna, bea = house.identity().id or 0, house.identity(BEA).id or 0
    for ids, words in (([anna], "at least one"), ([anna, bea], "do not all belong"), ([], "do not all belong")):
        with pytest.raises(Rejected, match=words), db.write() as session:
            splitting.split(session, ids, "user:1")


def test_split_that_changed_since_is_not_put_back_blindly(two: tuple[str, str]) -> None:
    with db.write() as session:
        people.link(session, house.identity(CLEO).id or 0, two[0], "user:1", "test")
        number = splitting.split(session, [house.identity().id or 0], "user:1")
        attributes.know(session, people.home(house_identity(session)) or "", "place", "Kiel", "user:1")
    with pytest.raises(Rejected, match="changed since"), db.write() as session:
        splitting.rejoin(session, number, "user:1")


def house_identity(session: Any) -> Identity:
    i = db.table(Identity)
    found: Identity = session.scalars(sa.select(Identity).where(i.c.external_id == house.ANNA.id)).one()
    return found


def test_the_log_says_who_when_why_and_on_what(two: tuple[str, str]) -> None:
    with db.write() as session:
        attributes.know(session, two[0], "email", "same@post.example", "user:1")
        attributes.know(session, two[1], "email", "Same@post.example", "user:1")
    number = merge(*two)
    unmerge(number)
    with db.read() as session:
        done, undone = session.scalars(sa.select(PersonDecision).order_by(db.table(PersonDecision).c.id))
    assert (done.what, done.actor, done.why) == ("merged", "user:1", "one person")
    assert [one["signal"] for one in done.evidence] == ["same_person", "same_email"]
    assert "same@post" not in str(done.evidence)
    assert (undone.what, undone.undoes) == ("unmerged", number)


def test_no_link_without_evidence(two: tuple[str, str]) -> None:
    with db.read() as session:
        t = db.table(MatchLink)
        rows = session.execute(sa.select(t.c.evidence).where(t.c.decision.in_(("auto", "accepted")))).scalars().all()
        assert rows
        assert all(rows)
        assert session.scalars(sa.select(SyncState)).first() is not None
        assert session.scalars(sa.select(Contact)).first() is not None
        assert review.waiting(session) == 0
