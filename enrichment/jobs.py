"""Bulk jobs: very many due records of one kind go to the CRM together, in a handful of calls.

    collect    in `send`: enough letters of a kind are due: their records get a job, the letters are withdrawn
    new        the records are planned, what is sent of each is kept, the CRM is given the file and told to begin
    uploaded   the CRM is asked how far it is, then what became of each row
    done       results are stored; the job and its file are deleted there

A worker may die anywhere. The CRM's id of the job is kept before anything is uploaded, and a job is looked up
before it is given a file again: one that had begun is waited for, one that had not is dropped and made anew.
Upserts go by our key, so a file that is sent twice doubles nothing (docs/decisions/0013-bulk-jobs-take-letters.md).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db, log, outbox
from core.errors import Rejected, TryLater, WiderhallError
from core.outbox import DONE, Item, Outcome
from core.settings import settings
from enrichment import budget, connection, policies, runs, settling
from enrichment.crm import CRM, Kind, Progress
from enrichment.models import CrmJob, SyncState
from enrichment.plan import Step, plan
from enrichment.settling import Sent

SEND = "enrichment.tasks.send"
MOST_ROWS = 10_000
"""Of one job: Salesforce works on so many at once, and so many are held in memory."""
MOST_CHARACTERS = 40_000_000
"""Of one file; Salesforce takes 150 MB."""
PORTION = 2000
CLAIM = timedelta(minutes=3)
"""A mark of `send` that is older belongs to nobody any more."""
LONG = timedelta(hours=1)
KINDS: tuple[Kind, ...] = ("profile", "interaction")
Letter = tuple[str, dict[str, str]]
logger = log.get("crm")


# --- collecting ------------------------------------------------------------------------------------


def collect(items: Sequence[Item]) -> set[str]:
    """Hub ids of letters in hand that a bulk job sees to now; their letters are done."""
    taken: set[str] = set()
    for kind in KINDS:
        mine = [str(one.payload["hub_id"]) for one in items if one.topic == "sync.due" and one.payload["kind"] == kind]
        if not mine:
            continue
        with db.read() as session:
            due = len(outbox.waiting(session, SEND, "sync.due", f"{kind}:", MOST_ROWS, hold=False))
        if len(mine) + due >= settings().crm_bulk_from:
            with db.write() as session:
                taken |= _take(session, kind, mine)
    return taken


def _take(session: Session, kind: Kind, mine: Sequence[str]) -> set[str]:
    """Give due records a job; returns those in hand that it sees to, none when too few can go."""
    letters = outbox.waiting(session, SEND, "sync.due", f"{kind}:", MOST_ROWS - len(mine))
    by_hub_id = {key.partition(":")[2]: row for key, row in letters.items()}
    states = _free(session, {*mine, *by_hub_id})
    waits = _waiting_for_profiles(session, states) if kind == "interaction" else {}
    chosen = {hub_id: row_id for hub_id, (row_id, _) in states.items() if hub_id not in waits}
    if len(chosen) < settings().crm_bulk_from:
        return set()
    job = CrmJob(kind=kind, rows=len(chosen), at=db.now())
    session.add(job)
    session.flush()
    s = db.table(SyncState)
    for ids in _portions(sorted(chosen.values())):
        values = {"job_id": job.id, "again": False, "claim": "", "claimed_at": None}
        unsure = sa.case((s.c.claim != "", sa.true()), else_=s.c.unsure)
        session.execute(sa.update(s).where(s.c.id.in_(ids)).values(unsure=unsure, **values))
    later = [hub_id for hub_id, in_job in waits.items() if in_job]
    for hub_ids in _portions(later):
        stale = s.c.hub_id.in_(hub_ids) & (s.c.state == "synced")
        session.execute(sa.update(s).where(stale).values(state="pending"))
    seen_to = {*chosen, *later}
    outbox.withdraw(session, [row for hub_id, row in by_hub_id.items() if hub_id in seen_to])
    outbox.emit(session, "bulk.due", [_letter(job)])
    return seen_to & set(mine)


def _free(session: Session, hub_ids: set[str]) -> dict[str, tuple[int, int | None]]:
    """Hub id → (state, whose) of those that nobody sends at this moment."""
    s = db.table(SyncState)
    void = (s.c.claim == "") | (s.c.claimed_at < db.now() - CLAIM)
    found: dict[str, tuple[int, int | None]] = {}
    for portion in _portions(sorted(hub_ids)):
        query = sa.select(s.c.hub_id, s.c.id, s.c.identity_id).where(
            s.c.hub_id.in_(portion), void, s.c.job_id.is_(None)
        )
        query = query.order_by(s.c.id).with_for_update(skip_locked=True)
        found |= {hub_id: (row_id, identity) for hub_id, row_id, identity in session.execute(query)}
    return found


def _waiting_for_profiles(session: Session, states: dict[str, tuple[int, int | None]]) -> dict[str, bool]:
    """Interactions whose profile does not stand in the CRM yet; True where a bulk job is bringing it."""
    s = db.table(SyncState)
    owners: dict[int, bool] = {}
    for portion in _portions(sorted({identity for _, identity in states.values() if identity is not None})):
        query = sa.select(s.c.identity_id, s.c.job_id).where(
            s.c.identity_id.in_(portion), s.c.kind == "profile", (s.c.state != "synced") | (s.c.record_id == "")
        )
        rows = session.execute(query.order_by(s.c.id).with_for_update())
        owners |= {identity: job is not None for identity, job in rows}
    return {hub_id: owners[one] for hub_id, (_, one) in states.items() if one in owners}


def remind(session: Session) -> int:
    """Put jobs on the list that have been on their way for long: their letter may have been given up."""
    j = db.table(CrmJob)
    old = session.scalars(sa.select(CrmJob).where(j.c.at < db.now() - LONG)).all()
    return outbox.emit(session, "bulk.due", [_letter(one) for one in old])


# --- the job, step by step -------------------------------------------------------------------------


def bulk(items: list[Item]) -> Outcome:
    """Handler of `bulk.due`: the next step of one job."""
    (item,) = items
    with db.read() as session:
        job = session.get(CrmJob, int(item.payload["job_id"]))
        standing, spending = connection.standing(session), budget.budget(session)
    if job is None:
        return DONE
    unused = job.state == "new" and not job.remote_id
    if not standing.connected or (unused and (not standing.switched_on or spending.stopped)):
        return Outcome(lambda session: _let_go(session, job, unsure=not unused))
    crm = connection.crm()
    try:
        if job.state == "done":
            return _drop(crm, job)
        found = crm.progress(job.remote_id) if job.remote_id else Progress("gone")
        if found.stage in ("done", "failed") and _begun(job, found):
            return _settled(crm, job, found)
        if found.stage == "working":
            return _waiting(job, item)
        if found.stage == "gone" and job.remote_id:
            _lost(job)
        if found.stage != "gone":
            crm.drop(job.remote_id)
        return _started(crm, job, item)
    except WiderhallError as error:
        problem, wait = error, settling.later(error)
        return Outcome(lambda session: settling.note(session, problem), later={item.id: wait})


def _begun(job: CrmJob, found: Progress) -> bool:
    """It had our file: one that failed without a row, before we knew it was uploaded, is made anew."""
    return job.state == "uploaded" or found.stage == "done" or found.processed > 0


def _waiting(job: CrmJob, item: Item) -> Outcome:
    def write(session: Session) -> None:
        session.execute(_state(job, "uploaded"))

    return Outcome(write, {item.id: TryLater("Salesforce is at work.", _pause(item.tries))})


def _lost(job: CrmJob) -> None:
    """Nobody can say any more what was written: everything is sent again."""
    with db.write() as session:
        session.execute(sa.update(db.table(SyncState)).where(_in(job)).values(unsure=True))


def _pause(tries: int) -> float:
    """Seconds until the next look: at first soon, then ever longer."""
    return float(min(30.0, 1.0 * 1.6 ** min(tries, 10)))


def _started(crm: CRM, job: CrmJob, item: Item) -> Outcome:
    """Plan the records, keep what is sent, send it; whatever needs no upsert leaves the job."""
    steps: list[Step] = []
    for states in _held(job):
        outbox.keep_alive()
        with db.read() as session:
            planned = plan(session, states)
        steps += policies.apply(crm, planned, outbox.keep_alive)
    sending = _file(crm, steps)
    if not sending:
        return Outcome(lambda session: _end(session, job, steps))
    try:
        remote = crm.begin(_kind(job))
    except Rejected as error:
        logger.warning("bulk refused", code=error.code)
        return Outcome(lambda session: _end(session, job, steps))
    with db.write() as session:
        rest = [one for one in steps if one.hub_id not in sending]
        _leave(session, job, rest)
        settling.write(session, {one.state.id or 0: {"sending": one.changed} for one in sending.values()}, _in(job), {})
        values = {"remote_id": remote, "rows": len(sending)}
        j = db.table(CrmJob)
        session.execute(sa.update(j).where(j.c.id == job.id).values(**values))
    crm.upload(remote, [one.changed for one in sending.values()])
    cost = crm.cost()

    def write(session: Session) -> None:
        session.execute(_state(job, "uploaded"))
        runs.count(session, "send", {"calls": cost.calls, "sent_bytes": cost.sent_bytes})
        budget.note(session, cost)

    return Outcome(write, {item.id: TryLater("Salesforce is at work.", _pause(0))})


def _file(crm: CRM, steps: Sequence[Step]) -> dict[str, Step]:
    """What goes into the file, by hub id: upserts that a file can hold, as many as it takes."""
    chosen: dict[str, Step] = {}
    size = 0
    for one in sorted(steps, key=_parent):
        if one.action == "upsert" and crm.fits(one.changed):
            size += len(json.dumps(one.changed, ensure_ascii=False))
            if size > MOST_CHARACTERS:
                break
            chosen[one.hub_id] = one
    return chosen


def _parent(step: Step) -> str:
    """Rows of one parent stand together: Salesforce locks it for each part of a file it works on."""
    return step.profile


def _settled(crm: CRM, job: CrmJob, found: Progress) -> Outcome:
    """The CRM has ended: what it says about each row is written down."""
    sent = Sent(results={one.hub_id: one for one in crm.results(job.remote_id, found)})
    if found.message:
        logger.warning("bulk job failed", processed=found.processed, failed=found.failed)
    cost = crm.cost()

    def write(session: Session) -> None:
        steps = [_step(one) for states in _held(job, session) for one in states]
        _write_down(session, job, steps, sent, found)
        runs.log(session, "job", settling.changes(steps, sent), cost.calls)
        settling.follow_up(session, [one for one in steps if one.hub_id in sent.results], sent)
        runs.count(session, "send", settling.figures(steps, sent, cost))
        budget.note(session, cost)
        session.execute(_state(job, "done"))
        outbox.emit(session, "bulk.due", [_letter(job)])

    return Outcome(write)


def _write_down(session: Session, job: CrmJob, steps: Sequence[Step], sent: Sent, found: Progress) -> None:
    changes: dict[int, dict[str, Any]] = {}
    waits: dict[float, list[Letter]] = defaultdict(list)
    again: list[Letter] = []
    for one in steps:
        letter = connection.letter(one.state.kind, one.hub_id)
        if one.hub_id in sent.results:
            values, wait = settling.verdict(one, sent, one.state.tries)
            if wait is not None:
                waits[round(wait.after)].append(letter)
            elif one.state.again:
                again.append(letter)
        else:  # never worked on: it goes without a job this time
            values = {"state": "failed", "message": found.message[:1000]}
            waits[0.0].append(letter)
        changes[one.state.id or 0] = values
    settling.write(session, changes, _in(job), _FREED)
    settling.singly(session, waits)
    connection.announce(session, again)


def _step(state: SyncState) -> Step:
    """What was sent of a record, as the step it was."""
    fields = {**state.sent, **state.sending}
    parent = fields.get("Profile__r")
    return Step(state, "upsert", fields, state.sending, str(parent["Hub_Id__c"]) if parent else "")


def _drop(crm: CRM, job: CrmJob) -> Outcome:
    """Delete the job there, its file holds people's data; then here."""
    crm.drop(job.remote_id)
    cost = crm.cost()

    def write(session: Session) -> None:
        j = db.table(CrmJob)
        session.execute(sa.delete(j).where(j.c.id == job.id))
        runs.count(session, "send", {"calls": cost.calls})

    return Outcome(write)


# --- leaving a job ---------------------------------------------------------------------------------


_FREED: dict[str, Any] = {"job_id": None, "again": False, "sending": {}}


def _leave(session: Session, job: CrmJob, steps: Sequence[Step]) -> None:
    """Records that do not go with this job: those that have nothing new are done, the rest goes singly."""
    changes: dict[int, dict[str, Any]] = {}
    letters: list[Letter] = []
    for one in steps:
        if one.action == "unchanged":
            changes[one.state.id or 0] = {**settling.CLEAN, "state": "synced"}
        else:
            changes[one.state.id or 0] = {}
            letters.append(connection.letter(one.state.kind, one.hub_id))
    announced = _announced(session, job)
    settling.write(session, changes, _in(job), _FREED)
    settling.singly(session, {0.0: letters})
    unchanged = {one.hub_id: one.state.kind for one in steps if one.action == "unchanged"}
    connection.announce(session, [connection.letter(kind, one) for one, kind in unchanged.items() if one in announced])
    came = [one for one in steps if one.action == "unchanged"]
    settling.follow_up(session, came, Sent())


def _end(session: Session, job: CrmJob, steps: Sequence[Step]) -> None:
    """No file is needed, or none is taken: everybody leaves."""
    _leave(session, job, steps)
    j = db.table(CrmJob)
    session.execute(sa.delete(j).where(j.c.id == job.id))


def _let_go(session: Session, job: CrmJob, *, unsure: bool) -> None:
    """The CRM may not, or cannot, be asked: records are free again and stay due until they are woken."""
    s = db.table(SyncState)
    values = {**_FREED, "state": "pending", **({"unsure": True} if unsure else {})}
    session.execute(sa.update(s).where(_in(job)).values(**values))
    j = db.table(CrmJob)
    session.execute(sa.delete(j).where(j.c.id == job.id))


def _announced(session: Session, job: CrmJob) -> set[str]:
    """Records that changed while they were held."""
    s = db.table(SyncState)
    return set(session.scalars(sa.select(s.c.hub_id).where(_in(job), s.c.again)))


# --- beneath ---------------------------------------------------------------------------------------


def _held(job: CrmJob, session: Session | None = None) -> Iterator[list[SyncState]]:
    """The records of a job, in portions; in the given transaction they are locked."""
    s = db.table(SyncState)
    last = 0
    while True:
        query = sa.select(SyncState).where(_in(job), s.c.id > last).order_by(s.c.id).limit(PORTION)
        if session is not None:
            states = list(session.scalars(query.with_for_update()))
        else:
            with db.read() as reading:
                states = list(reading.scalars(query))
        if not states:
            return
        last = states[-1].id or 0
        yield states


def _in(job: CrmJob) -> Any:
    return db.table(SyncState).c.job_id == job.id


def _state(job: CrmJob, state: str) -> Any:
    j = db.table(CrmJob)
    return sa.update(j).where(j.c.id == job.id).values(state=state)


def _kind(job: CrmJob) -> Kind:
    return "profile" if job.kind == "profile" else "interaction"


def _letter(job: CrmJob) -> tuple[str, dict[str, Any]]:
    return str(job.id), {"job_id": job.id}


def _portions(values: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), PORTION):
        yield list(values[start : start + PORTION])
