"""Figures of the exchange with the CRM, hour by hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sqlmodel import Session

from core import db
from enrichment.models import SyncRun

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
