"""Claims about outgoing webhooks: who wants is told once by ids, signed; outages wait, a dead worker tells again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import db, outbox, queue
from core.errors import Rejected
from core.outbox import OutboxRow
from core.queue import handler
from core.topics import SUBSCRIBERS
from core.webhook import Answer
from inbox import actions, desk, erasure, replies
from sandbox.mail import Mailbox
from tests.conftest import BOTH
from tests.enrichment.segments.receiver import Receiver, listening
from tests.web import conftest as web
from web.notices import letters
from web.outgoing import clock, events, store, tasks
from web.outgoing.events import TYPES
from web.outgoing.models import Endpoint, Told

COLLECT, DELIVER = "web.outgoing.tasks.collect", "web.outgoing.tasks.deliver"
WANTED = "web.outgoing.wanted.call"


@pytest.fixture
def receiver(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with listening(monkeypatch) as found:
        yield found


def endpoint(receiver: Receiver, *types: str, texts: str = "none") -> str:
    """An endpoint for these events, or all; its secret."""
    with db.write() as session:
        return store.add(session, receiver.url, types or TYPES, texts, "user:1")[1]


def work(*, waits: bool = False) -> None:
    """Do what is due of these two subscribers, and with `waits` what waits for later."""
    if waits:
        with db.write() as session:
            o, e = db.table(OutboxRow), db.table(Endpoint)
            session.execute(sa.update(o).where(o.c.subscriber == DELIVER).values(due_at=0.0))
            session.execute(sa.update(e).values(rest_until=None))
    for name in (COLLECT, DELIVER):
        while outbox.step(SUBSCRIBERS[name], handler(name)):
            pass


def told() -> list[Told]:
    with db.read() as session:
        return list(session.scalars(sa.select(Told).order_by(db.table(Told).c.id)))


def kept() -> Endpoint:
    with db.read() as session:
        return session.scalars(sa.select(Endpoint)).one()


def types(receiver: Receiver) -> list[str]:
    return [body["type"] for body in receiver.bodies()]


def wrote(text: str = "Вода", **changes: Any) -> int:
    """Somebody writes; the conversation."""
    web.store(web.account(), web.event("m:1", text, **changes))
    return 1


# --- what is told -------------------------------------------------------------------------------------


@BOTH
def test_a_message_a_deed_a_reply_and_an_erasure_are_told_in_order(receiver: Receiver) -> None:
    endpoint(receiver)
    number = wrote()
    work()
    with db.write() as session:
        desk.tag(session, number, "срочно", "user:1")
    work()
    with db.write() as session:
        reply = replies.queue(session, number, "Ответ", author="user:1", undo_seconds=60)
    work()
    with db.write() as session:
        replies.undo(session, reply.id or 0, "user:1")
    work()
    with db.write() as session:
        erasure.erase(session, "identity:1", "user:1")
    work()
    assert types(receiver) == [
        "conversation.opened", "message.received", "conversation.updated", "reply.queued", "reply.cancelled",
        "person.erased",
    ]  # fmt: skip
    bodies = receiver.bodies()
    assert bodies[0]["data"]["conversation"] | {"state": "open", "id": number} == bodies[0]["data"]["conversation"]
    assert bodies[-1]["data"]["identity_ids"] == [1]
    assert not any(word in body for _, raw in receiver.got for body in [raw.decode()] for word in ("Вода", "Kim"))
    assert {one.state for one in told()} == {"delivered"}


def test_edits_and_deletions_are_told_and_history_is_not(receiver: Receiver) -> None:
    endpoint(receiver, "message.received", "message.updated", "message.deleted")
    account = web.account()
    web.store(account, web.event("m:1", "a"), web.event("m:2", "Old", origin="archive", minutes=90_000))
    work()
    web.store(account, web.event("m:1", "b", edited_at=db.now()))
    work()
    web.store(account, web.event("m:1", action="delete"))
    work()
    assert types(receiver) == ["message.received", "message.updated", "message.deleted"]
    assert [body["data"]["message"]["version"] for body in receiver.bodies()] == [1, 2, 3]


@BOTH
def test_only_who_wants_an_event_is_told(receiver: Receiver) -> None:
    endpoint(receiver, "message.received")
    endpoint(receiver, "reply.sent")
    with db.write() as session:
        store.switch(session, 2, "paused", "user:1")
    wrote()
    work()
    assert types(receiver) == ["message.received"]
    assert len(told()) == 1


@pytest.mark.parametrize(
    ("texts", "visibility", "said"),
    [("none", "public", None), ("public", "public", "Вода"), ("public", "private", None), ("all", "private", "Вода")],
)
def test_texts_go_with_messages_only_as_far_as_chosen(
    receiver: Receiver, texts: str, visibility: str, said: str | None
) -> None:
    endpoint(receiver, "message.received", texts=texts)
    wrote(visibility=visibility, kind="dm" if visibility == "private" else "mention")
    work()
    assert receiver.bodies()[0]["data"]["message"].get("text") == said
    assert "Вода" not in str(told()[0].data)


# --- how it is told -----------------------------------------------------------------------------------


def signatures(headers: dict[str, str], body: bytes, *secrets: str) -> str:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    keys = [base64.b64decode(one.removeprefix("whsec_")) for one in secrets]
    digests = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    return " ".join(f"v1,{base64.b64encode(one).decode()}" for one in digests)


def test_both_secrets_sign_while_one_is_rotated(receiver: Receiver) -> None:
    first = endpoint(receiver, "message.received")
    with db.write() as session:
        second = store.rotate(session, 1, "user:1")
        store.test(session, 1, "user:1")
    work()
    with db.write() as session:
        session.execute(sa.update(db.table(Endpoint)).values(old_until=db.now()))
        store.test(session, 1, "user:1")
    work()
    (before, body), (after, other) = receiver.got
    assert before["webhook-signature"] == signatures(before, body, second, first)
    assert after["webhook-signature"] == signatures(after, other, second)
    assert not any(one in str(kept().model_dump()) for one in (first, second))


@BOTH
def test_an_outage_waits_and_the_repeat_has_the_same_id(receiver: Receiver) -> None:
    endpoint(receiver, "message.received")
    receiver.answers = [500, 302, 429]
    wrote()
    work()
    (row,) = told()
    assert (row.state, row.status, row.tries, kept().error) == ("waiting", 500, 1, "500")
    assert row.next_at is not None
    assert row.next_at > db.now()
    with db.write() as session:
        assert store.replay(session, 1, row.id or 0, "user:1")  # its next attempt, now
    work()
    assert [one.tries for one in told()] == [2]
    for _ in range(2):
        work(waits=True)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    (row,) = told()
    assert (row.state, row.status, row.tries, kept().error, kept().failing_since) == ("delivered", 204, 4, "", None)
    assert ([one["status"] for one in row.attempts], row.next_at) == ([500, 302, 429, 204], None)


@pytest.mark.parametrize(("asks", "wait"), [("7200", 7200), ("1", 5), ("9999999", tasks.PATIENCE), ("soon", 5)])
def test_who_asks_to_be_left_alone_is(receiver: Receiver, asks: str, wait: float) -> None:
    endpoint(receiver, "message.received")
    receiver.answers, receiver.asks = [429], asks
    wrote()
    before = db.now()
    work()
    o = db.table(OutboxRow)
    with db.read() as session:
        (due,) = session.scalars(sa.select(o.c.due_at).where(o.c.subscriber == DELIVER)).all()
    assert wait <= due - before.timestamp() < wait * 1.2 + 60  # with jitter
    rests = kept().rest_until
    assert rests is not None
    assert max(wait, tasks.REST) <= (rests - before).total_seconds() < max(wait, tasks.REST) + 60


def test_waits_grow_and_then_it_has_failed_and_is_replayed(receiver: Receiver) -> None:
    endpoint(receiver, "message.received")
    receiver.answers = [503] * (len(tasks.WAITS) + 1)
    wrote()
    work()
    for _ in tasks.WAITS:
        work(waits=True)
    (row,) = told()
    assert (row.state, row.tries, len(receiver.got)) == ("failed", 10, 10)
    work(waits=True)
    assert len(receiver.got) == 10
    with db.write() as session:
        assert store.replay_failed(session, 1, db.now() + timedelta(seconds=1), "user:1") == 0
        assert store.replay_failed(session, 1, row.at, "user:1") == 1
    work(waits=True)
    assert told()[0].state == "delivered"
    with db.write() as session:
        assert store.replay(session, 1, row.id or 0, "user:1")
        assert not store.replay(session, 1, row.id or 0, "user:1")
    work()
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {row.event}


def test_a_failing_endpoint_rests_and_holds_no_other_up(receiver: Receiver) -> None:
    endpoint(receiver, "message.received")
    receiver.answers = [500]
    account = web.account()
    web.store(account, *[web.event(f"m:{n}", "a") for n in range(5)])
    work()
    assert len(receiver.got) == 1
    work(waits=True)
    assert sorted(one.state for one in told()) == ["delivered"] * 5


def test_a_test_does_not_wait_while_its_endpoint_rests(receiver: Receiver) -> None:
    endpoint(receiver)
    receiver.answers = [500, 204]
    for _ in range(2):
        with db.write() as session:
            store.test(session, 1, "user:1")
        work()
    assert [one.state for one in told()] == ["waiting", "delivered"]


def test_a_slow_endpoint_leaves_others_their_turn(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint(receiver, "message.received")
    web.store(web.account(), *[web.event(f"m:{n}", "a") for n in range(3)])
    monkeypatch.setattr(tasks, "_made", lambda call: Answer(200, "", 14_000))
    work()
    assert [one.state for one in told()].count("delivered") == 1
    assert kept().rest_until > db.now() + timedelta(seconds=25)
    work(waits=True)
    assert [one.state for one in told()].count("delivered") == 2


def test_who_may_mend_it_gets_a_mail_when_an_endpoint_is_disabled(receiver: Receiver, box: Mailbox) -> None:
    endpoint(receiver, "message.received")
    web.user("admin"), web.user("agent")
    receiver.answers = [410]
    wrote()
    work()
    while outbox.step(SUBSCRIBERS["web.notices.letters.send"], letters.send):
        pass
    (one,) = box.mails
    assert one["to"] == ["admin@demo.example"]
    assert one["subject"].startswith("Widerhall: A webhook is switched off: 127.0.0.1:")


@pytest.mark.parametrize(("status", "days", "state"), [(410, 0, "disabled"), (500, 4, "active"), (500, 6, "disabled")])
def test_endpoint_is_disabled_when_it_is_gone_or_after_days(
    receiver: Receiver, status: int, days: int, state: str
) -> None:
    endpoint(receiver, "message.received")
    with db.write() as session:
        session.execute(sa.update(db.table(Endpoint)).values(failing_since=db.now() - timedelta(days=days)))
    receiver.answers = [status]
    wrote()
    work()
    assert kept().state == state
    with db.write() as session:
        assert store.troubled(session) == (state == "disabled")
        store.switch(session, 1, "active", "user:1")
    assert (kept().error, kept().failing_since) == ("", None) or state == "active"


def test_what_waits_while_an_endpoint_is_paused_follows(receiver: Receiver) -> None:
    endpoint(receiver, "message.received")
    receiver.answers = [500]
    wrote()
    work()
    with db.write() as session:
        store.switch(session, 1, "paused", "user:1")
    work(waits=True)
    assert len(receiver.got) == 1
    with db.write() as session:
        store.switch(session, 1, "active", "user:1")
    work(waits=True)
    assert told()[0].state == "delivered"


def test_our_own_network_is_not_called(database: str) -> None:
    with db.write() as session:
        with pytest.raises(Rejected, match="private network"):
            store.add(session, "https://localhost/hook", ["message.received"], "none", "user:1")
        store.add(session, "https://x.example/hook", ["message.received"], "none", "user:1")
        session.execute(sa.update(db.table(Endpoint)).values(url="https://localhost/hook"))  # as a name may lead there
    wrote()
    work()
    assert "private network" in told()[0].answer


def test_unfit_endpoints_are_refused(database: str) -> None:
    with db.write() as session:
        for url, some in (
            ("http://x.example", ["reply.sent"]),
            ("https://x.example", []),
            ("https://x.example", ["x"]),
        ):
            with pytest.raises(Rejected):
                store.add(session, url, some, "none", "user:1")
        for deed in (store.get, lambda one, n: store.replay(one, 1, n, "t"), lambda one, n: store.test(one, n, "t")):
            with pytest.raises(Rejected):
                deed(session, 9)


@BOTH
def test_worker_that_dies_after_the_call_tells_again_with_the_same_id(receiver: Receiver) -> None:
    endpoint(receiver, "message.received")
    wrote()
    while outbox.step(SUBSCRIBERS[COLLECT], handler(COLLECT)):
        pass
    held = outbox.claim(SUBSCRIBERS[DELIVER])
    assert held is not None
    tasks.deliver(held.items)  # the call is made, and nobody lives to note it
    work(waits=True)
    assert len(receiver.got) == 2
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert [(one.state, one.tries) for one in told()] == [("delivered", 1)]


def test_worker_that_dies_while_noting_events_notes_them_once(receiver: Receiver) -> None:
    endpoint(receiver, "message.received", "conversation.opened")
    wrote()
    held = outbox.claim(SUBSCRIBERS[COLLECT])
    assert held is not None
    lost = tasks.collect(held.items)
    with db.write() as session:
        session.execute(sa.update(db.table(OutboxRow)).values(due_at=0.0))
    work()
    with pytest.raises(outbox.LeaseLost):
        outbox.settle(held, lost)
    work()
    assert len(told()) == len(receiver.got) == 2


def test_old_deliveries_go(receiver: Receiver) -> None:
    endpoint(receiver, "message.received")
    with db.write() as session:
        store.test(session, 1, "user:1")
        session.execute(sa.update(db.table(Told)).values(at=db.now() - tasks.KEPT - timedelta(days=1)))
        store.test(session, 1, "user:1")
    assert [clock.expire(), clock.expire(), len(told())] == [1, 0, 1]


@BOTH
def test_a_paused_endpoint_is_told_later_as_far_as_there_is_room(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "HELD", 3)
    endpoint(receiver, "message.received")
    for state, numbers in (("paused", range(2)), ("disabled", range(2, 5))):
        with db.write() as session:
            store.switch(session, 1, state, "user:1")
        web.store(web.account(), *(web.event(f"m:{n}", "a") for n in numbers))
        work()
    assert (receiver.got, len(told()), kept().missed) == ([], 3, 2)
    with db.write() as session:
        store.switch(session, 1, "active", "user:1")
    work()
    ids = [body["data"]["message"]["id"] for body in receiver.bodies()]
    assert (ids, kept().missed) == ([1, 2, 3], 2)
    with db.write() as session:
        store.switch(session, 1, "paused", "user:1")
    assert kept().missed == 0


def test_who_is_gone_for_good_is_kept_nothing(receiver: Receiver) -> None:
    endpoint(receiver, "message.received")
    with db.write() as session:
        session.execute(sa.update(db.table(Endpoint)).values(state="disabled", error=tasks.GONE))
    wrote()
    work()
    assert told() == []


@BOTH
def test_a_rule_calls_one_endpoint_once(receiver: Receiver) -> None:
    endpoint(receiver, "reply.sent")
    number = wrote()
    for _ in range(2):
        with db.write() as session:
            deed = actions.action({"do": "webhook", "value": "1"}, actions.RULE)
            assert actions.act(session, number, deed, "rule:7", "rule:1:0").changed
            with pytest.raises(Rejected, match="webhook of this deed is gone"):
                actions.act(session, number, actions.Action("webhook", "99"), "rule:7", "rule:1:1")
    while outbox.step(SUBSCRIBERS[WANTED], handler(WANTED)):
        pass
    work()
    (body,) = receiver.bodies()
    assert (body["type"], body["data"]["by"]) == (events.ASKED, "rule:7")
    assert body["data"]["conversation"]["id"] == number


def test_every_type_stands_in_the_manual() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    assert [one for one in TYPES if f"| `{one}` |" not in manual] == []


def test_every_topic_with_this_subscriber_becomes_a_type_there_is(database: str) -> None:
    from core.topics import TOPICS

    topics = {topic for topic, names in TOPICS.items() if COLLECT in names}
    made = {"message.stored", "conversation.changed", "reply.changed"}
    assert topics - made <= TYPES.keys()
    assert set(events.REPLIES.values()) <= TYPES.keys()
    assert queue.handler(DELIVER) is tasks.deliver
