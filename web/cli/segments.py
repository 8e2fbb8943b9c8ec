"""`widerhall segments`: saved filters over people, counted and handed on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from core import db
from core.errors import Rejected
from enrichment import connection
from enrichment.segments import campaign, conditions, store
from web.cli.base import Json, ready, say, show

group = typer.Typer(no_args_is_help=True, help="Segments: saved filters over people.")
Number = Annotated[int, typer.Argument(help="Its number.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="segments")


@group.command("list")
def list_(json: Json = False) -> None:
    """Every segment with how many people are in it now, and how many of them may be addressed."""
    ready()
    with db.read() as session:
        rows = []
        for one in store.every(session):
            found = store.count(session, conditions.read(one.conditions))
            rows.append({"id": one.id, "name": one.name, "people": found.people, "may": found.may,
                         "conditions": one.conditions})  # fmt: skip
    show(rows, json, ("id", "name", "people", "may"), "No segment yet.")


@group.command("show")
def show_(segment: Number, limit: int = 50, json: Json = False) -> None:
    """The people of a segment."""
    ready()
    with db.read() as session:
        rows, _ = store.page(session, conditions.read(store.get(session, segment).conditions), limit=limit)
    show(rows, json, ("person", "name", "accounts", "may"), "Nobody fits now.")


@group.command("save")
def save(
    name: Annotated[str, typer.Argument(help="Its name; an existing one of this name is changed.")],
    file: Annotated[Path, typer.Argument(help="JSON: {match: all or any, of: [conditions and groups]}.")],
    json: Json = False,
) -> None:
    """Keep a filter out of a file; docs/behaviour.md lists what can be asked."""
    filter_ = conditions.read(_json(file))
    ready()
    with db.write() as session:
        known = {one.name: one.id for one in store.every(session)}
        number = store.save(session, name, filter_, "cli", known.get(" ".join(name.split())))
        found = store.count(session, filter_)
    say({"id": number, "people": found.people, "may": found.may}, json, f"Segment {number}: {found.people} people.")


def _json(file: Path) -> object:
    try:
        found: object = json.loads(file.read_bytes())
    except ValueError as error:
        raise Rejected(f"{file} is not JSON.") from error
    return found


@group.command("export")
def export(
    segment: Number,
    file: Annotated[Path, typer.Argument(help="CSV to write: everybody who may be addressed for marketing.")],
    json: Json = False,
) -> None:
    """Write the people who may be addressed to a CSV file; noted in the audit trail."""
    ready()
    with db.write() as session:
        row = store.get(session, segment)
        with file.open("w", encoding="utf-8-sig", newline="") as stream:
            number = store.export(session, row, stream, "cli")
    say({"people": number, "file": str(file)}, json, f"{number} people are written to {file}.")


@group.command("campaigns")
def campaigns(json: Json = False) -> None:
    """Active campaigns of the connected Salesforce org, by name."""
    ready()
    found = connection.crm().campaigns()
    show([asdict(one) for one in found], json, ("id", "name", "status", "ends"), "No active campaign can be read.")


@group.command("activate")
def activate(
    segment: Number,
    campaign_id: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Record id of the campaign.")],
    json: Json = False,
) -> None:
    """Put the people of a segment into a Salesforce campaign, and take out who leaves; a running hub does it."""
    ready()
    with db.read() as session:
        store.get(session, segment)
    found = campaign.chosen(campaign.active(), campaign_id)
    with db.write() as session:
        number = campaign.add(session, segment, found, "cli")
    told = {"id": number, "segment": segment, "campaign": found.id, "name": found.name}
    say(told, json, f"Receiver {number}: segment {segment} goes into the campaign {found.name}.")


@group.command("remove")
def remove(segment: Number, json: Json = False) -> None:
    """Forget a segment; nothing of its people changes."""
    ready()
    with db.write() as session:
        store.remove(session, segment, "cli")
    say({"id": segment, "removed": True}, json, f"Segment {segment} is gone.")
