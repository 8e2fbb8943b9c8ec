"""`widerhall receivers`: programs and campaigns that follow who comes into a segment and who goes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core import db
from core.errors import WiderhallError
from enrichment.segments import activation, campaign, webhook
from enrichment.segments.activation import Standing
from web.cli.base import Json, line, ready, say, show

group = typer.Typer(
    no_args_is_help=True, help="Receivers: webhooks and Salesforce campaigns that segments are handed on to."
)
Number = Annotated[int, typer.Argument(help="Its number.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="receivers")


@group.command("list")
def list_(
    segment: Annotated[int | None, typer.Option(help="Only those of the segment with this number.")] = None,
    json: Json = False,
) -> None:
    """Every receiver with its state, how many people it knows of and its newest deliveries."""
    ready()
    with db.read() as session:
        rows = [_row(one) for one in activation.standing(session, segment)]
    columns = ("id", "segment", "kind", "url", "label", "state", "people", "looked_at", "error")
    show(rows, json, columns, "No segment is handed on yet.")


def _row(one: Standing) -> dict[str, Any]:
    it = one.activation
    runs = [
        {"at": run.at, "added": run.added, "removed": run.removed, "refused": run.refused, "error": run.error}
        for run in one.runs
    ]
    return {
        "id": it.id, "segment": it.segment_id, "kind": it.kind, "url": it.url, "campaign": it.campaign,
        "label": it.label, "refused": one.refused, "outside": it.outside, "state": it.state, "people": one.members,
        "made_by": it.made_by, "made_at": it.made_at, "looked_at": it.looked_at, "error": it.error, "deliveries": runs,
    }  # fmt: skip


@group.command("add")
def add(
    segment: Annotated[int, typer.Argument(help="The segment's number.")],
    url: Annotated[str, typer.Argument(help="Address of the webhook; begins with https://.")],
    json: Json = False,
) -> None:
    """Hand a segment on to a webhook; the secret that signs deliveries is printed once and can never be read again."""
    ready()
    with db.write() as session:
        number, secret = activation.add(session, segment, url, "cli")
    say({"id": number, "segment": segment, "secret": secret}, json, f"Receiver {number}. Its secret: {secret}")


@group.command("test")
def try_(receiver: Number, json: Json = False) -> None:
    """Send a delivery without people in it and say what was answered; ends with 1 when it was not taken."""
    ready()
    with db.read() as session:
        found = activation.probe(session, receiver)
    try:
        webhook.post(found.activation.url, found.secret, found.delivery, found.body)
    except WiderhallError as error:
        if not json:
            raise
        print(line({"id": receiver, "delivery": found.delivery, "taken": False, "error": str(error)}))
        raise typer.Exit(1) from error
    told = {"id": receiver, "delivery": found.delivery, "taken": True, "error": ""}
    say(told, json, f"Receiver {receiver} took the test delivery {found.delivery}.")


@group.command("pause")
def pause(receiver: Number, json: Json = False) -> None:
    """Tell it nothing until it is resumed."""
    _switch(receiver, "paused", json)


@group.command("resume")
def resume(receiver: Number, json: Json = False) -> None:
    """Let a paused or refusing one go on; it is told at once what changed meanwhile."""
    _switch(receiver, "active", json)


@group.command("retry")
def retry(receiver: Number, json: Json = False) -> None:
    """Try once more whom Salesforce refused as a member of the campaign."""
    ready()
    with db.write() as session:
        campaign.try_again(session, receiver, "cli")
    say({"id": receiver, "retried": True}, json, f"Receiver {receiver} is tried again.")


@group.command("refused")
def refused(receiver: Number, json: Json = False) -> None:
    """People whom Salesforce refused as members of the campaign, with its reason."""
    ready()
    with db.read() as session:
        activation.get(session, receiver)
        rows = campaign.refusals(session, receiver, 1000)
        found = [
            {"person": one.person, "record": one.record_id, "code": one.code, "message": one.message} for one in rows
        ]
    show(found, json, ("person", "record", "code", "message"), "Nobody is refused.")


def _switch(receiver: int, state: str, json: bool) -> None:
    ready()
    with db.write() as session:
        activation.switch(session, receiver, state, "cli")
    say({"id": receiver, "state": state}, json, f"Receiver {receiver} is {state}.")


@group.command("remove")
def remove(receiver: Number, json: Json = False) -> None:
    """End it: a webhook keeps what it was told; a campaign loses the people who were put in from here."""
    ready()
    with db.write() as session:
        row = activation.remove(session, receiver, "cli")
        ending = row.state == "ending"
    if ending:
        say(
            {"id": receiver, "removed": False, "state": "ending"}, json, f"The campaign of {receiver} is being emptied."
        )
        return
    say({"id": receiver, "removed": True}, json, f"Receiver {receiver} is gone.")
