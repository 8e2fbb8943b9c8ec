"""Claims about albums: several posts there are one message here, whichever of them something is said about."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db
from core.event import Attachment, Event, Page, Part
from inbox import attachments, erasure, replies
from inbox.album_models import AlbumItem
from inbox.ingest import store_page
from inbox.models import Conversation, Identity, Message, MessageVersion, ReplyRow
from tests import photos

from .conftest import BRAND, START, event

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
KEYS = tuple(event(number).key for number in (5, 6, 7))


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model).order_by(sa.text("1"))))


def store(account: int, *events: Event) -> None:
    store_page(account, Page(events=events))


def album(**changes) -> Event:
    """Our answer with three pictures; its second post is 6, its third 7."""
    media = tuple(Attachment(kind="image", remote_id=f"file{number}") for number in range(3))
    texts = ("Look at it", "", "")
    parts = tuple(Part(key=key, text=text) for key, text in zip(KEYS, texts, strict=True))
    values = {"text": "Look at it", "attachments": media, "parts": parts, "raw": {"album": ["Look at it"]}}
    return ours(5, **{**values, **changes})


def ours(number: int, **changes) -> Event:
    return event(number, author=BRAND, direction="outbound", kind="reply", parent_key=event(1).key, **changes)


def edited(number: int, text: str, minutes: int) -> Event:
    return ours(number, text=text, edited_at=START + timedelta(minutes=minutes))


def deleted(*numbers: int) -> list[Event]:
    return [
        Event(key=event(one).key, platform="mastodon", kind="dm", action="delete", posted_at=START) for one in numbers
    ]


@pytest.fixture
def sent(account: int) -> int:
    """An album that was sent as a reply with three files."""
    store(account, event(1))
    with db.write() as session:
        files = [attachments.add(session, 1, "user:1", f"{one}.png", photos.png(one)) for one in range(3)]
        replies.queue(session, 1, "Look at it", author="user:1", undo_seconds=0, attached=files)
    store_page(account, Page(events=(album(),)), also=lambda session: replies.mark_sent(session, 1, KEYS[0]))
    return account


def message() -> Message:
    return next(one for one in rows(Message) if one.direction == "outbound")


def files() -> list[str]:
    with db.read() as session:
        return [one.name for one in attachments.of(session, "reply_id", [1]).get(1, [])]


def test_an_album_is_one_message_with_all_its_keys(sent: int) -> None:
    assert [one.key for one in rows(Message)] == [event(1).key, KEYS[0]]
    assert [(one.key, one.place) for one in rows(AlbumItem)] == [(key, place) for place, key in enumerate(KEYS)]


def test_echoes_of_its_posts_change_nothing(sent: int) -> None:
    before = message().model_dump()
    store(sent, ours(5, text="Look at it"), ours(6, text=""), ours(7, text=""))
    assert message().model_dump() == before
    assert len(rows(Message)) == 2


@pytest.mark.parametrize("number", [5, 6, 7])
def test_an_answer_to_any_of_its_posts_answers_the_message(sent: int, number: int) -> None:
    store(sent, event(9, kind="reply", parent_key=event(number).key))
    assert rows(Message)[-1].parent_key == KEYS[0]
    assert len(rows(Conversation)) == 1


def test_an_answer_that_came_before_the_album_was_stored_finds_it(account: int) -> None:
    store(account, event(1), event(9, kind="reply", parent_key=KEYS[2]))
    assert len(rows(Conversation)) == 2
    store(account, album())
    assert len(rows(Conversation)) == 1
    assert {one.parent_key for one in rows(Message) if one.key == event(9).key} == {KEYS[0]}


def test_an_edit_of_any_post_is_a_new_wording_of_the_message(sent: int) -> None:
    store(sent, edited(6, "The second", 20))
    store(sent, edited(5, "The first", 10))  # older, and of another post: not late
    assert message().text == "The first\n\nThe second"
    assert [one.text for one in rows(MessageVersion)] == ["Look at it", "Look at it\n\nThe second"]
    store(sent, edited(6, "late", 15), edited(5, "The first", 10))
    assert (message().text, len(rows(MessageVersion))) == ("The first\n\nThe second", 2)


def test_a_post_that_is_deleted_takes_its_words_and_its_file_along(sent: int) -> None:
    store(sent, edited(5, "My address is Elm Street", 10))
    store(sent, *deleted(5))
    assert (message().text, message().deleted_at, rows(ReplyRow)[0].text) == ("", None, "")
    assert [one["remote_id"] for one in message().attachments] == ["file1", "file2"]
    assert files() == ["1.png", "2.png"]
    assert rows(MessageVersion) == []
    assert "Elm Street" not in str(message().raw)
    store(sent, edited(5, "Elm Street again", 30))
    assert message().text == ""


@pytest.mark.parametrize("steps", [[(5, 6, 7)], [(5,), (6,), (7,)], [(7, 5), (6,)]])
def test_when_all_its_posts_are_deleted_the_message_is(sent: int, steps: list[tuple[int, ...]]) -> None:
    for numbers in steps:
        store(sent, *deleted(*numbers))
    assert message().deleted_at is not None
    assert (message().text, files(), message().raw) == ("", [], {})
    assert {one.text for one in rows(AlbumItem)} == {""}


def test_a_post_that_came_alone_before_stays_what_it_is(account: int) -> None:
    store(account, event(1), ours(6, text="alone"))
    store(account, album())
    assert [one.key for one in rows(AlbumItem)] == [KEYS[0], KEYS[2]]
    store(account, edited(6, "alone, better", 10))
    assert [one.text for one in rows(Message) if one.key == KEYS[1]] == ["alone, better"]


def test_erasing_whom_it_answers_leaves_nothing_of_it(sent: int) -> None:
    anna = next(one.id for one in rows(Identity) if one.handle.startswith("anna"))
    with db.write() as session:
        erasure.erase(session, f"identity:{anna}", "test")
    assert rows(AlbumItem) == []
    store(sent, ours(6, text="back again", edited_at=START + timedelta(hours=1)))
    assert all("back again" not in one.text for one in rows(Message))
