"""Claims about notifications: everybody concerned is told once for each reason, and nobody of their own deeds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.event import Event, Page
from core.outbox import Item
from core.topics import SUBSCRIBERS
from inbox import desk, ingest, notices, replies, rules, teams
from inbox.actions import Action
from inbox.conditions import tree
from inbox.models import Account, Message, ReplyRow
from inbox.notice_models import Notification, NotificationChoice
from inbox.teams import Wanted
from tests.conftest import BOTH

ADA, BO, CEM = "user:1", "user:2", "user:3"


@pytest.fixture
def talk(account: int, make: Callable[..., Event]) -> int:
    """A conversation."""
    ingest.store_page(account, Page(events=(make(1, posted_at=db.now()),)))
    return 1


def told() -> list[tuple[str, str]]:
    """(who, kind) of everything there is, in order."""
    n = db.table(Notification)
    with db.read() as session:
        return [(row.who, row.kind) for row in session.execute(sa.select(n.c.who, n.c.kind).order_by(n.c.id))]


def step(name: str) -> None:
    """Work off one subscriber."""
    from core.queue import handler

    while outbox.step(SUBSCRIBERS[name], handler(name)):
        pass


def team(*members: str) -> int:
    with db.write() as session:
        return teams.save(session, None, Wanted(name="Support", members=dict.fromkeys(members, 0)), "cli")


def test_who_is_given_a_conversation_is_told_and_who_takes_it_is_not(talk: int) -> None:
    with db.write() as session:
        desk.assign(session, talk, ADA, BO)
        desk.assign(session, talk, ADA, BO)
        desk.assign(session, talk, BO, BO)
    assert told() == [(ADA, "assigned")]


def test_a_team_is_told_apart_from_who_gave_it(talk: int) -> None:
    number = team(ADA, BO)
    with db.write() as session:
        desk.set_team(session, talk, number, ADA)
    assert told() == [(BO, "team")]


@BOTH
def test_a_conversation_that_begins_with_a_team_tells_the_team_once(account: int, make: Callable[..., Event]) -> None:
    number = team(ADA, BO)
    with db.write() as session:
        session.execute(sa.update(db.table(Account)).values(team_id=number))
    for which in (1, 2):
        about = {"parent_key": make(1).key} if which == 2 else {}
        ingest.store_page(account, Page(events=(make(which, posted_at=db.now(), **about),)))
        step("inbox.notices.on_message")
    assert told() == [(ADA, "team"), (BO, "team")]
    with db.write() as session:
        desk.assign(session, 1, ADA, "rule:assignment")
    ingest.store_page(account, Page(events=(make(9, posted_at=db.now(), origin="archive"),)))
    step("inbox.notices.on_message")
    assert told()[2:] == [(ADA, "assigned")], "history tells nobody"


@BOTH
def test_new_message_tells_who_takes_care_once_however_often_the_letter_comes(
    talk: int, account: int, make: Callable[..., Event]
) -> None:
    with db.write() as session:
        desk.assign(session, talk, ADA, ADA)
    step("inbox.notices.on_message")  # the first message came before it was given to anybody's care by itself
    with db.write() as session:
        session.execute(sa.delete(db.table(Notification)))
    event = make(2, posted_at=db.now(), parent_key=make(1).key)
    ingest.store_page(account, Page(events=(event,)))
    with db.read() as session:
        m = db.table(Message)
        number = session.scalar(sa.select(m.c.id).where(m.c.key == event.key))
    step("inbox.notices.on_message")
    for _ in range(2):
        outcome = notices.on_message([Item(1, "message.stored", "x", {"message_id": [number]})])
        with db.write() as session:
            assert outcome.write is not None
            outcome.write(session)
    assert told() == [(ADA, "message")]


def test_failed_and_stopped_replies_tell_their_author(talk: int) -> None:
    with db.write() as session:
        number = replies.queue(session, talk, "Hello", author=ADA).id or 0
        replies.mark(session, number, "failed", "no")
    with db.write() as session:
        replies.retry(session, number, ADA)
        replies.mark(session, number, "unknown", "perhaps")
    assert told() == [(ADA, "failed"), (ADA, "failed")]


def test_a_reply_that_was_put_off_is_stopped_when_somebody_else_answers(talk: int) -> None:
    with db.write() as session:
        later = replies.queue(session, talk, "Later", author=ADA, undo_seconds=600).id or 0
        now = replies.queue(session, talk, "Now", author=BO, undo_seconds=0).id or 0
        assert replies.begin(session, now) is not None
        assert replies.begin(session, later) is None
    with db.write() as session:
        row = session.get(ReplyRow, later)
        assert row is not None
        assert row.state == "stopped"
        assert replies.retry(session, later, ADA)
        assert replies.begin(session, later) is not None
    assert told() == [(ADA, "stopped")]


def test_a_reply_that_was_put_off_leaves_when_nobody_else_answered(talk: int) -> None:
    with db.write() as session:
        mine = replies.queue(session, talk, "Now", author=ADA, undo_seconds=0).id or 0
        later = replies.queue(session, talk, "Later", author=ADA, undo_seconds=600).id or 0
        assert replies.begin(session, mine) is not None
        assert replies.begin(session, later) is not None


def test_a_rule_tells_a_team_once(talk: int, account: int, make: Callable[..., Event]) -> None:
    number = team(ADA, BO)
    with db.write() as session:
        deeds = [Action("notify", f"team:{number}")]
        rule = rules.save(
            session, None, name="Tell", trigger="tagged", asked=tree.EVERYTHING, deeds=deeds, last=False, actor=ADA
        )
        rules.switch(session, rule, ADA, on=True)
        desk.tag(session, talk, "vip", CEM)
    step("inbox.ruling.on_activity")
    assert told() == [(ADA, "rule"), (BO, "rule")]


def test_what_somebody_does_not_want_is_not_made(talk: int) -> None:
    with db.write() as session:
        notices.choose(session, NotificationChoice(who=ADA, channels={"assigned": []}))
        notices.choose(session, NotificationChoice(who=BO, channels={"assigned": ["mail"]}))
        desk.assign(session, talk, ADA, CEM)
        desk.assign(session, talk, BO, CEM)
    with db.read() as session:
        assert notices.unread(session, BO) == 0
    n = db.table(Notification)
    with db.read() as session:
        rows = session.execute(sa.select(n.c.who, n.c.page, n.c.push, n.c.mail)).all()
    assert [tuple(row) for row in rows] == [(BO, False, False, 1)]


def test_reading_one_a_conversation_and_all(talk: int, account: int, make: Callable[..., Event]) -> None:
    ingest.store_page(account, Page(events=(make(9, posted_at=db.now()),)))
    with db.write() as session:
        for conversation_id in (1, 2):
            for who in (ADA, BO, ADA):
                desk.assign(session, conversation_id, who, CEM)
        first = notices.listed(session, ADA)[-1].id or 0
        assert notices.unread(session, ADA) == 4
        assert notices.read(session, BO, number=first) == 0
        assert notices.read(session, ADA, number=first) == 1
        assert notices.read(session, ADA, conversation_id=1) == 1
        assert notices.unread_of(session, ADA, 2)
        assert notices.read(session, ADA) == 2
        assert notices.read(session, ADA) == 0
        assert notices.unread(session, BO) == 2
