"""Claims about browsers that are told: encrypted, kind and number alone, to those that asked, until they are gone."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
import sqlalchemy as sa
import uvicorn

from core import db, outbox, push
from core.errors import Rejected
from core.outbox import OutboxRow
from core.push import Subscription
from core.settings import settings
from core.topics import SUBSCRIBERS
from inbox import notices
from inbox.notice_models import NotificationChoice
from inbox.notices import Notice
from sandbox.push import Browser as Told
from sandbox.push import Service, coded
from tests.conftest import BOTH
from tests.web.conftest import Browser, account, event, store
from web import auth, sessions
from web.notices import push as pushing
from web.notices.models import PushBrowser, PushKey

SUBSCRIBER = SUBSCRIBERS["web.notices.push.send"]
FAR = format_datetime(datetime(2199, 1, 1, tzinfo=UTC))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Service, str]]:
    """A push service, and its address."""
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    made = Service()
    server = uvicorn.Server(uvicorn.Config(made.app(), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield made, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def agent(database: str, as_role: Any) -> Browser:
    store(account(), event("m:1", "The secret is 42"))
    browser: Browser = as_role("agent")
    return browser


def subscribed(agent: Browser, service: tuple[Service, str], name: str = "one") -> Told:
    told = service[0].subscribe(name, agent.get("/settings/me/push").text)
    keys = {"p256dh": told.p256dh, "auth": pushing_auth(told)}
    assert agent.post("/settings/me/push", {"endpoint": f"{service[1]}/push/{name}", **keys}).status_code == 204
    return told


def pushing_auth(told: Told) -> str:
    return coded(told.auth)


def tell(agent: Browser, reason: str = "one") -> None:
    with db.write() as session:
        notices.add(session, [Notice(f"user:{agent.user_id}", "mention", 1, reason, "system")])
    while outbox.step(SUBSCRIBER, pushing.send):
        pass


def browsers() -> int:
    with db.read() as session:
        return int(session.scalar(sa.select(sa.func.count()).select_from(db.table(PushBrowser))) or 0)


def test_browser_that_asked_is_told_kind_and_number_and_no_text(agent: Browser, service: Any) -> None:
    told = subscribed(agent, service)
    tell(agent)
    (word,) = told.told
    assert word == {"kind": "mention", "said": "Somebody mentions me or my team", "id": 1, "talk": 1, "unread": 1}


def test_key_is_made_once_and_sealed(agent: Browser) -> None:
    assert agent.get("/settings/me/push").text == agent.get("/settings/me/push").text
    with db.read() as session:
        row = session.get(PushKey, 1)
    assert row is not None
    assert "PRIVATE" not in row.sealed


@pytest.mark.parametrize("how", ["gone", "unknown"])
def test_browser_that_is_gone_is_removed_and_others_are_told(agent: Browser, service: Any, how: str) -> None:
    first, second = subscribed(agent, service, "one"), subscribed(agent, service, "two")
    if how == "gone":
        first.gone = True
    else:
        del service[0].browsers["one"]
    tell(agent)
    assert (browsers(), len(second.told)) == (1, 1)


def test_busy_service_is_asked_again(agent: Browser, service: Any) -> None:
    told = subscribed(agent, service)
    service[0].refuse = [503]
    tell(agent)
    assert told.told == []
    with db.write() as session:
        session.execute(sa.update(db.table(OutboxRow)).values(due_at=0))
    while outbox.step(SUBSCRIBER, pushing.send):
        pass
    assert len(told.told) == 1


def waits() -> list[float]:
    """Seconds until what is still to be told is tried again."""
    o = db.table(OutboxRow)
    with db.read() as session:
        due = session.scalars(sa.select(o.c.due_at).where(o.c.subscriber == SUBSCRIBER.name, o.c.dead == 0)).all()
        return [one - time.time() for one in due]


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("", 55, 80), ("300", 295, 380), ("0", -5, 5), (FAR, 21_000, 27_100),
        ("Wed, 21 Oct 2015 07:28:00 GMT", -5, 5), ("soon", 55, 80), ("999999999999999999999", 21_000, 27_100),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503])
def test_busy_service_says_when_it_is_asked_again(
    agent: Browser, service: Any, status: int, said: str, least: float, most: float
) -> None:
    told = subscribed(agent, service)
    service[0].refuse, service[0].retry_after = [status], said
    with db.write() as session:
        notices.add(session, [Notice(f"user:{agent.user_id}", "mention", 1, "one", "system")])
    outbox.step(SUBSCRIBER, pushing.send)
    (wait,) = waits()
    assert least <= wait <= most
    assert (told.told, browsers()) == ([], 1)


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_word_that_is_refused_is_not_repeated_and_the_others_are_told(
    agent: Browser, service: Any, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = subscribed(agent, service, "one"), subscribed(agent, service, "two")
    service[0].refuse = [status]
    tell(agent)
    assert (first.told, len(second.told), waits()) == ([], 1, [])
    assert browsers() == 2, "the browser is there: the next word may reach it"
    logged = capsys.readouterr().out
    assert f"status={status}" in logged
    assert "/push/one" not in logged, "the address of a browser is a secret"
    tell(agent, "two")
    assert (len(first.told), len(second.told)) == (1, 2)


def test_browser_that_was_asked_with_another_key_is_not_told(agent: Browser, service: Any) -> None:
    first, second = subscribed(agent, service, "one"), subscribed(agent, service, "two")
    first.hub_key = push.new_key()[1]
    tell(agent)
    assert (first.told, len(second.told), waits()) == ([], 1, [])


def test_nobody_is_told_of_what_they_switched_off_nor_in_quiet_hours(agent: Browser, service: Any) -> None:
    told, who = subscribed(agent, service), f"user:{agent.user_id}"
    with db.write() as session:
        notices.choose(session, NotificationChoice(who=who, channels={"mention": ["page"]}))
    tell(agent, "one")
    minute = db.now().hour * 60 + db.now().minute
    with db.write() as session:
        quiet = {"quiet_from": (minute - 60) % 1440, "quiet_until": (minute + 60) % 1440}
        notices.choose(session, NotificationChoice(who=who, **quiet))
    tell(agent, "two")
    assert told.told == []


def test_one_browser_belongs_to_one_person_and_is_let_go(agent: Browser, service: Any, as_role: Any) -> None:
    subscribed(agent, service)
    other = as_role("admin")
    told = subscribed(other, service)
    tell(agent)
    assert (browsers(), told.told) == (1, [])
    address = {"endpoint": f"{service[1]}/push/one"}
    agent.post("/settings/me/push/remove", address)
    assert browsers() == 1
    other.post("/settings/me/push/remove", address)
    assert browsers() == 0


def test_what_is_no_subscription_is_refused(agent: Browser) -> None:
    nowhere = {"p256dh": coded(b"\x04" + bytes(64)), "auth": coded(bytes(16))}  # no point of the curve
    assert agent.post("/settings/me/push", {"endpoint": "https://203.0.113.9/1", **nowhere}).status_code == 422
    keys = {"p256dh": "x", "auth": "y"}
    assert agent.post("/settings/me/push", {"endpoint": "https://push.example/1", **keys}).status_code == 422
    assert agent.post("/settings/me/push", {"endpoint": "http://127.0.0.1/1", **keys}).status_code == 422


# --- what push services refuse --------------------------------------------------------------------------


def status(service: tuple[Service, str], **changes: Any) -> int:
    """What the service says to one word; `changes` make it wrong."""
    pem, public = push.new_key()
    told = service[0].subscribe("one", changes.get("hub_key", public))
    to = Subscription(f"{service[1]}/push/one", told.p256dh, pushing_auth(told))
    contact = changes.get("contact", "mailto:hub@a.example")
    return push.send(to, json.dumps({}).encode(), pem, public, contact).status


def test_service_refuses_what_real_ones_refuse(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert status(service) == 201
    assert status(service, hub_key="another") == 403
    assert status(service, contact="nobody") == 403
    monkeypatch.setattr(push, "LIFE", -10)
    assert status(service) == 403
    monkeypatch.setattr(push, "LIFE", 2 * 86_400)
    assert status(service) == 403
    monkeypatch.undo()


def test_word_that_is_too_long_does_not_leave(service: Any) -> None:
    with pytest.raises(Rejected):
        push.send(Subscription("https://push.example/1", "", ""), b"x" * 3001, "", "", "")


def test_nobody_is_told_of_a_conversation_that_they_no_longer_see(agent: Browser, service: tuple[Service, str]) -> None:
    store(1, event("d:1", "Between us", kind="dm", visibility="private"))
    told = subscribed(agent, service)
    with db.write() as session:
        made = [Notice(f"user:{agent.user_id}", "rule", talk, f"{talk}", "system") for talk in (1, 2)]
        assert notices.add(session, made) == 2
        auth.set_role(session, agent.user_id, "marketer", "test")
    while outbox.step(SUBSCRIBER, pushing.send):
        pass
    assert [one["talk"] for one in told.told] == [1]


# --- a test, and another address of the same browser -----------------------------------------------------


def asked_for(agent: Browser, service: tuple[Service, str], name: str = "one") -> tuple[int, str]:
    answer = agent.post("/settings/me/push/test", {"endpoint": f"{service[1]}/push/{name}"})
    return answer.status_code, answer.text


def test_test_is_shown_in_the_browser_that_asked_alone(agent: Browser, service: tuple[Service, str]) -> None:
    first, second = subscribed(agent, service, "one"), subscribed(agent, service, "two")
    status, words = asked_for(agent, service, "two")
    assert (status, "it appears here in a moment" in words) == (200, True)
    assert (first.told, [one["kind"] for one in second.told]) == ([], ["test"])
    assert second.told[0]["said"] == "This is the test you asked for. So you are told here."


@pytest.mark.parametrize(
    ("refuse", "status", "words", "left"),
    [([], 404, "no longer knows", 0), ([503], 200, "is busy (its answer was 503)", 1),
     ([429], 200, "is busy (its answer was 429)", 1), ([401], 200, "refused the test (its answer was 401)", 1)],
)  # fmt: skip
def test_test_says_in_words_what_the_push_service_answered(
    agent: Browser, service: tuple[Service, str], refuse: list[int], status: int, words: str, left: int
) -> None:
    told = subscribed(agent, service)
    told.gone, service[0].refuse = not refuse, refuse
    answer = asked_for(agent, service)
    assert (answer[0], words in re.sub("[\u2066-\u2069]", "", answer[1])) == (status, True)
    assert browsers() == left


def test_test_of_a_service_that_is_away_or_of_a_stranger_s_browser_tells_nobody(
    agent: Browser, service: tuple[Service, str], as_role: Any
) -> None:
    told = subscribed(agent, service)
    assert asked_for(as_role("admin"), service)[0] == 404
    with db.write() as session:
        session.execute(sa.update(db.table(PushBrowser)).values(endpoint="http://127.0.0.1:9/push/one"))
    answer = agent.post("/settings/me/push/test", {"endpoint": "http://127.0.0.1:9/push/one"})
    assert (answer.status_code, "cannot be reached from this hub" in answer.text) == (200, True)
    assert told.told == []
    assert [asked_for(agent, service)[0] for _ in range(8)][-1] == 429


def renewed(agent: Browser, service: tuple[Service, str], old: str, name: str) -> tuple[int, Told]:
    told = service[0].subscribe(name, agent.get("/settings/me/push").text)
    keys = {"p256dh": told.p256dh, "auth": pushing_auth(told), "endpoint": f"{service[1]}/push/{name}"}
    return agent.post("/settings/me/push/renew", {"old": old, **keys}).status_code, told


@pytest.mark.parametrize("known", [True, False])
@BOTH
def test_new_subscription_takes_the_place_of_the_old_one(
    agent: Browser, service: tuple[Service, str], known: bool
) -> None:
    old = subscribed(agent, service)
    other = subscribed(agent, service, "phone")
    with db.write() as session:  # of another sign-in of theirs
        b = db.table(PushBrowser)
        elsewhere = sessions.digest(sessions.start(session, agent.user_id, "Phone"))
        session.execute(sa.update(b).where(b.c.endpoint.like("%phone")).values(session=elsewhere))
    assert agent.get("/settings/me/push").headers["x-csrf-token"] == agent.csrf, "the worker posts with it"
    status, new = renewed(agent, service, f"{service[1]}/push/one" if known else "", "two")
    tell(agent)
    assert (status, old.told, len(new.told), browsers()) == (204, [], 1, 2)
    assert len(other.told) == 1, "another browser of theirs stays"


def test_subscription_of_nobody_or_of_somebody_else_is_not_renewed(
    agent: Browser, service: tuple[Service, str], as_role: Any
) -> None:
    assert renewed(agent, service, "", "one")[0] == 404
    subscribed(agent, service)
    assert renewed(as_role("admin"), service, f"{service[1]}/push/one", "two")[0] == 404
    assert agent.post("/settings/me/push/renew", {"endpoint": "ftp://x"}).status_code == 422
    assert browsers() == 1


@BOTH
def test_a_browser_is_told_while_the_sign_in_holds_in_which_it_was_asked_for(
    agent: Browser, service: tuple[Service, str]
) -> None:
    told = subscribed(agent, service)
    assert 'data-told="yes"' in agent.get("/settings/me/notifications").text
    agent.sign_in("agent@demo.example")  # anew, in the same browser
    tell(agent, "one")
    assert len(told.told) == 1
    agent.csrf = agent.form_token("/settings/me")
    agent.post("/signout")
    tell(agent, "two")
    assert len(told.told) == 1


def test_a_browser_in_which_somebody_else_signed_in_tells_nobody_s_news(
    agent: Browser, as_role: Any, service: tuple[Service, str]
) -> None:
    told = subscribed(agent, service)
    as_role("admin")
    agent.sign_in("admin@demo.example")
    tell(agent)
    assert told.told == []
    assert 'data-told="no"' in agent.get("/settings/me/notifications").text


def test_what_is_no_subscription_is_refused_in_the_reader_s_language(agent: Browser) -> None:
    values = {"endpoint": "https://push.example/1", "p256dh": "x", "auth": "x"}
    with db.write() as session:
        auth.get(session, agent.user_id).language = "de"
    refused = agent.post("/settings/me/push", values)
    assert (refused.status_code, refused.text) == (422, "Das ist kein Abonnement eines Browsers.")
