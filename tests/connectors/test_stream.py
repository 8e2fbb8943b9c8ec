"""Streams bring what happens at once, with heartbeats between, and say when the line breaks."""

import os
import subprocess
import sys
import threading
import time

import pytest
import sqlalchemy as sa

from connectors import schedule, stream
from connectors.base import Unable
from core import db
from core.errors import AuthExpired, NotConfigured, TryLater
from core.event import Author, Event, Page, Profile
from core.outbox import OutboxRow
from inbox import accounts
from inbox.models import Feed, Message


def listen(connector, wanted, found, failed):
    try:
        for page in connector.stream():
            found.extend(page.events if page else [None])
            if wanted(found):
                return
    except Exception as error:
        failed.append(error)


@pytest.mark.parametrize("platform", ["mastodon", "telegram"])
def test_a_message_arrives_while_it_is_listened(sandbox, platform):
    connector = sandbox.checked(platform)
    if platform == "telegram":
        list(connector.pull("updates", None))
    found, failed = [], []
    sandbox.control("/_quirks", {"mastodon": {"heartbeat_seconds": 0.2}})
    person = next(row["person"] for row in sandbox.world()["links"] if row["identity"].startswith(platform))

    def arrived(events):
        return any(event is not None and "Live" in event.text for event in events)

    thread = threading.Thread(target=listen, args=(connector, arrived, found, failed), daemon=True)
    thread.start()
    thread.join(0.7)
    brand = sandbox.account(platform)["brand"]
    made = sandbox.control("/_post", {"platform": platform, "person": person, "account": brand, "text": "Live!"})
    thread.join(10)
    assert not failed
    assert made["key"] in [event.key for event in found if event is not None]
    assert platform == "telegram" or None in found


def test_a_server_without_a_stream_is_named(sandbox):
    sandbox.control("/_quirks", {"mastodon": {"no_streaming": True}})
    with pytest.raises((NotConfigured, TryLater), match="polled"):
        next(iter(sandbox.checked("mastodon").stream()))


def test_the_check_warns_where_there_is_no_stream(sandbox):
    sandbox.control("/_quirks", {"mastodon": {"no_streaming": True}})
    assert "polled" in sandbox.checked("mastodon").check().warnings[0]


# --- the lines of the hub ---------------------------------------------------------------------------


class Talk(Unable):
    """A stream of pages and errors, one after the other; ends for good when they are used up."""

    title = "Talk"

    def __init__(self, *said):
        self.said = list(said)

    def stream(self):
        while self.said:
            one = self.said.pop(0)
            if isinstance(one, Exception):
                raise one
            yield one


@pytest.fixture
def line(database, monkeypatch):
    """A line of a stored account to a platform that says what a test tells it."""

    def make(*said, platform="mastodon"):
        us = Profile(author=Author(platform=platform, id="us", handle="us"))
        with db.write() as session:
            number = accounts.add(
                session, platform=platform, profile=us, base_url="", secrets={}, feeds=["notifications"]
            )
        talk = Talk(*said)

        def opened(account_id):
            with db.read() as session:
                return accounts.get(session, account_id), talk

        monkeypatch.setattr(stream, "open_account", opened)
        monkeypatch.setattr(stream, "REFUSED_WAIT", 0.01)
        return stream.Line(number)

    return make


def heard(number):
    author = Author(platform="mastodon", id="https://social.example/users/anna")
    values = {"platform": "mastodon", "kind": "mention", "author": author, "text": "heard", "posted_at": db.now()}
    return Page(events=(Event(key=f"mastodon:{number}", **values),), cursor="of the stream")


def stored():
    with db.read() as session:
        return set(session.scalars(sa.select(db.table(Message).c.key)))


def asked():
    with db.read() as session:
        return [row.payload for row in session.scalars(sa.select(OutboxRow)) if row.topic == "feed.due"]


def test_a_line_that_opens_fills_the_gap_once(line):
    line(None, None, heard(1), None).hold()
    assert stored() == {"mastodon:1"}
    assert asked() == [{"feed_id": 1}]


def test_a_line_moves_no_cursor(line):
    line(heard(1)).hold()
    with db.read() as session:
        assert session.scalars(sa.select(db.table(Feed).c.cursor)).one() is None


def test_a_line_says_that_it_lives(line, valkey):
    made = line(None)
    made.hold()
    assert schedule.streaming(made.account_id)


def test_a_line_that_is_to_stop_stores_nothing_more(line):
    made = line(heard(1))
    made.stop.set()
    made.hold()
    assert stored() == set()


def test_a_broken_line_is_opened_again(line, monkeypatch):
    made = line(heard(1), TryLater("the line broke"), heard(2), ValueError("odd"), heard(3))
    made.start()
    end = time.monotonic() + 10
    while len(stored()) < 3 and time.monotonic() < end:
        time.sleep(0.05)
    made.stop.set()
    made.join(5)
    assert stored() == {"mastodon:1", "mastodon:2", "mastodon:3"}


def test_a_dead_sign_in_ends_the_line_and_the_account_says_so(line):
    made = line(AuthExpired("revoked"))
    made.run()
    with db.read() as session:
        assert accounts.get(session, made.account_id).state == "auth_expired"
    assert stream.wanted() == set()


def test_a_webhook_needs_no_line(line):
    made = line(heard(1), platform="telegram")
    with db.write() as session:
        account = accounts.get(session, made.account_id)
        account.config = {"webhook": "https://hub.example/hooks/telegram/1"}
        session.add(account)
    with pytest.raises(NotConfigured, match="webhook"):
        made.hold()


def test_only_active_accounts_on_platforms_with_a_stream_are_wanted(line):
    number = line().account_id
    assert stream.wanted() == {number}
    with db.write() as session:
        accounts.set_state(session, number, "paused")
    assert stream.wanted() == set()


@pytest.mark.xdist_group("living")
def test_the_stream_process_brings_posts_at_once_and_stops_when_asked(home, valkey):
    child = subprocess.Popen([sys.executable, "-m", "connectors.stream"], env=dict(os.environ))
    try:
        end = time.monotonic() + 20
        with db.read() as session:
            number = accounts.find(session, "lindenbahn@social.example").id
        while not schedule.streaming(number):
            assert time.monotonic() < end, "no line came up"
            time.sleep(0.05)
        key = home.post("lindenbahn", "Live auf der Leitung!")
        while key not in stored():
            assert time.monotonic() < end, "it did not arrive"
            time.sleep(0.05)
    finally:
        child.terminate()
        assert child.wait(10) == 0
