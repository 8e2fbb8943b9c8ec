"""Claims about duplicates inside the CRM: what is proposed, what a person's word does, and what it does not."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from enrichment import duplicates, merging
from enrichment.crm import CrmPerson
from enrichment.models import CrmRecord, Duplicate
from inbox import people
from inbox.models import Contact
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.test_merging import dump

BOTH = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


def put(crm: FakeCrm, record_id: str, name: str, *, kind: str = "Contact", **values: object) -> None:
    first, _, last = name.rpartition(" ")
    crm.put(CrmPerson(kind, record_id, first, last, name, **values))  # type: ignore[arg-type]  # fields of it


def read(crm: FakeCrm) -> None:
    with db.write() as session:
        house.outbox.emit(session, "crm.due", [("crm", {})])
    house.work()


def proposed(decision: str = "review") -> set[tuple[str, str]]:
    r, d = db.table(CrmRecord), db.table(Duplicate)
    with db.read() as session:
        names = dict(session.execute(sa.select(r.c.id, r.c.record_id)).all())
        rows = session.execute(sa.select(d.c.left_id, d.c.right_id).where(d.c.decision == decision)).all()
    return {(names[left], names[right]) for left, right in rows}


def number() -> int:
    with db.read() as session:
        return session.scalars(sa.select(db.table(Duplicate).c.id).order_by(db.table(Duplicate).c.id)).first() or 0


@pytest.fixture
def twice(crm: FakeCrm) -> int:
    """Jo Lund stands in the CRM twice with one address."""
    put(crm, "003L", "Jo Lund", emails=("jo@lund.example",))
    put(crm, "003M", "Jo Lund", emails=("JO@lund.example",), company="Segel AG")
    read(crm)
    return number()


@BOTH
def test_same_name_and_address_are_proposed_with_evidence_and_nothing_is_linked(twice: int) -> None:
    assert proposed() == {("003L", "003M")}
    with db.read() as session:
        row = session.get_one(Duplicate, twice)
        assert {one["signal"] for one in row.evidence} >= {"name_full", "same_email"}
        assert "lund.example" not in str(row.evidence)
        assert session.scalars(sa.select(Contact)).all() == []


def test_what_is_not_enough_is_not_proposed(crm: FakeCrm) -> None:
    put(crm, "003L", "Jo Lund", emails=("jo@lund.example",))
    put(crm, "003M", "Jo Lund")
    put(crm, "003N", "Ada Lund", emails=("jo@lund.example",))
    put(crm, "003O", "Bo Falk", emails=("office@falk.example",))
    put(crm, "003P", "Bo Falk", objects_to_processing=True, emails=("bo@falk.example",))
    put(crm, "003Q", "Bo Falk", emails=("bo@falk.example",))
    read(crm)
    assert proposed() == set()


def test_a_value_that_three_carry_proposes_nobody(crm: FakeCrm) -> None:
    for record in ("003L", "003M", "003N"):
        put(crm, record, "Jo Lund", emails=("jo@lund.example",))
    read(crm)
    assert proposed() == set()


def test_what_is_none_any_more_is_taken_from_the_list(crm: FakeCrm, twice: int) -> None:
    put(crm, "003M", "Jo Lund", emails=("other@lund.example",))
    read(crm)
    assert proposed() == set()
    put(crm, "003M", "Jo Lund", emails=("jo@lund.example",))
    read(crm)
    assert proposed() == {("003L", "003M")}


@BOTH
def test_accepted_both_records_are_one_contact_and_undo_restores_every_row(twice: int) -> None:
    before = dump()
    with db.write() as session:
        duplicates.accept(session, twice, "user:1")
    with db.read() as session:
        contacts = set(session.scalars(sa.select(db.table(CrmRecord).c.contact_id).where(
            db.table(CrmRecord).c.record_id.in_(("003L", "003M"))
        )))  # fmt: skip
    assert len(contacts) == 1
    assert None not in contacts
    with db.write() as session:
        (edge,) = merging.survivors.edges_of(session, contacts)
        merging.unmerge(session, edge.decision_id, "user:1")
    assert dump() == before


def test_accepting_two_contacts_of_the_crm_allows_what_a_merge_by_hand_may_not(crm: FakeCrm, twice: int) -> None:
    with db.write() as session:
        records = session.scalars(sa.select(CrmRecord).where(db.table(CrmRecord).c.record_id.in_(("003L", "003M"))))
        pair = [merging.contact_for_record(session, one) for one in records.all()]
        with pytest.raises(Rejected, match="record of its own"):
            merging.merge(session, pair[0], pair[1], "user:1")
        duplicates.accept(session, twice, "user:1")
        assert people.survivor(session, pair[1]) == pair[0]


def test_rejected_is_never_proposed_again_and_blocks_a_merge(crm: FakeCrm, twice: int) -> None:
    with db.write() as session:
        duplicates.reject(session, twice, "user:1")
    put(crm, "003M", "Jo Lund", emails=("jo@lund.example",), company="Segel")
    read(crm)
    assert proposed() == set()
    assert proposed("rejected") == {("003L", "003M")}
    with db.write() as session:
        records = session.scalars(sa.select(CrmRecord).where(db.table(CrmRecord).c.record_id.in_(("003L", "003M"))))
        pair = [merging.contact_for_record(session, one) for one in records.all()]
        with pytest.raises(Rejected, match="not the same person"):
            merging.merge(session, pair[0], pair[1], "user:1")
        duplicates.undo(session, twice, "user:1")
    assert proposed() == {("003L", "003M")}


def test_no_transitive_closure_through_proposals(crm: FakeCrm) -> None:
    """A is B, and B may be C: that says nothing of A and C, whoever is accepted."""
    put(crm, "003A1", "Jo Lund", emails=("jo@lund.example",))
    put(crm, "003B1", "Jo Lund", emails=("jo@lund.example",), phones=("+4915112345678",))
    put(crm, "003C1", "Jo Lund", phones=("+4915112345678",))
    read(crm)
    assert proposed() == {("003A1", "003B1"), ("003B1", "003C1")}
    with db.write() as session:
        r = db.table(CrmRecord)
        rows = {one.record_id: one for one in session.scalars(sa.select(CrmRecord).where(r.c.record_id.like("003_1")))}
        d = db.table(Duplicate)
        pair = sa.select(d.c.id).where(d.c.left_id == rows["003A1"].id, d.c.right_id == rows["003B1"].id)
        duplicates.accept(session, session.scalars(pair).one(), "user:1")
        assert rows["003A1"].contact_id == rows["003B1"].contact_id
        assert rows["003C1"].contact_id is None
    house.work()
    assert proposed() == {("003B1", "003C1")}


def test_looking_at_everything_again_changes_nothing(twice: int) -> None:
    before = dump()
    assert duplicates.find_all() == 0
    assert dump() == before


def test_record_that_is_gone_cannot_be_accepted(crm: FakeCrm, twice: int) -> None:
    with db.write() as session:
        session.execute(sa.update(db.table(CrmRecord)).values(deleted=True))
    with pytest.raises(Rejected, match="is gone"), db.write() as session:
        duplicates.accept(session, twice, "user:1")
    with pytest.raises(Rejected, match="is gone"), db.write() as session:
        duplicates.reject(session, 99, "user:1")
