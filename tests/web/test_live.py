"""Claims about live events: in order, nothing lost, nothing doubled, over cuts and lost brokers."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
import sqlalchemy as sa

from core import broker, db, outbox
from core.errors import TryLater
from core.outbox import Item
from core.topics import SUBSCRIBERS
from inbox import desk, notes
from inbox.models import Identity
from tests.web.conftest import account, event, store, user
from web import auth, fanout, live, roles, sessions


def publish(*numbers: int, topic: str = "message.stored") -> None:
    """Publish events about stored messages, as the worker would."""
    live.publish([Item(1, topic, "x", {"message_id": list(numbers), "version": [1] * len(numbers)})])


@pytest.fixture
def messages(database: str) -> None:
    store(account(), *[event(f"m:{n}", f"number {n}") for n in range(40)])


@pytest.fixture
def cookie(database: str) -> dict[str, str]:
    email = user("agent")
    with db.write() as session:
        found = auth.find(session, email)
        assert found is not None
        return {"widerhall": sessions.start(session, found.id or 0, "test")}


Lines = Iterator[tuple[str, str, str]]


def parsed(answer: httpx.Response) -> Lines:
    """(id, event, data) of each event of a stream."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif "data" in fields:
            yield fields.get("id", ""), fields.get("event", "message"), fields["data"]
            fields = {}


@contextmanager
def stream(server: str, cookie: dict[str, str], last: str = "", **query: str) -> Iterator[Lines]:
    headers = {"last-event-id": last} if last else {}
    with (
        httpx.Client(base_url=server, cookies=cookie, timeout=10) as client,
        client.stream("GET", "/live", params=query, headers=headers) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield parsed(answer)


def take(lines: Lines, count: int) -> list[int]:
    return [json.loads(next(lines)[2])["message_id"] for _ in range(count)]


def eventually(check: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not check():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_stored_message_becomes_an_event_without_its_text(messages: None, server: str, cookie: dict[str, str]) -> None:
    place = live.position()
    outbox.step(SUBSCRIBERS["web.live.publish"], live.publish)
    with stream(server, cookie, after=place) as lines:
        _, kind, data = next(lines)
    assert kind == "message"
    found = json.loads(data)
    assert found.keys() == {"topic", "message_id", "conversation_id", "account_id", "version"}
    assert found["topic"] == "message.stored"


def test_a_deed_on_a_conversation_becomes_an_event(messages: None, server: str, cookie: dict[str, str]) -> None:
    outbox.step(SUBSCRIBERS["web.live.publish"], live.publish)
    place = live.position()
    with db.write() as session:
        desk.tag(session, 1, "refund", "user:1")
    outbox.step(SUBSCRIBERS["web.live.publish"], live.publish)
    with stream(server, cookie, after=place) as lines:
        assert json.loads(next(lines)[2]) == {"topic": "conversation.changed", "conversation_id": 1}


def test_what_is_said_about_a_person_becomes_an_event_of_their_number_alone(messages: None, valkey: str) -> None:
    with db.write() as session:
        who = session.scalars(sa.select(db.table(Identity).c.id).where(~db.table(Identity).c.ours)).one()
        notes.add(session, identity_id=who, author="user:1", text="prefers e-mail")
    while outbox.step(SUBSCRIBERS["web.live.publish"], live.publish):
        pass
    told = [json.loads(fields["json"]) for _, fields in broker.client().xrange(live.stream())]  # type: ignore[union-attr]  # not async
    assert [one for one in told if one["topic"] == "person"] == [{"topic": "person", "identity_id": who}]


def test_nothing_is_lost_between_page_and_stream(messages: None, server: str, cookie: dict[str, str]) -> None:
    place = live.position()
    publish(1, 2, 3)
    with stream(server, cookie, after=place) as lines:
        assert take(lines, 3) == [1, 2, 3]
        publish(4)
        assert take(lines, 1) == [4]


def test_cut_stream_goes_on_without_loss_or_doubles(messages: None, server: str, cookie: dict[str, str]) -> None:
    seen: list[int] = []
    last, sent = live.position(), 0
    for _ in range(6):
        with stream(server, cookie, last=last) as lines:
            for _ in range(3):
                sent += 1
                publish(sent)
            for _ in range(2):  # one of three is still on its way when the line is cut
                last, _, data = next(lines)
                seen.append(json.loads(data)["message_id"])
    with stream(server, cookie, last=last) as lines:
        seen += take(lines, sent - len(seen))
    assert seen == list(range(1, sent + 1))


def test_many_pages_get_everything_in_order(messages: None, server: str, cookie: dict[str, str]) -> None:
    place = live.position()
    with stream(server, cookie, after=place) as one, stream(server, cookie, after=place) as two:
        publish(*range(1, 31))
        assert take(one, 30) == take(two, 30) == list(range(1, 31))


def test_flushed_broker_tells_open_pages_to_load_anew(messages: None, server: str, cookie: dict[str, str]) -> None:
    place = live.position()
    with stream(server, cookie, after=place) as lines:
        publish(1)
        assert take(lines, 1) == [1]
        broker.client().delete(live.stream(), live.epoch_key())
        last, kind, _ = next(lines)
        assert kind == "resync"
    publish(2)
    with stream(server, cookie, last=last) as lines:
        assert take(lines, 1) == [2]


def test_page_of_before_the_flush_loads_anew(messages: None, server: str, cookie: dict[str, str]) -> None:
    place = live.position()
    broker.client().delete(live.stream(), live.epoch_key())
    publish(1)
    with stream(server, cookie, last=place) as lines:
        assert next(lines)[1] == "resync"


def test_page_away_for_too_long_loads_anew(messages: None, server: str, cookie: dict[str, str]) -> None:
    place = live.position()
    publish(*range(1, 11))
    broker.client().xtrim(live.stream(), maxlen=3, approximate=False)
    with stream(server, cookie, last=place) as lines:
        assert next(lines)[1] == "resync"


def test_forged_id_loads_anew(messages: None, server: str, cookie: dict[str, str]) -> None:
    with stream(server, cookie, last="nonsense") as lines:
        assert next(lines)[1] == "resync"


def test_slow_page_is_told_to_load_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "QUEUE", 3)
    hub = fanout.Hub()
    waiting: fanout.Waiting = asyncio.Queue(fanout.QUEUE)
    hub._queues.add(waiting)
    hub._tell([fanout.Event(f"00000000.{n}-0", "{}") for n in range(1, 6)])
    found = [waiting.get_nowait() for _ in range(waiting.qsize())]
    assert [one.data for one in found if one is not None] == ["", "{}"]


def test_stream_ends_with_the_sign_in(
    messages: None, server: str, cookie: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from web.pages import stream as page

    monkeypatch.setattr(page, "RECHECK", 0.0)
    with stream(server, cookie, after=live.position()) as lines:
        with db.write() as session:
            sessions.end(session, sessions.digest(cookie["widerhall"]))
        publish(1)
        assert list(lines) == []


@pytest.mark.parametrize("how", ["signed out", "shut out", "another role", "the role is changed"])
def test_stream_ends_as_soon_as_its_reader_may_not_read_it_any_more(
    messages: None, server: str, cookie: dict[str, str], how: str
) -> None:
    """At once, not at the next look; the page of somebody else stays open and is told nothing of it."""
    user("marketer")
    with db.write() as session:
        number, other = (auth.find(session, f"{one}@demo.example").id for one in ("agent", "marketer"))
        kept = sessions.start(session, other, "test")
        blind = roles.save(session, None, roles.Wanted("Blind", ["labels.manage", "listening.read"], "all"), "test")
        role = roles.save(session, None, roles.Wanted("Reads", ["messages.read"], "all"), "test")
        if how == "the role is changed":
            auth.set_role(session, number, role, "test")
    outbox.step(SUBSCRIBERS["web.live.publish"], live.publish)
    after = live.position()
    with (
        stream(server, cookie, after=after) as lines,
        stream(server, {"widerhall": kept}, after=after) as others,
    ):
        with db.write() as session:
            if how == "signed out":
                sessions.end_one(session, number, sessions.digest(cookie["widerhall"])[: sessions.MARK])
            elif how == "shut out":
                auth.set_disabled(session, number, True, "test")
            elif how == "another role":
                auth.set_role(session, number, blind, "test")
            else:
                wanted = roles.Wanted("Reads", ["labels.manage", "listening.read"], "all")
                roles.save(session, int(role.partition(":")[2]), wanted, "test")
        while outbox.step(SUBSCRIBERS["web.live.publish"], live.publish):
            pass
        assert list(lines) == []
        publish(1)
        assert take(others, 1) == [1]


def test_absent_broker_delays_events_and_loses_none(messages: None) -> None:
    with pytest.raises(TryLater):
        publish(1)
    assert live.position() == ""


def test_erased_message_makes_no_event(messages: None, valkey: str) -> None:
    publish(999)
    assert broker.client().xlen(live.stream()) == 0


def test_streams_are_counted_and_let_go(messages: None, server: str, cookie: dict[str, str]) -> None:
    from core import metrics

    with stream(server, cookie, after=live.position()) as lines:
        publish(1)
        take(lines, 1)
        assert metrics.STREAMS._value.get() == 1
    eventually(lambda: (publish(2) or metrics.STREAMS._value.get()) == 0)


def test_a_page_made_while_another_is_open_stands_no_later_than_its_rows(
    messages: None, server: str, cookie: dict[str, str]
) -> None:
    """Its place is what the process has read, without a question to the broker; what is newer comes as events."""
    begins = re.compile(r"/live\?after=([0-9a-f]{8}\.[0-9]+-[0-9]+)")
    with stream(server, cookie, after=live.position()) as lines:
        publish(1)
        assert take(lines, 1) == [1]
        page = httpx.get(f"{server}/inbox", cookies=cookie)
        found = begins.search(page.text)
        assert found is not None
        publish(2)
        with stream(server, cookie, after=found[1]) as other:
            assert take(other, 1) == [2]
