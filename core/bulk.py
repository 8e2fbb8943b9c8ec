"""Many rows in one go, past SQLAlchemy's per-row work: the driver's executemany on SQLite, COPY on PostgreSQL.

Everything runs in the session's own transaction. Column names come from our models, never from outside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from core import db


def _json(value: Any) -> str:
    return json.dumps(value) if value else ("{}" if isinstance(value, dict) else "[]")


def _sqlite_time(value: datetime) -> str:
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return moment.isoformat(" ", "microseconds")[:26]


_SQLITE: Mapping[type, Callable[[Any], Any]] = {datetime: _sqlite_time, dict: _json, list: _json, tuple: _json}
_POSTGRES: Mapping[type, Callable[[Any], Any]] = {dict: _json, list: _json, tuple: _json}


def plain(rows: Iterable[Iterable[Any]]) -> list[tuple[Any, ...]]:
    """Values as the driver takes them: moments and JSON as this engine stores them."""
    convert = _SQLITE if db.dialect() == "sqlite" else _POSTGRES
    return [tuple([convert[type(v)](v) if type(v) in convert else v for v in row]) for row in rows]


def insert(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert new rows, all with the same columns; an existing key is an error and stores none of them."""
    if not rows:
        return
    table, columns = db.table(model).name, list(rows[0])
    values = plain(row.values() for row in rows)
    if db.dialect() == "postgresql":
        connection: Any = session.connection().connection.driver_connection
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  # names of our models
    session.connection().exec_driver_sql(sql, values)


def run(session: Session, sql: str, rows: Iterable[Iterable[Any]]) -> None:
    """One statement of ours for many rows of values; write `?` for each value."""
    values = plain(rows)
    if not values:
        return
    if db.dialect() == "postgresql":
        sql = sql.replace("?", "%s")
    session.connection().exec_driver_sql(sql, values)


def update(session: Session, model: type[SQLModel], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Set `columns` of rows by id; each row is (the columns' values …, id)."""
    names = ", ".join(f"{name} = ?" for name in columns)
    run(session, f"UPDATE {db.table(model).name} SET {names} WHERE id = ?", rows)  # noqa: S608  # names of our models


def execute(session: Session, sql: str, **values: Any) -> sa.CursorResult[Any]:
    """One textual statement with named values."""
    return session.connection().execute(sa.text(sql), values)
