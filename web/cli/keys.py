"""`widerhall write-keys`: write keys of programs that send what customers do."""

from __future__ import annotations

from typing import Annotated

import typer

from core import db
from enrichment.behaviour import keys
from web.cli.base import Json, ready, say, show

group = typer.Typer(no_args_is_help=True, help="Write keys for /api/track, /api/identify and /api/batch.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="write-keys")


@group.command("list")
def list_(json: Json = False) -> None:
    """Every key with what came by it, and what was dropped from that."""
    ready()
    with db.read() as session:
        refused = keys.refusals(session)
        rows = [
            {
                "id": one.id, "name": one.name, "hint": one.hint, "made_at": one.made_at, "used_at": one.used_at,
                "revoked_at": one.revoked_at, "accepted": one.accepted, "repeated": one.repeated,
                "left_out": one.left_out,
                "dropped": {f"{r.reason} {r.name}": r.count for r in refused.get(one.id or 0, ())},
            }
            for one in keys.every(session)
        ]  # fmt: skip
    show(rows, json, ("id", "name", "hint", "accepted", "repeated", "left_out", "dropped", "revoked_at"), "No key yet.")


@group.command("add")
def add(name: Annotated[str, typer.Argument(help="What sends with it.")], json: Json = False) -> None:
    """Make a key; it is printed once and can never be read again."""
    ready()
    with db.write() as session:
        number, key = keys.make(session, name, "cli")
    say({"id": number, "name": name, "key": key}, json, f"Key {number}: {key}")


@group.command("revoke")
def revoke(key: Annotated[int, typer.Argument(help="Its number.")], json: Json = False) -> None:
    """Revoke a key at once; what it sent stays."""
    ready()
    with db.write() as session:
        keys.revoke(session, key, "cli")
    say({"id": key, "revoked": True}, json, f"Key {key} is revoked.")
