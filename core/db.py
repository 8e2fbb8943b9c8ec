"""The operational store: one engine, short transactions, the same code on SQLite and PostgreSQL."""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, SQLModel

from core import line
from core.errors import TryLater
from core.settings import settings

BUSY_SECONDS = 30
PREPARED = 400
"""Statements that one connection to PostgreSQL keeps prepared."""
LINE = "widerhall_line"
"""Under this name a session that only reads keeps its connection in `session.info`."""
READING = "widerhall_reading"
"""Under this name a connection to SQLite keeps in its `info` whether it refuses to write now."""
_engine: sa.Engine | None = None
after_commit: list[Callable[[dict[str, Any]], None]] = []
"""Called with `session.info` after each committed write; the queue rings its doorbell here."""


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A moment, always aware and in UTC on the Python side; naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the store: give it a zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


PRAGMAS = (
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "journal_size_limit=67108864",
    "cache_size=-32768",
    "temp_store=MEMORY",
    "wal_autocheckpoint=4000",
)
"""How every connection to SQLite is set."""

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A growing row id: 64 bits on both engines."""


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def configure(url: str) -> sa.Engine:
    """Point this process at a database (tests and the command line); closes the one before."""
    global _engine
    if _engine is not None:
        _engine.dispose()
    _engine = _make(url)
    return _engine


def engine() -> sa.Engine:
    """This process's engine, made from the settings at first use."""
    return _engine if _engine is not None else configure(settings().url)


def after_fork() -> None:
    """In a forked child: forget the parent's connections without closing them."""
    line.after_fork()
    if _engine is not None:
        _engine.dispose(close=False)


def dialect() -> str:
    """`sqlite` or `postgresql`."""
    return engine().dialect.name


def upsert(model: type[SQLModel] | sa.Table) -> Any:
    """The dialect's INSERT, which knows on_conflict_do_nothing, on_conflict_do_update and returning.

    Give it rows as the second argument of `session.execute`, never `.values(list)`: about 8 times slower.
    """
    target = model if isinstance(model, sa.Table) else table(model)
    return sqlite.insert(target) if dialect() == "sqlite" else postgresql.insert(target)


def larger(left: Any, right: Any) -> Any:
    """The larger of two columns: `max` on SQLite, `greatest` on PostgreSQL."""
    return sa.func.max(left, right) if dialect() == "sqlite" else sa.func.greatest(left, right)


@contextmanager
def read() -> Iterator[Session]:
    """A session for reading: a statement that writes is refused."""
    reading = engine().connect().execution_options(postgresql_readonly=True)
    with reading as connection, Session(bind=connection) as session:
        session.info[LINE] = connection  # for core.bulk: no need to be asked for with every statement
        transaction = connection.begin()
        yield session
        if dialect() == "postgresql":  # psycopg forgets every prepared statement with a ROLLBACK
            transaction.commit()


@contextmanager
def write(*, durable: bool = True) -> Iterator[Session]:
    """One write transaction: BEGIN IMMEDIATE on SQLite, committed at the end, rolled back on an error.

    One that is not `durable` does not wait for the disk: a power cut may undo it, nothing else. For what
    is then simply done again.
    """
    options = {"widerhall_write": True, "widerhall_durable": durable}
    with (
        _turn(),
        engine().connect().execution_options(**options) as connection,
        connection.begin(),
        Session(bind=connection, expire_on_commit=False) as session,
    ):
        if not durable and dialect() == "postgresql":
            session.execute(sa.text("SET LOCAL synchronous_commit TO off"))
        yield session
        session.flush()
        info = dict(session.info)
    for hook in after_commit:
        hook(info)


T = TypeVar("T")
TURNS = 4
COLLISIONS = frozenset({"23505", "40P01", "40001"})
"""PostgreSQL's words for: the same key at the same moment, a deadlock, a serialization failure."""


def collided(error: BaseException) -> bool:
    """Two transactions got into each other's way and this one was rolled back: the same again will work."""
    return getattr(getattr(error, "orig", None) or error, "sqlstate", None) in COLLISIONS


def again(work: Callable[[], T]) -> T:
    """Do a whole write, once more when it collided with another; `work` opens its own transaction."""
    for turn in range(1, TURNS):
        try:
            return work()
        except Exception as error:
            if not collided(error):
                raise
            time.sleep(random.uniform(0.01, 0.05) * turn)  # noqa: S311  # jitter, not a secret
    return work()


@contextmanager
def _turn() -> Iterator[None]:
    if dialect() != "sqlite":
        yield
        return
    with line.stand(str(engine().url.database), BUSY_SECONDS) as ours:
        if not ours:
            raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
        yield


def ping() -> None:
    """Raise TryLater when the database cannot be reached."""
    try:
        with engine().connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except sa.exc.OperationalError as error:
        raise TryLater("The database does not answer. Check WIDERHALL_DATABASE_URL and the server.") from error


def _make(url: str) -> sa.Engine:
    if url.startswith("sqlite"):
        made = sa.create_engine(
            url, pool_size=20, max_overflow=20, pool_use_lifo=True, connect_args={"check_same_thread": False}
        )
        sa.event.listen(made, "connect", _sqlite_connect)
        sa.event.listen(made, "begin", _sqlite_begin)
        return made
    made = sa.create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True, pool_use_lifo=True)
    sa.event.listen(made, "connect", _postgresql_connect)
    return made


def _postgresql_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """What says so is prepared (`core.rows`), with room for the small reads of all pages, and nothing else.

    Planning them anew took half of the time of a page's statements. The large ones, whose values decide how they are
    best done, would get one plan for all values after a while.
    """
    connection.prepare_threshold = sys.maxsize
    connection.prepared_max = PREPARED


def _sqlite_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we send BEGIN ourselves
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    if settings().sqlite_max_pages:
        cursor.execute(f"PRAGMA max_page_count={settings().sqlite_max_pages}")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    reading = bool(options.get("postgresql_readonly"))
    if connection.info.get(READING, False) is not reading:
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
        connection.info[READING] = reading
    if not options.get("widerhall_write"):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get('widerhall_durable', True) else 'NORMAL'}")
    # A deferred transaction that reads first and then writes fails with "locked" whatever the time-out.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def sound(text: str) -> str:
    """Text every store accepts: without NUL (PostgreSQL refuses it) and lone surrogates (no UTF-8 for them).

    Sound text is returned as it is, the very object.
    """
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def table(model: type[SQLModel]) -> sa.Table:
    """The table behind a model, for statements that name columns."""
    found: sa.Table = model.__table__  # type: ignore[attr-defined]  # SQLModel adds it without telling types
    return found


def allocate(session: Session, model: type[SQLModel], count: int) -> list[int]:
    """`count` fresh row ids, in order, so that rows and what points at them go in bulk without asking back.

    On SQLite the caller holds the write lock and writes the rows in this transaction.
    """
    if count == 0:
        return []
    name, connection = table(model).name, session.connection()
    if dialect() == "sqlite":
        query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        first = int(connection.exec_driver_sql(query, (name,)).scalar() or 0) + 1
        return list(range(first, first + count))
    one = "SELECT pg_get_serial_sequence(%s, 'id')::regclass AS it OFFSET 0"  # OFFSET: looked up once, not per id
    query = f"SELECT nextval(one.it) FROM ({one}) one, generate_series(1, %s)"  # noqa: S608  # constants
    return [int(value) for (value,) in connection.exec_driver_sql(query, (name, count))]
