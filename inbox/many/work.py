"""The work of a job: a few conversations in one transaction, with what became of each, and nothing twice.

The row of a conversation and its change are one transaction: whoever comes again, after a crash or since a letter was
delivered twice, finds what is still to be done and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from inbox import actions, stood, visibility
from inbox.actions import Action, Done
from inbox.fields import values
from inbox.many.models import BulkItem, BulkJob
from inbox.models import Conversation
from inbox.visibility import Sight

TOGETHER = 10
"""Conversations of one transaction: others write in between."""
NOT_SEEN = "It is gone, or you do not see it any more."
CHANGED_SINCE = "Somebody changed it since."
NOT_ALLOWED = "Whoever asked for it may not change conversations any more."
NO_WAY = "What was done here cannot be taken back."
REFUSALS = (NOT_SEEN, CHANGED_SINCE, NOT_ALLOWED, NO_WAY)

May = Callable[[Session, str], Sight | None]
"""What somebody (`user:3`) sees who may change conversations; None for who may not."""


@dataclass(frozen=True, eq=False)
class Item:
    """One conversation whose turn it is, with what takes its change back."""

    conversation_id: int
    back: list[dict[str, str]]
    stands: dict[str, str]


@dataclass(frozen=True)
class Became:
    """State and reason of an item, and what takes its change back."""

    state: str
    reason: str = ""
    back: Sequence[Action] = ()


def step(job_id: int, may: May) -> bool:
    """Do the next few; False when nothing is left to do. The right to each conversation is asked now."""
    return db.again(lambda: _step(job_id, may))


def whole(job_id: int, may: May) -> None:
    """Do it to the end, at once: for few."""
    while step(job_id, may):
        pass


def within(session: Session, job_id: int, may: May) -> None:
    """Do it to the end in the caller's transaction: for one."""
    while _next_few(session, job_id, may):
        pass


def _step(job_id: int, may: May) -> bool:
    with db.write() as session:
        return _next_few(session, job_id, may)


def _next_few(session: Session, job_id: int, may: May) -> bool:
    job = session.get(BulkJob, job_id, populate_existing=True, with_for_update=True)
    if job is None or job.state not in ("running", "undoing"):
        return False
    sight = may(session, job.actor)
    items = _next(session, job) if sight is not None else []
    if sight is None or not items:
        _end(session, job, allowed=sight is not None)
        return False
    seen = visibility.of(session, sight, [one.conversation_id for one in items])
    deed = _back if job.state == "undoing" else _do
    _note(
        session, job,
        {one: deed(session, job, one) if one.conversation_id in seen else _unseen(job) for one in items},
    )  # fmt: skip
    return True


def _next(session: Session, job: BulkJob) -> list[Item]:
    b = db.table(BulkItem)
    wanted = "changed" if job.state == "undoing" else "waiting"
    query = sa.select(b.c.conversation_id, b.c.back, b.c.stands).where(b.c.job_id == job.id, b.c.state == wanted)
    found = session.execute(query.order_by(b.c.conversation_id).limit(TOGETHER))
    return [Item(*row) for row in found]


def _end(session: Session, job: BulkJob, *, allowed: bool) -> None:
    job.state = {"running": "done", "undoing": "undone"}[job.state] if allowed else "stopped"
    job.reason, job.ended_at = "" if allowed else NOT_ALLOWED, db.now()
    session.add(job)
    audit.record(session, job.actor, f"list.{'ended' if allowed else 'stopped'}", f"job:{job.id}", _sums(job))


def _sums(job: BulkJob) -> dict[str, int]:
    return {name: getattr(job, name) for name in ("changed", "same", "left", "back", "kept")}


def _note(session: Session, job: BulkJob, became: Mapping[Item, Became]) -> None:
    """What became of each, written at once."""
    b = db.table(BulkItem)
    for state, number in Counter(one.state for one in became.values()).items():
        setattr(job, state, getattr(job, state) + number)
    session.add(job)
    new = [
        {
            "item": item.conversation_id, "state": one.state, "reason": one.reason,
            "back": [deed.written() for deed in one.back],
            "stands": _standing(session, item.conversation_id, one.back),
        }
        for item, one in became.items()
    ]  # fmt: skip
    change = sa.update(b).where(b.c.job_id == job.id, b.c.conversation_id == sa.bindparam("item"))
    session.execute(change.values({name: sa.bindparam(name) for name in ("state", "reason", "back", "stands")}), new)


def _unseen(job: BulkJob) -> Became:
    return Became("kept" if job.state == "undoing" else "left", NOT_SEEN)


def _do(session: Session, job: BulkJob, item: Item) -> Became:
    deeds = [Action(one["do"], one.get("value", "")) for one in job.deeds]
    try:
        done = _each(session, item.conversation_id, deeds, job.actor)
    except Rejected as error:
        return Became("left", str(error))
    if job.macro:
        audit.record(session, job.actor, "macro.run", f"conversation:{item.conversation_id}", {"job": job.id})
    return Became("changed" if any(one.changed for one in done) else "same", "", actions.back(done))


def _back(session: Session, job: BulkJob, item: Item) -> Became:
    """Take back what still stands as the job left it; a macro's deeds that leave no way back stay done."""
    back = actions.read(item.back, actions.BACK) if item.back else []
    stands = _standing(session, item.conversation_id, back)
    ours = [one for one in back if stands.get(_what(one)) == item.stands.get(_what(one))]
    try:
        done = _each(session, item.conversation_id, ours, job.actor)
    except Rejected as error:
        return Became("kept", str(error))
    if any(one.changed for one in done):
        return Became("back")
    return Became("kept", CHANGED_SINCE if back else NO_WAY)


def _each(session: Session, conversation_id: int, deeds: Sequence[Action], actor: str) -> list[Done]:
    """All or none of several; one alone is refused before it writes anything."""
    with session.begin_nested() if deeds[1:] else nullcontext():
        return actions.each(session, conversation_id, deeds, actor)


# --- what a deed replaces -------------------------------------------------------------------------------


def _what(one: Action) -> str:
    """The thing that a deed replaces: `state`, `assign`, `field 12`; tags and notes replace none."""
    if one.do == "field":
        return f"field {one.value.partition('=')[0]}"
    return "state" if one.do in ("restore", "state", "snooze") else one.do


def _standing(session: Session, conversation_id: int, back: Sequence[Action]) -> dict[str, str]:
    """How it stands at present, as far as these deeds would replace it."""
    wanted = {_what(one) for one in back} - {"tag", "untag"}
    if not wanted:
        return {}
    row = session.get(Conversation, conversation_id, populate_existing=True)
    if row is None:
        return {}
    found = {
        "state": f"{stood.written(row)} {row.closed_at or ''}", "assign": row.assignee,
        "team": str(row.team_id or ""), "priority": row.priority, "type": row.type,
    }  # fmt: skip
    if any(one.startswith("field ") for one in wanted):
        found |= _fields(values.of_many(session, [conversation_id]).get(conversation_id, {}))
    return {name: value for name, value in found.items() if name in wanted}


def _fields(stands: Mapping[int, Any]) -> dict[str, str]:
    return {f"field {number}": str(value) for number, value in stands.items()}
