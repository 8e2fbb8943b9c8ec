from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.outbox import DONE, Item
from inbox.models import Message
from listening import subjects, tasks
from listening.models import Hit, Query, Subject

from .conftest import backwards, letter, live

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def follow(database):
    """A subject with one query; returns the query's id."""

    def make(text: str, subject: str = "Acme", name: str = "all") -> int:
        with db.write() as session:
            found = [one.id for one in subjects.all_subjects(session) if one.name == subject]
            subject_id = found[0] if found else subjects.create(session, subject)
            return subjects.add_query(session, subject_id, name, text)

    return make


def hits() -> set[tuple[int, int]]:
    with db.read() as session:
        return {(row.query_id, row.message_id) for row in session.scalars(sa.select(Hit))}


def column(message_id: int) -> list[int]:
    with db.read() as session:
        return session.get(Message, message_id).hits


def test_a_new_message_is_decided_live(store, follow) -> None:
    query = follow("acme OR #acme")
    yes, no, tag = store("I love Acme", "nothing here", "hello", hashtags=("ACME",))[:2] + store(
        "x", hashtags=("ACME",)
    )
    live(yes, no, tag)
    assert {message for _, message in hits()} >= {yes, tag}
    assert column(tag) == [1]
    assert query == 1


def test_live_and_backwards_decide_alike(store, follow) -> None:
    texts = ["Acme ist toll", "acme -> Größe", "アクメの返品", "nothing", "groesse"]
    ids = store(*texts)
    query = follow("(acme OR 返品 OR größe) NOT toll")
    backwards()
    found = hits()
    with db.write() as session:
        session.execute(sa.delete(Hit))
    live(*ids)
    assert hits() == found == {(query, ids[1]), (query, ids[2]), (query, ids[4])}
    with db.read() as session:
        assert [session.get_one(Message, one).queries for one in ids[:3]] == [[], [query], [query]]


def test_matching_backwards_goes_on_in_steps(store, follow, monkeypatch) -> None:
    monkeypatch.setattr(tasks, "CHUNK", 3)
    ids = store(*(f"acme {number}" for number in range(10)))
    follow("acme")
    assert backwards() == 4
    assert {message for _, message in hits()} == {*ids}
    with db.read() as session:
        (query,) = session.scalars(sa.select(Query)).all()
    assert query.matched_to == query.matched_goal == ids[-1]


def test_a_step_that_is_lost_is_done_again(store, follow, monkeypatch) -> None:
    monkeypatch.setattr(tasks, "CHUNK", 2)
    ids = store("acme 1", "acme 2", "acme 3")
    query = follow("acme")
    tasks.rematch([Item(1, "query.changed", "q", {"query_id": query})])  # its worker dies before the write
    backwards()
    assert len(hits()) == len(ids)


def test_the_same_message_twice_is_one_hit(store, follow) -> None:
    follow("acme")
    (one,) = store("acme")
    live(one)
    live(one)
    assert len(hits()) == 1


def test_an_edited_message_is_decided_anew(store, follow) -> None:
    follow("acme")
    (one,) = store("acme")
    live(one)
    with db.write() as session:
        session.execute(sa.update(db.table(Message)).values(text="something else", version=2))
    live(one, version=1)
    assert len(hits()) == 1
    live(one, version=2)
    assert hits() == set()
    assert column(one) == []


def test_a_changed_query_decides_all_again(store, follow) -> None:
    first, second = store("acme", "other")
    query = follow("acme")
    backwards()
    with db.write() as session:
        subjects.update_query(session, query, text="other")
    backwards()
    assert hits() == {(query, second)}
    assert (column(first), column(second)) == ([], [1])


def test_a_verdict_on_an_old_query_is_dropped(store, follow) -> None:
    query = follow("acme")
    (one,) = store("acme")
    outcome = tasks.match([letter(one)])
    with db.write() as session:
        subjects.update_query(session, query, text="other")
    with db.write() as session:
        outcome.write(session)
    backwards()
    assert hits() == set()


def test_a_live_verdict_leaves_a_query_that_is_newer_alone(store, follow) -> None:
    follow("nothing")
    (one,) = store("acme")
    outcome = tasks.match([letter(one)])
    query = follow("acme", name="second")
    backwards()
    with db.write() as session:
        outcome.write(session)
    assert hits() == {(query, one)}


def test_two_subjects_stand_on_one_message(store, follow) -> None:
    follow("acme", "Acme")
    follow("globex", "Globex")
    (one,) = store("acme and globex")
    live(one)
    assert column(one) == [1, 2]


def test_a_query_that_is_switched_off_loses_its_hits_and_gets_them_back(store, follow) -> None:
    query = follow("acme")
    (one,) = store("acme")
    live(one)
    with db.write() as session:
        subjects.update_query(session, query, enabled=False)
    backwards()
    assert (hits(), column(one)) == (set(), [])
    with db.write() as session:
        subjects.update_query(session, query, enabled=True)
    backwards()
    assert hits() == {(query, one)}


def test_a_removed_subject_goes_with_all_it_had(store, follow, monkeypatch) -> None:
    monkeypatch.setattr(tasks, "CHUNK", 2)
    follow("acme")
    follow("brand", name="second")
    ids = store("acme", "acme brand", "acme", "acme")
    live(*ids)
    with db.write() as session:
        subjects.remove(session, 1)
        assert subjects.all_subjects(session) == []
    backwards()
    with db.read() as session:
        assert session.scalars(sa.select(Query)).all() == session.scalars(sa.select(Subject)).all() == []
    assert (hits(), column(ids[1])) == (set(), [])


@pytest.mark.parametrize("changes", [{"direction": "outbound"}, {"origin": "context"}, {"kind": "like"}])
def test_our_own_words_context_and_likes_are_not_listened_to(store, follow, changes) -> None:
    follow("acme")
    live(*store("acme", **changes))
    assert hits() == set()


def test_a_deleted_message_keeps_its_hit(store, follow) -> None:
    follow("acme")
    (one,) = store("acme")
    live(one)
    assert tasks.forget([Item(1, "message.deleted", "m", {"message_id": one, "version": 2})]) == DONE
    assert len(hits()) == 1


def test_an_erased_persons_messages_lose_their_hits(store, follow) -> None:
    query = follow("acme")
    first, second = store("acme", "acme too")
    live(first, second)
    outcome = tasks.forget_person([Item(1, "person.erased", "p", {"message_ids": [first]})])
    with db.write() as session:
        outcome.write(session)
    assert hits() == {(query, second)}
    assert column(first) == []


def test_without_queries_there_is_nothing_to_do(store) -> None:
    (one,) = store("acme")
    assert tasks.match([letter(one)]) is DONE
