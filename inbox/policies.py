"""Policies of what is promised: kept, put in order, and taken away."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from inbox import clocks
from inbox.conditions import tree
from inbox.conditions.tree import EVERYTHING, Group
from inbox.models import Conversation
from inbox.sla_models import SlaClock, SlaPolicy

LONGEST = 525_600
"""Minutes: a year."""
STEADY = (
    "platform", "account", "private", "kind", "words", "team", "priority", "type", "tag", "assignee", "language",
    "sentiment", "intent", "urgency", "emotion", "label", "theme", "subject", "query", "followers",
    "verified",
)  # fmt: skip
"""What may be asked about: what does not change by time passing, or by answering."""


@dataclass(frozen=True)
class Wanted:
    """A policy as somebody wants it; see inbox.sla_models.SlaPolicy."""

    name: str
    conditions: Group = EVERYTHING
    first_reply: int = 0
    next_reply: int = 0
    resolution: int = 0
    business: bool = True
    warn: int = 20
    enabled: bool = True


class Wrong(Rejected):
    """A field cannot be kept: `field` is name, first_reply, next_reply, resolution, warn or conditions."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


EMPTY_NAME = "Give it a name, so that it is found again."
LONG_NAME = "The name is too long: 80 characters at most."
SAME_NAME = "Another policy has this name."
NO_TARGET = "Promise something: a time for the first reply, the next reply, or until it is closed."
BAD_TIME = "A time is at most a year. Write minutes, or hours and minutes like 4:30."
UNSTEADY = "A policy cannot ask about this: it changes by itself or with who looks."
BAD_WARN = "Warn when between 0 and 90 per cent of the time are left."
GONE = "This policy is gone."
SENTENCES = (EMPTY_NAME, LONG_NAME, SAME_NAME, NO_TARGET, BAD_TIME, BAD_WARN, UNSTEADY, GONE)


def every(session: Session) -> list[SlaPolicy]:
    """All of them, in the order in which they are asked."""
    p = db.table(SlaPolicy)
    return list(session.scalars(sa.select(SlaPolicy).order_by(p.c.place, p.c.id)))


def save(session: Session, policy_id: int | None, wanted: Wanted, actor: str) -> int:
    """Keep a policy, a new one behind the others without `policy_id`; returns its number."""
    name = db.sound(wanted.name).strip()
    others = every(session)
    _check(name, wanted, [one.name for one in others if one.id != policy_id])
    row = next((one for one in others if one.id == policy_id), None)
    if row is None:
        if policy_id is not None:
            raise Rejected(GONE)
        row = SlaPolicy(name=name, place=max((one.place for one in others), default=0) + 1)
    row.name, row.conditions = name, tree.written(wanted.conditions) if wanted.conditions.of else {}
    row.first_reply, row.next_reply, row.resolution = wanted.first_reply, wanted.next_reply, wanted.resolution
    row.business, row.warn, row.enabled = wanted.business, wanted.warn, wanted.enabled
    session.add(row)
    session.flush()
    audit.record(session, actor, "sla.changed" if policy_id else "sla.made", f"sla_policy:{row.id}")
    clocks.changed(session)
    return row.id or 0


def _check(name: str, wanted: Wanted, others: list[str]) -> None:
    if not name:
        raise Wrong("name", EMPTY_NAME)
    if len(name) > 80:
        raise Wrong("name", LONG_NAME)
    if name.casefold() in (one.casefold() for one in others):
        raise Wrong("name", SAME_NAME)
    times = {one: getattr(wanted, one) for one in ("first_reply", "next_reply", "resolution")}
    for one, minutes in times.items():
        if not 0 <= minutes <= LONGEST:
            raise Wrong(one, BAD_TIME)
    if not any(times.values()):
        raise Wrong("first_reply", NO_TARGET)
    if tree.personal(wanted.conditions) or any(one.field not in STEADY for one in tree.leaves(wanted.conditions)):
        raise Wrong("conditions", UNSTEADY)
    if not 0 <= wanted.warn <= 90:
        raise Wrong("warn", BAD_WARN)


def move(session: Session, policy_id: int, actor: str) -> bool:
    """One place up; False when it is the first or gone."""
    others = every(session)
    at = next((place for place, one in enumerate(others) if one.id == policy_id), 0)
    if not at:
        return False
    others[at - 1], others[at] = others[at], others[at - 1]
    for place, one in enumerate(others, 1):
        one.place = place
        session.add(one)
    session.flush()
    audit.record(session, actor, "sla.moved", f"sla_policy:{policy_id}")
    clocks.changed(session)
    return True


def remove(session: Session, policy_id: int, actor: str) -> bool:
    """Take a policy away with its clocks; False when it is gone already."""
    row = session.get(SlaPolicy, policy_id)
    if row is None:
        return False
    t, c = db.table(SlaClock), db.table(Conversation)
    ids = sa.select(t.c.conversation_id).where(t.c.policy_id == policy_id)
    session.execute(sa.update(c).where(c.c.id.in_(ids)).values(sla_due_at=None))
    session.execute(sa.delete(t).where(t.c.policy_id == policy_id))
    session.delete(row)
    session.flush()
    audit.record(session, actor, "sla.removed", f"sla_policy:{policy_id}")
    clocks.changed(session)
    return True
