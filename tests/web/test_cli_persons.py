"""What is known about a person, and who is who, on the command line."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from enrichment import index
from enrichment.models import CrmRecord
from inbox.models import Identity
from tests.living import Sandbox, done, refused

pytestmark = pytest.mark.xdist_group("living")


def linked() -> Identity:
    i = db.table(Identity)
    with db.read() as session:
        query = sa.select(Identity).where(i.c.contact_id.is_not(None)).order_by(i.c.id)
        return session.scalars(query.limit(1)).one()


def test_facts_name_their_sources_and_a_typed_one_stands_beside_them(home: Sandbox) -> None:
    who = linked()
    before = done("people", "facts", who.id)
    assert {one["source"].partition(":")[0] for one in before} == {"crm", "identity"}
    assert all(one["basis"] == "legitimate_interest" for one in before)
    done("people", "set", f"contact:{who.contact_id}", "preferred_channel", "e-mail")
    (typed,) = [one for one in done("people", "facts", who.id) if one["source"] == "typed:cli"]
    assert (typed["value"], typed["shown"]) == ("e-mail", True)
    done("people", "set", who.id, "preferred_channel", "")
    assert done("people", "facts", who.id) == before
    (gone,) = [one for one in done("people", "facts", who.id, "--all") if one["source"] == "typed:cli"]
    assert gone["removed_at"]
    assert not gone["shown"]


def test_payment_data_is_refused_with_a_sentence(home: Sandbox) -> None:
    assert "Payment data is not kept" in refused("people", "set", linked().id, "about", "4111 1111 1111 1111")
    assert "Nothing is kept by the name" in refused("people", "set", linked().id, "iban", "x")
    assert "There is no person" in refused("people", "facts", "contact:01J")


def test_merge_is_made_logged_and_taken_back(home: Sandbox) -> None:
    i = db.table(Identity)
    with db.read() as session:
        free = session.scalars(sa.select(i.c.id).where(i.c.contact_id.is_(None), ~i.c.ours).order_by(i.c.id)).first()
    who = linked()
    done_ = done("people", "merge", who.id, free, "--why", "the same phone")
    assert done_["contact"] == who.contact_id
    (entry,) = done("people", "history", who.id)
    assert (entry["what"], entry["actor"], entry["why"], entry["stands"]) == ("merged", "cli", "the same phone", True)
    assert "one person already" in refused("people", "merge", free, who.id)
    parted = done("people", "split", free)
    assert parted["contact"] != who.contact_id
    done("people", "unmerge", parted["decision"])
    done("people", "unmerge", done_["decision"])
    assert [one["what"] for one in done("people", "history")] == ["unmerged", "rejoined", "split", "merged"]
    with db.read() as session:
        assert session.get_one(Identity, free).contact_id is None
    assert "taken back already" in refused("people", "unmerge", done_["decision"])


def test_duplicates_are_found_decided_and_taken_back(home: Sandbox) -> None:
    with db.write() as session:
        r = db.table(CrmRecord)
        one = session.scalars(sa.select(CrmRecord).where(r.c.object == "Contact").order_by(r.c.id).limit(1)).one()
        values = {name: getattr(one, name) for name in ("first_name", "last_name", "name", "emails", "company")}
        twin = CrmRecord(record_id="003TWIN", object="Contact", **values)
        session.add(twin)
        session.flush()
        index.put_records(session, {twin.id or 0: index.stored_keys(session, [one.id or 0])[one.id or 0]})
        both = {one.record_id, "003TWIN"}
    before = {pair["id"] for pair in done("people", "duplicates")}
    (found,) = [pair for pair in done("people", "duplicates", "--find") if pair["id"] not in before]
    assert {found["left"]["record_id"], found["right"]["record_id"]} == both
    done("people", "duplicates", "--accept", found["id"])
    assert found["id"] in {pair["id"] for pair in done("people", "duplicates", "--decision", "accepted")}
    done("people", "duplicates", "--undo", found["id"])
    assert found["id"] in {pair["id"] for pair in done("people", "duplicates")}
