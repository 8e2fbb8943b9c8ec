"""What all commands share: the data folder, a migrated store, JSON output, waiting for work to settle."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import migrations
from core import backlog, broker, db, log, outbox, queue
from core.settings import settings

app = typer.Typer(
    name="widerhall", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False,
    help="Social inbox and listening hub.",
)  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@app.callback()
def root(
    data: Annotated[Path | None, typer.Option(help="Data folder (WIDERHALL_DATA_DIR).")] = None,
) -> None:
    """Social inbox and listening hub."""
    if data is not None:
        os.environ["WIDERHALL_DATA_DIR"] = str(data)
        settings.cache_clear()
    log.configure("ERROR" if settings().log_level == "INFO" else settings().log_level)


def ready() -> None:
    """Make sure the store is there and of this version's shape."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    if migrations.pending(db.engine()):
        migrations.upgrade(db.engine())
    queue.app.set_default()


@contextmanager
def working() -> Iterator[bool]:
    """For commands that cause work: yields whether a hub runs; without one a broker is lent meanwhile."""
    ready()
    with broker.Lent():
        yield hub_runs()


def hub_runs() -> bool:
    """Workers are up: there was a sweep within the last seconds."""
    age = queue.last_sweep()
    return age is not None and age < 10.0


def settle(hub: bool, seconds: float | None = None) -> list[dict[str, Any]]:
    """Wait until nothing is due or leased; without a hub this process does the work. Lists what waits for later.

    What is gathered for the CRM does not wait for more: it goes at once.
    """
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        if not hub:
            queue.work_inline(seconds)
        if _busy():  # a hub is at work, or something fell due a moment ago
            time.sleep(0.1)
        else:
            with db.write() as session:
                if not outbox.hurry(session, "enrichment.tasks.send"):
                    break
        if end is not None and time.monotonic() > end:
            break
    return [
        {"subscriber": row.subscriber, "waiting": row.later, "next_at": _time(row.next_at), "dead": row.dead,
         "paused": row.paused}
        for row in backlog.overview()
        if row.later or row.dead or row.paused
    ]  # fmt: skip


def _busy() -> bool:
    return any((row.due and not row.paused) or row.leased for row in backlog.overview())


def _time(epoch: float | None) -> str | None:
    return datetime.fromtimestamp(epoch, UTC).isoformat() if epoch is not None else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def line(value: Any) -> str:
    """One value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def show(rows: Sequence[Any], as_json: bool, columns: Sequence[str] = (), empty: str = "Nothing there.") -> None:
    """Print rows as JSON or as a table of the named columns."""
    plain = [asdict(row) if is_dataclass(row) and not isinstance(row, type) else dict(row) for row in rows]
    if as_json:
        print(line(plain))
        return
    if not plain:
        print(empty)
        return
    names = list(columns) or list(plain[0])
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in plain:
        table.add_row(*(_cell(row.get(name)) for name in names))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160, highlight=False, markup=False).print(table)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list | tuple | dict):
        return line(value)
    return str(value)


def say(value: dict[str, Any], as_json: bool, sentence: str) -> None:
    """One result: JSON for scripts, a sentence for people."""
    print(line(value) if as_json else sentence)
