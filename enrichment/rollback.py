"""Taking a run back: its records in the CRM become what they were before, and stay so until their data change.

Left alone is what a later run changed, what is just being sent, and what may not stand there: of somebody who
objects or is no longer linked, and messages that are deleted on their platform.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected, WiderhallError
from enrichment import connection, settling
from enrichment.crm import CRM, HUB_ID, Kind, RowResult
from enrichment.models import CrmChange, CrmRun, SyncState
from enrichment.plan import Step, plan
from enrichment.profile import payload_hash
from enrichment.segments import undoing

ROWS = 200
CODE = "TAKEN_BACK"
HELD = timedelta(minutes=2)
"""A mark that is older was left behind by a worker that died."""


@dataclass(frozen=True, slots=True)
class Back:
    """One record on its way back."""

    step: Step
    change: CrmChange

    @property
    def kind(self) -> str:
        return self.change.kind


def take_back(run_id: int, actor: str) -> dict[str, int]:
    """Undo what a run did; returns how many records were restored, deleted, refused and left alone.

    Rejected for a run there is not or that is taken back already; raises what the CRM raises, and can be
    repeated then.
    """
    mark = secrets.token_hex(8)
    with db.write() as session:
        run = session.get(CrmRun, run_id)
        if run is None:
            raise Rejected(f"There is no run {run_id}. `widerhall crm runs` lists them; they are kept for 30 days.")
        if run.taken_back_at is not None:
            raise Rejected(f"Run {run_id} is taken back already.")
        states, changes, later = _hold(session, run_id, mark)
    try:
        with db.read() as session:
            steps = plan(session, states)
        ours = [Back(step, changes[step.hub_id]) for step in steps if _may(step)]
        crm = connection.crm()
        results = _undo(crm, ours)
        members = undoing.take_back(crm, run_id, changes.values(), later)
    except WiderhallError:
        with db.write() as session:
            settling.write(session, {one.id or 0: {"unsure": True} for one in states}, _marked(mark), _FREE)
        raise
    with db.write() as session:
        return _settle(session, run_id, mark, states, ours, results, members, actor)


def _hold(session: Session, run_id: int, mark: str) -> tuple[list[SyncState], dict[str, CrmChange], set[str]]:
    """Mark the records that nobody sends and no later run has changed; all changes, and keys that one has."""
    s, c, r = db.table(SyncState), db.table(CrmChange), db.table(CrmRun)
    changes = {one.hub_id: one for one in session.scalars(sa.select(CrmChange).where(c.c.run_id == run_id))}
    standing = sa.select(r.c.id).where(r.c.id > run_id, r.c.taken_back_at.is_(None))
    of_run = sa.select(c.c.hub_id).where(c.c.run_id == run_id)
    later = sa.select(c.c.hub_id).where(c.c.run_id.in_(standing))
    free = ((s.c.claim == "") | (s.c.claimed_at < db.now() - HELD)) & s.c.job_id.is_(None)
    chosen = (s.c.hub_id.in_(of_run), s.c.hub_id.not_in(later), free)
    session.execute(sa.update(s).where(*chosen).values(claim=mark, claimed_at=db.now()))
    states = list(session.scalars(sa.select(SyncState).where(s.c.claim == mark).order_by(s.c.id)))
    session.expunge_all()
    return states, changes, set(session.scalars(later.where(c.c.hub_id.in_(of_run))))


def _may(step: Step) -> bool:
    return bool(step.fields) and not step.fields.get("Deleted__c")


def _undo(crm: CRM, ours: Sequence[Back]) -> dict[str, RowResult]:
    """Profiles are restored before their interactions and deleted after them."""
    results: dict[str, RowResult] = {}
    kinds: tuple[Kind, ...] = ("case", "profile", "interaction")
    for kind in kinds:
        rows = [{HUB_ID: one.step.hub_id, **one.change.before} for one in ours if _restored(one, kind)]
        for start in range(0, len(rows), ROWS):
            results |= {one.hub_id: one for one in crm.upsert(kind, rows[start : start + ROWS])}
    for kind in reversed(kinds):
        keys = [one.step.hub_id for one in ours if one.kind == kind and one.change.action == "created"]
        for start in range(0, len(keys), ROWS):
            results |= {one.hub_id: one for one in crm.delete(kind, keys[start : start + ROWS])}
    return results


def _restored(one: Back, kind: Kind) -> bool:
    return one.kind == kind and one.change.action != "created"


def _settle(
    session: Session, run_id: int, mark: str, states: Sequence[SyncState], ours: Sequence[Back],
    results: Mapping[str, RowResult], members: Counter[str], actor: str,
) -> dict[str, int]:  # fmt: skip
    columns: dict[int, dict[str, Any]] = {one.id or 0: {} for one in states}
    counts: Counter[str] = Counter({"restored": 0, "deleted": 0, "refused": 0})
    for one in ours:
        result = results[one.step.hub_id]
        counts[_what(one, result)] += 1
        if result.ok:
            columns[one.step.state.id or 0] = _kept(one, result, run_id)
    settling.write(session, columns, _marked(mark), _FREE)
    c = db.table(CrmChange)
    total = session.execute(sa.select(sa.func.count()).where(c.c.run_id == run_id)).scalar_one()
    counts.update(members)
    counts["left_alone"] = total - len(ours) - members.total()
    if not counts["refused"]:
        r = db.table(CrmRun)
        session.execute(sa.update(r).where(r.c.id == run_id).values(taken_back_at=db.now()))
    audit.record(session, actor, "crm.taken_back", f"run:{run_id}", dict(counts))
    return dict(counts)


def _what(one: Back, result: RowResult) -> str:
    if not result.ok:
        return "refused"
    return "deleted" if one.change.action == "created" else "restored"


def _kept(one: Back, result: RowResult, run_id: int) -> dict[str, Any]:
    """What stands in the CRM now; today's payload is not sent again, another one is."""
    created = one.change.action == "created"
    known = {} if created else {**one.step.state.sent, **one.change.before}
    return {
        "state": "quarantined", "code": CODE, "message": f"Run {run_id} was taken back.",
        "refused_hash": payload_hash(one.step.fields), "sent": known, "sent_hash": payload_hash(known),
        "record_id": "" if created else result.record_id or one.step.state.record_id, "unsure": False, "tries": 0,
    }  # fmt: skip


_FREE: dict[str, Any] = {"claim": "", "claimed_at": None}


def _marked(mark: str) -> Any:
    return db.table(SyncState).c.claim == mark
