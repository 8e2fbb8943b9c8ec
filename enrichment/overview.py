"""What stands where between the hub and the CRM: status, dry run, quarantine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import NotConfigured
from core.settings import settings
from enrichment import budget, connection, jobs, reconcile
from enrichment.cases import rule
from enrichment.models import CrmConnection, CrmJob, CrmRecord, MatchLink, SyncRun, SyncState
from enrichment.plan import Step, plan
from enrichment.sending import ROWS
from inbox.models import Identity, Purpose

PORTION = 1000
BULK_CALLS = 10
"""Of one bulk job, with four looks at how far it is."""
OBJECTS = {"profile": "SocialProfile__c", "interaction": "SocialInteraction__c", "case": "Case"}


def status(session: Session) -> dict[str, Any]:
    """The connection, and how many records stand where, as plain values."""
    row = session.get(CrmConnection, 1)
    purpose = session.get(Purpose, connection.PURPOSE)
    standing = connection.standing(session)
    s, r, t = db.table(SyncState), db.table(CrmRecord), db.table(MatchLink)
    records: dict[str, dict[str, int]] = {kind: {} for kind in OBJECTS}
    for kind, state, number in session.execute(
        sa.select(s.c.kind, s.c.state, sa.func.count()).group_by(s.c.kind, s.c.state)
    ):
        records[kind][state] = number
    alive = sa.select(r.c.object, sa.func.count()).where(~r.c.deleted, r.c.successor == "").group_by(r.c.object)
    links = sa.select(t.c.decision, sa.func.count()).group_by(t.c.decision)
    return {
        "connected": standing.connected,
        "url": row.url if row is not None else "",
        "switched_on": standing.switched_on,
        "basis": purpose.basis if purpose is not None and purpose.enabled else "",
        "error": standing.error,
        "watermark": _text(row.watermark if row is not None else None),
        "pulled_at": _text(row.pulled_at if row is not None else None),
        "mirror": dict(session.execute(alive).all()),
        "links": dict(session.execute(links).all()),
        "records": records,
        "quarantined": quarantined(session),
        "runs": _runs(session),
        "budget": budget.budget(session).row(),
        "jobs": on_the_way(session),
        "compared": reconcile.latest(session),
    }


def on_the_way(session: Session) -> list[dict[str, Any]]:
    """Bulk jobs that are not ended: kind, number of records, since when."""
    j = db.table(CrmJob)
    query = sa.select(j.c.kind, j.c.rows, j.c.at).where(j.c.state != "done").order_by(j.c.id)
    return [{"kind": row.kind, "rows": row.rows, "at": _text(row.at)} for row in session.execute(query)]


def check(session: Session) -> dict[str, Any]:
    """The status, and what the CRM itself says: version, usage, what is missing and how to mend it.

    Raises what the CRM raises; NotConfigured when none is connected.
    """
    said = connection.crm().check()
    problems = [asdict(one) for one in said.problems]
    found = status(session)
    if not found["switched_on"]:
        fix = "Name the lawful basis: widerhall crm connect --basis legitimate_interest"
        problems.append({"what": "The sync is switched off: no lawful basis is named.", "fix": fix})
    try:
        rule.groups(settings().crm_case_when)
    except NotConfigured as error:
        problems.append({"what": "The rule that opens cases cannot be read.", "fix": str(error)})
    usage = {"used": said.used, "limit": said.limit}
    without = [asdict(one) for one in said.optional]
    return {
        "version": said.version, "ok": not problems, "usage": usage, "problems": problems, "optional": without, **found,
    }  # fmt: skip


def refused(session: Session) -> int:
    """How many records the CRM refuses."""
    s = db.table(SyncState)
    query = sa.select(sa.func.count()).where(s.c.state == "quarantined")
    return int(session.execute(query).scalar_one())


def quarantined(session: Session, limit: int = 100) -> list[dict[str, Any]]:
    """Records the CRM refuses, with its reason; they wait for a person, or for other data.

    `identity_id` and `message_id` say whose they are here, `url` where the record stands there, if it does.
    """
    s, row = db.table(SyncState), session.get(CrmConnection, 1)
    address = row.url if row is not None else ""
    query = sa.select(SyncState).where(s.c.state == "quarantined").order_by(s.c.at.desc(), s.c.id).limit(limit)
    return [
        {
            "kind": one.kind,
            "hub_id": one.hub_id,
            "code": one.code,
            "message": one.message,
            "at": _text(one.at),
            "identity_id": one.identity_id,
            "message_id": one.message_id,
            "url": connection.record_url(address, OBJECTS[one.kind], one.record_id),
        }
        for one in session.scalars(query)
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """One record and where it stands; `url` is its page in the CRM, empty while it has none."""

    id: int
    kind: str
    hub_id: str
    state: str
    code: str
    message: str
    at: datetime
    identity_id: int | None
    name: str
    """Of the person it belongs to; empty when nobody is known any more."""
    url: str


def standing(
    session: Session, states: Sequence[str], kind: str = "", before: int = 0, limit: int = 50
) -> tuple[list[Standing], int]:
    """Records in these states, the newest first; with the number to go on `before`, 0 at the end."""
    s, i, row = db.table(SyncState), db.table(Identity), session.get(CrmConnection, 1)
    address = row.url if row is not None else ""
    query = sa.select(SyncState, i.c.name, i.c.handle).outerjoin(i, i.c.id == s.c.identity_id)
    query = query.where(s.c.state.in_(list(states)))
    if kind:
        query = query.where(s.c.kind == kind)
    if before:
        query = query.where(s.c.id < before)
    found = session.execute(query.order_by(s.c.id.desc()).limit(limit + 1)).all()
    rows = [
        Standing(
            one.id or 0, one.kind, one.hub_id, one.state, one.code, one.message, one.at, one.identity_id,
            name or handle or "", connection.record_url(address, OBJECTS[one.kind], one.record_id),
        )
        for one, name, handle in found[:limit]
    ]  # fmt: skip
    return rows, rows[-1].id if len(found) > limit else 0


def refused_ids(session: Session, limit: int = 5000) -> list[str]:
    """Hub ids of the records the CRM refuses: for `retry`."""
    s = db.table(SyncState)
    return list(session.scalars(sa.select(s.c.hub_id).where(s.c.state == "quarantined").limit(limit)))


def retry(session: Session, hub_ids: Sequence[str], actor: str) -> int:
    """Send quarantined records once more; returns how many there were."""
    s = db.table(SyncState)
    chosen = (s.c.hub_id.in_(sorted(hub_ids)), s.c.state == "quarantined")
    rows = session.execute(sa.select(s.c.kind, s.c.hub_id).where(*chosen)).all()
    values = {"state": "pending", "refused_hash": "", "tries": 0, "at": db.now()}
    session.execute(sa.update(s).where(*chosen).values(**values))
    for row in rows:
        audit.record(session, actor, "crm.retried", f"{row.kind}:{row.hub_id}")
    return outbox.emit(session, "sync.due", [connection.letter(row.kind, row.hub_id) for row in rows])


@dataclass(frozen=True, slots=True)
class Difference:
    """What a sync would do to one record, and each field's value before and after."""

    kind: str
    hub_id: str
    action: str
    """create, update, remove, skip or blocked."""
    reason: str
    fields: dict[str, tuple[Any, Any]]


def dry_run(session: Session) -> dict[str, Any]:
    """What a sync would do now, record by record and field by field; nothing is sent or changed.

    `calls` is the estimate of API calls, `budget` what is left of the day's (enrichment.budget), as the CRM
    last said. A field is [what the CRM acknowledged last, what would be sent]. NotConfigured without a
    connected CRM.
    """
    standing = connection.standing(session)
    if not standing.connected:
        raise NotConfigured(connection.NOT_CONNECTED)
    if not standing.switched_on:
        raise NotConfigured("The sync is off. Name its lawful basis: `widerhall crm connect --basis …`.")
    found = list(_differences(session))
    times = Counter((one.kind, one.action) for one in found)
    calls = sum(_calls(times[kind, "create"] + times[kind, "update"], times[kind, "remove"]) for kind in OBJECTS)
    return {
        "counts": dict(Counter(one.action for one in found)),
        "calls": calls,
        "budget": budget.budget(session).row(),
        "records": [asdict(one) for one in found],
    }


def _calls(upserts: int, removals: int) -> int:
    """A bulk job is made, filled, begun, looked at, read and deleted; a removal is looked up before."""
    files, chunks = -(-upserts // jobs.MOST_ROWS), -(-upserts // ROWS)
    writing = BULK_CALLS * files if upserts >= settings().crm_bulk_from else chunks
    return writing + 2 * -(-removals // ROWS)


def _differences(session: Session) -> Iterator[Difference]:
    s = db.table(SyncState)
    last = 0
    while True:
        query = sa.select(SyncState).where(s.c.id > last).order_by(s.c.id).limit(PORTION)
        states = list(session.scalars(query))
        if not states:
            return
        last = states[-1].id or 0
        yield from map(_difference, plan(session, states))


def _difference(step: Step) -> Difference:
    state = step.state
    if step.action == "upsert":
        before = state.sent
        fields = {name: (before.get(name), value) for name, value in step.changed.items()}
        reason = "it has changed here" if state.record_id else "it does not stand in the CRM yet"
        if state.unsure:
            reason = "an earlier call broke off: everything is sent again"
        return Difference(state.kind, state.hub_id, "update" if state.record_id else "create", reason, fields)
    if step.action == "remove":
        fields = {name: (value, None) for name, value in state.sent.items()}
        return Difference(state.kind, state.hub_id, "remove", "no longer linked, or the person objects", fields)
    if step.action == "blocked":
        reason = f"refused with {state.code}: {state.message}"
        return Difference(state.kind, state.hub_id, "blocked", reason, {})
    reason = "nothing has changed since it was sent"
    if step.action == "ignore":
        reason = "not linked, never wrote to us, or objects: it may not stand in the CRM"
    return Difference(state.kind, state.hub_id, "skip", reason, {})


def _runs(session: Session, limit: int = 24) -> list[dict[str, Any]]:
    t = db.table(SyncRun)
    rows = session.execute(sa.select(t).order_by(t.c.hour.desc(), t.c.kind).limit(limit)).mappings()
    return [{**row, "hour": _text(row["hour"])} for row in rows]


def _text(at: Any) -> str | None:
    return at.isoformat() if at is not None else None
