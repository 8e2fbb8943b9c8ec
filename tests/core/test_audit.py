"""The audit trail is whole, or says where it is not."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import audit, db
from core.audit import AuditEntry

pytestmark = [
    pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True),
    pytest.mark.usefixtures("database"),
]


def record(*actions: str) -> None:
    for action in actions:
        with db.write() as session:
            audit.record(session, "user:1", action, "account:1", {"n": 1})


def broken() -> int | None:
    with db.read() as session:
        return audit.broken_at(session)


def test_an_untouched_trail_is_whole() -> None:
    record("a", "b", "c")
    assert broken() is None


def test_a_changed_entry_is_found() -> None:
    record("a", "b", "c")
    with db.write() as session:
        session.execute(sa.update(db.table(AuditEntry)).where(AuditEntry.id == 2).values(action="x"))
    assert broken() == 2


def test_a_removed_entry_is_found() -> None:
    record("a", "b", "c")
    with db.write() as session:
        session.execute(sa.delete(db.table(AuditEntry)).where(AuditEntry.id == 2))
    assert broken() == 3
