"""Closing or snoozing by a reply: with it or not at all, and back with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from core.event import Page
from core.outbox import OutboxRow
from inbox import activities, approvals, desk, replies
from inbox.fields import store, values
from inbox.fields.store import Wanted
from inbox.ingest import store_page
from inbox.models import Conversation, ReplyRow

from .conftest import BRAND, event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def talk(account: int) -> int:
    store_page(account, Page(events=(event(1),)))
    with db.read() as session:
        return session.scalars(sa.select(db.table(Conversation).c.id)).one()


def do(deed: Any, *args: Any, **more: Any) -> Any:
    with db.write() as session:
        return deed(session, *args, **more)


def send(talk: int, **more: Any) -> int:
    with db.write() as session:
        return replies.queue(session, talk, "Done.", author="user:1", close=True, **more).id or 0


def row(talk: int) -> Conversation:
    with db.read() as session:
        found = session.get(Conversation, talk)
        assert found is not None
        return found


def needed() -> int:
    wanted = Wanted(subject="conversation", kind="text", names={"en": "Reason"}, required=True)
    with db.write() as session:
        return store.save(session, None, wanted, "user:1")


def letters(topic: str) -> int:
    with db.read() as session:
        o = db.table(OutboxRow)
        return len(session.scalars(sa.select(o.c.id).where(o.c.topic == topic)).all())


def test_a_reply_closes_once_and_its_way_back_opens_again(talk: int) -> None:
    waiting = row(talk).waiting_since
    reply = send(talk)
    assert (row(talk).state, row(talk).waiting_since) == ("closed", None)
    assert do(replies.send_now, reply, "user:1")
    with db.read() as session:
        assert [one.what for one in activities.of_conversation(session, talk)] == ["closed"]
    assert do(replies.undo, reply, "user:1")
    assert (row(talk).state, row(talk).waiting_since, row(talk).closed_at) == ("open", waiting, None)


def test_the_answer_that_arrives_leaves_it_closed(talk: int, account: int) -> None:
    reply = send(talk)
    echo = event(2, direction="outbound", kind="reply", author=BRAND, parent_key=event(1).key, posted_at=db.now())
    store_page(account, Page(events=(echo,)), also=lambda session: replies.mark_sent(session, reply, echo.key))
    assert row(talk).state == "closed"
    assert row(talk).first_reply_at is not None


def test_what_was_put_away_is_put_away_again(talk: int) -> None:
    until = (db.now() + timedelta(days=1)).replace(microsecond=0)
    do(desk.snooze, talk, until, "user:2")
    do(replies.undo, send(talk), "user:1")
    assert (row(talk).state, row(talk).snoozed_until) == ("snoozed", until)


def test_what_somebody_did_since_stays(talk: int, account: int) -> None:
    reply = send(talk)
    do(desk.reopen, talk, "user:2")
    do(desk.close, talk, "user:2")
    assert do(replies.undo, reply, "user:1")
    assert row(talk).state == "closed"


def test_what_was_closed_already_stays_closed(talk: int) -> None:
    do(desk.close, talk, "user:2")
    do(replies.undo, send(talk), "user:1")
    assert row(talk).state == "closed"


def test_without_a_needed_field_nothing_is_queued(talk: int) -> None:
    field = needed()
    for more in ({}, {"approval": "asked"}):
        with pytest.raises(Rejected, match=values.MISSING[:20]):
            send(talk, **more)
    with db.read() as session:
        assert session.scalars(sa.select(ReplyRow)).all() == []
    assert (row(talk).state, letters("reply.queued")) == ("open", 0)
    do(values.put, talk, field, "refund", "user:1")
    send(talk)
    assert row(talk).state == "closed"


def test_what_leaves_later_closes_nothing_now(talk: int) -> None:
    with pytest.raises(Rejected, match="leaves later"):
        send(talk, send_at=db.now() + timedelta(hours=3))


def test_one_that_has_to_be_approved_closes_by_its_approval_and_opens_when_that_is_taken_back(talk: int) -> None:
    reply = send(talk, approval="asked")
    assert row(talk).state == "open"
    assert do(approvals.approve, reply, "user:2")
    assert row(talk).state == "closed"
    assert do(approvals.take_back, reply, "user:2")
    assert row(talk).state == "open"
    assert do(approvals.approve, reply, "user:2")
    assert row(talk).state == "closed"


def test_one_that_fails_opens_again_and_closes_when_it_is_sent_again(talk: int) -> None:
    reply = send(talk)
    do(replies.mark, reply, "failed", "too long")
    assert row(talk).state == "open"
    assert do(replies.retry, reply, "user:1")
    assert row(talk).state == "closed"
    do(replies.mark, reply, "failed", "too long")
    needed()
    assert do(replies.retry, reply, "user:1")
    assert (row(talk).state, letters("reply.queued") > 0) == ("open", True)


def test_the_same_form_twice_closes_once(talk: int) -> None:
    assert send(talk, key="f") == send(talk, key="f")
    with db.read() as session:
        assert [one.what for one in activities.of_conversation(session, talk)] == ["closed"]


# --- snoozing -------------------------------------------------------------------------------------------


def later(**more: int) -> datetime:
    return (db.now() + timedelta(**(more or {"days": 1}))).replace(microsecond=0)


def send_away(talk: int, until: datetime, **more: Any) -> int:
    with db.write() as session:
        return replies.queue(session, talk, "I will ask.", author="user:1", snooze_until=until, **more).id or 0


def done(talk: int) -> list[str]:
    with db.read() as session:
        return [one.what for one in activities.of_conversation(session, talk)]


def test_a_reply_snoozes_once_and_its_way_back_opens_again(talk: int) -> None:
    until, waiting = later(), row(talk).waiting_since
    reply = send_away(talk, until)
    assert (row(talk).state, row(talk).snoozed_until) == ("snoozed", until)
    assert (done(talk), letters("reply.queued")) == (["snoozed"], 1)
    assert do(replies.undo, reply, "user:1")
    assert (row(talk).state, row(talk).waiting_since, row(talk).snoozed_until) == ("open", waiting, None)


def test_the_answer_that_arrives_leaves_it_snoozed_and_what_they_write_opens_it(talk: int, account: int) -> None:
    reply = send_away(talk, later())
    echo = event(2, direction="outbound", kind="reply", author=BRAND, parent_key=event(1).key, posted_at=db.now())
    store_page(account, Page(events=(echo,)), also=lambda session: replies.mark_sent(session, reply, echo.key))
    assert (row(talk).state, row(talk).waiting_since) == ("snoozed", None)
    store_page(account, Page(events=(event(3, parent_key=event(1).key, posted_at=db.now()),)))
    assert row(talk).state == "open"


def test_what_they_write_before_it_leaves_opens_it_and_its_way_back_changes_nothing(talk: int, account: int) -> None:
    reply = send_away(talk, later())
    store_page(account, Page(events=(event(3, parent_key=event(1).key, posted_at=db.now()),)))
    assert row(talk).state == "open"
    assert do(replies.undo, reply, "user:1")
    assert (row(talk).state, done(talk)[-1]) == ("open", "woke")


def test_what_was_closed_is_closed_again_or_open_where_a_field_is_needed(talk: int) -> None:
    do(desk.close, talk, "user:2")
    do(replies.undo, send_away(talk, later()), "user:1")
    assert row(talk).state == "closed"
    reply = send_away(talk, later())
    needed()
    assert do(replies.undo, reply, "user:1")
    assert row(talk).state == "open"


def test_what_somebody_snoozed_anew_since_stays(talk: int) -> None:
    reply, other = send_away(talk, later()), later(days=2)
    do(desk.snooze, talk, other, "user:2")
    assert do(replies.undo, reply, "user:1")
    assert (row(talk).state, row(talk).snoozed_until) == ("snoozed", other)


def test_a_needed_field_is_in_nobodys_way_who_snoozes(talk: int) -> None:
    needed()
    send_away(talk, later())
    assert row(talk).state == "snoozed"


def test_one_that_has_to_be_approved_snoozes_by_its_approval_unless_it_would_be_back_by_then(talk: int) -> None:
    reply = send_away(talk, later(), approval="asked")
    assert row(talk).state == "open"
    assert do(approvals.approve, reply, "user:2")
    assert row(talk).state == "snoozed"
    assert do(approvals.take_back, reply, "user:2")
    assert row(talk).state == "open"
    with db.write() as session:
        session.execute(sa.update(db.table(ReplyRow)).values(snooze_until=db.now() - timedelta(hours=1)))
    assert do(approvals.approve, reply, "user:2")
    assert (row(talk).state, letters("reply.queued") > 0) == ("open", True)


def test_one_that_fails_opens_again_and_snoozes_when_it_is_sent_again(talk: int) -> None:
    reply = send_away(talk, later())
    do(replies.mark, reply, "failed", "too long")
    assert row(talk).state == "open"
    assert do(replies.retry, reply, "user:1")
    assert row(talk).state == "snoozed"


def test_what_cannot_be_is_refused_and_nothing_is_queued(talk: int) -> None:
    ahead = db.now() + timedelta(hours=3)
    for until, more, why in (
        (later(), {"send_at": ahead}, "leaves later"),
        (later(), {"close": True}, "not both"),
        (later(days=-1), {}, "must lie ahead"),
        (later(days=800), {}, "must lie ahead"),
    ):
        with pytest.raises(Rejected, match=why):
            send_away(talk, until, **more)
    with db.read() as session:
        assert session.scalars(sa.select(ReplyRow)).all() == []
    assert (row(talk).state, letters("reply.queued")) == ("open", 0)
