"""`widerhall outbox`: what waits, what was given up, and what to do about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from core import audit, backlog, db, outbox
from core.errors import Rejected
from core.topics import SUBSCRIBERS
from web.cli.base import Json, ready, say, show, working

group = typer.Typer(help="Work that waits, is leased, or was given up.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="outbox")


@group.callback()
def overview(context: typer.Context, json: Json = False) -> None:
    """Every subscriber with its rows."""
    if context.invoked_subcommand is not None:
        return
    ready()
    rows = [
        {"subscriber": row.subscriber, "due": row.due, "leased": row.leased, "later": row.later, "dead": row.dead,
         "next_at": datetime.fromtimestamp(row.next_at, UTC) if row.next_at else None, "paused": row.paused}
        for row in backlog.overview()
    ]  # fmt: skip
    show(rows, json)


@group.command("dead")
def dead(limit: int = 100, json: Json = False) -> None:
    """Rows that were given up, with reason and payload."""
    ready()
    with db.read() as session:
        rows = [row.model_dump() for row in backlog.dead_letters(session, limit)]
    show(rows, json, ("id", "subscriber", "key", "reason", "payload"), "No dead letter.")


@group.command("retry")
def retry(row: list[int], json: Json = False) -> None:
    """Give dead rows another run."""
    with working(), db.write() as session:
        number = backlog.retry_dead(session, row)
        audit.record(session, "cli", "outbox.retried", ",".join(map(str, row)))
    say({"retried": number}, json, f"{number} rows run again.")


@group.command("drop")
def drop(
    row: list[int], yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, json: Json = False
) -> None:
    """Remove dead rows for good."""
    ready()
    if not yes:
        typer.confirm(f"Remove {len(row)} rows for good?", abort=True)
    with db.write() as session:
        number = backlog.drop_dead(session, row)
        audit.record(session, "cli", "outbox.dropped", ",".join(map(str, row)))
    say({"dropped": number}, json, f"{number} rows removed.")


def _known(subscriber: str) -> str:
    if subscriber not in SUBSCRIBERS:
        raise Rejected(f"There is no subscriber {subscriber!r}. `widerhall outbox` lists them.")
    return subscriber


@group.command("pause")
def pause(subscriber: str, reason: str = "paused by hand", json: Json = False) -> None:
    """Stop handing out a subscriber's rows; they wait."""
    ready()
    with db.write() as session:
        outbox.pause(session, _known(subscriber), reason)
        audit.record(session, "cli", "outbox.paused", subscriber)
    say({"subscriber": subscriber, "paused": True}, json, f"{subscriber} is paused.")


@group.command("resume")
def resume(subscriber: str, json: Json = False) -> None:
    """Let a paused subscriber go on."""
    with working(), db.write() as session:
        backlog.resume(session, _known(subscriber))
        audit.record(session, "cli", "outbox.resumed", subscriber)
    say({"subscriber": subscriber, "paused": False}, json, f"{subscriber} goes on.")
