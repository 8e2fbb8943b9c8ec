"""A big hub at once: conversations, messages, people and what hangs on them, in bulk and without follow-up work.

The proportions are a service desk's: few long threads and many short ones, few people who write often, a tenth of the
conversations waiting for somebody, everything spread over a year.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Session, SQLModel

from benchmarks import world_people, world_threads
from core import bulk, db

Columns = Mapping[str, Iterable[Any]]
"""A table's rows by column."""


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    conversations: int = 50_000
    messages: int = 500_000
    people: int = 20_000


FULL = Size()


def fill(size: Size = FULL, seed: int = 1) -> None:
    """Fill an empty migrated database; ids count from 1, a message's id follows its time."""
    rng, moment = random.Random(seed), db.now()
    with db.write(durable=False) as session:
        accounts = world_people.connect(session)
        people = world_people.plan(rng, size.people, len(accounts))
        for model, columns in world_people.tables(rng, people, moment):
            put(session, model, columns)
        threads = world_threads.plan(rng, size.conversations, size.messages, people, accounts, moment)
        for model, columns in world_threads.tables(rng, threads, moment):
            put(session, model, columns)
        world_threads.index(session, threads)
    if db.dialect() == "postgresql":  # its own housekeeping would do so a minute later
        with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def put(session: Session, model: type[SQLModel], columns: Columns) -> None:
    """Insert rows given by column; a column that is not given gets the model's default, an id the next number."""
    table, stamp, ready = db.table(model), bulk.stamp(), dict(columns)
    for name, field in model.model_fields.items():
        if name not in ready and not (table.c[name].primary_key and name == "id"):
            default = field.get_default(call_default_factory=True)
            if default is not None or not isinstance(table.c[name].type, JSON):  # else the column stays NULL
                ready[name] = repeat(default)
    for name, values in ready.items():
        if isinstance(table.c[name].type, JSON):
            ready[name] = map(bulk.json_text, values)
        elif isinstance(table.c[name].type, db.UtcDateTime):
            ready[name] = map(stamp, values)
    bulk.insert(session, model, ready)
