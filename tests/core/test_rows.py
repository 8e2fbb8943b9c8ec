"""Claims about small reads: records typed by their fields, statements compiled once, the same on both engines."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from core import bulk, db, rows
from inbox.models import Conversation, Identity

BOTH = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
MOMENT = datetime(2026, 3, 1, 12, 30, 15, 250, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """Some columns of an identity."""

    id: int
    links: list[dict[str, Any]]
    bot: bool
    followers: int | None
    last_seen: datetime


@pytest.fixture
def kim(database: str) -> int:
    with db.write() as session:
        link = {"url": "https://kim.example", "verified": True}
        row = Identity(platform="bluesky", external_id="k", links=[link], bot=True, first_seen=MOMENT, last_seen=MOMENT)
        session.add(row)
        session.flush()
        return row.id or 0


@BOTH
def test_record_has_the_types_of_its_fields(kim: int) -> None:
    sql = f"SELECT {rows.columns(Known)} FROM identity WHERE {bulk.among('id')}"  # noqa: S608  # names of our models
    with db.read() as session:
        (found,) = rows.read(session, Known, sql, bulk.listed([kim]))
    assert found == Known(kim, [{"url": "https://kim.example", "verified": True}], True, None, MOMENT)
    assert found.bot is True
    assert found.last_seen.isoformat() == "2026-03-01T12:30:15.000250+00:00"


@BOTH
def test_prepared_statement_takes_its_values_each_time(kim: int) -> None:
    i = db.table(Identity)
    query = sa.select(i.c.id).where(i.c.id == rows.asked("id"), i.c.platform.in_(["bluesky", "mastodon"]), i.c.bot)
    statement = rows.prepare(query)
    assert [tuple(row) for row in rows.glance(statement, id=kim)] == [(kim,)]
    with db.read() as session:
        assert [tuple(row) for row in rows.run(session, statement, id=kim)] == [(kim,)]
        assert rows.run(session, statement, id=kim + 1) == []


@BOTH
def test_statement_that_fails_says_so_as_any_other(database: str) -> None:
    c = db.table(Conversation)
    statement = rows.prepare(sa.select(c.c.id).where(sa.text("no_such_column = 1")))
    with pytest.raises(sa.exc.SQLAlchemyError):
        rows.glance(statement)
    assert rows.glance(rows.prepare(sa.select(sa.literal(1)))) is not None


@BOTH
def test_model_read_plainly_is_what_the_session_reads(kim: int) -> None:
    with db.read() as session:
        found = rows.get(session, Identity, kim)
        assert rows.where(session, Identity, "platform = ? ORDER BY id", "bluesky") == [found]
        assert rows.get(session, Identity, kim + 1) is None
        kept = session.get(Identity, kim)
    assert found is not None
    assert kept is not None
    for column in db.table(Identity).c:
        assert getattr(found, column.name) == getattr(kept, column.name), column.name
    assert isinstance(found, Identity)
    assert found.model_dump() == kept.model_dump()


def test_model_is_read_plainly_first_thing_in_a_process() -> None:
    code = """
from core import rows
from inbox.models import Seen
print(rows.records(Seen, [(7, "user:1", None)])[0].author)
"""
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout == "user:1\n"


@BOTH
def test_model_read_plainly_is_not_changed(kim: int) -> None:
    with db.read() as session:
        found = rows.get(session, Identity, kim)
    assert found is not None
    with pytest.raises(AttributeError):
        found.name = "Somebody else"


@pytest.mark.parametrize("db_url", ["postgresql"], indirect=True)
def test_small_reads_are_planned_once_and_others_for_their_values(kim: int) -> None:
    for _ in range(8):
        with db.read() as session:
            assert rows.get(session, Identity, kim) is not None
            bulk.fetch(session, "SELECT name FROM identity WHERE id = ?", kim)
            session.get(Identity, kim)
    with db.read() as session:
        kept = bulk.fetch(session, "SELECT statement FROM pg_prepared_statements WHERE statement LIKE ?", "%identity%")
    assert len(kept) == 1
    assert '"identity" WHERE id = $1' in kept[0][0]


@BOTH
def test_nothing_that_a_reading_session_does_is_kept(kim: int) -> None:
    with contextlib.suppress(sa.exc.DBAPIError), db.read() as session:  # PostgreSQL refuses it
        bulk.change(session, "UPDATE identity SET name = 'Somebody else' WHERE id = ?", kim)
    with db.read() as session:
        assert session.get_one(Identity, kim).name == ""
