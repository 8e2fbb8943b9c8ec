"""Claims about mentions in notes: kept as who is meant, told once, and gone with the note."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from core.event import Event, Page
from inbox import ingest, listing, notes, notices, teams, views
from inbox.narrowing import Filter
from inbox.notice_models import NoteMention, Notification
from inbox.teams import Wanted

ADA, BO, CEM = "user:1", "user:2", "user:3"


@pytest.fixture
def talk(account: int, make: Callable[..., Event]) -> int:
    """A conversation, and a team of Bo and Cem."""
    ingest.store_page(account, Page(events=(make(1, posted_at=db.now()),)))
    with db.write() as session:
        teams.save(session, None, Wanted("Support", members={BO: 0, CEM: 0}), "cli")
    return 1


def add(talk: int, text: str, author: str = ADA, **mentions: str) -> int:
    with db.write() as session:
        named = {target.replace("_", ":"): name for target, name in mentions.items()}
        return notes.add(session, conversation_id=talk, author=author, text=text, mentions=named)


def told() -> list[str]:
    n = db.table(Notification)
    with db.read() as session:
        return list(session.scalars(sa.select(n.c.who).where(n.c.kind == "mention").order_by(n.c.who)))


def mine(who: str) -> int:
    """The number beside the view "Mentions of me"."""
    with db.read() as session:
        return listing.number(session, views.MENTIONS.narrowing(Filter(view="all", me=who)))


def test_who_is_named_is_told_with_their_team_and_finds_the_conversation_in_the_view(talk: int) -> None:
    add(talk, "@Bo Li and @Support: please look", user_2="Bo Li", team_1="Support")
    assert told() == [BO, CEM]
    assert [mine(who) for who in (ADA, BO, CEM)] == [0, 1, 1]


def test_who_was_chosen_but_is_not_in_the_text_is_not_mentioned(talk: int) -> None:
    add(talk, "Please look", user_2="Bo Li")
    assert told() == []
    assert mine(BO) == 0


def test_who_mentions_themselves_is_not_told_but_finds_it(talk: int) -> None:
    add(talk, "@Ada: tomorrow", user_1="Ada")
    assert told() == []
    assert mine(ADA) == 1


def test_changing_a_note_tells_the_new_ones_alone_and_takes_back_from_who_went(talk: int) -> None:
    number = add(talk, "@Bo Li", user_2="Bo Li")
    with db.write() as session:
        notices.read(session, BO)
        notes.change(session, number, "@Bo Li and @Cem", {BO: "Bo Li", CEM: "Cem"}, ADA)
        assert notices.unread(session, BO) == 0
        assert notices.unread(session, CEM) == 1
        notes.change(session, number, "@Cem", {CEM: "Cem"}, ADA)
    assert told() == [CEM]
    assert [mine(who) for who in (BO, CEM)] == [0, 1]


def test_removing_a_note_takes_its_mentions_along(talk: int) -> None:
    number = add(talk, "@Bo Li", user_2="Bo Li")
    with db.write() as session:
        notes.remove(session, number, ADA)
        assert session.scalar(sa.select(sa.func.count()).select_from(db.table(NoteMention))) == 0
    assert told() == []
    assert mine(BO) == 0


def test_notes_of_others_are_not_changed(talk: int) -> None:
    number = add(talk, "Mine")
    with db.write() as session, pytest.raises(Rejected):
        notes.change(session, number, "Yours", {}, BO)


def test_the_longest_name_is_the_one_that_is_meant() -> None:
    assert notes.split("Hi @Ann Lee, @Ann!", ["Ann", "Ann Lee"]) == [
        ("Hi ", False), ("@Ann Lee", True), (", ", False), ("@Ann", True), ("!", False),
    ]  # fmt: skip
    assert notes.split("a@b.example", ["c"]) == [("a@b.example", False)]
