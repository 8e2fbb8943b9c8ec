"""The revisions and the models say the same, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import migrations
from core import db
from inbox import search
from inbox.knowledge import Attribute
from inbox.models import Account, Conversation
from migrations.env_options import OPTIONS
from migrations.tables import metadata
from web import auth

pytestmark = [
    pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True),
    pytest.mark.usefixtures("database"),
]


def test_the_revisions_make_what_the_models_say() -> None:
    with db.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts=OPTIONS)
        assert compare_metadata(context, metadata) == []


def test_nothing_is_pending_on_a_fresh_database() -> None:
    assert not migrations.pending(db.engine())


def test_the_newest_revision_is_the_one_alembic_names() -> None:
    assert migrations.head() == ScriptDirectory.from_config(migrations.config()).get_current_head()


def test_upgrading_again_is_harmless() -> None:
    migrations.upgrade(db.engine())
    assert not migrations.pending(db.engine())


def test_the_way_back_leaves_nothing() -> None:
    with db.engine().connect().execution_options(widerhall_write=True) as connection, connection.begin():
        command.downgrade(migrations.config(connection), "base")
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version", "sqlite_sequence"}


def test_what_a_contact_had_in_a_column_becomes_rows() -> None:
    facts = [{"name": "name", "value": "Anna", "source": "crm:Contact:003A", "at": "2026-11-20T12:00:30.500000+00:00",
              "confidence": 1.0, "purpose": "profile", "basis": "contract"}]  # fmt: skip
    with db.engine().connect().execution_options(widerhall_write=True) as connection, connection.begin():
        command.downgrade(migrations.config(connection), "0019")
        moment = sa.bindparam("at", datetime(2026, 11, 20, tzinfo=UTC), db.UtcDateTime)
        written = sa.bindparam("facts", facts, sa.JSON)
        connection.execute(
            sa.text("INSERT INTO contact (id, name, attributes, created_at) VALUES ('01A', 'Anna', :facts, :at)")
            .bindparams(moment, written)
        )  # fmt: skip
        command.upgrade(migrations.config(connection), "head")
    with db.read() as session:
        (row,) = session.scalars(sa.select(Attribute))
        assert (row.contact_id, row.value, row.source, row.basis) == ("01A", "Anna", "crm:Contact:003A", "contract")
        assert row.at == datetime(2026, 11, 20, 12, 0, 30, 500_000, tzinfo=UTC)


def test_who_is_done_waits_for_nobody() -> None:
    c, at = db.table(Conversation), datetime(2026, 11, 20, tzinfo=UTC)
    with db.engine().connect().execution_options(widerhall_write=True) as connection, connection.begin():
        account = sa.insert(db.table(Account)).values(
            platform="mastodon", external_id="1", handle="us", name="Us", base_url="", config={}, created_at=at
        )
        number = connection.execute(account.returning(db.table(Account).c.id)).scalar_one()
        same = {"account_id": number, "platform": "mastodon", "first_at": at, "last_at": at, "labels": []}
        rows = [{**same, "thread_key": one, "state": one, "waiting_since": at} for one in ("open", "closed", "spam")]
        connection.execute(sa.insert(c), rows)
        command.downgrade(migrations.config(connection), "0046b")
        command.upgrade(migrations.config(connection), "head")
    with db.read() as session:
        waiting = session.scalars(sa.select(c.c.state).where(c.c.waiting_since.is_not(None))).all()
    assert waiting == ["open"]


def test_who_came_by_the_provider_and_never_got_a_password_has_none() -> None:
    with db.write() as session:
        for number, actor in enumerate(("oidc", "oidc", "user:1"), 1):
            auth.create_user(session, f"{number}@a.example", "", "several quiet words", "agent", actor)
        auth.reset_password(session, 2, "other quiet words", "user:3")
    with db.engine().connect().execution_options(widerhall_write=True) as connection, connection.begin():
        command.downgrade(migrations.config(connection), "0051w")
        command.upgrade(migrations.config(connection), "head")
    with db.read() as session:
        assert [bool(one.password) for one in auth.everybody(session)] == [False, True, True]


def test_ids_of_messages_are_never_used_again() -> None:
    if db.dialect() != "sqlite":
        return
    with db.read() as session:
        query = sa.text("SELECT sql FROM sqlite_master WHERE name IN ('message', 'conversation', 'identity')")
        assert all("AUTOINCREMENT" in row.sql for row in session.execute(query))


def test_the_search_index_is_there() -> None:
    with db.read() as session:
        assert search.talks(session, "wort") in ("[]", "{}")
