"""`widerhall webhooks`: addresses of programs that are told what happens here."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from core import db
from web.cli.base import Json, ready, say, show
from web.outgoing import store

group = typer.Typer(no_args_is_help=True, help="Outgoing webhooks: who is told, tests, deliveries made again.")
Number = Annotated[int, typer.Argument(help="The endpoint's number.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="webhooks")


@group.command("list")
def list_(json: Json = False) -> None:
    """Every endpoint with its state, how many events wait for it, and how many were not kept."""
    ready()
    with db.read() as session:
        rows = [
            {
                "id": one.id, "url": one.url, "state": one.state, "events": one.events, "texts": one.texts,
                "waiting": store.waiting(session, one.id or 0), "missed": one.missed, "error": one.error,
                "failing_since": one.failing_since, "made_at": one.made_at,
            }
            for one in store.every(session)
        ]  # fmt: skip
    show(rows, json, ("id", "url", "state", "waiting", "missed", "error"), "No endpoint yet.")


@group.command("test")
def try_(endpoint: Number, json: Json = False) -> None:
    """Send an event that means nothing; a running hub delivers it."""
    ready()
    with db.write() as session:
        number = store.test(session, endpoint, "cli")
    say({"endpoint": endpoint, "delivery": number}, json, f"Delivery {number} is on its way.")


@group.command("replay")
def replay(
    endpoint: Number,
    delivery: Annotated[int | None, typer.Option(help="One delivery, by its number.")] = None,
    days: Annotated[int, typer.Option(min=1, max=30, help="Everything that failed in so many days.")] = 1,
    json: Json = False,
) -> None:
    """Make one delivery again, or every one that failed for good of late; under their own ids."""
    ready()
    with db.write() as session:
        if delivery is not None:
            count = int(store.replay(session, endpoint, delivery, "cli"))
        else:
            store.get(session, endpoint)
            count = store.replay_failed(session, endpoint, db.now() - timedelta(days=days), "cli")
    say({"endpoint": endpoint, "count": count}, json, f"Deliveries that are made again: {count}.")
