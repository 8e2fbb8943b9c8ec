"""Macros: whose they are, what they do as a whole, and how it is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from core import db
from core.errors import Rejected
from core.event import Page
from inbox import actions, desk, drafts, macros, notes, saved
from inbox.actions import Action
from inbox.ingest import store_page
from inbox.models import Conversation

from .conftest import event


def make(*deeds: tuple[str, str], name: str = "Tidy", shared: bool = False) -> int:
    with db.write() as session:
        wanted = actions.read([{"do": do, "value": value} for do, value in deeds], actions.MACRO)
        return macros.save(session, None, name, wanted, "user:1", shared=["all"] if shared else [])


def run(number: int, actor: str = "user:1") -> list[Action]:
    with db.write() as session:
        return macros.run(session, macros.find(session, number, actor), 1, actor)


def state() -> tuple[Any, ...]:
    with db.read() as session:
        row = session.get(Conversation, 1)
        assert row is not None
        return row.assignee, row.priority, row.type, row.state, desk.tags_of(session, 1)


@pytest.fixture
def talk(account: int) -> None:
    store_page(account, Page(events=(event(1),)))
    with db.write() as session:
        desk.tag(session, 1, "old", "user:1")


def test_everything_is_done_and_taken_back_in_turn(talk: None) -> None:
    before = state()
    back = run(make(("assign", "me"), ("tag", "vip"), ("untag", "old"), ("priority", "high"), ("type", "praise"),
                    ("state", "closed")))  # fmt: skip
    assert state() == ("user:1", "high", "praise", "closed", ["vip"])
    with db.write() as session:
        assert actions.all_of(session, 1, back, "user:1")
    assert state() == before


def test_a_deed_that_cannot_be_done_leaves_everything_as_it_was(talk: None) -> None:
    before, number = state(), make(("tag", "vip"), ("draft", "9"))
    with pytest.raises(Rejected, match="saved reply"):
        run(number)
    assert state() == before


def test_a_saved_reply_becomes_the_draft_in_the_customers_language_and_keeps_what_was_begun(talk: None) -> None:
    with db.write() as session:
        texts = {"en": "Hello {first_name}", "de": "Hallo {first_name}"}
        reply = saved.save(session, None, name="Hi", texts=texts, actor="user:1")
        drafts.save(session, "user:1", 1, "public", "begun")
    number = make(("draft", str(reply)), ("note", "for {name}"))
    run(number)
    run(number)
    with db.read() as session:
        draft = drafts.of(session, "user:1", 1)
        assert draft is not None
        assert draft.text == "Hello Anna\n\nbegun"
        assert {one.text for one in notes.of_conversation(session, 1)} == {"for Anna"}


def test_a_macro_is_its_owners_until_it_is_shared(database: str) -> None:
    number = make(("tag", "x"))
    with db.read() as session, pytest.raises(Rejected, match="not shared"):
        macros.find(session, number, "user:2")
    with db.write() as session:
        macros.save(session, number, "Tidy", [Action("tag", "x")], "user:1", shared=["all"])
        assert macros.find(session, number, "user:2").name == "Tidy"
        with pytest.raises(Rejected, match="Only who made"):
            macros.remove(session, number, "user:2")
        with pytest.raises(Rejected, match="already"):
            macros.save(session, None, "Tidy", [Action("tag", "x")], "user:2", shared=[])
        macros.remove(session, number, "user:2", all_of_them=True)


@given(st.lists(st.dictionaries(st.sampled_from(["do", "value"]), st.text(max_size=8) | st.integers() | st.none()
                                | st.sampled_from(["assign", "tag", "snooze", "me", "3"])), max_size=12))  # fmt: skip
def test_whatever_comes_is_deeds_or_a_sentence(raw: Any) -> None:
    said = ""
    try:
        deeds = actions.read(raw, actions.MACRO)
        assert actions.read([one.written() for one in deeds], actions.MACRO) == deeds
    except Rejected as error:
        said = str(error)
    assert said in ("", *actions.REFUSALS)


@pytest.mark.parametrize("deed", [("state", "closed"), ("state", "spam"), ("snooze", "3")])
def test_what_was_answered_or_put_away_is_so_again_after_a_macro(talk: None, deed: tuple[str, str]) -> None:
    number, until = make(deed), (db.now() + timedelta(days=2)).replace(microsecond=0)

    def there_and_back() -> tuple[str, Any, Any]:
        back = [one.written() for one in run(number)]
        with db.write() as session:
            actions.all_of(session, 1, actions.read(back, actions.BACK), "user:1")
            row = session.get(Conversation, 1)
            assert row is not None
            return row.state, row.snoozed_until, row.closed_at

    with db.write() as session:
        desk.snooze(session, 1, until, "user:1")
    assert there_and_back() == ("snoozed", until, None)
    with db.write() as session:
        c = db.table(Conversation)
        answered = {"state": "pending", "snoozed_until": None, "waiting_since": None, "last_outbound_at": db.now()}
        session.execute(sa.update(c).values(**answered))
    assert there_and_back() == ("pending", None, None)


def test_a_macro_cannot_be_made_of_what_only_takes_back(database: str) -> None:
    with pytest.raises(Rejected):
        make(("restore", "pending"))
