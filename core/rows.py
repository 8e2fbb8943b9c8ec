"""Small reads of a page: rows as typed records, by plain SQL or a statement compiled once, past the work per statement.

PostgreSQL plans each once per connection: they go along a key. What a person's filters make up does not belong here.

A record is a dataclass of the columns that are asked for, or a model: its rows then belong to no session and are only
read; setting an attribute of one is an error. Names of tables and columns come from our models, never from outside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import sqlalchemy as sa
from sqlalchemy.orm import configure_mappers
from sqlmodel import Session, SQLModel

from core import bulk, db

T = TypeVar("T")
Convert = Callable[[Any], Any]


# --- rows as records -------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def columns(kind: type[Any], table: str = "") -> str:
    """The fields of a dataclass, or all columns of a model, as a list of columns."""
    before = f"{table}." if table else ""
    if issubclass(kind, SQLModel):
        return ", ".join(f'{before}"{one.name}"' for one in db.table(kind).c)
    return ", ".join(f"{before}{one.name}" for one in fields(kind))


def read(session: Session, kind: type[T], sql: str, *values: Any) -> list[T]:
    """The rows of one query of ours as `kind`, whose fields are the columns in their order."""
    return records(kind, bulk.fetch(session, sql, *values, prepared=True))


def where(session: Session, model: type[T], condition: str, *values: Any) -> list[T]:
    """The rows of a model for which a condition of ours holds; what else follows `WHERE` may stand in it, too."""
    key: Any = model
    return read(session, model, _selecting(key) + condition, *values)


def get(session: Session, model: type[T], number: int | None) -> T | None:
    """The row of a model with this id; None when there is none."""
    found = where(session, model, "id = ?", number) if number is not None else []
    return found[0] if found else None


@lru_cache(maxsize=64)
def _selecting(model: Any) -> str:
    return f'SELECT {columns(model)} FROM "{db.table(model).name}" WHERE '  # noqa: S608  # names of our models


def records(kind: type[T], found: Sequence[Any]) -> list[T]:
    """Rows as the driver brings them, as `kind`: moments aware and in UTC, JSON and booleans as such."""
    key: Any = kind
    turned = _converters(key)
    make = _of_model(key) if issubclass(kind, SQLModel) else None
    made: list[T] = []
    for row in found:
        values = list(row)
        for place, convert in turned:
            if values[place] is not None:
                values[place] = convert(values[place])
        made.append(make(values) if make is not None else kind(*values))
    return made


class _Row:
    """A row of a model that no session knows: its columns are plain attributes, which are read sooner than the model's.

    It counts as one of the model, and what else it is asked for the model does.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} of a row that was only read: get it from a session to change it")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        configure_mappers()  # nothing else may have asked for it yet, and without it no attribute can be read
        made = object.__new__(self.__class__)
        missing: dict[str, Any] = {"__pydantic_fields_set__": set(vars(self)), "__pydantic_extra__": None}
        for one, value in {"__dict__": vars(self), **missing}.items():
            object.__setattr__(made, one, value)
        return getattr(made, name)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)


@lru_cache(maxsize=64)
def _of_model(model: Any) -> Callable[[list[Any]], Any]:
    """Puts values in the order of the columns into a row of a model."""
    kind = type(model.__name__, (_Row,), {"__class__": property(lambda _: model)})
    names, new = tuple(column.name for column in db.table(model).c), object.__new__

    def make(values: list[Any]) -> Any:
        made: Any = new(kind)
        made.__dict__.update(zip(names, values, strict=True))
        return made

    return make


@lru_cache(maxsize=64)
def _converters(kind: Any) -> tuple[tuple[int, Convert], ...]:
    if issubclass(kind, SQLModel):
        found = ((place, _of_column(one)) for place, one in enumerate(db.table(kind).c))
    else:
        hints = get_type_hints(kind)
        found = ((place, _converter(hints[one.name])) for place, one in enumerate(fields(kind)))
    return tuple((place, convert) for place, convert in found if convert is not None)


def _of_column(column: sa.Column[Any]) -> Convert | None:
    if isinstance(column.type, db.UtcDateTime):
        return moment
    if isinstance(column.type, sa.JSON):
        return _json
    return bool if isinstance(column.type, sa.Boolean) else None


def _converter(hint: Any) -> Convert | None:
    kinds = {get_origin(one) or one for one in (hint, *get_args(hint))}
    if datetime in kinds:
        return moment
    if kinds & {list, dict}:
        return _json
    return bool if hint is bool else None


def moment(value: Any) -> datetime:
    """A moment as the driver brings it, aware and in UTC."""
    found = bulk.moment(value)
    assert found is not None  # noqa: S101  # callers ask for values only
    return found if found.tzinfo is UTC else found.astimezone(UTC)


def _json(value: Any) -> Any:
    if value == "[]":  # most lists are empty
        return []
    return _decode(value)[0] if isinstance(value, str) else value


_decode = json.JSONDecoder().raw_decode  # what we wrote ourselves begins and ends with its value


# --- statements compiled once ----------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    """A statement in the words of one engine, with the names of its values in order.

    `fixed` are those that stand in it already.
    """

    sql: str
    order: tuple[str, ...]
    fixed: Mapping[str, Any]

    def values(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """What goes to the driver with the statement."""
        return tuple([given[name] if name in given else self.fixed[name] for name in self.order])


def asked(name: str) -> Any:
    """The place of a value that is given each time a prepared statement runs."""
    return sa.bindparam(name, required=False)


def prepare(query: sa.Select[Any]) -> Prepared:
    """Compile a query for the engine at hand, with `asked(name)` where values come later.

    Values go to the driver as they are: texts and numbers. Keep what comes back, by `db.dialect()`.
    """
    compiled = query.compile(db.engine(), compile_kwargs={"render_postcompile": True})
    order = getattr(compiled, "positiontup", None)
    if order is not None:
        return Prepared(str(compiled), tuple(order), dict(compiled.params))
    return Prepared(_NAMED.sub("%s", str(compiled)), tuple(_NAMED.findall(str(compiled))), dict(compiled.params))


_NAMED = re.compile(r"%\((\w+)\)s")


def run(session: Session, statement: Prepared, **values: Any) -> list[Any]:
    """The rows of a prepared statement in this session's transaction."""
    return bulk.fetch(session, statement.sql, *statement.values(values), prepared=True)


def glance(statement: Prepared, **values: Any) -> list[Any]:
    """The rows of one prepared statement by itself: no transaction is opened around it."""
    made = db.engine()
    kind = made.dialect.loaded_dbapi.Error
    try:
        with closing(made.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement.sql, statement.values(values), **bulk.PREPARED[db.dialect()])
            found = list(cursor.fetchall())
            connection.commit()  # as in `db.read`
            return found
    except kind as error:
        raise sa.exc.DBAPIError.instance(statement.sql, None, error, kind, dialect=made.dialect) from error
