"""The outbox loses nothing and does nothing twice."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from core import backlog, db, outbox
from core.errors import TryLater
from core.outbox import DONE, Item, OutboxRow, Outcome
from core.topics import SUBSCRIBERS, TOPICS

ENGINES = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
pytestmark = [ENGINES, pytest.mark.usefixtures("database")]
MATCH = SUBSCRIBERS["enrichment.tasks.match"]


def put(*keys: str, topic: str = "identity.seen") -> None:
    with db.write() as session:
        outbox.emit(session, topic, [(key, {"identity_id": int(key)}) for key in keys])


def rows() -> list[OutboxRow]:
    with db.read() as session:
        return list(session.scalars(sa.select(OutboxRow).order_by(OutboxRow.id)))


def test_one_row_per_subscriber() -> None:
    put("1", topic="message.stored")
    assert sorted(row.subscriber for row in rows()) == sorted(TOPICS["message.stored"])


def test_a_subscriber_that_gathers_gets_one_letter_for_all() -> None:
    put("1", "2", topic="message.stored")
    with db.write() as session:
        outbox.emit(session, "message.stored", [(key, {"message_id": int(key), "version": 1}) for key in "12"])
    payloads = [row.payload for row in rows() if row.subscriber == "web.live.publish"]
    assert payloads[-1] == {"message_id": [1, 2], "version": [1, 1]}


def test_any_text_may_be_a_key() -> None:
    key = 'mastodon:"ü\\u0000\\n\ttext'
    with db.write() as session:
        outbox.emit(session, "identity.seen", [(key, {})])
    assert [row.key for row in rows()] == [key]


def test_an_unknown_topic_is_an_error() -> None:
    with pytest.raises(KeyError), db.write() as session:
        outbox.emit(session, "nobody.listens", [("1", {})])


def test_the_same_fact_twice_is_one_row_with_the_newer_payload() -> None:
    put("1")
    with db.write() as session:
        outbox.emit(session, "identity.seen", [("1", {"identity_id": 1, "again": True})])
    assert [row.payload for row in rows()] == [{"identity_id": 1, "again": True}]


def test_a_fact_rolled_back_leaves_no_row() -> None:
    def write() -> None:
        with db.write() as session:
            outbox.emit(session, "identity.seen", [("1", {})])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert rows() == []


def test_done_rows_are_gone() -> None:
    put("1", "2")
    assert outbox.step(MATCH, lambda items: DONE) == 2
    assert rows() == []


def test_results_are_written_with_the_rows_gone() -> None:
    put("1")

    def write(session):
        outbox.emit(session, "crm.due", [("all", {})])

    outbox.step(MATCH, lambda items: Outcome(write))
    assert [row.topic for row in rows()] == ["crm.due"]


def test_a_lost_lease_drops_the_results() -> None:
    put("1")

    def slow(items: list[Item]) -> Outcome:
        with db.write() as session:  # the lease ran out and another worker claimed the row
            session.execute(sa.update(db.table(OutboxRow)).values(lease="other"))
        return Outcome(lambda session: outbox.emit(session, "crm.due", [("all", {})]) and None)

    outbox.step(MATCH, slow)
    assert [(row.topic, row.lease) for row in rows()] == [("identity.seen", "other")]


def test_two_workers_never_hold_the_same_row() -> None:
    put("1", "2", "3")
    first, second = outbox.claim(MATCH, 2), outbox.claim(MATCH, 2)
    assert first is not None
    assert second is not None
    assert {item.id for item in first.items} & {item.id for item in second.items} == set()


def test_a_dead_workers_row_comes_back_after_its_lease() -> None:
    put("1")
    assert outbox.claim(MATCH) is not None
    assert outbox.claim(MATCH) is None
    with db.write() as session:
        session.execute(sa.update(db.table(OutboxRow)).values(due_at=time.time() - 1))
    again = outbox.claim(MATCH)
    assert again is not None
    assert [item.key for item in again.items] == ["1"]


def expire() -> None:
    with db.write() as session:
        session.execute(sa.update(db.table(OutboxRow)).where(OutboxRow.dead == 0).values(due_at=time.time() - 1))


def test_a_poison_row_dies_alone() -> None:
    """A row that kills its worker narrows its batch until it is alone; the innocents are handled."""
    put(*[str(n) for n in range(1, 60)])
    handled: set[str] = set()
    for _ in range(200):
        held = outbox.claim(MATCH)
        if held is None:
            expire()
            if all(row.dead for row in rows()):
                break
            continue
        if any(item.key == "13" for item in held.items):
            continue  # the worker died: nothing is settled
        handled |= {item.key for item in held.items}
        if held.items:
            outbox.settle(held, DONE)
    assert [(row.key, row.dead) for row in rows()] == [("13", 1)]
    assert handled == {str(n) for n in range(1, 60)} - {"13"}


def test_an_unexpected_error_keeps_the_bad_item_and_finishes_the_rest() -> None:
    put("1", "2", "3")

    def handler(items: list[Item]) -> Outcome:
        if any(item.key == "2" for item in items):
            raise ValueError("cannot")
        return DONE

    outbox.step(MATCH, handler)
    assert [(row.key, row.tries, row.reason) for row in rows()] == [("2", 1, "ValueError: cannot")]


def test_an_item_that_always_fails_is_given_up_with_its_reason() -> None:
    put("1")

    def handler(items: list[Item]) -> Outcome:
        raise ValueError("never")

    for _ in range(outbox.MAX_TRIES):
        outbox.step(MATCH, handler)
        expire()
    assert [(row.dead, row.reason) for row in rows()] == [(1, "ValueError: never")]


def test_try_later_waits_and_does_not_shrink_the_batch() -> None:
    put("1", "2")

    def busy(items: list[Item]) -> Outcome:
        raise TryLater("over the limit", 60)

    outbox.step(MATCH, busy)
    assert outbox.claim(MATCH) is None
    assert [(row.crashes, row.tries) for row in rows()] == [(0, 1), (0, 1)]


def test_a_whole_batch_that_dies_pauses_the_subscriber_instead() -> None:
    put(*[str(n) for n in range(20)])
    outbox.step(MATCH, lambda items: Outcome(dead={item.id: "bad" for item in items}))
    assert not any(row.dead for row in rows())
    assert [row.paused for row in backlog.overview() if row.paused] == ["20 of 20 items failed at once: bad"]
    with db.write() as session:
        backlog.resume(session, MATCH.name)
    expire()
    assert outbox.step(MATCH, lambda items: DONE) == 20


def test_news_during_handling_is_not_lost_when_the_old_row_waits() -> None:
    put("1")

    def handler(items: list[Item]) -> Outcome:
        put("1")
        return Outcome(later={item.id: TryLater("busy", 60) for item in items})

    outbox.step(MATCH, handler)
    assert len(rows()) == 1
    assert outbox.step(MATCH, lambda items: DONE) == 1


def test_a_dead_letter_can_be_retried_and_dropped() -> None:
    put("1", "2")
    outbox.step(MATCH, lambda items: Outcome(dead={item.id: "bad" for item in items}))
    first, second = rows()
    with db.write() as session:
        backlog.retry_dead(session, [first.id])
        assert backlog.drop_dead(session, [second.id]) == 1
    assert outbox.step(MATCH, lambda items: DONE) == 1
    assert rows() == []


def test_a_slow_writer_with_a_lower_id_is_not_skipped() -> None:
    """A queue read by `id > position` would lose the row that commits late; a claim does not."""
    with db.engine().connect() as connection:
        if db.dialect() == "sqlite":
            pytest.skip("SQLite has one writer at a time: there is no slow writer to overtake")
        with connection.begin():
            from sqlmodel import Session

            outbox.emit(Session(bind=connection), "identity.seen", [("1", {})])
            put("2")
            assert outbox.step(MATCH, lambda items: DONE) == 1
    assert outbox.step(MATCH, lambda items: DONE) == 1
    assert rows() == []
