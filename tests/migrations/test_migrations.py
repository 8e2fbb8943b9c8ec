"""The revisions and the models say the same, on both engines."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import migrations
from core import db
from inbox import search
from migrations.env_options import OPTIONS
from migrations.tables import metadata

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


def test_upgrading_again_is_harmless() -> None:
    migrations.upgrade(db.engine())
    assert not migrations.pending(db.engine())


def test_the_way_back_leaves_nothing() -> None:
    with db.engine().connect().execution_options(widerhall_write=True) as connection, connection.begin():
        command.downgrade(migrations.config(connection), "base")
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version", "sqlite_sequence"}


def test_ids_of_messages_are_never_used_again() -> None:
    if db.dialect() != "sqlite":
        return
    with db.read() as session:
        query = sa.text("SELECT sql FROM sqlite_master WHERE name IN ('message', 'conversation', 'identity')")
        assert all("AUTOINCREMENT" in row.sql for row in session.execute(query))


def test_the_search_index_is_there() -> None:
    with db.write() as session:
        search.add(session, [(1, "wort")])
