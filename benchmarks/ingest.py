"""Rows a second through `store_page` against the raw driver writing the same rows without outbox rows."""

from __future__ import annotations

import sqlite3
import statistics
import time
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

import migrations
from benchmarks.events import pages
from benchmarks.servers import postgres
from core import bulk, db
from core.event import Author, Profile
from inbox import accounts, search
from inbox.ingest import store_page
from inbox.models import Conversation, Identity, Message

COUNT, PAGE, ROUNDS = 10_000, 500, 3
TARGETS = {"sqlite": 0.35, "postgresql": 0.3}
ACCOUNT = (
    "INSERT INTO account (id, platform, external_id, handle, name, base_url, secrets, config, state, error, language, "
    "created_at) VALUES (1, 'mastodon', 'x', '', '', '', '', '{}', 'active', '', '', '2026-01-01 00:00:00')"
)
SEARCH_ROWS = "SELECT message_id, body::text FROM message_search"
TABLES = (Identity, Conversation, Message)


def run(folder: Path) -> dict[str, Any]:
    """Both engines; `ratio` is SQLite's, `postgresql_ratio` the other's; medians of three rounds."""
    result: dict[str, Any] = {"rows": COUNT, "page": PAGE}
    ratios, ours, raws = [], [], []
    for turn in range(ROUNDS):
        path = folder / f"{turn}.sqlite3"
        mine = _ours(f"sqlite:///{path}")
        raw, sql = _raw_sqlite(path, folder / f"raw{turn}.sqlite3")
        ratios.append(mine / raw)
        ours.append(mine)
        raws.append(raw)
    result |= {
        "messages_per_second": round(statistics.median(ours)),
        "raw_per_second": round(statistics.median(raws)),
        "ratio": round(statistics.median(ratios), 3),
        "target": TARGETS["sqlite"],
        "sql": sql,
    }
    result |= _postgresql()
    result["ok"] = result["ratio"] >= TARGETS["sqlite"] and result.get("postgresql_ratio", 1.0) >= TARGETS["postgresql"]
    return result


def _account() -> int:
    profile = Profile(author=Author(platform="mastodon", id="https://social.example/users/brand", handle="brand"))
    with db.write() as session:
        return accounts.add(session, platform="mastodon", profile=profile, base_url="", secrets={}, feeds=[])


def _ours(url: str) -> float:
    migrations.upgrade(db.configure(url))
    account_id, seconds = _account(), 0.0
    for page in pages(COUNT, PAGE):
        started = time.perf_counter()
        store_page(account_id, page)
        seconds += time.perf_counter() - started
    return COUNT / seconds


def _rows(table: sa.Table) -> list[dict[str, Any]]:
    with db.engine().connect() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.select(table).order_by(table.c.id))]


def _raw_sqlite(source: Path, target: Path) -> tuple[float, str]:
    """The very rows of `source`, in pages of the same size, by `executemany` of the driver."""
    tables = [db.table(model) for model in TABLES]
    cut: list[list[list[tuple[Any, ...]]]] = []
    for page in _pages([_rows(table) for table in tables]):
        parts = [bulk.plain(row.values() for row in part) for part in page]
        cut.append([*parts, [(row["id"], search.body(row["text"], row["subject"])) for row in page[2]]])
    statements = [
        f"INSERT INTO {t.name} ({', '.join(t.c.keys())}) VALUES ({', '.join('?' * len(t.c))})" for t in tables
    ]
    statements.append("INSERT INTO message_search (rowid, body) VALUES (?, ?)")
    migrations.upgrade(db.configure(f"sqlite:///{target}"))
    db.engine().dispose()
    connection = sqlite3.connect(target, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-32768", "temp_store=MEMORY", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(ACCOUNT)
    started = time.perf_counter()
    for parts in cut:
        connection.execute("BEGIN IMMEDIATE")
        for statement, rows in zip(statements, parts, strict=True):
            connection.executemany(statement, rows)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return COUNT / seconds, "\n".join(statements)


def _pages(sets: list[list[dict[str, Any]]]) -> list[list[list[dict[str, Any]]]]:
    """Identities, conversations and messages cut so that each page brings what its messages point at first."""
    people, threads, messages = sets
    pages, person, thread = [], 0, 0
    for start in range(0, len(messages), PAGE):
        page = messages[start : start + PAGE]
        last_person = max(row["identity_id"] for row in page)
        last_thread = max(row["conversation_id"] for row in page)
        pages.append(
            [
                [row for row in people if person < row["id"] <= last_person],
                [row for row in threads if thread < row["id"] <= last_thread],
                page,
            ]
        )
        person, thread = max(person, last_person), max(thread, last_thread)
    return pages


def _postgresql() -> dict[str, Any]:
    """The same on PostgreSQL against COPY; left out, and said so, where there is no server."""
    with postgres() as urls:
        if urls is None:
            return {"postgresql": "unsupported here: no PostgreSQL (install the dev extra on Linux)"}
        ratios, ours, raws = [], [], []
        for _ in range(ROUNDS):
            url, plain = urls(), urls()
            mine = _ours(url)
            raw = _copy(plain)
            ours.append(mine)
            raws.append(raw)
            ratios.append(mine / raw)
        return {
            "postgresql_messages_per_second": round(statistics.median(ours)),
            "postgresql_copy_per_second": round(statistics.median(raws)),
            "postgresql_ratio": round(statistics.median(ratios), 3),
            "postgresql_target": TARGETS["postgresql"],
            "postgresql_sql": "COPY identity | conversation | message | message_search FROM STDIN",
        }


def _copy(target: str) -> float:
    """The rows of the database just written, by COPY into another with the same tables and indices."""
    tables = [db.table(model) for model in TABLES]
    with db.engine().connect() as connection:
        tokens: dict[int, str] = dict(connection.execute(sa.text(SEARCH_ROWS)).tuples().all())
    cut: list[list[list[tuple[Any, ...]]]] = []
    for page in _pages([_rows(table) for table in tables]):
        parts = [bulk.plain(row.values() for row in part) for part in page]
        cut.append([*parts, [(row["id"], tokens[row["id"]]) for row in page[2]]])
    migrations.upgrade(db.configure(target))
    with db.engine().begin() as connection:
        connection.execute(sa.text(ACCOUNT))
    names = [(t.name, list(t.c.keys())) for t in tables] + [("message_search", ["message_id", "body"])]
    started = time.perf_counter()
    with psycopg.connect(target.replace("+psycopg", "")) as raw:
        for parts in cut:
            with raw.transaction(), raw.cursor() as cursor:
                for (name, columns), part in zip(names, parts, strict=True):
                    with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
                        for row in part:
                            copy.write_row(row)
    return COUNT / (time.perf_counter() - started)
