"""Replies whose fate was unclear: somebody says that one arrived, or its copy comes; each stands once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db
from core.event import Page
from inbox import clocks, copies, declared, replies, search
from inbox.ingest import store_page
from inbox.models import Conversation, Message, ReplyRow
from inbox.sla_models import SlaPolicy

from .conftest import BRAND, event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


def reply(number: int = 1) -> ReplyRow:
    with db.read() as session:
        return session.get(ReplyRow, number)


def talk() -> Conversation:
    with db.read() as session:
        return session.scalars(sa.select(Conversation)).one()


def ours() -> list[str]:
    m = db.table(Message)
    with db.read() as session:
        return list(session.scalars(sa.select(m.c.key).where(m.c.direction == "outbound").order_by(m.c.id)))


def attempt(text: str = "Hello", *, unclear: bool = True) -> int:
    with db.write() as session:
        number = replies.queue(session, talk().id, text, author="user:1", undo_seconds=0).id
        replies.begin(session, number)
        if unclear:
            replies.mark(session, number, "unknown", "No answer came.")
    return number


def copy(number: int = 900, text: str = "Hello", seconds: float = 2, **more) -> None:
    """The platform's own word of what we sent."""
    values = {"author": BRAND, "kind": "reply", "direction": "outbound", "parent_key": event(1).key}
    store_page(
        1, Page(events=(event(number, text=text, posted_at=db.now() + timedelta(seconds=seconds), **values | more),))
    )


def declare(number: int = 1, actor: str = "user:2") -> bool:
    with db.write() as session:
        return declared.arrived(session, number, actor)


def take_back(number: int = 1) -> bool:
    with db.write() as session:
        return declared.unclear_again(session, number, "user:2")


@pytest.fixture(autouse=True)
def conversation(account) -> None:
    store_page(account, Page(events=(event(1, posted_at=db.now() - timedelta(minutes=20)),)))


def test_what_somebody_says_has_arrived_is_a_message_of_the_moment_of_the_attempt() -> None:
    attempt()
    assert talk().state == "open"
    assert declare()
    one, here = reply(), talk()
    assert (one.state, one.error, one.declared_by, one.sent_at) == ("sent", "", "user:2", one.tried_at)
    assert (here.state, here.waiting_since, here.first_reply_at, here.messages) == ("pending", None, one.tried_at, 2)
    assert ours() == [f"mastodon:declared:{one.key}"]
    assert not declare(), "it is not unclear any more"
    with db.write() as session:
        assert not replies.retry(session, 1, "user:1"), "nothing is sent again"


def test_that_word_can_be_taken_back_and_nothing_is_left_of_it() -> None:
    before = talk()
    attempt()
    declare()
    assert take_back()
    one, here = reply(), talk()
    assert (one.state, one.declared_by, one.message_id, one.sent_at) == ("unknown", "", None, None)
    assert (here.state, here.waiting_since, here.first_reply_at, here.messages) == (
        "open", before.waiting_since, None, 1,
    )  # fmt: skip
    assert ours() == []
    with db.read() as session:
        assert search.find(session, "Hello") == []
    assert not take_back()
    assert declare(), "and it can be said again"


def test_promises_count_what_was_declared_as_an_answer() -> None:
    with db.write() as session:
        session.add(SlaPolicy(name="All", place=1, enabled=True, first_reply=60, changed_at=db.now(), conditions={}))
    number = talk().id

    def clock() -> str:
        with db.write() as session:
            clocks.count(session, [number])
            return clocks.stored(session, number)[0].state

    attempt()
    assert clock() == "running"
    declare()
    assert clock() == "met"
    take_back()
    assert clock() == "running"


@pytest.mark.parametrize("said", [True, False])
def test_the_copy_of_the_platform_is_the_reply_and_stands_once(said: bool) -> None:
    attempt()
    if said:
        declare()
    copy()
    one = reply()
    assert (one.state, one.declared_by, ours()) == ("sent", "", [event(900).key])
    assert talk().messages == 2
    assert not take_back(), "the platform says so itself"
    copy()
    assert ours() == [event(900).key]


def test_the_copy_stops_what_is_sent_again_and_has_not_left() -> None:
    attempt()
    with db.write() as session:
        assert replies.retry(session, 1, "user:1")
    copy()
    assert reply().state == "sent"
    with db.write() as session:
        assert replies.begin(session, 1) is None, "it does not leave a second time"


def test_a_copy_that_came_before_the_fate_was_unclear_is_found() -> None:
    attempt(unclear=False)
    copy()
    with db.write() as session:
        assert copies.found(session, 1)
    assert (reply().state, reply().message_id is not None) == ("sent", True)


@pytest.mark.parametrize("other", [{"text": "Something else"}, {"seconds": 3600}])
def test_other_words_or_another_hour_is_no_copy(other: dict) -> None:
    attempt()
    copy(**other)
    assert (reply().state, len(ours())) == ("unknown", 1)


def test_the_copy_of_another_reply_with_the_same_words_is_left_to_it() -> None:
    attempt()
    attempt(unclear=False)
    copy()
    assert [reply(one).state for one in (1, 2)] == ["unknown", "sending"]


def test_a_reply_that_was_refused_and_is_sent_again_takes_no_copy() -> None:
    attempt(unclear=False)
    with db.write() as session:
        replies.mark(session, 1, "failed", "Refused.")
        replies.retry(session, 1, "user:1")
    copy()
    assert reply().state == "queued"
