"""`widerhall import`: history and real data from CSV and JSON Lines files, without credentials."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from connectors.platforms.archive import Format
from core.errors import NotConfigured
from enrichment import csv
from enrichment.behaviour import files
from web import imports
from web.cli.base import Json, line, ready, say, settle, working

group = typer.Typer(no_args_is_help=True, help="Bring in history from files.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="import")


@group.callback()
def root() -> None:
    """Bring in history from files."""


@group.command("archive")
def archive(
    file: Annotated[Path, typer.Argument(help="A .csv, .tsv or .jsonl file.")],
    map_: Annotated[
        list[str],
        typer.Option("--map", help="FIELD=COLUMN, for example --map text=body; needed: id, text, posted_at."),
    ],
    platform: Annotated[
        str, typer.Option(help="Where its people are, and part of the keys; archive unless given.")
    ] = "archive",
    date_format: Annotated[
        str, typer.Option(help="Pattern of the dates, like '%m/%d/%Y %H:%M'; ISO 8601 unless given.")
    ] = "",
    timezone: Annotated[str, typer.Option(help="Zone of dates without one.")] = "UTC",
    report: Annotated[Path | None, typer.Option(help="Write the counts as JSON.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Return when everything is annotated and matched.")
    ] = True,
    json: Json = False,
) -> None:
    """Stream an archive through the same path as everything else; repeat it without harm."""
    mapping = dict(_pair(words) for words in map_)
    if not re.fullmatch(r"[\w.-]{1,60}", platform):
        raise NotConfigured("--platform takes a name of letters, digits, dots and hyphens.")
    if report is not None and not report.parent.is_dir():
        raise NotConfigured(f"There is no folder {report.parent} for the report {report.name}.")
    shape = Format(mapping=mapping, source=platform, platform=platform, date_format=date_format, timezone=timezone)
    with working() as hub:
        with _bar() as bar:
            task = bar.add_task(file.name, total=None)
            result = imports.run(
                file, shape, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
        if report is not None:
            report.write_text(line(_counts(result)) + "\n")
        if wait:
            settle(hub)
    words = (
        f"{result.read} rows read, {result.stored} stored, {result.duplicates} duplicates, {result.rejected} rejected."
    )
    more = f" Went on after row {result.resumed_at} of an interrupted run." if result.resumed_at else ""
    say(asdict(result), json, words + more)


@group.command("orders")
def orders(
    file: Annotated[Path, typer.Argument(help="A CSV file: one order or one article per line, its columns named.")],
    json: Json = False,
) -> None:
    """Orders out of a file, for customers found by number or e-mail; the same file again changes nothing."""
    sheet = csv.read(file.read_bytes())
    ready()
    report = files.run(sheet, files.guess(sheet.columns), file.name, "cli")
    left_out = [{"line": one.line, "reason": one.reason} for one in report.bad]
    sentence = (
        f"{report.stored} orders are new or changed, {report.unchanged} as they were; {len(left_out)} rows left out."
    )
    lines = "".join(f"\nline {one['line']} left out: {one['reason']}" for one in left_out)
    counts = {"rows": report.rows, "orders": report.orders, "stored": report.stored, "unchanged": report.unchanged}
    say({**counts, "left_out": left_out}, json, sentence + lines)


def _counts(result: imports.Import) -> dict[str, int]:
    """What the report says; `resumed_at` only of a run that went on after an interrupted one."""
    counts: dict[str, int] = asdict(result)
    return counts if result.resumed_at else {name: n for name, n in counts.items() if name != "resumed_at"}


def _pair(words: str) -> tuple[str, str]:
    field, equals, column = words.partition("=")
    if not equals or not field or not column:
        raise NotConfigured(f"--map takes FIELD=COLUMN, not {words!r}.")
    return field, column


def _bar() -> Progress:
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not sys.stderr.isatty())
