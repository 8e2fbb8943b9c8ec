"""The operational store's shape over time (Alembic), for SQLite and PostgreSQL alike.

Alembic with what it brings is 12 MB that only a process needs that changes the shape: it is imported there, and
to look at what there is takes none of it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core import turns
from core.turns import Turn

if TYPE_CHECKING:
    from alembic.config import Config

_OWN = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
_DOWN = re.compile(r'^down_revision = "(\w+)"$', re.MULTILINE)


def config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration, without a file; `connection` is what env.py works on."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["connection"] = connection
    return made


def upgrade(engine: sa.Engine) -> None:
    """Bring a database to the newest shape; several processes may call it at once."""
    from alembic import command

    with engine.connect().execution_options(widerhall_write=True) as connection, connection.begin():
        turns.take(connection, Turn.MIGRATION)
        command.upgrade(config(connection), "head")


def pending(engine: sa.Engine) -> bool:
    """The database is older than this code."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return True
        return bool(connection.scalar(sa.text("SELECT version_num FROM alembic_version")) != head())


@cache
def head() -> str:
    """The newest revision this code knows: the one that no other stands on."""
    texts = [path.read_text("utf-8") for path in (Path(__file__).parent / "versions").glob("*.py")]
    below = {found[1] for text in texts if (found := _DOWN.search(text))}
    (newest,) = {found[1] for text in texts if (found := _OWN.search(text))} - below
    return newest
