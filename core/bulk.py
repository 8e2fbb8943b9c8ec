"""Many rows in one go, past SQLAlchemy's per-row work: executemany on SQLite, COPY and arrays on PostgreSQL.

Rows hold values as the driver takes them: moments made by `stamp()`, JSON by `json_text`; `plain` converts
whole rows where speed does not matter. Everything runs in the session's own transaction. Names of tables
and columns come from our models, never from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from pydantic_core import PydanticSerializationError, SchemaSerializer, core_schema
from sqlalchemy.dialects import postgresql
from sqlmodel import Session, SQLModel

from core import db

Row = tuple[Any, ...]
Stamp = Callable[[datetime | None], Any]
PREPARED: Mapping[str, Mapping[str, Any]] = {"sqlite": {}, "postgresql": {"prepare": True}}
"""How a driver is told that a statement is planned once per connection; SQLite's keeps all as they are."""


# --- values as the driver takes them ---------------------------------------------------------------


def json_text(value: Any) -> str:
    """JSON of a value (Pydantic models included), without NUL and lone surrogates, which PostgreSQL refuses."""
    if not value:
        return "{}" if isinstance(value, dict) else "[]"
    try:
        text = _to_json(value).decode()
    except PydanticSerializationError:
        return _to_json(_sound(value)).decode()
    return text if "\\u0000" not in text else _to_json(_sound(value)).decode()


_to_json = SchemaSerializer(core_schema.any_schema(), {"ser_json_inf_nan": "null"}).to_json


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return db.sound(value)
    if isinstance(value, dict):
        return {_sound(name): _sound(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_sound(one) for one in value]
    return _sound(value.model_dump()) if hasattr(value, "model_dump") else value


def stamp() -> Stamp:
    """What turns a moment into the driver's value; two results compare like their moments."""
    return _sqlite_time if db.dialect() == "sqlite" else _same


@lru_cache(maxsize=8192)  # one moment stands in several columns and rows of a page
def _sqlite_time(value: datetime | None) -> str | None:
    if value is None:
        return None
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return moment.isoformat(" ", "microseconds")[:26]


def _same(value: Any) -> Any:
    return value


def moment(value: Any) -> datetime | None:
    """A moment as `fetch` brings it, as an aware datetime."""
    return _from_sqlite(value) if isinstance(value, str) else value


@lru_cache(maxsize=8192)
def _from_sqlite(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def plain(rows: Iterable[Iterable[Any]]) -> list[tuple[Any, ...]]:
    """Rows of any values in the driver's form."""
    convert: dict[type, Callable[[Any], Any]] = {datetime: stamp(), dict: json_text, list: json_text, tuple: json_text}
    return [tuple([convert[type(v)](v) if type(v) in convert else v for v in row]) for row in rows]


# --- statements ------------------------------------------------------------------------------------


def insert(session: Session, model: type[SQLModel], columns: Mapping[str, Iterable[Any]]) -> None:
    """Insert new rows, given as values by column (`repeat(value)` where it is always the same).

    An existing key is an error and stores none of them.
    """
    rows = zip(*columns.values(), strict=False)
    table, names = f'"{db.table(model).name}"', ", ".join(columns)  # quoted: `user` is a word of PostgreSQL's own
    if db.dialect() == "postgresql":
        _copy(session, f"COPY {table} ({names}) FROM STDIN", rows)
        return
    marks = ", ".join("?" * len(columns))
    run(session, f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608  # names of our models


def _copy(session: Session, sql: str, rows: Iterable[Row]) -> None:
    with _cursor(session, sql) as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def _cursor(session: Session, sql: str) -> Iterator[Any]:
    """The driver's cursor in this session's transaction; its errors come as SQLAlchemy's."""
    connection = session.info.get(db.LINE) or session.connection()
    with closing(connection.connection.cursor()) as cursor:
        try:
            yield cursor
        except connection.dialect.loaded_dbapi.Error as error:
            raise _translated(error, sql, connection) from error


def _translated(error: Exception, sql: str, connection: sa.Connection) -> BaseException:
    """A driver's error as SQLAlchemy's."""
    kind: Any = connection.dialect.loaded_dbapi
    return sa.exc.DBAPIError.instance(sql, None, error, kind.Error, dialect=connection.dialect)


def update(session: Session, model: type[SQLModel], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Set `columns` of rows by id; each row is (the columns' values …, id)."""
    if not rows:
        return
    table = db.table(model)
    if db.dialect() == "sqlite":
        names = ", ".join(f"{name} = ?" for name in columns)
        run(session, f"UPDATE {table.name} SET {names} WHERE id = ?", rows)  # noqa: S608  # names of our models
        return
    fields = [*columns, "id"]
    types = [table.c[name].type.compile(_POSTGRESQL) for name in fields]
    names = ", ".join(f"{name} = new.{name}" for name in columns)
    new = f"unnest({', '.join(f'%s::{one}[]' for one in types)}) new({', '.join(fields)})"
    sql = f"UPDATE {table.name} SET {names} FROM {new} WHERE {table.name}.id = new.id"  # noqa: S608  # names of our models
    arrays(session, sql, rows)


_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # the dialect is untyped


def arrays(session: Session, sql: str, rows: Sequence[Row]) -> None:
    """One statement of ours on PostgreSQL that takes each column of the rows as one array."""
    if rows:
        change(session, sql, *map(list, zip(*rows, strict=True)))


def run(session: Session, sql: str, rows: Iterable[Row]) -> None:
    """One statement of ours for many rows; write `?` for each value."""
    with _cursor(session, sql) as cursor:
        cursor.executemany(_marked(sql), rows)


def fetch(session: Session, sql: str, *values: Any, prepared: bool = False) -> list[Any]:
    """The rows of one query of ours, tuples as the driver brings them: on SQLite, moments and JSON are text.

    `prepared`: PostgreSQL plans it once per connection, whatever the values are (SQLite does so with every statement).
    """
    connection = session.info.get(db.LINE) or session.connection()
    try:  # a page does this dozens of times: without a context manager, and SQLite without a cursor to look after
        if db.dialect() == "sqlite":
            driver: Any = connection.connection.driver_connection
            return list(driver.execute(sql, values))
        with closing(connection.connection.cursor()) as cursor:
            more = PREPARED["postgresql"] if prepared else {}
            found: list[Any] = cursor.execute(_marked(sql), values, **more).fetchall()
            return found
    except connection.dialect.loaded_dbapi.Error as error:
        raise _translated(error, sql, connection) from error


def change(session: Session, sql: str, *values: Any) -> int:
    """One statement of ours that changes rows; write `?` for each value. Returns how many it changed."""
    with _cursor(session, sql) as cursor:
        return int(cursor.execute(_marked(sql), values).rowcount)


def among(column: str) -> str:
    """The condition that a column is one of many values, which go as one: `listed(values)`."""
    if db.dialect() == "sqlite":
        return f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608  # a name of our models
    return f"{column} = ANY(?)"


def listed(values: Iterable[Any]) -> Any:
    """Many values as one, for `among`."""
    return json_text(list(values)) if db.dialect() == "sqlite" else list(values)


def _marked(sql: str) -> str:
    return sql if db.dialect() == "sqlite" else sql.replace("?", "%s")
