"""Conversations counted anew from their messages and deeds, after messages moved between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.event import Event
from inbox.cuts import family, rule
from inbox.models import Activity, Conversation, Message
from inbox.parts import store as parts
from inbox.parts.rule import BEGAN, Deed, asks, unanswered

OPENED = "split-off"
"""The deed a conversation begins with that was split off: it is open."""
_DEEDS: Mapping[str, str] = {**parts.DEEDS, OPENED: BEGAN}
WAITS = ("open", "pending", "snoozed")


def happened(session: Session, conversation_id: int) -> list[Event | Deed]:
    """All that came in a conversation and was done to it, in that order; answers of rules answer nobody."""
    m, a = db.table(Message), db.table(Activity)
    said = sa.select(
        m.c.key, m.c.platform, m.c.kind, m.c.direction, m.c.text, m.c.posted_at, m.c.visibility, m.c.stored_at,
        parts.counting_as(),
    )  # fmt: skip
    found: list[tuple[datetime, int, Event | Deed]] = []
    rows = session.execute(said.where(m.c.conversation_id == conversation_id).order_by(m.c.posted_at, m.c.key))
    for row in rows.mappings():
        values = {name: row[name] for name in row if name != "stored_at"}
        found.append((row["stored_at"], 0, Event.model_construct(**values)))
    done = sa.select(a.c.at, a.c.what, a.c.detail).where(
        a.c.conversation_id == conversation_id, a.c.what.in_(list(_DEEDS))
    )
    for at, what, detail in session.execute(done.order_by(a.c.at, a.c.id)):
        if detail.get("by") != "message":  # the message says so itself
            until = datetime.fromisoformat(detail["until"]) if detail.get("until") else None
            found.append((at, 1, Deed(at, _DEEDS[what], until)))
    return [one for _, _, one in sorted(found, key=lambda entry: entry[:2])]


def told(session: Session, row: Mapping[str, Any]) -> bool:
    """Its messages and deeds say the state it has; one that was set without a deed they do not tell."""
    said: str = rule.counted(happened(session, row["id"]))[0].state
    return said == str(row["state"])


def recount(session: Session, row: Mapping[str, Any], *, state_too: bool) -> None:
    """Write what messages and deeds say now; the state stays unless `state_too`. `row` is how it stood before."""
    every = happened(session, row["id"])
    standing, until = rule.counted(every)
    if not state_too:
        standing.state, until = row["state"], row["snoozed_until"]
        theirs = [one.posted_at for one in every if isinstance(one, Event) and asks(one)]
        waits = standing.waiting_since or unanswered(theirs, standing.last_outbound_at)
        standing.waiting_since = waits if standing.state in WAITS else None
        if standing.state == "pending" and waits is not None:
            standing.state = "open"
    if standing.state == row["state"]:
        standing.closed_at = row["closed_at"]
    own = parts.own_of(session, row)
    own.standing, own.snoozed_until = standing, until
    parts.put(session, row["id"], parts.shown(session, row["id"], own))


def rows(session: Session, ids: Collection[int]) -> dict[int, Mapping[str, Any]]:
    """Conversations as they stand."""
    c = db.table(Conversation)
    query = sa.select(c).where(c.c.id.in_(ids)).order_by(c.c.id).with_for_update()
    return {row["id"]: dict(row) for row in session.execute(query).mappings()}


def bring(session: Session, message_id: int, from_id: int, to_id: int) -> None:
    """What we sent from a conversation stands in it, although its thread goes on in another one."""
    roots = family.of(session, [from_id, to_id]).roots
    if from_id == to_id or roots.get(from_id, from_id) != roots.get(to_id, to_id):
        return
    if parts.cases(session, [from_id, to_id]):
        return
    before = rows(session, [from_id, to_id])
    trusted = {number: told(session, row) for number, row in before.items()}
    m = db.table(Message)
    session.execute(sa.update(m).where(m.c.id == message_id).values(conversation_id=to_id))
    for number, row in before.items():
        recount(session, row, state_too=trusted[number])
