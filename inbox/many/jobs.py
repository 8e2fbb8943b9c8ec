"""Jobs: which conversations were chosen, once and for all, how far it is, stopping it and taking it back.

    running ──► done ──► undoing ──► undone
       └──► stopped ──────┘  └──► stopped

The letter `list.due` that does the work is written with the job, or with the wish to take it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import Rejected
from inbox.actions import Action
from inbox.many.models import BulkItem, BulkJob

KEPT = timedelta(days=30)
"""So long a job can be looked at and taken back."""
BROKEN_OFF = timedelta(seconds=30)
"""What is done at once is done by then, unless its process died."""
FOR_GOOD = ("note", "draft", "case")
"""Deeds that are not taken back."""
GONE = "There is no such job."
NOTHING = "There is nothing to take back."
REFUSALS = (GONE, NOTHING)
PAGE = 50


def begin(
    session: Session,
    actor: str,
    deeds: Sequence[Action],
    chosen: sa.Select[Any],
    *,
    macro: str = "",
    at_once: int = 0,
) -> BulkJob:
    """Write down what is to be done to the conversations that `chosen` (a select of ids) finds now.

    What comes into that list later is not touched. Up to `at_once` the caller does it at once, and the letter comes
    only to what was broken off.
    """
    _forget(session)
    moment, b = db.now(), db.table(BulkItem)
    written = [one.written() for one in deeds]
    job = BulkJob(actor=actor, deeds=written, macro=macro, made_at=moment)
    session.add(job)
    session.flush()
    ids = chosen.subquery()
    nothing = sa.literal([], sa.JSON), sa.literal({}, sa.JSON)
    row = sa.select(sa.literal(job.id, db.BigId), ids.c.id, sa.literal("waiting"), sa.literal(""), *nothing)
    names = ["job_id", "conversation_id", "state", "reason", "back", "stands"]
    session.execute(sa.insert(b).from_select(names, row))
    job.total = session.scalar(sa.select(sa.func.count()).select_from(b).where(b.c.job_id == job.id)) or 0
    session.add(job)
    session.flush()
    job.shown = job.total > at_once
    _letter(session, job, job.total <= at_once)
    detail = {"conversations": job.total, "deeds": [one["do"] for one in written]}
    audit.record(session, actor, "list.begun", f"job:{job.id}", detail)
    return job


def _letter(session: Session, job: BulkJob, at_once: bool) -> None:
    due_at = db.now() + BROKEN_OFF if at_once else None
    outbox.emit(session, "list.due", [(str(job.id), {"job_id": job.id})], due_at=due_at)


def _forget(session: Session) -> None:
    j = db.table(BulkJob)
    session.execute(sa.delete(j).where(j.c.made_at < db.now() - KEPT))


def find(session: Session, job_id: int, actor: str, *, lock: bool = False) -> BulkJob:
    """A job of this person; Rejected when they have none of that number."""
    row = session.get(BulkJob, job_id, populate_existing=lock, with_for_update=lock or None) if job_id < 2**62 else None
    if row is None or row.actor != actor:
        raise Rejected(GONE)
    return row


def of(session: Session, actor: str, before: int = 0, limit: int = PAGE) -> list[BulkJob]:
    """The jobs of a person on more than one conversation, newest first; those `before` one."""
    j = db.table(BulkJob)
    query = sa.select(BulkJob).where(j.c.actor == actor, j.c.total > 1, *([j.c.id < before] if before else []))
    return list(session.scalars(query.order_by(j.c.id.desc()).limit(limit)))


def stop(session: Session, job_id: int, actor: str) -> bool:
    """Leave the rest as it is; False when there is none."""
    job = find(session, job_id, actor, lock=True)
    if job.state not in ("running", "undoing"):
        return False
    job.state, job.ended_at = "stopped", db.now()
    session.add(job)
    audit.record(session, actor, "list.stopped", f"job:{job_id}")
    return True


def reversible(job: BulkJob) -> bool:
    """Something of it can be taken back."""
    return any(one["do"] not in FOR_GOOD for one in job.deeds)


def undo(session: Session, job_id: int, actor: str, *, at_once: int = 0) -> BulkJob:
    """Have all that it changed stand as before again; what it has not come to is not touched any more.

    Rejected when it has changed nothing, or nothing of that is left. Up to `at_once` the caller does it at once.
    """
    job = find(session, job_id, actor, lock=True)
    if job.state == "undoing":
        return job
    if job.changed == job.back + job.kept:
        raise Rejected(NOTHING)
    few = job.changed - job.back - job.kept <= at_once
    job.state, job.reason, job.ended_at = "undoing", "", None
    job.shown = job.shown or not few
    session.add(job)
    session.flush()
    _letter(session, job, few)
    audit.record(session, actor, "list.undone", f"job:{job_id}")
    return job


def hide(session: Session, job_id: int, actor: str) -> None:
    """It need not stand above the list any more."""
    job = find(session, job_id, actor, lock=True)
    job.shown = False
    session.add(job)


def shown(session: Session, actor: str) -> BulkJob | None:
    """The newest job that stands above this person's list."""
    j = db.table(BulkJob)
    query = sa.select(BulkJob).where(j.c.actor == actor, j.c.shown).order_by(j.c.id.desc()).limit(1)
    return session.scalars(query).first()


def unchanged(session: Session, job_id: int, after: int = 0, limit: int = PAGE) -> list[tuple[int, str]]:
    """(conversation, why) of those that were left or kept as they are, by number; those `after` one."""
    b = db.table(BulkItem)
    query = sa.select(b.c.conversation_id, b.c.reason).where(
        b.c.job_id == job_id, b.c.state.in_(("left", "kept")), b.c.conversation_id > after
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(b.c.conversation_id).limit(limit))]
