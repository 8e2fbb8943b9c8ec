"""Replies: queued with time to take them back, one row from writing to the platform's answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from core.event import Page
from core.outbox import OutboxRow
from inbox import replies
from inbox.ingest import store_page
from inbox.models import Conversation, Message, ReplyRow

from .conftest import BRAND, event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model)))


@pytest.fixture
def conversation(account) -> int:
    store_page(account, Page(events=(event(1),)))
    return rows(Conversation)[0].id


def queue(conversation: int, text: str = "Hello", **more) -> int:
    with db.write() as session:
        return replies.queue(session, conversation, text, author="user:1", **more).id


def test_a_reply_waits_for_its_undo_window(conversation) -> None:
    queue(conversation, undo_seconds=60, hold=True)
    (reply,) = rows(ReplyRow)
    assert not reply.hold, "only what is put off is held when they write again"
    (letter,) = [row for row in rows(OutboxRow) if row.topic == "reply.queued"]
    assert reply.state == "queued"
    assert letter.due_at == pytest.approx(reply.send_at.timestamp())


def test_a_reply_for_later_leaves_at_its_moment_and_not_before(conversation) -> None:
    moment = db.now() + timedelta(hours=3)
    number = queue(conversation, send_at=moment)
    (letter,) = [row for row in rows(OutboxRow) if row.topic == "reply.queued"]
    assert rows(ReplyRow)[0].send_at == moment
    assert letter.due_at == pytest.approx(moment.timestamp())
    with db.write() as session:
        assert replies.send_now(session, number, "user:1")
    (letter,) = [row for row in rows(OutboxRow) if row.topic == "reply.queued"]
    assert letter.due_at <= db.now().timestamp()
    with db.write() as session:
        assert not replies.send_now(session, number, "user:1")


@pytest.mark.parametrize("hours", [-1, 24 * 366])
def test_a_moment_that_has_passed_or_is_too_far_away_is_refused(conversation, hours) -> None:
    with pytest.raises(Rejected):
        queue(conversation, send_at=db.now() + timedelta(hours=hours))
    assert rows(ReplyRow) == []


def test_a_reply_taken_back_does_not_leave_now(conversation) -> None:
    number = queue(conversation, send_at=db.now() + timedelta(hours=3))
    with db.write() as session:
        assert replies.undo(session, number, "user:1")
        assert not replies.send_now(session, number, "user:1")


def test_a_reply_taken_back_is_never_begun(conversation) -> None:
    reply = queue(conversation)
    with db.write() as session:
        assert replies.undo(session, reply, "user:1")
        assert replies.begin(session, reply) is None
        assert not replies.undo(session, reply, "user:1")


def test_a_reply_that_has_begun_cannot_be_taken_back(conversation) -> None:
    reply = queue(conversation)
    with db.write() as session:
        replies.begin(session, reply)
    with db.write() as session:
        assert not replies.undo(session, reply, "user:1")


def test_the_second_attempt_knows_of_the_first(conversation) -> None:
    reply = queue(conversation)
    with db.write() as session:
        assert replies.begin(session, reply)[1] is False
    with db.write() as session:
        row, open_attempt = replies.begin(session, reply)
        assert open_attempt
        assert not replies.outgoing(session, row, first_attempt=False).first_attempt


def test_a_used_key_returns_the_reply_it_made(conversation) -> None:
    assert queue(conversation, key="mine") == queue(conversation, "other words", key="mine")
    assert len(rows(ReplyRow)) == 1


def test_a_sent_reply_is_its_message_stored_in_one_step(conversation, account) -> None:
    reply = queue(conversation)
    echo = event(2, direction="outbound", kind="reply", author=BRAND, parent_key=event(1).key, text="Hello")
    store_page(account, Page(events=(echo,)), also=lambda session: replies.mark_sent(session, reply, echo.key))
    (row,) = rows(ReplyRow)
    message = next(m for m in rows(Message) if m.key == echo.key)
    assert (row.state, row.message_id, message.conversation_id) == ("sent", message.id, conversation)


def test_a_failed_reply_can_be_sent_again_by_a_person(conversation) -> None:
    reply = queue(conversation)
    with db.write() as session:
        replies.mark(session, reply, "failed", "too long")
        assert replies.retry(session, reply, "user:1")
        assert replies.begin(session, reply) is not None


@pytest.mark.parametrize("text", ["", "   \n"])
def test_an_empty_reply_is_refused(conversation, text) -> None:
    with pytest.raises(Rejected, match="empty"):
        queue(conversation, text)


def test_there_must_be_something_to_answer(account) -> None:
    store_page(account, Page(events=(event(1, kind="like", text="", ref=""),)))
    with pytest.raises(Rejected, match="nothing in this conversation"):
        queue(rows(Conversation)[0].id)


def test_a_private_message_is_answered_in_private(account) -> None:
    store_page(account, Page(events=(event(1, kind="dm", visibility="private"),)))
    queue(rows(Conversation)[0].id)
    assert rows(ReplyRow)[0].visibility == "private"


def test_the_newest_message_is_answered_unless_one_is_named(conversation, account) -> None:
    store_page(account, Page(events=(event(5, kind="reply", parent_key=event(1).key),)))
    queue(conversation)
    queue(conversation, answers=event(1).key)
    ids = {m.key: m.id for m in rows(Message)}
    assert [row.answers_id for row in rows(ReplyRow)] == [ids[event(5).key], ids[event(1).key]]


def test_what_only_stands_around_is_answered_when_nothing_was_said_to_us(account) -> None:
    store_page(account, Page(events=(event(1, origin="context"), event(2, parent_key=event(1).key))))
    store_page(account, Page(events=(event(3, origin="context", kind="reply", parent_key=event(2).key),)))
    number = rows(Conversation)[0].id

    def answered() -> str:
        with db.read() as session:
            found = replies.answerable(session, number)
        assert found is not None
        return found.ref

    assert answered() == "2", "said to us, although something newer stands around it"
    store_page(account, Page(events=(event(2, action="delete", author=None, text=""),)))
    assert answered() == "3", "the newest of what is left"
