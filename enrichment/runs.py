"""Figures of the exchange with the CRM hour by hour, and what each run changed, so that it can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment.models import CrmChange, CrmRun, SyncRun

KEPT = timedelta(days=30)
"""So long a run can be taken back."""
FIGURES = ("created", "updated", "unchanged", "removed", "retried", "quarantined", "read", "calls", "sent_bytes")


def count(session: Session, kind: Literal["send", "pull"], figures: Mapping[str, int]) -> None:
    """Add one batch to the figures of this hour; a batch in which nothing happened is left out."""
    if not any(figures.values()):
        return
    hour = db.now().replace(minute=0, second=0, microsecond=0)
    t, insert = db.table(SyncRun), db.upsert(SyncRun)
    row = {"kind": kind, "hour": hour, "batches": 1, **{name: figures.get(name, 0) for name in FIGURES}}
    summed = {name: t.c[name] + insert.excluded[name] for name in ("batches", *FIGURES)}
    session.execute(insert.on_conflict_do_update(index_elements=["kind", "hour"], set_=summed), [row])


@dataclass(frozen=True, slots=True)
class Change:
    """What a run did to one record."""

    hub_id: str
    kind: str
    action: Literal["created", "updated", "removed"]
    before: dict[str, Any] = field(default_factory=dict)
    """Fields as they stood there, as far as we know them."""


def log(session: Session, how: Literal["batch", "job"], changes: Sequence[Change], calls: int) -> None:
    """Keep what a run changed; runs of more than a month ago are forgotten."""
    if not changes:
        return
    r = db.table(CrmRun)
    session.execute(sa.delete(r).where(r.c.at < db.now() - KEPT))
    run = CrmRun(how=how, at=db.now(), records=len(changes), calls=calls)
    session.add(run)
    session.flush()
    rows = [
        {"run_id": run.id, "hub_id": one.hub_id, "kind": one.kind, "action": one.action, "before": one.before}
        for one in sorted(changes, key=lambda one: one.hub_id)
    ]
    session.execute(sa.insert(db.table(CrmChange)), rows)


def latest(session: Session, limit: int = 30) -> list[dict[str, Any]]:
    """The newest runs with what they did, as plain values."""
    r, c = db.table(CrmRun), db.table(CrmChange)
    runs = session.execute(sa.select(r).order_by(r.c.id.desc()).limit(limit)).mappings().all()
    did: dict[int, dict[str, int]] = {row["id"]: {} for row in runs}
    times = sa.select(c.c.run_id, c.c.action, sa.func.count()).where(c.c.run_id.in_(sorted(did)))
    for run, action, number in session.execute(times.group_by(c.c.run_id, c.c.action)):
        did[run][action] = number
    names = ("created", "updated", "removed")
    return [
        {
            "run": row["id"], "at": row["at"].isoformat(), "how": row["how"], "calls": row["calls"],
            **{name: did[row["id"]].get(name, 0) for name in names},
            "taken_back_at": row["taken_back_at"].isoformat() if row["taken_back_at"] else "",
        }
        for row in runs
    ]  # fmt: skip
