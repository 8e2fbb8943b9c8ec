"""Sending a batch to the CRM: claim the records, rebuild their payloads now, send what changed, settle.

    collect  where very many records are due, a bulk job takes them (enrichment.jobs), and their letters with them
    claim    own short transaction: our mark on the sync states; only the holder builds and sends
    send     profiles, then interactions whose profile stands, then removals; 200 rows a call
    settle   in the outbox's transaction: what the CRM said about each row; the mark comes off

A record whose mark was left behind by a dead worker, or whose call broke off, is `unsure`: it may or may
not have arrived, so all its fields are sent again. The upsert goes by our key, so that doubles nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from core.errors import TryLater, WiderhallError
from core.outbox import DONE, Item, Outcome
from core.topics import SUBSCRIBERS
from enrichment import budget, connection, jobs, policies, runs, settling
from enrichment.crm import CRM, Cost, Kind, RowResult
from enrichment.models import SyncState
from enrichment.plan import Step, plan
from enrichment.settling import PROFILE_MISSING, Sent

ROWS = 200
CLAIM_SECONDS = SUBSCRIBERS["enrichment.tasks.send"].lease * 0.8
"""A mark is void a little before the outbox hands the same letters to another worker."""
PULSE_SECONDS = 20.0
Pulse = Callable[[], None]


@dataclass
class Held:
    """The records of a batch, by what is done with them now."""

    states: list[SyncState] = field(default_factory=list)
    """Ours to send."""
    there: set[str] = field(default_factory=set)
    """Of the letters' records those that exist; what was erased meanwhile has nothing to send."""
    seen_to: set[str] = field(default_factory=set)
    """A bulk job sends these, or the profile they wait for; it announces them when it has ended."""


def send(items: list[Item]) -> Outcome:
    """Handler of `sync.due` and `sync.singly`: one item per record."""
    with db.read() as session:
        standing, spending = connection.standing(session), budget.budget(session)
    wanted = {str(item.payload["hub_id"]): item for item in items}
    if not standing.usable or spending.stopped:
        return Outcome(lambda session: _lay_aside(session, wanted, off=standing.connected and not standing.switched_on))
    taken = jobs.collect(items)
    wanted = {hub_id: item for hub_id, item in wanted.items() if hub_id not in taken}
    if not wanted:
        return DONE
    mark = secrets.token_hex(8)
    with db.write() as session:
        held = _claim(session, wanted, mark)
    wanted = {one: item for one, item in wanted.items() if one in held.there and one not in held.seen_to}
    try:
        with db.read() as session:
            steps = plan(session, held.states)
        crm, pulse = connection.crm(), _pulse(mark)
        steps = policies.apply(crm, steps, pulse)
        sent = _send(crm, steps, pulse)
    except WiderhallError as error:
        return _put_off(wanted, held.states, mark, error)
    except Exception:  # the outbox runs the items one by one then: they must be free
        with db.write() as session:
            _release(session, {one.id or 0: {"unsure": True} for one in held.states}, mark)
        raise
    return _outcome(wanted, steps, sent, mark, crm.cost())


def _lay_aside(session: Session, hub_ids: Collection[str], *, off: bool) -> None:
    """Letters end here, their records stay due: they are woken when a CRM is connected, switched on or has room."""
    s = db.table(SyncState)
    stale = s.c.hub_id.in_(sorted(hub_ids)) & s.c.state.in_(["synced", "ignored"])
    session.execute(sa.update(s).where(stale).values(state="pending"))
    if off:
        connection.note_off(session)


# --- claiming --------------------------------------------------------------------------------------


def _claim(session: Session, hub_ids: Collection[str], mark: str) -> Held:
    """Mark these records, and the profiles their interactions still need."""
    s = db.table(SyncState)
    in_job = s.c.hub_id.in_(sorted(hub_ids)) & s.c.job_id.is_not(None)
    session.execute(sa.update(s).where(in_job).values(again=True))
    columns = (s.c.id, s.c.hub_id, s.c.kind, s.c.identity_id, s.c.job_id)
    chosen = session.execute(sa.select(*columns).where(s.c.hub_id.in_(sorted(hub_ids)))).all()
    held = Held(there={row.hub_id for row in chosen}, seen_to={row.hub_id for row in chosen if row.job_id is not None})
    owners = {row.identity_id for row in chosen if row.kind == "interaction" and row.identity_id}
    needed, waited_for = _profiles_needed(session, owners)
    waits = {r.hub_id: r.id for r in chosen if r.kind == "interaction" and r.identity_id in waited_for}
    session.execute(
        sa.update(s).where(s.c.id.in_(sorted(waits.values())), s.c.state == "synced").values(state="pending")
    )
    held.seen_to |= set(waits)
    wanted = sorted(({row.id for row in chosen} | needed) - set(waits.values()))
    query = sa.select(s.c.id).where(s.c.id.in_(wanted)).order_by(s.c.id)
    ids = list(session.scalars(query.with_for_update(skip_locked=True)))
    moment = db.now()
    void = (s.c.claim == "") | (s.c.claimed_at < moment - timedelta(seconds=CLAIM_SECONDS))
    session.execute(
        sa.update(s)
        .where(s.c.id.in_(ids), void, s.c.job_id.is_(None))
        .values(claim=mark, claimed_at=moment, unsure=sa.case((s.c.claim != "", sa.true()), else_=s.c.unsure))
    )
    held.states = list(session.scalars(sa.select(SyncState).where(s.c.id.in_(ids), s.c.claim == mark).order_by(s.c.id)))
    return held


def _profiles_needed(session: Session, owners: Collection[int]) -> tuple[set[int], set[int]]:
    """States of profiles that have to be sent too; and the people whose profile is on its way in a bulk job."""
    s = db.table(SyncState)
    query = sa.select(s.c.id, s.c.identity_id, s.c.job_id).where(
        s.c.identity_id.in_(sorted(owners)), s.c.kind == "profile", s.c.state != "synced"
    )
    rows = session.execute(query.order_by(s.c.id).with_for_update()).all()
    return {row.id for row in rows if row.job_id is None}, {row.identity_id for row in rows if row.job_id is not None}


def _pulse(mark: str) -> Pulse:
    """What is called between two calls of the CRM: after a slow one the lease and our mark are renewed."""
    renewed = time.monotonic()

    def pulse() -> None:
        nonlocal renewed
        if time.monotonic() - renewed < PULSE_SECONDS:
            return
        outbox.keep_alive()
        s = db.table(SyncState)
        with db.write() as session:
            session.execute(sa.update(s).where(s.c.claim == mark).values(claimed_at=db.now()))
        renewed = time.monotonic()

    return pulse


def _put_off(wanted: Mapping[str, Item], states: Sequence[SyncState], mark: str, error: WiderhallError) -> Outcome:
    """Nothing was sent: the marks come off, everything waits."""

    def write(session: Session) -> None:
        _release(session, {one.id or 0: {} for one in states}, mark)
        settling.note(session, error)

    return Outcome(write, later={item.id: settling.later(error) for item in wanted.values()})


def _release(session: Session, changes: Mapping[int, dict[str, Any]], mark: str) -> None:
    """Take our mark off, with what is new; a state that another worker holds by now is left alone."""
    settling.write(session, changes, db.table(SyncState).c.claim == mark, {"claim": "", "claimed_at": None})


# --- sending ---------------------------------------------------------------------------------------


def _send(crm: CRM, steps: Sequence[Step], pulse: Pulse) -> Sent:
    """Every call of a batch; an error ends it, and what was answered before counts."""
    sent = Sent()
    try:
        _upsert(crm, "case", [one for one in steps if one.state.kind == "case"], sent, pulse)
        _upsert(crm, "profile", [one for one in steps if one.state.kind == "profile"], sent, pulse)
        refused = {
            one.hub_id: sent.results[one.hub_id]
            for one in steps
            if one.state.kind == "profile" and one.hub_id in sent.results and not sent.results[one.hub_id].ok
        }
        refused |= {one.hub_id: _BLOCKED for one in steps if one.action == "blocked"}
        ready = []
        for one in steps:
            if one.state.kind == "interaction" and one.action == "upsert":
                if one.profile in refused:
                    _hold_back(one, refused[one.profile], sent)
                else:
                    ready.append(one)
        ready.sort(key=lambda one: one.profile)  # Salesforce locks the parent: its rows go in one call
        _upsert(crm, "interaction", ready, sent, pulse)
        kinds: tuple[Kind, ...] = ("interaction", "profile")
        for kind in kinds:
            _remove(crm, kind, [one for one in steps if one.state.kind == kind], sent, pulse)
    except WiderhallError as error:
        sent.error = error
    return sent


_BLOCKED = RowResult("", ok=False, verdict="quarantine")


def _hold_back(step: Step, profile: RowResult, sent: Sent) -> None:
    """An interaction waits for its profile: a little when that is tried again, else until it is mended."""
    if profile.verdict in ("retry", "reauthenticate", "relink"):
        words = "its profile has to be sent first"
        sent.results[step.hub_id] = RowResult(step.hub_id, False, verdict="retry", code=PROFILE_MISSING, message=words)
    else:
        sent.orphans.add(step.hub_id)


def _upsert(crm: CRM, kind: Kind, steps: Sequence[Step], sent: Sent, pulse: Pulse) -> None:
    for chunk in _chunks(crm, [one for one in steps if one.action == "upsert"], sent, pulse):
        for result in crm.upsert(kind, [one.changed for one in chunk]):
            sent.results[result.hub_id] = result


def _remove(crm: CRM, kind: Kind, steps: Sequence[Step], sent: Sent, pulse: Pulse) -> None:
    for chunk in _chunks(crm, [one for one in steps if one.action == "remove"], sent, pulse):
        for result in crm.delete(kind, [one.hub_id for one in chunk]):
            if result.ok:
                sent.removed.add(result.hub_id)
            else:
                sent.results[result.hub_id] = result


def _chunks(crm: CRM, steps: list[Step], sent: Sent, pulse: Pulse) -> Iterable[list[Step]]:
    """A call's worth after the other, as long as the day's calls last."""
    for start in range(0, len(steps), ROWS):
        if sent.spent or budget.spent(crm.cost()):
            sent.spent = True
            return
        pulse()
        chunk = steps[start : start + ROWS]
        sent.tried = {one.hub_id for one in chunk}
        yield chunk


# --- settling --------------------------------------------------------------------------------------


def _outcome(wanted: Mapping[str, Item], steps: Sequence[Step], sent: Sent, mark: str, cost: Cost) -> Outcome:
    later: dict[int, TryLater] = {}
    changes: dict[int, dict[str, Any]] = {}
    for step in steps:
        item = wanted.get(step.hub_id)
        values, wait = settling.verdict(step, sent, item.tries if item is not None else 0)
        changes[step.state.id or 0] = values
        if wait is not None and item is not None:
            later[item.id] = wait
    held = {one.hub_id for one in steps}
    for hub_id, item in wanted.items():
        if hub_id not in held:
            later[item.id] = TryLater("Another worker is sending this record.", 5)

    def write(session: Session) -> None:
        _release(session, changes, mark)
        settling.follow_up(session, steps, sent)
        runs.count(session, "send", settling.figures(steps, sent, cost))
        runs.log(session, "batch", settling.changes(steps, sent), cost.calls)
        settling.note(session, sent.error)
        budget.note(session, cost)

    return Outcome(write, later)
