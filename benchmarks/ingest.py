"""Rows a second through `store_page` against the raw driver writing the same rows without outbox rows.

Both sides work on migrated databases with all indices, under the same settings, in transactions of one
page. The raw side finds its rows ready made, in their last state; ours makes them from events, looks up
what is known, moves what is touched, and writes the follow-up work.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

import migrations
from benchmarks.events import pages
from benchmarks.servers import postgres
from core import bulk, db, process
from core.event import Author, Profile
from inbox import accounts, search
from inbox.ingest import store_page
from inbox.models import Account, Conversation, Identity, Message

COUNT, PAGE, ROUNDS = 10_000, 500, 5
TARGETS = {"sqlite": 0.35, "postgresql": 0.3}
TABLES = (Identity, Conversation, Message)
SEARCH = {
    "sqlite": ("message_search", ("rowid", "body")),
    "postgresql": ("message_search", ("message_id", "conversation_id", "body")),
}
Batch = list[list[bulk.Row]]
"""What one transaction of the raw side writes: the rows of each table, in the driver's form."""

Raw = Callable[[str], AbstractContextManager[Callable[[Batch], None]]]
"""Opens a database for writing batches past everything of ours."""


def run(folder: Path) -> dict[str, Any]:
    """Both engines; `ratio` is SQLite's, `postgresql_ratio` the other's; medians of the rounds."""
    process.steady()  # as in the worker
    names = iter(range(1000))
    result: dict[str, Any] = {"rows": COUNT, "page": PAGE, "target": TARGETS["sqlite"]}
    result |= _compare(lambda: f"sqlite:///{folder / f'{next(names)}.sqlite3'}", _executemany, "raw")
    result["sql"] = "\n".join(_inserts())
    with postgres() as fresh:
        if fresh is None:
            result["postgresql"] = "unsupported here: no PostgreSQL (install the dev extra on Linux)"
        else:
            found = _compare(fresh, _copy, "copy")
            result |= {f"postgresql_{name}": value for name, value in found.items()}
            result |= {"postgresql_target": TARGETS["postgresql"], "postgresql_sql": "\n".join(_copies())}
    result["ok"] = result["ratio"] >= TARGETS["sqlite"] and result.get("postgresql_ratio", 1.0) >= TARGETS["postgresql"]
    return result


def _compare(fresh: Callable[[], str], raw: Raw, name: str) -> dict[str, Any]:
    """Page by page in turn, so that both sides see the same machine; `fresh` makes an empty database."""
    ours, theirs = [], []
    batches, accounts_there = _first_run(fresh())
    for _ in range(ROUNDS):
        other = _empty(fresh(), accounts_there)
        account, mine, its = _account(fresh()), 0.0, 0.0
        with raw(other) as write:
            for page, batch in zip(pages(COUNT, PAGE), batches, strict=True):
                mine += _seconds(partial(store_page, account, page))
                its += _seconds(partial(write, batch))
        ours.append(mine)
        theirs.append(its)
    return {
        "messages_per_second": round(COUNT / statistics.median(ours)),
        f"{name}_per_second": round(COUNT / statistics.median(theirs)),
        "ratio": round(statistics.median(its / mine for mine, its in zip(ours, theirs, strict=True)), 3),
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _account(url: str) -> int:
    """An empty database with one account, which this process works on from now on."""
    migrations.upgrade(db.configure(url))
    profile = Profile(author=Author(platform="mastodon", id="https://social.example/users/brand", handle="brand"))
    with db.write() as session:
        return accounts.add(session, platform="mastodon", profile=profile, base_url="", secrets={}, feeds=[])


def _first_run(url: str) -> tuple[list[Batch], list[dict[str, Any]]]:
    """What the raw side writes: the rows that a whole run of ours leaves behind."""
    account = _account(url)
    for page in pages(COUNT, PAGE):
        store_page(account, page)
    return _batches(), _rows(Account)


def _empty(url: str, accounts_there: list[dict[str, Any]]) -> str:
    """A migrated database with nothing but the account that the rows point at."""
    migrations.upgrade(db.configure(url))
    with db.write() as session:
        session.execute(sa.insert(db.table(Account)), accounts_there)
    db.engine().dispose()
    return url


# --- the raw side ----------------------------------------------------------------------------------


def _tables() -> list[tuple[str, tuple[str, ...]]]:
    """Name and columns of each table, in the order of writing."""
    plain = [(db.table(model).name, tuple(db.table(model).c.keys())) for model in TABLES]
    return [*plain, SEARCH[db.dialect()]]


def _inserts() -> list[str]:
    return [f"INSERT INTO {t} ({', '.join(c)}) VALUES ({', '.join('?' * len(c))})" for t, c in _tables()]


@contextmanager
def _executemany(url: str) -> Iterator[Callable[[Batch], None]]:
    statements = _inserts()
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in db.PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")

    def write(batch: Batch) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for statement, rows in zip(statements, batch, strict=True):
            connection.executemany(statement, rows)
        connection.execute("COMMIT")

    yield write
    connection.close()


def _copies() -> list[str]:
    return [f"COPY {t} ({', '.join(c)}) FROM STDIN" for t, c in _tables()]


@contextmanager
def _copy(url: str) -> Iterator[Callable[[Batch], None]]:
    statements = _copies()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:

        def write(batch: Batch) -> None:
            with connection.transaction(), connection.cursor() as cursor:
                for statement, rows in zip(statements, batch, strict=True):
                    with cursor.copy(statement) as copy:
                        for row in rows:
                            copy.write_row(row)

        yield write


# --- its rows: those that ours has just written ----------------------------------------------------


def _rows(model: type[Any]) -> list[dict[str, Any]]:
    table = db.table(model)
    with db.read() as session:
        return [dict(row) for row in session.execute(sa.select(table).order_by(table.c.id)).mappings()]


def _found(messages: list[dict[str, Any]]) -> dict[int, bulk.Row]:
    """The row of the search index by message."""
    if db.dialect() == "sqlite":
        return {row["id"]: (row["id"], search.body(row["text"], row["subject"])) for row in messages}
    with db.read() as session:
        rows = bulk.fetch(session, "SELECT message_id, conversation_id, CAST(body AS text) FROM message_search")
    return {row[0]: row for row in rows}


def _batches() -> list[Batch]:
    """Cut so that each page brings what its messages point at first."""
    people, threads, messages = map(_rows, TABLES)
    found, cut, person, thread = _found(messages), [], 0, 0
    for start in range(0, len(messages), PAGE):
        page = messages[start : start + PAGE]
        last_person = max(row["identity_id"] for row in page)
        last_thread = max(row["conversation_id"] for row in page)
        parts = (
            [row for row in people if person < row["id"] <= last_person],
            [row for row in threads if thread < row["id"] <= last_thread],
            page,
        )
        rows = [bulk.plain(row.values() for row in part) for part in parts]
        cut.append([*rows, [found[row["id"]] for row in page]])
        person, thread = max(person, last_person), max(thread, last_thread)
    return cut
