"""The operational store's shape over time (Alembic), for SQLite and PostgreSQL alike."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory


def config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration, without a file; `connection` is what env.py works on."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["connection"] = connection
    return made


def upgrade(engine: sa.Engine) -> None:
    """Bring a database to the newest shape; several processes may call it at once."""
    with engine.connect().execution_options(widerhall_write=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7214)"))
        command.upgrade(config(connection), "head")


def pending(engine: sa.Engine) -> bool:
    """The database is older than this code."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() != head()


def head() -> str | None:
    """The newest revision this code knows."""
    return ScriptDirectory.from_config(config()).get_current_head()
