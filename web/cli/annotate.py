"""`widerhall labels`: labels by keyword."""

from __future__ import annotations

import typer

from core import db
from sentiment import labels
from web.cli.base import Json, ready, say, show

label_group = typer.Typer(no_args_is_help=True, help="Labels that messages get by keyword.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(label_group, name="labels")


@label_group.command("add")
def add(name: str, term: list[str], json: Json = False) -> None:
    """A label with its words, phrases or prefixes (liefer*)."""
    ready()
    with db.write() as session:
        number = labels.create(session, name, term)
    say({"id": number, "name": name, "terms": term}, json, f"Label {name}: messages that arrive from now on get it.")


@label_group.command("list")
def list_(json: Json = False) -> None:
    """Every label with its terms."""
    ready()
    with db.read() as session:
        rows = [
            {"id": x.id, "name": x.name, "terms": x.terms, "enabled": x.enabled} for x in labels.all_labels(session)
        ]
    show(rows, json, empty="No label yet: widerhall labels add NAME TERM …")


@label_group.command("remove")
def remove(name: str, json: Json = False) -> None:
    """Delete a label."""
    ready()
    with db.write() as session:
        labels.remove(session, name)
    say({"removed": name}, json, f"Label {name} is removed.")
