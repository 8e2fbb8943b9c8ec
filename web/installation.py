"""What this installation is: versions, sizes, processes and queues, for the system page."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import sqlalchemy as sa

import migrations
from core import backlog, db, queue
from core.settings import settings
from web.supervisor import announcement


@dataclass(frozen=True)
class Process:
    """One process of the hub, and whether it lives."""

    name: str
    pid: int
    alive: bool


@dataclass(frozen=True)
class Facts:
    """Sizes in bytes; `sweep` is the age of the last look for work in seconds, None when there was none."""

    version: str
    python: str
    database: str
    database_bytes: int
    revision: str
    folder: str
    sweep: float | None
    processes: list[Process]
    queues: list[backlog.Backlog]


def facts() -> Facts:
    """Everything as it is at this moment."""
    return Facts(
        version=_version(),
        python=platform.python_version(),
        database=_database(),
        database_bytes=_size(),
        revision=migrations.head() or "",
        folder=str(settings().data_dir.resolve()),
        sweep=queue.last_sweep(),
        processes=processes(),
        queues=backlog.overview(),
    )


def processes() -> list[Process]:
    """The processes that the hub on this machine announced; none where others start them."""
    try:
        said = json.loads(announcement().read_text())
        pids = {"supervisor": int(said["supervisor"]), **{str(k): int(v) for k, v in said["children"].items()}}
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [Process(name, pid, _alive(pid)) for name, pid in pids.items()]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _version() -> str:
    try:
        return version("widerhall")
    except PackageNotFoundError:
        return ""


def _database() -> str:
    if db.dialect() == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    with db.engine().connect() as connection:
        return f"PostgreSQL {connection.execute(sa.text('SHOW server_version')).scalar()}"


def _size() -> int:
    if db.dialect() == "sqlite":
        path = settings().sqlite_path
        return sum(one.stat().st_size for one in (path, path.with_name(path.name + "-wal")) if one.exists())
    with db.engine().connect() as connection:
        return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar() or 0)
