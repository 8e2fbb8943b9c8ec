"""`widerhall people facts` and `set`: what is known about a person, by whom, since when and on which basis."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import attributes, people
from inbox.models import Contact, Identity
from inbox.survivorship import NAMES, survive
from web.cli.base import Json, ready, say, show, working
from web.cli.people import group


def register(_: typer.Typer) -> None:
    """Add the commands to those of `people`."""
    group.command("facts")(facts)
    group.command("set")(set_)


Who = Annotated[str, typer.Argument(help="identity:12, 12, or contact:01J…")]


def facts(
    person: Who,
    everything: Annotated[bool, typer.Option("--all", help="Also what was said once and no longer is.")] = False,
    json: Json = False,
) -> None:
    """What is known about a person: every statement with source, time, confidence, purpose and lawful basis."""
    ready()
    with db.read() as session:
        contact = contact_of(session, person)
        said = attributes.trail(session, people.members(session, contact))
        shown = {(one.name, one.value, one.source) for one in survive(attributes.standing(said))}
    rows = [
        {
            "name": one.name, "value": one.value, "source": one.source, "at": one.at, "confidence": one.confidence,
            "purpose": one.purpose, "basis": one.basis, "removed_at": one.removed_at,
            "shown": one.removed_at is None and (one.name, one.value, one.source) in shown,
        }
        for one in said
        if everything or one.removed_at is None
    ]  # fmt: skip
    columns = ("name", "value", "source", "at", "confidence", "purpose", "basis", "shown")
    show(rows, json, columns, "Nothing is known.")


def set_(
    person: Who,
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}.")],
    value: Annotated[str, typer.Argument(help="What you know; empty takes back what was typed.")],
    json: Json = False,
) -> None:
    """Type what you know about a person; it stands beside what others say, with you as its source."""
    with working(), db.write() as session:
        contact = contact_of(session, person)
        attributes.know(session, contact, name, value, "cli")
    say({"contact": contact, "name": name, "value": value}, json, "Noted." if value else "Taken back.")


def contact_of(session: Session, person: str) -> str:
    """The contact that somebody names, by itself or by one of its accounts; Rejected when there is none."""
    kind, _, value = person.rpartition(":")
    if kind == "contact" and session.get(Contact, value) is not None:
        return value
    if kind in ("", "identity") and value.isascii() and value.isdecimal() and len(value) < 19:
        identity = session.get(Identity, int(value))
        contact = people.home(identity) if identity is not None else None
        if contact is not None:
            return contact
        if identity is not None:
            raise Rejected(f"Account {value} is linked to no contact yet: nothing is known but what it says itself.")
    raise Rejected(f"There is no person {person!r}. `widerhall people list` shows them.")
