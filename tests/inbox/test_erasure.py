"""Erasing a person reaches every table, and what was erased does not come back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.event import Bad, Page
from inbox import erasure, replies, search
from inbox.ingest import store_page
from inbox.models import Activity, Conversation, ConversationTag, Draft, Identity, Message, Note
from migrations.tables import metadata

from .conftest import BRAND, START, event, person

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
SECRET = ("anna", "geheim", "Musterstrasse")


def everything() -> str:
    """All rows of all tables as text."""
    words = []
    with db.read() as session:
        for table in metadata.sorted_tables:
            words += [f"{table.name}: {tuple(row)}" for row in session.execute(sa.select(table))]
    return "\n".join(words)


@pytest.fixture
def anna(account) -> int:
    who = person("anna", bio="anna@musterstrasse.example")
    store_page(
        account,
        Page(
            events=(
                event(1, author=who, text="geheim: Musterstrasse 5"),
                event(1, author=who, text="geheim: Musterstrasse 7", edited_at=START.replace(hour=14)),
                event(2, author=who, kind="dm", visibility="private", text="geheim", thread_key="mastodon:dm:anna"),
                event(3, direction="outbound", kind="reply", author=BRAND, parent_key=event(1).key, text="Liebe anna"),
                event(4, author=person("ben"), text="harmless", kind="reply", parent_key=event(1).key),
            ),
            bad=(Bad(source="notifications", reason="odd", raw='{"acct": "anna@social.example"}'),),
        ),
    )
    store_page(account, Page(events=(event(1, author=who, text="geheim: neu", edited_at=START.replace(hour=15)),)))
    with db.write() as session:
        row = session.scalars(sa.select(Identity).where(Identity.handle == "anna@social.example")).one()
        conversation = session.scalars(sa.select(Conversation).where(Conversation.private)).one()
        replies.queue(session, conversation.id, "geheim, liebe anna", author="user:1", undo_seconds=600)
        return row.id


def erase(identity: int) -> dict[str, int]:
    with db.write() as session:
        return erasure.erase(session, f"identity:{identity}", "test")


def test_no_table_knows_the_person_afterwards(anna) -> None:
    assert all(word in everything() for word in SECRET[:2])
    assert erase(anna)["messages"] == 3
    left = everything()
    assert not [line for line in left.splitlines() if any(word in line for word in SECRET)]


def test_search_forgets_too(anna) -> None:
    erase(anna)
    with db.read() as session:
        assert search.find(session, "geheim") == []
        assert len(search.find(session, "harmless")) == 1


def test_others_in_the_thread_stay(anna) -> None:
    erase(anna)
    with db.read() as session:
        assert "harmless" in [message.text for message in session.scalars(sa.select(Message))]


def test_what_was_erased_does_not_come_back(anna, account) -> None:
    erase(anna)
    before = everything()
    stored = store_page(account, Page(events=(event(1, author=person("anna")), event(9, author=person("anna")))))
    assert stored.new == {}
    assert everything() == before


def test_every_table_has_somebody_who_erases_a_person_in_it(db_url) -> None:
    assert set(metadata.tables) - set(erasure.TABLES) == set()
    assert set(erasure.TABLES) - set(metadata.tables) == set()


def test_what_people_here_wrote_about_the_person_goes_too(anna) -> None:
    with db.write() as session:
        own = session.scalars(sa.select(Conversation).where(Conversation.identity_id == anna)).first()
        session.add(ConversationTag(conversation_id=own.id, tag="geheim"))
        session.add(Note(conversation_id=own.id, author="user:1", text="geheim", at=db.now()))
        session.add(Note(identity_id=anna, author="user:1", text="geheim", at=db.now()))
        session.add(Draft(conversation_id=own.id, author="user:1", kind="public", text="geheim", saved_at=db.now()))
        session.add(
            Activity(conversation_id=own.id, actor="user:1", what="tagged", detail={"tag": "geheim"}, at=db.now())
        )
    erase(anna)
    assert "geheim" not in everything()
