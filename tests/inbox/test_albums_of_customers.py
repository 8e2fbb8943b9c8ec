"""Claims about albums that customers send: their posts come one by one, in any order and again, and are one message."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa

from core import db
from core.event import Attachment, Event, Page
from inbox import erasure
from inbox.album_models import AlbumItem
from inbox.ingest import store_page
from inbox.models import Conversation, Identity, Message, MessageVersion
from tests.killed import points, was_killed

from .conftest import START, event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model).order_by(sa.text("1"))))


def store(account: int, *events: Event) -> None:
    store_page(account, Page(events=events))


def post(number: int, text: str = "", album: str = "holiday", **changes) -> Event:
    media = (Attachment(kind="image", remote_id=f"file{number}"),)
    return event(number, text=text, album=album, attachments=media, raw={"number": number}, **changes)


NINE, TEN, ELEVEN = post(9, "Look at it"), post(10), post(11, "And this")


def shown(message: Message) -> tuple:
    names = [one["remote_id"] for one in message.attachments]
    return message.text, names, message.edited_at, message.deleted_at


WHOLE = ("Look at it\n\nAnd this", ["file9", "file10", "file11"], None, None)


def test_a_page_with_a_whole_album_is_one_message(account: int) -> None:
    store(account, NINE, TEN, ELEVEN, event(12, text="Well?"))
    first, second = sorted(rows(Message), key=lambda one: one.text)
    assert (first.key, shown(first), second.text) == (NINE.key, WHOLE, "Well?")
    assert [one.key for one in rows(AlbumItem)] == sorted(one.key for one in (NINE, TEN, ELEVEN))


@pytest.mark.parametrize("order", list(permutations((NINE, TEN, ELEVEN))), ids=lambda order: order[0].key)
def test_one_by_one_in_any_order_it_becomes_the_same(account: int, order: tuple[Event, ...]) -> None:
    for one in order:
        store(account, one)
        store(account, one)
    (message,) = rows(Message)
    assert (message.key, shown(message)) == (order[0].key, WHOLE)
    assert (rows(MessageVersion), len(rows(Conversation)), message.version) == ([], 1, 3)
    before = message.model_dump()
    store(account, *order)
    assert rows(Message)[0].model_dump() == before


def test_two_albums_at_once_do_not_mix(account: int) -> None:
    store(account, NINE, post(10, album="work"), ELEVEN)
    store(account, post(12, album="work"))
    found = sorted(rows(Message), key=lambda one: one.posted_at)
    assert [[one["remote_id"] for one in row.attachments] for row in found] == [
        ["file9", "file11"], ["file10", "file12"],
    ]  # fmt: skip


def test_an_edit_of_a_post_is_one_of_the_message_and_later_posts_leave_it(account: int) -> None:
    store(account, NINE, TEN)
    store(account, post(10, "The second", edited_at=START + timedelta(minutes=30)))
    store(account, ELEVEN)
    (message,) = rows(Message)
    assert message.text == "Look at it\n\nThe second\n\nAnd this"
    assert message.edited_at == START + timedelta(minutes=30)
    assert [one.text for one in rows(MessageVersion)] == ["Look at it"]


def gone(*numbers: int) -> list[Event]:
    return [
        Event(key=event(one).key, platform="mastodon", kind="dm", action="delete", posted_at=START) for one in numbers
    ]


def test_a_deleted_post_goes_alone_and_does_not_come_back(account: int) -> None:
    store(account, NINE, TEN)
    store(account, *gone(9))
    store(account, ELEVEN, NINE)
    (message,) = rows(Message)
    assert (message.text, [one["remote_id"] for one in message.attachments]) == ("And this", ["file10", "file11"])
    assert "Look at it" not in str(message.raw)
    store(account, *gone(10, 11))
    assert rows(Message)[0].deleted_at is not None


def test_written_and_deleted_within_one_page(account: int) -> None:
    store(account, NINE, TEN, *gone(10))
    whole, deleted = sorted(rows(Message), key=lambda one: one.deleted_at is not None)
    assert (whole.text, len(whole.attachments), deleted.deleted_at is None) == ("Look at it", 1, False)


def test_a_post_that_comes_after_the_others_were_deleted_is_a_message(account: int) -> None:
    store(account, NINE, TEN)
    store(account, *gone(9, 10))
    store(account, ELEVEN)
    assert [(one.text, one.deleted_at is None) for one in rows(Message)] == [("", False), ("And this", True)]


@pytest.mark.parametrize("number", [9, 10, 11])
def test_an_answer_to_any_post_hangs_from_the_message(account: int, number: int) -> None:
    store(account, NINE, TEN, ELEVEN)
    store(account, event(20, kind="reply", parent_key=event(number).key))
    assert rows(Message)[-1].parent_key == NINE.key
    assert len(rows(Conversation)) == 1


def test_what_was_erased_does_not_come_back(account: int) -> None:
    store(account, NINE, TEN)
    with db.write() as session:
        erasure.erase(session, f"identity:{rows(Identity)[-1].id}", "test")
    store(account, NINE, TEN)
    assert rows(AlbumItem) == []
    assert all("Look" not in one.text for one in rows(Message))


STORE = """
from tests.inbox.test_albums_of_customers import ELEVEN, NINE, TEN, store

for one in (TEN, ELEVEN, NINE):
    store(int(sys.argv[4]), one)
"""


def test_killed_between_any_two_posts_the_next_worker_makes_it_whole(account: int, database: str) -> None:
    for number, when in points():
        if not was_killed(STORE, database, account, number=number, when=when):
            break
        store(account, TEN, ELEVEN, NINE)
        (message,) = rows(Message)
        assert shown(message) == WHOLE
        with db.write() as session:
            session.execute(sa.delete(db.table(AlbumItem)))
            session.execute(sa.delete(db.table(Message)))


def test_posts_that_came_as_messages_of_their_own_stay_that(account: int) -> None:
    store(account, *(one.model_copy(update={"album": ""}) for one in (NINE, TEN)))
    store(account, NINE, TEN, ELEVEN)
    assert sorted((one.text, len(one.attachments), one.version) for one in rows(Message)) == [
        ("", 1, 1), ("And this", 1, 1), ("Look at it", 1, 1),
    ]  # fmt: skip


def test_an_album_that_is_one_event_takes_further_posts(account: int) -> None:
    store(account, NINE, TEN)
    ours = rows(Message)[0].key
    store(account, ELEVEN, post(12))
    assert [(one.key, len(one.attachments)) for one in rows(Message)] == [(ours, 4)]


def test_what_speaks_to_us_is_not_lost_among_what_does_not(account: int) -> None:
    chatter = [one.model_copy(update={"kind": "post", "text": ""}) for one in (NINE, TEN)]
    store(account, *chatter, ELEVEN)
    assert [(one.kind, len(one.attachments)) for one in rows(Message)] == [("mention", 3)]
    store(account, post(20, album="beach", kind="post"))
    store(account, post(21, "@us look", album="beach"))
    store(account, post(22, album="beach", kind="post"))
    assert [(one.kind, one.text, len(one.attachments)) for one in rows(Message)][1:] == [
        ("post", "", 1), ("mention", "@us look", 2),
    ]  # fmt: skip
