"""Claims about the list of people: every filter finds its own, and pages follow without gap or double."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import db
from enrichment import directory
from enrichment.directory import Filter
from enrichment.models import CrmRecord, MatchLink
from inbox import consent, people
from inbox.models import Identity
from tests.conftest import BOTH

pytestmark = BOTH


def _person(number: int, **values: Any) -> int:
    moment = db.now() - timedelta(minutes=number // 2)  # two at a time are heard of at the same moment
    row: dict[str, Any] = {"platform": "mastodon", "external_id": f"x{number}", "handle": f"user{number}@a.example",
           "first_seen": moment, "last_seen": moment, **values}  # fmt: skip
    with db.write() as session:
        identity = Identity(**row)
        session.add(identity)
        session.flush()
        return identity.id or 0


def _ids(**values: str) -> list[int]:
    with db.read() as session:
        return [row.id for row in directory.page(session, Filter(**values)).rows]


@pytest.mark.parametrize("sort", directory.SORTS)
def test_pages_follow_each_other_without_gap_or_double(database: str, sort: str) -> None:
    everybody = {_person(number, followers=None if number % 3 else number % 4) for number in range(11)}
    seen, mark = [], ""
    while True:
        with db.read() as session:
            page = directory.page(session, Filter(sort=sort), mark, limit=3)
        seen += [row.id for row in page.rows]
        mark = page.next
        if not mark:
            break
    assert (len(seen), set(seen)) == (11, everybody)


def test_search_takes_every_word_in_any_case_and_order(database: str) -> None:
    one = _person(1, name="Änne ÖZTÜRK")
    _person(2, name="Anne Smith")
    assert _ids(q="öztürk änne") == [one]
    assert _ids(q="USER1@") == [one]
    assert _ids(q="50%") == _ids(q="_") == []


def test_linked_people_are_found_by_the_name_of_their_contact(database: str) -> None:
    one, other = _person(1), _person(2)
    with db.write() as session:
        people.link(session, one, people.create_contact(session, "Katrin Oldenburg"), "t", "test")
    assert _ids(q="oldenburg") == _ids(show="linked") == [one]
    assert _ids(show="unlinked") == [other]


def test_proposed_and_objecting_people_are_found(database: str) -> None:
    one, other = _person(1), _person(2)
    with db.write() as session:
        record = CrmRecord(record_id="003A", object="Contact")
        session.add(record)
        session.flush()
        session.add(
            MatchLink(
                identity_id=one,
                crm_record_id=record.id or 0,
                tier="B",
                score=0.7,
                decision="review",
                rules="t",
                at=db.now(),
            )
        )
        consent.object_to(session, f"identity:{other}", "all", "test", "t")
    assert (_ids(show="proposed"), _ids(show="objected")) == ([one], [other])
    with db.read() as session:
        rows = {row.id: row for row in directory.page(session, Filter()).rows}
        assert directory.counts(session) == {"proposed": 1}
    assert [(rows[n].proposals, rows[n].objects) for n in (one, other)] == [(1, False), (0, True)]


def test_what_one_account_of_a_person_objects_to_stands_at_all_of_them(database: str) -> None:
    one, other, alone = _person(1), _person(2), _person(3)
    with db.write() as session:
        contact = people.create_contact(session, "Katrin Oldenburg")
        for number in (one, other):
            people.link(session, number, contact, "t", "test")
        consent.object_to(session, f"identity:{one}", "match", "test", "t")
    assert sorted(_ids(show="objected")) == [one, other]
    with db.read() as session:
        rows = {row.id: row.objects for row in directory.page(session, Filter()).rows}
    assert rows == {one: True, other: True, alone: False}


def test_our_own_accounts_are_no_people(database: str) -> None:
    _person(1, ours=True)
    assert _ids() == []


@pytest.mark.parametrize("mark", ["x", "1", "_", "1_x", "9" * 30 + "_1", "-_1", "²_1"])
def test_odd_marks_of_a_page_begin_at_the_start(database: str, mark: str) -> None:
    one = _person(1)
    with db.read() as session:
        assert [row.id for row in directory.page(session, Filter(), mark).rows] == [one]
