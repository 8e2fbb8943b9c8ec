"""Claims about sessions: one that reads cannot write, on either engine, and its connection can write again after it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from inbox.models import Identity

BOTH = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


def _add(session: Session, name: str) -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    new = Identity(platform="bluesky", external_id=name, first_seen=moment, last_seen=moment)
    session.add(new)
    session.flush()


def _names() -> list[str]:
    with db.read() as session:
        return [name for (name,) in bulk.fetch(session, "SELECT external_id FROM identity ORDER BY id")]


@BOTH
def test_a_session_for_reading_refuses_to_write(database: str) -> None:
    with pytest.raises(sa.exc.DBAPIError, match=r"(?i)read-?only"), db.read() as session:
        _add(session, "one")
    assert _names() == []


@BOTH
def test_what_was_read_with_can_be_written_with_and_read_with_again(database: str) -> None:
    for number, name in enumerate(("one", "two"), 1):
        assert len(_names()) == number - 1
        with db.write() as session:
            _add(session, name)
    assert _names() == ["one", "two"]


@BOTH
def test_a_connection_is_fit_to_write_after_a_reading_one_that_failed(database: str) -> None:
    with pytest.raises(ZeroDivisionError), db.read():
        raise ZeroDivisionError
    with db.write() as session:
        _add(session, "one")
    assert _names() == ["one"]
