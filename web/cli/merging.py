"""`widerhall people merge`, `unmerge`, `split`, `duplicates`, `history`: who is who, decided by hand and taken back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment import decisions, duplicates, merging, pairs, splitting
from inbox import people
from inbox.models import Contact
from web.cli.base import Json, ready, say, settle, show, working
from web.cli.people import group
from web.cli.persons import Who, contact_of

Why = Annotated[str, typer.Option(help="Why, for those who look at it later.")]


def register(_: typer.Typer) -> None:
    """Add the commands to those of `people`."""
    for command in (merge, unmerge, split, history):
        group.command(command.__name__)(command)
    group.command("duplicates")(duplicates_)


def merge(
    person: Who,
    other: Who,
    why: Why = "",
    looked: Annotated[
        bool, typer.Option("--looked", help="More than ten accounts together: all of them were looked at.")
    ] = False,
    json: Json = False,
) -> None:
    """Two persons are one; `unmerge` takes that back exactly."""
    with working() as hub:
        with db.write() as session:
            left, right = _contact(session, person), _contact(session, other)
            number = merging.merge(session, left, right, "cli", why, looked=looked)
            survivor = people.survivor(session, left)
        if not hub:
            settle(hub, 60.0)
    say({"decision": number, "contact": survivor}, json, f"One person now: contact {survivor} (decision {number}).")


def _contact(session: Session, person: str) -> str:
    kind, _, value = person.rpartition(":")
    if kind == "contact":
        if session.get(Contact, value) is None:
            raise Rejected(f"There is no contact {value}.")
        return value
    if kind not in ("", "identity") or not (value.isascii() and value.isdecimal() and len(value) < 19):
        raise Rejected(f"There is no person {person!r}. `widerhall people list` shows them.")
    return merging.contact_for(session, int(value), "cli")


def unmerge(decision: int, why: Why = "", json: Json = False) -> None:
    """Take a merge or a split back: everything is as if it had never been made."""
    with working() as hub:
        with db.write() as session:
            number = decisions.take_back(session, decision, "cli", why)
        if not hub:
            settle(hub, 60.0)
    say({"decision": number, "undoes": decision}, json, f"Taken back (decision {number}).")


def split(
    accounts: Annotated[list[int], typer.Argument(help="Numbers of accounts of one person.")],
    why: Why = "",
    json: Json = False,
) -> None:
    """These accounts are a person of their own; the rules do not bring them back."""
    with working() as hub:
        with db.write() as session:
            number = splitting.split(session, accounts, "cli", why)
            contact = contact_of(session, str(accounts[0]))
        if not hub:
            settle(hub, 60.0)
    sentence = f"A person of their own now: contact {contact} (decision {number})."
    say({"decision": number, "contact": contact}, json, sentence)


def duplicates_(
    accept: Annotated[int, typer.Option(help="Number of a proposal: one person.")] = 0,
    reject: Annotated[int, typer.Option(help="Number of a proposal: two persons.")] = 0,
    undo: Annotated[int, typer.Option(help="Number of a decision to take back.")] = 0,
    find: Annotated[bool, typer.Option("--find", help="Look at every record of the CRM first.")] = False,
    decision: Annotated[str, typer.Option(help="review, accepted or rejected.")] = "review",
    limit: int = 100,
    json: Json = False,
) -> None:
    """Records of the CRM that may be one person; decided here, merged in the CRM by a user of the CRM."""
    for name, number in (("accept", accept), ("reject", reject), ("undo", undo)):
        if number:
            with working() as hub:
                with db.write() as session:
                    duplicates.decide(session, number, name, "cli")
                if not hub:
                    settle(hub, 60.0)
            say({"duplicate": number, "decision": name}, json, "Noted.")
            return
    if find:
        with working():
            duplicates.find_all()
    ready()
    with db.read() as session:
        rows = [asdict(one) for one in pairs.of(session, decision=decision, limit=limit)]
    show(rows, json, ("id", "left", "right", "score", "decision"), "Nobody seems to stand in the CRM twice.")


def history(
    person: Annotated[str, typer.Argument(help="identity:12, 12, or contact:01J…; everybody unless given.")] = "",
    limit: int = 50,
    json: Json = False,
) -> None:
    """Merges and splits with who decided, when, why and on what, newest first."""
    ready()
    with db.read() as session:
        if person:
            rows = decisions.of_person(session, people.members(session, contact_of(session, person)), limit)
        else:
            rows = decisions.everything(session, limit)
    columns = ("id", "at", "actor", "what", "contact_id", "other_id", "why", "stands")
    show([asdict(one) for one in rows], json, columns, "Nothing was merged or split.")
