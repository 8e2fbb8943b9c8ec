"""Sending a batch to the CRM: claim the records, rebuild their payloads now, send what changed, settle.

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
from core.errors import AuthExpired, NotConfigured, TryLater, WiderhallError
from core.outbox import DONE, Item, Outcome
from core.topics import SUBSCRIBERS
from enrichment import connection, runs
from enrichment.crm import CRM, Kind, RowResult
from enrichment.models import SyncState
from enrichment.plan import Step, plan
from enrichment.profile import payload_hash

ROWS = 200
CLAIM_SECONDS = SUBSCRIBERS["enrichment.tasks.send"].lease * 0.8
"""A mark is void a little before the outbox hands the same letters to another worker."""
PULSE_SECONDS = 20.0
RELINK_TRIES = 8
PROFILE_MISSING = "PROFILE_NOT_SYNCED"
WAITING = ("new", "pending", "failed", "ignored")
Pulse = Callable[[], None]


@dataclass
class Sent:
    """What became of a batch."""

    results: dict[str, RowResult] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    orphans: set[str] = field(default_factory=set)
    """Interactions whose profile the CRM refused."""
    error: WiderhallError | None = None
    """Why the rest was not sent, or may not have arrived."""


def send(items: list[Item]) -> Outcome:
    """Handler of `sync.due`: one item per record."""
    with db.read() as session:
        standing = connection.standing(session)
    if not standing.connected:
        return DONE  # states are kept, and woken when a CRM is connected
    if not standing.switched_on:
        return Outcome(connection.note_off)  # the same, once the purpose is switched on
    wanted = {str(item.payload["hub_id"]): item for item in items}
    mark = secrets.token_hex(8)
    with db.write() as session:
        there = _there(session, wanted)
        states = _claim(session, there, mark)
    try:
        with db.read() as session:
            steps = plan(session, states)
        sent = _send(connection.crm(), steps, _pulse(mark))
    except WiderhallError as error:
        return _put_off(items, states, mark, error)
    except Exception:  # the outbox runs the items one by one then: they must be free
        with db.write() as session:
            _release(session, {one.id or 0: {"unsure": True} for one in states}, mark)
        raise
    return _outcome({one: wanted[one] for one in there}, steps, sent, mark)


# --- claiming --------------------------------------------------------------------------------------


def _there(session: Session, hub_ids: Collection[str]) -> list[str]:
    """Those that have a state; what was erased meanwhile has none, and nothing to send."""
    s = db.table(SyncState)
    return list(session.scalars(sa.select(s.c.hub_id).where(s.c.hub_id.in_(sorted(hub_ids)))))


def _claim(session: Session, hub_ids: Collection[str], mark: str) -> list[SyncState]:
    """Mark these records and the profiles their interactions still need; returns those that are ours."""
    s = db.table(SyncState)
    chosen = session.execute(sa.select(s.c.id, s.c.kind, s.c.identity_id).where(s.c.hub_id.in_(hub_ids))).all()
    owners = sorted({row.identity_id for row in chosen if row.kind == "interaction" and row.identity_id})
    needed = sa.select(s.c.id).where(s.c.identity_id.in_(owners), s.c.kind == "profile", s.c.state != "synced")
    wanted = sorted({row.id for row in chosen} | set(session.scalars(needed)))
    query = sa.select(s.c.id).where(s.c.id.in_(wanted)).order_by(s.c.id)
    ids = list(session.scalars(query.with_for_update(skip_locked=True)))
    moment = db.now()
    free = (s.c.claim == "") | (s.c.claimed_at < moment - timedelta(seconds=CLAIM_SECONDS))
    session.execute(
        sa.update(s)
        .where(s.c.id.in_(ids), free)
        .values(claim=mark, claimed_at=moment, unsure=sa.case((s.c.claim != "", sa.true()), else_=s.c.unsure))
    )
    mine = sa.select(SyncState).where(s.c.id.in_(ids), s.c.claim == mark).order_by(s.c.id)
    return list(session.scalars(mine))


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


def _put_off(items: Sequence[Item], states: Sequence[SyncState], mark: str, error: WiderhallError) -> Outcome:
    """Nothing was sent: the marks come off, everything waits."""

    def write(session: Session) -> None:
        _release(session, {one.id or 0: {} for one in states}, mark)
        _note(session, error)

    return Outcome(write, later={item.id: _later(error) for item in items})


def _later(error: WiderhallError) -> TryLater:
    if isinstance(error, TryLater):
        return error
    return TryLater(str(error), 120.0 if isinstance(error, AuthExpired) else 300.0)


def _note(session: Session, error: WiderhallError | None) -> None:
    if error is None:
        connection.note(session, "")
    elif isinstance(error, AuthExpired | NotConfigured):
        connection.note(session, str(error), expired=isinstance(error, AuthExpired))


# --- sending ---------------------------------------------------------------------------------------


def _send(crm: CRM, steps: Sequence[Step], pulse: Pulse) -> Sent:
    """Every call of a batch; an error ends it, and what was answered before counts."""
    sent = Sent()
    try:
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
    for chunk in _chunks([one for one in steps if one.action == "upsert"]):
        pulse()
        for result in crm.upsert(kind, [one.changed for one in chunk]):
            sent.results[result.hub_id] = result


def _remove(crm: CRM, kind: Kind, steps: Sequence[Step], sent: Sent, pulse: Pulse) -> None:
    for chunk in _chunks([one for one in steps if one.action == "remove"]):
        pulse()
        for result in crm.delete(kind, [one.hub_id for one in chunk]):
            if result.ok:
                sent.removed.add(result.hub_id)
            else:
                sent.results[result.hub_id] = result


def _chunks(steps: list[Step]) -> Iterable[list[Step]]:
    for start in range(0, len(steps), ROWS):
        yield steps[start : start + ROWS]


# --- settling --------------------------------------------------------------------------------------


def _outcome(wanted: dict[str, Item], steps: Sequence[Step], sent: Sent, mark: str) -> Outcome:
    later: dict[int, TryLater] = {}
    changes: dict[int, dict[str, Any]] = {}
    for step in steps:
        item = wanted.get(step.hub_id)
        values, wait = _verdict(step, sent, item.tries if item is not None else 0)
        changes[step.state.id or 0] = values
        if wait is not None and item is not None:
            later[item.id] = wait
    held = {one.hub_id for one in steps}
    for hub_id, item in wanted.items():
        if hub_id not in held:
            later[item.id] = TryLater("Another worker is sending this record.", 5)

    def write(session: Session) -> None:
        _release(session, changes, mark)
        _follow_up(session, steps, sent)
        runs.count(session, "send", _figures(steps, sent))
        _note(session, sent.error)

    return Outcome(write, later)


def _verdict(step: Step, sent: Sent, tries: int) -> tuple[dict[str, Any], TryLater | None]:
    """The new columns of one state, and how long its letter waits, if it does."""
    state, result = step.state, sent.results.get(step.hub_id)
    if step.hub_id in sent.removed:
        return {**_CLEAN, "state": "ignored", "record_id": "", "sent": {}, "sent_hash": ""}, None
    if step.action == "ignore":
        return {**_CLEAN, "state": "ignored"}, None
    if step.action == "blocked":
        return {}, None
    if step.action == "unchanged":
        return {**_CLEAN, "state": "synced"}, None
    if step.hub_id in sent.orphans:
        words = "its profile stands in quarantine"
        return {"state": "pending", "code": PROFILE_MISSING, "message": words}, None
    if result is None:
        error = sent.error or TryLater("The CRM gave no answer about this record.")
        values = {"state": "failed", "unsure": True, "message": str(error)[:1000], "tries": state.tries + 1}
        return values, _later(error)
    if result.ok:
        known = step.changed if _reborn(step, result) else step.fields
        values = {"sent": known, "sent_hash": payload_hash(known)}
        return {**_CLEAN, **values, "state": "synced", "record_id": result.record_id or state.record_id}, None
    return _refused(step, result, tries)


def _reborn(step: Step, result: RowResult) -> bool:
    """Somebody had deleted the record in the CRM: what came up again has only the fields just sent."""
    return result.ok and result.created and step.changed != step.fields


_CLEAN: dict[str, Any] = {"code": "", "message": "", "tries": 0, "unsure": False, "refused_hash": ""}


def _refused(step: Step, result: RowResult, tries: int) -> tuple[dict[str, Any], TryLater | None]:
    values = {"code": result.code, "message": result.message[:1000], "tries": step.state.tries + 1}
    words = f"{result.code}: {result.message}"
    if result.verdict in ("retry", "reauthenticate"):
        return {**values, "state": "failed"}, TryLater(words, min(300.0, 3.0 * 2.0 ** min(tries, 7)))
    if result.verdict == "relink" and step.state.tries < RELINK_TRIES:
        return {**values, "state": "failed"}, TryLater(words, min(300.0, 5.0 * 2.0 ** min(tries, 6)))
    return {**values, "state": "quarantined", "refused_hash": payload_hash(step.fields)}, None


def _release(session: Session, changes: Mapping[int, dict[str, Any]], mark: str) -> None:
    """Take our mark off, with what is new; a state that another worker holds by now is left alone."""
    s = db.table(SyncState)
    moment = db.now()
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one, values in sorted(changes.items()):
        by_columns.setdefault(tuple(sorted(values)), []).append(
            {"row_id": one, **{f"v_{name}": value for name, value in values.items()}}
        )
    for columns, rows in by_columns.items():
        bound = {name: sa.bindparam(f"v_{name}", type_=s.c[name].type) for name in columns}
        moved = {"at": moment} if columns else {}
        statement = (
            sa.update(s)
            .where(s.c.id == sa.bindparam("row_id"), s.c.claim == mark)
            .values(claim="", claimed_at=None, **moved, **bound)
        )
        session.connection().execute(statement, rows)


def _follow_up(session: Session, steps: Sequence[Step], sent: Sent) -> None:
    """A profile that has come or gone takes its interactions along; what lost its parent finds it again."""
    profiles = [one for one in steps if one.state.kind == "profile" and one.state.identity_id is not None]
    gone = {one.state.identity_id for one in profiles if one.hub_id in sent.removed}
    came = {one.state.identity_id for one in profiles if one.state.state != "synced" and _stands(one, sent)}
    s = db.table(SyncState)
    interactions = sa.select(s.c.kind, s.c.hub_id).where(s.c.kind == "interaction")
    for whose, state in ((came, s.c.state.in_(WAITING)), (gone, s.c.state == "synced")):
        if whose:
            rows = session.execute(interactions.where(s.c.identity_id.in_(sorted(whose, key=str)), state))
            outbox.emit(session, "sync.due", [connection.letter(kind, one) for kind, one in rows])
    again = [
        connection.letter(one.state.kind, one.hub_id)
        for one in steps
        if one.hub_id in sent.results and _reborn(one, sent.results[one.hub_id])
    ]
    outbox.emit(session, "sync.due", again)
    lost = [one for one in steps if getattr(sent.results.get(one.hub_id), "verdict", "") == "relink"]
    if lost:
        _find_parents(session, lost)


def _find_parents(session: Session, lost: Sequence[Step]) -> None:
    """A profile points at a record that is gone: read the CRM. An interaction's profile is gone: send it."""
    outbox.emit(session, "crm.due", [("crm", {})])
    missing = sorted({one.profile for one in lost if one.profile})
    s = db.table(SyncState)
    values = {"unsure": True, "state": "failed", "at": db.now()}
    session.execute(sa.update(s).where(s.c.hub_id.in_(missing), s.c.claim == "").values(**values))
    outbox.emit(session, "sync.due", [connection.letter("profile", one) for one in missing])


def _stands(step: Step, sent: Sent) -> bool:
    result = sent.results.get(step.hub_id)
    return step.action == "unchanged" or (result is not None and result.ok)


def _figures(steps: Sequence[Step], sent: Sent) -> dict[str, int]:
    done = [one for one in sent.results.values() if one.ok]
    refused = [one for one in sent.results.values() if not one.ok]
    lost = [one for one in refused if one.verdict in ("quarantine", "human")]
    return {
        "created": sum(one.created for one in done),
        "updated": sum(not one.created for one in done),
        "unchanged": sum(one.action == "unchanged" for one in steps),
        "removed": len(sent.removed),
        "quarantined": len(lost),
        "retried": len(refused) - len(lost),
    }
