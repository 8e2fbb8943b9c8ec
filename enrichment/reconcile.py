"""All keys in the CRM against all of ours: what is missing there is sent again, what differs too, what nobody
knows is reported, and removed only when asked for. So too members of campaigns (enrichment.segments.comparing).

A record that is just being sent, or was sent after the comparison began, is left for the next one. On Salesforce
Cases people there work: of them the CRM is believed (enrichment.cases.comparing), and none is ever removed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.settings import settings
from enrichment import connection, policies
from enrichment.alike import alike
from enrichment.cases import comparing
from enrichment.crm import CRM, HUB_ID, Kind
from enrichment.models import CrmReconciliation, SyncRun, SyncState
from enrichment.segments import comparing as members

KINDS: tuple[Kind, ...] = ("profile", "interaction")
PORTION = 2000
ROWS = 200
LISTED = 100
"""Unknown keys that are kept with a comparison."""
KEPT = timedelta(days=90)
COUNTS = ("there", "here", "missing", "unknown", "differing", "removed")


@dataclass
class Compared:
    """What a comparison of one kind found."""

    counts: Counter[str] = field(default_factory=Counter)
    unknown: list[str] = field(default_factory=list)


def run(crm: CRM, *, actor: str, remove: bool = False) -> dict[str, Any]:
    """Compare everything and mend it; returns the row of `crm_reconciliation` as plain values.

    Raises what the CRM raises; what was found until then is mended all the same, and a repeat does no harm.
    """
    begun = db.now()
    found = {kind: _compare(crm, kind, begun) for kind in KINDS}
    found["case"] = Compared(*comparing.compare(crm, begun))
    found["member"] = Compared(*members.compare(crm))
    if remove:
        for kind in ("member", *reversed(KINDS)):  # no cases
            found[kind].counts["removed"] = _remove(crm, kind, found[kind].unknown, actor)
    values: dict[str, Any] = {
        "at": begun, "ended_at": db.now(), "actor": actor,
        "counts": {kind: {name: one.counts[name] for name in COUNTS} for kind, one in found.items()},
        "unknown": [[kind, key] for kind, one in found.items() for key in one.unknown[:LISTED]],
    }  # fmt: skip
    with db.write() as session:
        t = db.table(CrmReconciliation)
        session.execute(sa.delete(t).where(t.c.at < begun - KEPT))
        session.add(CrmReconciliation(**values))
        audit.record(session, actor, "crm.reconciled", "crm:1", values["counts"])
    return shown(values)


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """A comparison as plain values."""
    return {
        "at": values["at"].isoformat(), "ended_at": values["ended_at"].isoformat(), "actor": values["actor"],
        "counts": values["counts"], "unknown": [{"kind": kind, "hub_id": key} for kind, key in values["unknown"]],
    }  # fmt: skip


def latest(session: Session) -> dict[str, Any] | None:
    """The newest comparison; None before the first."""
    t = db.table(CrmReconciliation)
    row = session.execute(sa.select(t).order_by(t.c.id.desc()).limit(1)).mappings().first()
    return shown(dict(row)) if row is not None else None


def due(session: Session) -> bool:
    """The interval is over since the last comparison, before the first one since the first exchange."""
    hours = settings().crm_reconcile_hours
    if not hours:
        return False
    t, r = db.table(CrmReconciliation), db.table(SyncRun)
    last = session.execute(sa.select(sa.func.max(t.c.at))).scalar()
    last = last or session.execute(sa.select(sa.func.min(r.c.hour))).scalar()
    return last is not None and db.now() - last >= timedelta(hours=hours)


# --- comparing ------------------------------------------------------------------------------------------


def _compare(crm: CRM, kind: Kind, begun: datetime) -> Compared:
    found, seen = Compared(), set[str]()
    with db.read() as session:
        ruled = {name for name, rule in policies.rules(session).get(kind, {}).items() if rule != "hub"}
    for chunk in _chunks(crm.everything(kind)):
        outbox.keep_alive()
        rows = {str(row[HUB_ID]): row for row in chunk}
        seen |= rows.keys()
        with db.write() as session:
            _chunk(session, kind, rows, begun, ruled, found)
    found.counts["there"] = len(seen)
    found.counts["unknown"] = len(found.unknown)
    last = 0
    while True:
        outbox.keep_alive()
        with db.write() as session:
            states = _standing(session, kind, last)
            if not states:
                found.counts["here"] += found.counts["differing"]
                return found
            last = states[-1].id or 0
            found.counts["here"] += len(states)
            missing = [one for one in states if one.hub_id not in seen and _free(one, begun)]
            found.counts["missing"] += len(missing)
            for one in missing:
                one.state, one.unsure, one.at = "pending", True, db.now()
            _announce(session, kind, missing)


def _chunk(
    session: Session, kind: Kind, rows: Mapping[str, Mapping[str, Any]], begun: datetime, ruled: set[str], to: Compared
) -> None:
    """One page of the CRM's records against the states of theirs; fields with a rule of their own may differ."""
    s = db.table(SyncState)
    query = sa.select(SyncState).where(s.c.hub_id.in_(sorted(rows)), s.c.kind == kind).with_for_update()
    known = {one.hub_id: one for one in session.scalars(query)}
    gone = {key for key, one in known.items() if one.state == "ignored" and not one.record_id and _free(one, begun)}
    to.unknown += sorted((rows.keys() - known.keys()) | gone)
    changed = []
    for key, state in sorted(known.items()):
        if state.state != "synced" or not state.sent or not _free(state, begun):
            continue
        there = {
            name: rows[key].get(name) for name, ours in state.sent.items() if _differs(name, ours, rows[key], ruled)
        }
        if there:
            state.sent = {**state.sent, **there}
            state.state, state.at = "pending", db.now()
            changed.append(state)
    to.counts["differing"] += len(changed)
    _announce(session, kind, changed)


def _differs(name: str, ours: Any, row: Mapping[str, Any], ruled: set[str]) -> bool:
    return name != HUB_ID and name not in ruled and name in row and not alike(ours, row[name])


def _free(state: SyncState, begun: datetime) -> bool:
    return not state.claim and state.job_id is None and state.at < begun


def _standing(session: Session, kind: Kind, after: int) -> list[SyncState]:
    """States of records that the CRM has acknowledged, by their number."""
    s = db.table(SyncState)
    query = sa.select(SyncState).where(s.c.kind == kind, s.c.state == "synced", s.c.record_id != "", s.c.id > after)
    return list(session.scalars(query.order_by(s.c.id).limit(PORTION).with_for_update()))


def _announce(session: Session, kind: Kind, states: Sequence[SyncState]) -> None:
    session.flush()
    connection.announce(session, [connection.letter(kind, one.hub_id) for one in states])


def _remove(crm: CRM, kind: Kind, keys: Sequence[str], actor: str) -> int:
    """Delete what nobody here knows; returns how many went."""
    gone: list[str] = []
    for start in range(0, len(keys), ROWS):
        outbox.keep_alive()
        gone += [one.hub_id for one in crm.delete(kind, keys[start : start + ROWS]) if one.ok]
    if gone:
        with db.write() as session:
            audit.record(session, actor, "crm.unknown_removed", "crm:1", {"kind": kind, "hub_ids": gone[:500]})
    return len(gone)


def _chunks(rows: Iterator[Mapping[str, Any]]) -> Iterable[list[Mapping[str, Any]]]:
    while chunk := list(islice(rows, PORTION)):
        yield chunk
