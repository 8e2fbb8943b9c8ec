"""What the CRM said about each record, written down: its new state, and the letters that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from core.errors import AuthExpired, NotConfigured, TryLater, WiderhallError
from enrichment import connection
from enrichment.cases.attaching import acknowledged, attach
from enrichment.crm import Cost, RowResult
from enrichment.models import SyncState
from enrichment.plan import Step
from enrichment.profile import payload_hash
from enrichment.runs import Change

RELINK_TRIES = 8
PROFILE_MISSING = "PROFILE_NOT_SYNCED"
WAITING = ("new", "pending", "failed", "ignored")
CLEAN: dict[str, Any] = {"code": "", "message": "", "tries": 0, "unsure": False, "refused_hash": ""}


@dataclass
class Sent:
    """What became of a batch."""

    results: dict[str, RowResult] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    orphans: set[str] = field(default_factory=set)
    """Interactions whose profile the CRM refused."""
    error: WiderhallError | None = None
    """Why the rest was not sent, or may not have arrived."""
    tried: set[str] = field(default_factory=set)
    """What was in a call that broke off."""
    spent: bool = False
    """The day's calls ran out: the rest was not sent."""


def later(error: WiderhallError) -> TryLater:
    """How long an error puts letters off."""
    if isinstance(error, TryLater):
        return error
    return TryLater(str(error), 120.0 if isinstance(error, AuthExpired) else 300.0)


def note(session: Session, error: WiderhallError | None) -> None:
    """Show an error of the connection as a whole; None says that all is well."""
    if error is None:
        connection.note(session, "")
    elif isinstance(error, AuthExpired | NotConfigured):
        connection.note(session, str(error), expired=isinstance(error, AuthExpired))


def verdict(step: Step, sent: Sent, tries: int) -> tuple[dict[str, Any], TryLater | None]:
    """The new columns of one state, and how long its letter waits, if it does."""
    state, result = step.state, sent.results.get(step.hub_id)
    if step.hub_id in sent.removed:
        return {**CLEAN, "state": "ignored", "record_id": "", "sent": {}, "sent_hash": ""}, None
    if step.action == "ignore":
        return {**CLEAN, "state": "ignored"}, None
    if step.action == "blocked":
        return {}, None
    if step.action == "unchanged":
        return {**CLEAN, "state": "synced"}, None
    if step.hub_id in sent.orphans:
        words = "its profile stands in quarantine"
        return {"state": "pending", "code": PROFILE_MISSING, "message": words}, None
    if result is None:
        return _unanswered(step, sent)
    if result.ok:
        known = step.changed if reborn(step, result) else step.fields
        values = {"sent": known, "sent_hash": payload_hash(known)}
        return {**CLEAN, **values, "state": "synced", "record_id": result.record_id or state.record_id}, None
    return _refused(step, result, tries)


def _unanswered(step: Step, sent: Sent) -> tuple[dict[str, Any], TryLater | None]:
    """Only what was in the call that broke off may have arrived; the rest waits as it was."""
    if sent.spent:
        return {"state": "pending"}, None  # woken when there is room again
    error = sent.error or TryLater("The CRM gave no answer about this record.")
    if step.hub_id not in sent.tried:
        return {"state": "failed", "message": str(error)[:1000]}, later(error)
    values = {"state": "failed", "unsure": True, "message": str(error)[:1000], "tries": step.state.tries + 1}
    return values, later(error)


def reborn(step: Step, result: RowResult) -> bool:
    """Somebody had deleted the record in the CRM: what came up again has only the fields just sent."""
    return result.ok and result.created and step.changed != step.fields


def _refused(step: Step, result: RowResult, tries: int) -> tuple[dict[str, Any], TryLater | None]:
    values = {"code": result.code, "message": result.message[:1000], "tries": step.state.tries + 1}
    words = f"{result.code}: {result.message}"
    if result.verdict in ("retry", "reauthenticate"):
        return {**values, "state": "failed"}, TryLater(words, min(300.0, 3.0 * 2.0 ** min(tries, 7)))
    if result.verdict == "relink" and step.state.tries < RELINK_TRIES:
        return {**values, "state": "failed"}, TryLater(words, min(300.0, 5.0 * 2.0 ** min(tries, 6)))
    return {**values, "state": "quarantined", "refused_hash": payload_hash(step.fields)}, None


def changes(steps: Sequence[Step], sent: Sent) -> list[Change]:
    """What was done in the CRM, with what stood there before."""
    found: list[Change] = []
    for one in steps:
        result, state = sent.results.get(one.hub_id), one.state
        if one.hub_id in sent.removed:
            found.append(Change(one.hub_id, state.kind, "removed", state.sent))
        elif result is not None and result.ok and result.created:
            found.append(Change(one.hub_id, state.kind, "created"))
        elif result is not None and result.ok:
            new = {name for name, value in one.changed.items() if name in state.sent and state.sent[name] != value}
            if new:
                found.append(Change(one.hub_id, state.kind, "updated", {name: state.sent[name] for name in new}))
    return found


def write(session: Session, columns_of: Mapping[int, dict[str, Any]], held: Any, freed: Mapping[str, Any]) -> None:
    """New columns by state's id, and `freed` for all of them; states that are not `held` any more are left alone."""
    s = db.table(SyncState)
    moment = db.now()
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one, values in sorted(columns_of.items()):
        by_columns.setdefault(tuple(sorted(values)), []).append(
            {"row_id": one, **{f"v_{name}": value for name, value in values.items()}}
        )
    for columns, rows in by_columns.items():
        bound = {name: sa.bindparam(f"v_{name}", type_=s.c[name].type) for name in columns}
        moved = {"at": moment} if columns else {}
        statement = sa.update(s).where(s.c.id == sa.bindparam("row_id"), held).values(**freed, **moved, **bound)
        session.connection().execute(statement, rows)


def follow_up(session: Session, steps: Sequence[Step], sent: Sent) -> None:
    """A profile that has come or gone takes its interactions along; what lost its parent finds it again."""
    profiles = [one for one in steps if one.state.kind == "profile" and one.state.identity_id is not None]
    gone = {one.state.identity_id for one in profiles if one.hub_id in sent.removed}
    came = {one.state.identity_id for one in profiles if one.state.state != "synced" and _stands(one, sent)}
    s = db.table(SyncState)
    interactions = sa.select(s.c.kind, s.c.hub_id).where(s.c.kind == "interaction")
    for whose, state in ((came, s.c.state.in_(WAITING)), (gone, s.c.state.in_(("synced", "quarantined")))):
        if whose:
            rows = session.execute(interactions.where(s.c.identity_id.in_(sorted(whose, key=str)), state))
            connection.announce(session, [connection.letter(kind, one) for kind, one in rows])
    moved = [one for one in steps if one.state.kind == "case" and "Status" in one.changed and _stands(one, sent)]
    acknowledged(session, {one.hub_id: str(one.changed["Status"]) for one in moved})
    opened = [one for one in steps if one.state.kind == "case" and not one.state.record_id and _stands(one, sent)]
    if opened:
        attach(session, [one.hub_id for one in opened])
    again = [
        connection.letter(one.state.kind, one.hub_id)
        for one in steps
        if one.hub_id in sent.results and reborn(one, sent.results[one.hub_id])
    ]
    connection.announce(session, again)
    lost = [one for one in steps if getattr(sent.results.get(one.hub_id), "verdict", "") == "relink"]
    if lost:
        _find_parents(session, lost)


def _find_parents(session: Session, lost: Sequence[Step]) -> None:
    """A profile points at a record that is gone: read the CRM. An interaction's profile is gone: send it."""
    outbox.emit(session, "crm.due", [("crm", {})])
    missing = sorted({one.profile for one in lost if one.profile})
    s = db.table(SyncState)
    values = {"unsure": True, "state": "failed", "at": db.now()}
    free = (s.c.claim == "") & s.c.job_id.is_(None)
    session.execute(sa.update(s).where(s.c.hub_id.in_(missing), free).values(**values))
    connection.announce(session, [connection.letter("profile", one) for one in missing])


def singly(session: Session, waits: Mapping[float, Sequence[tuple[str, dict[str, str]]]]) -> None:
    """Letters by the seconds they wait, for records that go without a bulk job this time."""
    for seconds, letters in waits.items():
        outbox.emit(session, "sync.singly", letters, db.now() + timedelta(seconds=seconds))


def _stands(step: Step, sent: Sent) -> bool:
    result = sent.results.get(step.hub_id)
    return step.action == "unchanged" or (result is not None and result.ok)


def figures(steps: Sequence[Step], sent: Sent, cost: Cost) -> dict[str, int]:
    """What goes into the figures of the hour."""
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
        "calls": cost.calls,
        "sent_bytes": cost.sent_bytes,
    }
