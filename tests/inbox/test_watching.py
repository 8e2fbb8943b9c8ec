"""Claims about watching: who watches is told once of what happens, and goes along with merging and splitting."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.event import Event, Page
from core.queue import handler
from core.topics import SUBSCRIBERS
from inbox import desk, ingest, listing, notes, notices, views, watching
from inbox.cuts import store as cuts
from inbox.models import Conversation, Message
from inbox.narrowing import Filter
from inbox.notice_models import Notification
from inbox.parts import store as parts
from tests.conftest import BOTH

from .conftest import person

ADA, BO, CEM = "user:1", "user:2", "user:3"


@pytest.fixture
def say(account: int, make: Callable[..., Event]) -> Callable[..., None]:
    """A message comes in, and everybody is told."""

    def come(number: int, to: int | None = None, **changes: object) -> None:
        if to is not None:
            changes["parent_key"] = make(to).key
        ingest.store_page(account, Page(events=(make(number, posted_at=db.now(), **changes),)))
        while outbox.step(SUBSCRIBERS["inbox.notices.on_message"], handler("inbox.notices.on_message")):
            pass

    return come


def watch(talk: int, *people: str) -> None:
    with db.write() as session:
        assert [watching.watch(session, talk, who) for who in people] == [True] * len(people)


def watchers(talk: int) -> list[str]:
    with db.read() as session:
        return watching.of(session, talk)


def told() -> list[tuple[str, str]]:
    n = db.table(Notification)
    with db.read() as session:
        return [(row.who, row.kind) for row in session.execute(sa.select(n.c.who, n.c.kind).order_by(n.c.id))]


@BOTH
def test_who_watches_is_told_of_messages_notes_and_the_closing_and_finds_it(say: Callable[..., None]) -> None:
    say(1)
    watch(1, ADA, BO)
    say(2, to=1)
    assert told() == [(ADA, "watched"), (BO, "watched")]
    with db.write() as session:
        notes.add(session, conversation_id=1, author=ADA, text="look")
        desk.close(session, 1, BO)
        assert not watching.watch(session, 1, ADA)
    assert told()[2:] == [(BO, "watched"), (ADA, "watched")]
    with db.read() as session:
        for who, number in ((ADA, 1), (CEM, 0)):
            assert listing.number(session, views.WATCHED.narrowing(Filter(view="all", me=who))) == number


def test_what_concerns_a_watcher_more_is_told_instead(say: Callable[..., None]) -> None:
    say(1)
    watch(1, ADA, BO)
    with db.write() as session:
        desk.assign(session, 1, ADA, ADA)
        number = notes.add(session, conversation_id=1, author=CEM, text="@Ada", mentions={ADA: "Ada"})
    say(2, to=1)
    assert sorted(told()) == [(ADA, "mention"), (ADA, "message"), (BO, "watched"), (BO, "watched")]
    with db.write() as session:  # who is named no more is told no more; who watches still is
        notes.change(session, number, "never mind", {}, CEM)
    assert sorted(told()) == [(ADA, "message"), (BO, "watched"), (BO, "watched")]
    with db.write() as session:
        notes.remove(session, number, CEM)
    assert sorted(told()) == [(ADA, "message"), (BO, "watched")]


def test_who_watches_no_more_is_told_nothing(say: Callable[..., None]) -> None:
    say(1)
    watch(1, ADA)
    with db.write() as session:
        assert watching.leave(session, 1, ADA)
        assert not watching.leave(session, 1, ADA)
    say(2, to=1)
    assert told() == []


def test_spam_tells_nobody(say: Callable[..., None]) -> None:
    say(1)
    watch(1, ADA)
    with db.write() as session:
        desk.spam(session, 1, BO)
    say(2, to=1)
    assert told() == []


def test_watchers_go_along_into_a_case_and_the_parts_keep_theirs(say: Callable[..., None]) -> None:
    say(1)
    say(2, author=person("bo"))
    watch(1, ADA)
    watch(2, ADA, BO)
    with db.write() as session:
        parts.merge(session, 1, 2, CEM)
    assert watchers(1) == [ADA, BO]
    with db.write() as session:
        parts.split(session, 2, CEM)
    assert watchers(2) == [ADA, BO]


def test_watchers_watch_both_after_a_split(say: Callable[..., None]) -> None:
    say(1)
    say(2, to=1)
    watch(1, ADA)
    m = db.table(Message)
    with db.write() as session:
        newest = session.scalars(sa.select(m.c.id).order_by(m.c.id.desc())).first()
        made, _ = cuts.split_from(session, 1, newest or 0, BO)
    assert watchers(made) == [ADA]
    watch(made, CEM)
    with db.write() as session:
        cuts.take_back(session, made, BO)
    assert watchers(1) == [ADA, CEM]


def test_a_conversation_that_is_gone_is_watched_by_nobody(say: Callable[..., None]) -> None:
    say(1)
    watch(1, ADA)
    with db.write() as session:
        session.execute(sa.delete(db.table(Message)))
        session.execute(sa.delete(db.table(Conversation)))
        notices.read(session, ADA)
    assert watchers(1) == []
