"""The person beside a thread: who it is on all platforms, what the CRM says, what is open to decide, notes, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from enrichment import person
from enrichment.behaviour import figures
from enrichment.behaviour.figures import Entry
from enrichment.cases import opening
from enrichment.cases.opening import Elsewhere, Shown
from enrichment.making import store as making
from enrichment.making.models import CrmMade
from enrichment.match import AUTO_SCORE
from enrichment.person import Link, Person, Talk
from enrichment.segments import store as segments
from inbox import notes
from inbox.fields import store
from inbox.fields.kinds import Definition
from inbox.models import Conversation
from inbox.notes import Written
from inbox.surveys import answering
from inbox.surveys.answering import Rated
from web import actors
from web.reader import Reader

HISTORY = 8
"""Conversations shown."""
NOTES = 5
RATED = 3
ORDERS = 3
THRESHOLD = AUTO_SCORE["A-"]
"""From here on the rules link by themselves."""


@dataclass(frozen=True)
class Panel:
    """Everything the panel shows. `notes` are (note, author's name), newest first."""

    person: Person
    proposals: Sequence[Link]
    """Open ones, the likeliest first."""
    history: Sequence[Talk]
    more: bool
    """There are older conversations."""
    notes: Sequence[tuple[Written, str]]
    made: CrmMade | None = None
    """A lead or contact that is on its way, or was refused."""
    may_make: bool = False
    """One can be made."""
    rated: Sequence[Rated] = ()
    """How they answered surveys, newest first."""
    fields: Sequence[tuple[Definition, str]] = ()
    """Every custom field of people with what stands in it."""
    cases: Sequence[Elsewhere] = ()
    """Open Salesforce Cases of their other conversations."""
    orders: Sequence[Entry] = ()
    """The newest ones."""
    segments: Sequence[tuple[int, str]] = ()
    """Number and name of those they are in."""
    case: Shown | None = None
    """The conversation's Salesforce Case."""
    case_open: bool = False
    """One can be opened."""


def panel(session: Session, conversation: Conversation, reader: Reader) -> Panel | None:
    """The panel beside a conversation; None when nobody is known, or the reader may not see people."""
    identity_id = conversation.identity_id
    if identity_id is None or not reader.may("people.read"):
        return None
    found = person.find(session, identity_id)
    if found is None:
        return None
    history, more = person.history(session, found.ids, sight=reader.sight, limit=HISTORY)
    written = notes.of_people(session, found.ids)[:NOTES]
    names = actors.names(session, [one.author for one in written])
    wrote = conversation.last_inbound_at is not None
    case = opening.shown(session, conversation.id or 0)
    return Panel(
        person=found,
        proposals=[one for one in person.links(session, identity_id) if one.decision == "review"],
        history=history,
        more=more,
        rated=answering.of_people(session, found.ids, sight=reader.sight, limit=RATED),
        fields=[
            (one, found.own[one.id].value if one.id in found.own else "") for one in store.shown(session, "person")
        ],
        made=making.shown(session, found.ids) if found.unknown else None,
        may_make=found.makeable and reader.may("cases.open"),
        cases=opening.elsewhere(session, found.ids, conversation.id or 0, sight=reader.sight),
        orders=figures.bought(session, found.contact.id, ORDERS) if found.contact is not None else (),
        segments=segments.of_accounts(session, found.ids) if reader.may("segments.read") else (),
        case=case,
        case_open=case is None and wrote and found.caseable and reader.may("cases.open"),
        notes=[(one, actors.named(one.author, names, reader)) for one in written],
    )
