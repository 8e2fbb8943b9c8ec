"""Words lead to the conversation in which their message stands now, whatever moved it there."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic import command

import migrations
from core import db
from core.event import Page
from inbox import search
from inbox.cuts import store as cuts
from inbox.ingest import store_page
from inbox.models import Message
from inbox.parts import store as parts
from tests.conftest import BOTH

from .conftest import START, event

WORDS = ("alpha", "bravo", "charlie", "delta")


def key(number: int) -> str:
    return f"mastodon:https://social.example/statuses/{number}"


def say(account: int, number: int, text: str, to: int | None = None, edited: bool = False) -> None:
    more = {"parent_key": key(to)} if to is not None else {}
    if edited:
        more["edited_at"] = START + timedelta(hours=1)
    store_page(account, Page(events=(event(number, text=text, **more),)))


def found(word: str) -> list[int]:
    with db.read() as session:
        talks = search.talks(session, word)
    assert talks is not None
    return sorted(json.loads(talks.replace("{", "[").replace("}", "]")))


def where(*numbers: int) -> list[int]:
    m = db.table(Message)
    with db.read() as session:
        rows = session.execute(sa.select(m.c.key, m.c.conversation_id, m.c.id)).all()
    return [row.conversation_id for number in numbers for row in rows if row.key == key(number)]


def number_of(number: int) -> int:
    m = db.table(Message)
    with db.read() as session:
        return session.scalar(sa.select(m.c.id).where(m.c.key == key(number))) or 0


@pytest.fixture
def talk(account: int) -> int:
    """Three messages of one thread and one of another."""
    say(account, 1, "alpha")
    say(account, 2, "bravo", 1)
    say(account, 3, "charlie", 2)
    say(account, 4, "delta")
    return where(1)[0]


@BOTH
def test_words_go_along_with_their_message(account: int, talk: int) -> None:
    other = where(4)[0]
    assert [found(word) for word in WORDS] == [[talk], [talk], [talk], [other]]
    with db.write() as session:
        made, _ = cuts.split_from(session, talk, number_of(3), "user:1")
    assert [found(word) for word in WORDS] == [[talk], [talk], [made], [other]]
    say(account, 3, "charlie echo", 2, edited=True)
    assert [found(word) for word in ("charlie", "echo")] == [[made], [made]]
    with db.write() as session:
        cuts.take_back(session, made, "user:1")
        parts.merge(session, talk, other, "user:1")
    assert [found(word) for word in (*WORDS, "echo")] == [[talk]] * 5
    with db.write() as session:
        parts.split(session, other, "user:1")
    assert [found(word) for word in (*WORDS, "echo")] == [[talk], [talk], [talk], [other], [talk]]


@pytest.mark.parametrize("db_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("first", ["move", "edit"])
def test_an_edit_and_a_move_at_the_same_moment_agree(account: int, talk: int, first: str) -> None:
    other, begun, arrived = where(4)[0], threading.Event(), threading.Event()

    def move() -> None:
        m = db.table(Message)
        with db.write() as session:
            session.execute(sa.update(m).where(m.c.key == key(2)).values(conversation_id=other))
            pause("move")

    def edit() -> None:
        worded = event(2, text="bravo foxtrot", parent_key=key(1), edited_at=START + timedelta(hours=1))
        store_page(account, Page(events=(worded,)), also=lambda _: pause("edit"))

    def pause(who: str) -> None:
        if who == first:
            begun.set()
            arrived.wait(0.3)  # the other one is on its way and has to wait for this one
        else:
            arrived.set()

    works = {"move": move, "edit": edit}
    early = threading.Thread(target=works.pop(first))
    (late,) = (threading.Thread(target=work) for work in works.values())
    early.start()
    assert begun.wait(10)
    late.start()
    for one in (early, late):
        one.join(20)
    assert [found(word) for word in ("bravo", "foxtrot")] == [[other], [other]]


@BOTH
def test_the_migration_brings_the_conversations_along(account: int, talk: int) -> None:
    before = [found(word) for word in WORDS]
    with db.engine().connect().execution_options(widerhall_write=True) as connection, connection.begin():
        command.downgrade(migrations.config(connection), "0045w")
        command.upgrade(migrations.config(connection), "head")
    assert [found(word) for word in WORDS] == before
    with db.write() as session:
        made, _ = cuts.split_from(session, talk, number_of(3), "user:1")
    assert found("charlie") == [made]
