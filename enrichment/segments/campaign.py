"""A segment in a campaign of the CRM: who is to be put in and taken out, and what became of it.

A member stands there under a key of ours and is made once. Who is about to be put in is written down before the
call, so that somebody whose answer was lost can still be taken out. Members that somebody else made are left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import Rejected
from enrichment import allowed, connection, runs
from enrichment.connection import PURPOSE
from enrichment.crm import Campaign, RowResult
from enrichment.models import CrmRecord
from enrichment.profile import hub_id
from enrichment.segments import activation, conditions, store, undoing
from enrichment.segments.models import Activation, ActivationMember

MOST = 200
"""People put in, and people taken out, at once: so many go in one call, and consent is asked before each."""
SOON = timedelta(minutes=1)
ALREADY = "DUPLICATE_VALUE"
PEOPLE = ("Contact", "Lead")
NO_CAMPAIGN = "There is no such active campaign in Salesforce."
TAKEN = "This segment is handed on to that campaign already."


def key(campaign: str, person: str) -> str:
    """Our key of a member: the same for ever."""
    return hub_id("member", f"{campaign}:{person}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody to put into a campaign."""

    person: str
    record_id: str
    object: str


@dataclass(frozen=True)
class Change:
    """What is to be done about a campaign now."""

    activation: Activation
    added: tuple[Entry, ...] = ()
    removed: tuple[str, ...] = ()
    carried: Mapping[str, str] = field(default_factory=dict)
    """Person → the record that took the place of theirs; the CRM moved the member by itself."""
    outside: int = 0
    more: bool = False
    erased: frozenset[str] = frozenset()
    """Of those to take out: who must be gone there, with proof."""

    def key(self, person: str) -> str:
        """Our key of a member: the same for ever."""
        return key(self.activation.campaign, person)


@dataclass
class Done:
    """What the CRM said."""

    put: dict[str, RowResult] = field(default_factory=dict)
    """By person; those that were there under our key already are `ok`."""
    taken_out: set[str] = field(default_factory=set)
    left: dict[str, RowResult] = field(default_factory=dict)
    """Who could not be taken out."""


# --- deciding -----------------------------------------------------------------------------------------


def change(session: Session, number: int, *, only_gone: bool = False) -> Change | None:
    """What the campaign lacks and has too much; None when it is gone.

    One that does not run only loses people who are erased, one that ends loses everybody.
    """
    row = session.get(Activation, number)
    if row is None or row.kind != "campaign":
        return None
    m = db.table(ActivationMember)
    told = {one.person: one for one in session.scalars(sa.select(ActivationMember).where(m.c.activation_id == number))}
    if only_gone or row.state != "active":
        leaving = sorted(one for one, member in told.items() if member.state == "gone" or row.state == "ending")
        gone = frozenset(one for one in leaving[:MOST] if told[one].state == "gone")
        return Change(row, (), tuple(leaving[:MOST]), {}, row.outside, len(leaving) > MOST, gone)
    wanted, outside = _wanted(session, row.segment_id)
    heirs = _heirs(session, [one.record_id for one in told.values() if one.state != "gone"])
    added: list[Entry] = []
    kept = _kept(session, [one for one, member in told.items() if member.state == "kept"])
    removed = sorted(told.keys() - wanted.keys() - kept)
    carried: dict[str, str] = {}
    for person, records in sorted(wanted.items()):
        member = told.get(person)
        if member is None or member.state in ("sending", "kept"):
            added.append(records[0])
        elif member.state == "gone":
            removed.append(person)
        elif not any(one.record_id == member.record_id for one in records):
            heir = heirs.get(member.record_id, "")
            if heir and any(one.record_id == heir for one in records) and member.state != "refused":
                carried[person] = heir
            else:
                removed.append(person)
                added.append(records[0])
    freed = {heirs.get(one, one) for one in (told[person].record_id for person in removed)}
    again = [
        wanted[p][0] for p in sorted(wanted) if p in told and told[p].state == "there" and _holds(wanted[p], freed)
    ]
    added = again + added
    more = len(added) > MOST or len(removed) > MOST
    going = removed[:MOST]
    waiting = set(removed[MOST:])  # a key is free only when its old member is out
    entries = [one for one in added if one.person not in waiting][:MOST]
    gone = frozenset(one for one in going if told[one].state == "gone")
    return Change(row, tuple(entries), tuple(going), carried, outside, more, gone)


def _kept(session: Session, people: Collection[str]) -> set[str]:
    """Who was put back when a run was taken back stays, segment or not, as long as they may be handed on."""
    return {f"contact:{one}" for one in undoing.may(session, [one.removeprefix("contact:") for one in people])}


def _holds(records: Sequence[Entry], freed: Collection[str]) -> bool:
    """Who seemed to be put in by somebody else stood there under the key of one who goes: a merge moved it."""
    return any(one.record_id in freed for one in records)


def _wanted(session: Session, segment_id: int) -> tuple[dict[str, list[Entry]], int]:
    """Person → records, the one to use first, for all who may be handed on; and how many have no record."""
    group = conditions.read(store.get(session, segment_id).conditions)
    found: dict[str, list[Entry]] = {}
    outside = 0
    for some in store.handed_on(session, group):
        contacts = [one.contact_id for one in some if one.contact_id]
        may = allowed.contacts(session, contacts, PURPOSE)
        records = _records(session, may)
        outside += sum(not one.contact_id for one in some) + len(may - records.keys())
        found |= {f"contact:{one}": entries for one, entries in records.items()}
    return found, outside


def _records(session: Session, contact_ids: Collection[str]) -> dict[str, list[Entry]]:
    """Living contacts and leads by our contact; contacts come first."""
    r = db.table(CrmRecord)
    query = (
        sa.select(r.c.contact_id, r.c.record_id, r.c.object)
        .where(r.c.contact_id.in_(sorted(contact_ids)), ~r.c.deleted, r.c.successor == "", r.c.object.in_(PEOPLE))
        .order_by(r.c.object, r.c.id)
    )
    found: dict[str, list[Entry]] = {}
    for row in session.execute(query):
        entry = Entry(f"contact:{row.contact_id}", row.record_id, row.object)
        found.setdefault(row.contact_id, []).append(entry)
    return found


def _heirs(session: Session, record_ids: Iterable[str]) -> dict[str, str]:
    """Record → what took its place in the end, for those that were merged or converted."""
    r = db.table(CrmRecord)
    after: dict[str, str] = {}
    asked = {one for one in record_ids if one}
    while asked:
        query = sa.select(r.c.record_id, r.c.successor).where(r.c.record_id.in_(sorted(asked)), r.c.successor != "")
        step = {row.record_id: row.successor for row in session.execute(query)}
        asked = set(step.values()) - after.keys() - step.keys()
        after |= step
    found = {}
    for one in after:
        end, seen = one, {one}
        while end in after and after[end] not in seen:
            end = after[end]
            seen.add(end)
        found[one] = end
    return found


# --- writing down -------------------------------------------------------------------------------------


def begin(session: Session, found: Change) -> bool:
    """Write down who is about to be put in; False when the campaign was removed or stopped meanwhile."""
    number = found.activation.id or 0
    row = session.get(Activation, number, with_for_update=True)
    if row is None or (found.added and row.state != "active"):
        return False
    rows = [
        {"activation_id": number, "person": one.person, "record_id": one.record_id, "state": "sending",
         "code": "", "message": ""}
        for one in found.added
    ]  # fmt: skip
    if rows:
        session.execute(db.upsert(ActivationMember).on_conflict_do_nothing(), rows)
    return True


def settle(session: Session, found: Change, done: Done, calls: int = 0) -> None:
    """Write down what the CRM said, log it, and look again: at once when there is more, else later."""
    number = found.activation.id or 0
    m, a = db.table(ActivationMember), db.table(Activation)
    row = session.get(Activation, number, with_for_update=True)
    if row is None:
        return
    mine = m.c.activation_id == number
    out = sorted(done.taken_out - done.put.keys())
    left = _standing(session, mine, out)
    for start in range(0, len(out), MOST):
        session.execute(sa.delete(m).where(mine, m.c.person.in_(out[start : start + MOST])))
    states = {one.person: _verdict(session, number, one, done) for one in found.added if one.person in done.put}
    for person, values in sorted(states.items()):
        session.execute(sa.update(m).where(mine, m.c.person == person, m.c.state != "gone").values(**values))
    _log(session, row, left, [one for one, values in states.items() if values["state"] == "in"], calls)
    for person, result in sorted(done.left.items()):
        said = {"code": result.code, "message": result.message[:500]}
        session.execute(sa.update(m).where(mine, m.c.person == person).values(**said))
    for person, heir in sorted(found.carried.items()):
        session.execute(sa.update(m).where(mine, m.c.person == person).values(record_id=heir))
    came = sum(one["state"] in ("in", "there") for one in states.values())
    refused = sum(one["state"] == "refused" for one in states.values())
    error = next((one.message for one in done.left.values()), "")
    columns: dict[str, Any] = {"looked_at": db.now(), "outside": found.outside}
    if row.state != "refused":
        columns["error"] = error
    if came or out or refused:
        columns["sequence"] = row.sequence + 1
        activation.log(session, number, came, len(out), error, refused)
        detail = {"added": came, "removed": len(out), "refused": refused}
        audit.record(session, "system", "segment.handed_on", f"activation:{number}", detail)
    session.execute(sa.update(a).where(a.c.id == number).values(**columns))
    relink = any(one.verdict == "relink" for one in done.put.values())
    if relink:
        outbox.emit(session, "crm.due", [("crm", {})])
    waits = bool(done.left) or any(one["state"] == "sending" for one in states.values())
    _next(session, row, more=found.more, waits=waits)


def _standing(session: Session, mine: Any, people: Sequence[str]) -> list[ActivationMember]:
    """Those of the people who were members, as they stood; not who is erased."""
    m = db.table(ActivationMember)
    found: list[ActivationMember] = []
    for start in range(0, len(people), MOST):
        some = m.c.person.in_(people[start : start + MOST]), m.c.state.in_(("in", "kept"))
        found += session.scalars(sa.select(ActivationMember).where(mine, *some)).all()
    return found


def _log(session: Session, row: Activation, left: Sequence[ActivationMember], came: Sequence[str], calls: int) -> None:
    """Keep who was put in and who was taken out as a run, so that it can be taken back."""
    m = db.table(ActivationMember)
    put: list[ActivationMember] = []
    for start in range(0, len(came), MOST):
        some = m.c.activation_id == row.id, m.c.person.in_(sorted(came)[start : start + MOST])
        put += session.scalars(sa.select(ActivationMember).where(*some)).all()
    ways: tuple[tuple[str, Sequence[ActivationMember]], ...] = (("created", put), ("removed", left))
    changes = [
        undoing.change(key(row.campaign, one.person), row.campaign, one, action)
        for action, some in ways
        for one in some
    ]
    runs.log(session, "batch", changes, calls)


def _verdict(session: Session, number: int, entry: Entry, done: Done) -> dict[str, Any]:
    """The new columns of somebody who was to be put in."""
    result = done.put[entry.person]
    said = {"record_id": entry.record_id, "code": result.code, "message": result.message[:500]}
    if result.ok:
        return {**said, "state": "in"}
    if result.code == ALREADY and "Hub_Id__c" not in result.message:
        return {**said, "state": "there", "code": "", "message": ""}
    before = session.get(ActivationMember, (number, entry.person))
    again = before is not None and before.code == result.code
    if result.verdict in ("retry", "reauthenticate") or (result.verdict == "relink" and not again):
        return {**said, "state": "sending"}
    return {**said, "state": "refused"}


def _next(session: Session, row: Activation, *, more: bool, waits: bool) -> None:
    number = row.id or 0
    m = db.table(ActivationMember)
    if row.state == "ending" and not session.scalar(sa.select(sa.func.count()).where(m.c.activation_id == number)):
        session.expire(row)
        session.delete(row)
        audit.record(session, "system", "activation.removed", f"activation:{number}")
    elif row.state in ("active", "ending") or more or waits:
        activation.remind(session, number, timedelta() if more else SOON if waits else activation.EVERY)


# --- by people ----------------------------------------------------------------------------------------


def active() -> Sequence[Campaign]:
    """The active campaigns of the org; asks it. Rejected without one."""
    with db.read() as session:
        if not connection.standing(session).usable:
            raise Rejected(connection.OFF)
    return connection.crm().campaigns()


def add(session: Session, segment_id: int, chosen: Campaign, actor: str) -> int:
    """Hand a segment on to a campaign; Rejected when it is already. Returns the activation's number."""
    store.get(session, segment_id)
    a = db.table(Activation)
    known = sa.select(a.c.id).where(a.c.segment_id == segment_id, a.c.campaign == chosen.id)
    if session.scalar(known) is not None:
        raise Rejected(TAKEN)
    row = Activation(
        segment_id=segment_id, kind="campaign", campaign=chosen.id, label=chosen.name[:80], made_by=actor,
        made_at=db.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    detail = {"segment": segment_id, "campaign": chosen.id}
    audit.record(session, actor, "activation.made", f"activation:{row.id}", detail)
    activation.remind(session, row.id or 0, timedelta())
    return row.id or 0


def chosen(campaigns: Sequence[Campaign], wanted: str) -> Campaign:
    """The campaign with this record id, of 15 or 18 characters; Rejected when there is none."""
    wanted = wanted.strip()
    fits = [one for one in campaigns if len(wanted) in (15, 18) and one.id[: len(wanted)] == wanted]
    if not fits:
        raise Rejected(NO_CAMPAIGN)
    return fits[0]


def try_again(session: Session, number: int, actor: str) -> Activation:
    """Whom the CRM refused is tried once more."""
    row = activation.get(session, number)
    m = db.table(ActivationMember)
    refused = (m.c.activation_id == number) & (m.c.state == "refused")
    session.execute(sa.update(m).where(refused).values(state="sending", code="", message=""))
    audit.record(session, actor, "activation.retried", f"activation:{number}")
    activation.remind(session, number, timedelta())
    return row


def refusals(session: Session, number: int, most: int = 20) -> Sequence[ActivationMember]:
    """People whom the CRM refused, with its words."""
    m = db.table(ActivationMember)
    query = sa.select(ActivationMember).where(m.c.activation_id == number, m.c.state == "refused")
    return session.scalars(query.order_by(m.c.person).limit(most)).all()
