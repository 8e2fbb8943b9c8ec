"""Claims about what is written to a conversation that was closed: it opens again, or goes on in a new one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.event import MESSAGE_KINDS, Event, Page
from core.settings import settings
from inbox import activities, desk, team_models, watching
from inbox.cuts import store
from inbox.ingest import store_page
from inbox.models import Conversation, Message
from inbox.parts import store as parts
from inbox.returning import late
from tests.conftest import BOTH

from .conftest import BRAND, START, event

WINDOW = timedelta(days=30)
CLOSED = START + timedelta(minutes=5)
OURS: dict[str, Any] = {"direction": "outbound", "author": BRAND}


def key(number: int) -> str:
    return f"mastodon:https://social.example/statuses/{number}"


def said(number: int, to: int = 0, days: float = 0, **changes: Any) -> Event:
    """A message that answers another one, so many days after the closing."""
    parent = {"parent_key": key(to)} if to else {}
    at = {"posted_at": CLOSED + timedelta(days=days)} if days else {}
    return event(number, **{**parent, **at, **changes})


def row(number: int) -> Conversation:
    with db.read() as session:
        return session.get_one(Conversation, number)


def where(number: int) -> int:
    m = db.table(Message)
    with db.read() as session:
        return session.scalar(sa.select(m.c.conversation_id).where(m.c.key == key(number))) or 0


@pytest.fixture
def talk(account: int) -> int:
    """Asked, answered, and closed five minutes after the start."""
    store_page(account, Page(events=(said(1), said(2, 1, **OURS))))
    number = where(1)
    with db.write() as session:
        desk.close(session, number, "user:1")
        c = db.table(Conversation)
        session.execute(sa.update(c).where(c.c.id == number).values(closed_at=CLOSED))
    return number


def deeds(number: int) -> list[str]:
    with db.read() as session:
        return [one.what for one in activities.of_conversation(session, number)]


@BOTH
def test_what_comes_within_the_window_opens_it_again_and_later_a_new_one_begins(account: int, talk: int) -> None:
    with db.write() as session:
        team = team_models.Team(name="North")
        session.add(team)
        session.flush()
        session.execute(sa.update(db.table(Conversation)).values(team_id=team.id))
        watching.watch(session, talk, "user:7")
    for _ in range(2):  # a page that comes again changes nothing
        store_page(account, Page(events=(said(3, 2, days=30.01),)))
    new = where(3)
    assert new != talk
    assert (row(talk).state, row(talk).closed_at, row(talk).messages) == ("closed", CLOSED, 2)
    made = row(new)
    assert (made.state, made.messages, made.excerpt) == ("open", 1, "@brand message 3")
    assert made.waiting_since == CLOSED + timedelta(days=30.01)
    assert (made.team_id, made.identity_id, made.assignee) == (row(talk).team_id, row(talk).identity_id, "")
    assert (deeds(talk)[-1], deeds(new)) == ("split-from", ["split-off"])
    with db.read() as session:
        ends = store.ends(session, new)
        assert (ends.came_from, ends.follows) == (talk, True)
        assert store.ends(session, talk).split_off == [new]
        assert watching.of(session, new) == ["user:7"]


@BOTH
def test_what_comes_exactly_in_time_opens_the_old_one(account: int, talk: int) -> None:
    store_page(account, Page(events=(said(3, 2, days=30),)))
    assert (where(3), row(talk).state) == (talk, "open")


@BOTH
def test_the_thread_goes_on_in_the_new_one_whatever_is_answered(account: int, talk: int) -> None:
    store_page(account, Page(events=(said(3, 2, days=40), said(4, 3, days=40.1, **OURS), said(5, 4, days=40.2))))
    new = where(3)
    assert ({where(4), where(5)}, row(new).state, row(new).messages) == ({new}, "open", 3)
    store_page(account, Page(events=(said(6, 1, days=41), said(7, 2, days=41, kind="like"))))
    assert (where(6), where(7)) == (new, talk), "an answer to the old post is no third conversation; a like stays"
    assert (row(new).messages, row(talk).state) == (4, "closed")
    with db.write() as session:
        desk.close(session, new, "user:1")
        c = db.table(Conversation)
        session.execute(sa.update(c).where(c.c.id == new).values(closed_at=CLOSED + timedelta(days=42)))
    store_page(account, Page(events=(said(8, 5, days=80), said(9, 1, days=80.1))))
    third = where(8)
    assert third not in (talk, new)
    assert (where(9), row(third).messages) == (third, 2)


def test_it_can_be_made_one_again(account: int, talk: int) -> None:
    store_page(account, Page(events=(said(3, 2, days=40),)))
    with db.write() as session:
        assert store.take_back(session, where(3), "user:1") == (talk, True)
    assert (where(3), row(talk).state, row(talk).messages) == (talk, "open", 3)


@pytest.mark.parametrize("days", ["0", "365"])
def test_the_window_is_a_setting(account: int, talk: int, monkeypatch: pytest.MonkeyPatch, days: str) -> None:
    monkeypatch.setenv("WIDERHALL_REOPEN_DAYS", days)
    settings.cache_clear()
    store_page(account, Page(events=(said(3, 2, days=300),)))
    assert (where(3), row(talk).state) == (talk, "open")


def test_a_merged_case_and_spam_stay_as_they_are(account: int, talk: int) -> None:
    store_page(account, Page(events=(said(20),)))
    other = where(20)
    with db.write() as session:
        parts.merge(session, talk, other, "user:1")
        desk.close(session, talk, "user:1")
        session.execute(sa.update(db.table(Conversation)).values(closed_at=CLOSED))
    store_page(account, Page(events=(said(21, 20, days=60),)))
    assert (where(21), row(talk).state) == (talk, "open")
    with db.write() as session:
        desk.spam(session, talk, "user:1")
    store_page(account, Page(events=(said(22, 20, days=200),)))
    assert (where(22), row(talk).state) == (talk, "spam")


AT: datetime = START


@pytest.mark.parametrize(
    ("events", "gone"),
    [
        ([(1, 29, {}), (2, 31, {}), (3, 32, OURS)], [2, 3]),
        ([(1, 20, OURS), (2, 45, {}), (3, 51, {})], [3]),  # what we wrote meanwhile counts as the closing does
        ([(1, 31, {"kind": "like"}), (2, 31, {"origin": "context"}), (3, 31, {"origin": "archive"})], []),
        ([(2, 33, {"kind": "like", "parent_key": key(1)}), (1, 31, {}), (3, 34, {"kind": "like"})], [1, 2]),
        ([(1, 31, OURS)], []),
        ([(1, 30, {})], []),
        ([], []),
    ],
)
def test_what_is_too_late_is_theirs_and_all_after_it(events: list[Any], gone: list[int]) -> None:
    assert "like" not in MESSAGE_KINDS
    come = [event(number, posted_at=AT + timedelta(days=days), **more) for number, days, more in events]
    assert [one.key for one in late(come, AT, WINDOW)] == [key(one) for one in gone]
