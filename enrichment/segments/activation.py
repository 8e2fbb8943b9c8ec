"""Handing a segment on to a receiver: who came and who went since it was last told, and nothing else.

Each letter makes one delivery and puts the next one on the list, so that changes follow within a quarter of an hour.
A delivery that was made twice, because a worker died after the call, has the same number.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, crypto, db, outbox, webhook
from core.bulk import json_text
from core.errors import Rejected
from enrichment.models import CrmChange, CrmConnection
from enrichment.segments import conditions, store
from enrichment.segments.models import Activation, ActivationMember, ActivationRun

EVERY = timedelta(minutes=15)
MOST = 500
"""People of one delivery."""
KEPT = 50
"""Runs that are kept of an activation."""
TOPIC = "activation.due"
NONE = "There is no such receiver."
NO_TEST = "A campaign takes no test delivery: only a webhook does."
ENDING = "The campaign is being emptied; then it is gone from here."


@dataclass(frozen=True)
class Change:
    """What a receiver is to be told: all of it is `added`, only ids are `removed`."""

    activation: Activation
    secret: str
    delivery: str
    body: bytes
    added: tuple[str, ...]
    removed: tuple[str, ...]
    more: bool
    """There is more than fits into one delivery."""


# --- deciding what to tell ------------------------------------------------------------------------------


def change(session: Session, activation_id: int) -> Change | None:
    """What the receiver does not know yet; None when the activation is gone or does not run."""
    activation = session.get(Activation, activation_id)
    if activation is None or activation.kind != "webhook" or activation.state != "active":
        return None
    segment = store.get(session, activation.segment_id)
    m = db.table(ActivationMember)
    told = set(session.scalars(sa.select(m.c.person).where(m.c.activation_id == activation_id)))
    now = {one.person: one for some in store.handed_on(session, conditions.read(segment.conditions)) for one in some}
    removed = sorted(told - now.keys())[:MOST]
    added = sorted(now.keys() - told)[: MOST - len(removed)]
    more = len(told - now.keys()) + len(now.keys() - told) > len(removed) + len(added)
    rows = [
        dict(zip(store.COLUMNS, (row[0], row[1], *map(str.split, row[2:])), strict=True))
        for row in map(tuple, store.lines(session, [now[one] for one in added]))
    ]
    told_of = {"segment": segment.name, "added": rows, "removed": [{"person": one} for one in removed]}
    mark = f"{activation_id}:{activation.sequence}:{json_text([added, removed])}"
    delivery = hashlib.sha256(mark.encode()).hexdigest()[:32]
    body = json_text({"delivery": delivery, **told_of}).encode()
    return Change(activation, crypto.unseal(activation.secret), delivery, body, tuple(added), tuple(removed), more)


def taken(session: Session, found: Change) -> None:
    """The receiver knows: remember it, log it, and look again later, at once when there is more."""
    number = found.activation.id or 0
    m, a = db.table(ActivationMember), db.table(Activation)
    now = session.get(Activation, number, with_for_update=True)
    if now is None or now.sequence != found.activation.sequence:  # removed, or told by another worker
        return
    if found.removed:
        session.execute(sa.delete(m).where(m.c.activation_id == number, m.c.person.in_(found.removed)))
    if found.added:
        rows = [{"activation_id": number, "person": one} for one in found.added]
        session.execute(db.upsert(ActivationMember).on_conflict_do_nothing(), rows)
    values: dict[str, Any] = {"looked_at": db.now(), "error": ""}
    if found.added or found.removed:
        values["sequence"] = found.activation.sequence + 1
        log(session, number, len(found.added), len(found.removed), "")
        detail = {"added": len(found.added), "removed": len(found.removed)}
        audit.record(session, "system", "segment.handed_on", f"activation:{number}", detail)
    session.execute(sa.update(a).where(a.c.id == number).values(**values))
    if now.state == "active":
        remind(session, number, timedelta() if found.more else EVERY)


def failed(session: Session, number: int, words: str, *, final: bool = False, logged: bool = True) -> None:
    """The receiver did not take it; for good, the activation stands still until somebody looks."""
    a = db.table(Activation)
    row = session.get(Activation, number)
    if row is None:
        return
    values = {"error": words, "looked_at": db.now()}
    if final and row.state == "active":
        values["state"] = "refused"
    session.execute(sa.update(a).where(a.c.id == number).values(**values))
    if logged:
        log(session, number, 0, 0, words)


def log(session: Session, number: int, added: int, removed: int, error: str, refused: int = 0) -> None:
    """Keep a run, and of those before only the newest."""
    row = ActivationRun(activation_id=number, at=db.now(), added=added, removed=removed, refused=refused, error=error)
    session.add(row)
    session.flush()
    r = db.table(ActivationRun)
    kept = sa.select(r.c.id).where(r.c.activation_id == number).order_by(r.c.id.desc()).limit(KEPT)
    session.execute(sa.delete(r).where(r.c.activation_id == number, r.c.id.not_in(kept.scalar_subquery())))


def remind(session: Session, number: int, after: timedelta) -> None:
    """Put an activation on the list."""
    outbox.emit(session, TOPIC, [(str(number), {"activation_id": number})], db.now() + after)


def probe(session: Session, activation_id: int) -> Change:
    """A delivery without people, to see whether the receiver takes it; it changes nothing of what it was told."""
    activation = get(session, activation_id)
    if activation.kind != "webhook":
        raise Rejected(NO_TEST)
    delivery = f"test-{secrets.token_hex(12)}"
    told = {"segment": store.get(session, activation.segment_id).name, "test": True, "added": [], "removed": []}
    body = json_text({"delivery": delivery, **told}).encode()
    return Change(activation, crypto.unseal(activation.secret), delivery, body, (), (), more=False)


# --- by people -----------------------------------------------------------------------------------------


def add(session: Session, segment_id: int, url: str, actor: str) -> tuple[int, str]:
    """Hand a segment on to an address: the activation's number, and the secret, which is shown once."""
    store.get(session, segment_id)
    address, secret = webhook.checked(url), webhook.new_secret()
    row = Activation(segment_id=segment_id, url=address, secret=crypto.seal(secret), made_by=actor, made_at=db.now())
    session.add(row)
    session.flush()
    audit.record(session, actor, "activation.made", f"activation:{row.id}", {"segment": segment_id})
    remind(session, row.id or 0, timedelta())
    return row.id or 0, secret


def switch(session: Session, activation_id: int, state: str, actor: str) -> Activation:
    """Pause it, or let it go on (active), which looks at once."""
    row = get(session, activation_id)
    if row.state == "ending":
        raise Rejected(ENDING)
    row.state, row.error = ("active" if state == "active" else "paused"), ""
    session.add(row)
    session.flush()
    audit.record(session, actor, f"activation.{row.state}", f"activation:{activation_id}")
    if row.state == "active":
        remind(session, activation_id, timedelta())
    return row


def remove(session: Session, activation_id: int, actor: str) -> Activation:
    """End it; a webhook keeps what it was told, out of a campaign those are taken who were put in."""
    row = get(session, activation_id)
    m = db.table(ActivationMember)
    inside = sa.select(sa.func.count()).where(m.c.activation_id == activation_id)
    if row.kind == "campaign" and session.scalar(inside) and session.get(CrmConnection, 1) is not None:
        row.state, row.error = "ending", ""
        session.add(row)
        session.flush()
        audit.record(session, actor, "activation.ending", f"activation:{activation_id}")
        remind(session, activation_id, timedelta())
        return row
    session.delete(row)
    audit.record(session, actor, "activation.removed", f"activation:{activation_id}")
    return row


def get(session: Session, activation_id: int) -> Activation:
    """One activation; Rejected when there is none."""
    row = session.get(Activation, activation_id) if 0 < activation_id < 2**62 else None
    if row is None:
        raise Rejected(NONE)
    return row


@dataclass(frozen=True)
class Standing:
    """An activation as a page shows it."""

    activation: Activation
    members: int
    refused: int
    runs: Sequence[ActivationRun]


def standing(session: Session, segment_id: int | None = None) -> list[Standing]:
    """Where a segment, or any, is handed on to, with how many people each knows of and its newest runs."""
    a, m, r = db.table(Activation), db.table(ActivationMember), db.table(ActivationRun)
    wanted = sa.true() if segment_id is None else a.c.segment_id == segment_id
    found = session.scalars(sa.select(Activation).where(wanted).order_by(a.c.id)).all()
    inside = sa.func.sum(sa.case((m.c.state.in_(("in", "there", "kept")), 1), else_=0))
    refused = sa.func.sum(sa.case((m.c.state == "refused", 1), else_=0))
    counted = sa.select(m.c.activation_id, inside, refused).group_by(m.c.activation_id)
    counted = counted.where(m.c.activation_id.in_([one.id for one in found]))
    members = {number: (int(some), int(others)) for number, some, others in session.execute(counted)}
    newest = sa.select(ActivationRun).order_by(r.c.id.desc()).limit(5)
    return [
        Standing(
            one, *members.get(one.id or 0, (0, 0)), session.scalars(newest.where(r.c.activation_id == one.id)).all()
        )
        for one in found
    ]


def forget(session: Session, people: Collection[str]) -> None:
    """People were erased: receivers are told at once that they go; what stands still forgets by itself."""
    c = db.table(CrmChange)
    whose = c.c.before["person"].as_string().in_(sorted(people))
    session.execute(sa.delete(c).where(c.c.kind == "member", whose))
    m, a = db.table(ActivationMember), db.table(Activation)
    query = sa.select(a.c.id, a.c.state, a.c.kind).join(m, m.c.activation_id == a.c.id)
    for row in session.execute(query.where(m.c.person.in_(sorted(people))).distinct()).all():
        if row.kind == "campaign":
            mine = (m.c.activation_id == row.id) & m.c.person.in_(sorted(people))
            session.execute(sa.update(m).where(mine).values(state="gone"))
            remind(session, row.id, timedelta())
        elif row.state == "active":
            remind(session, row.id, timedelta())
        else:
            session.execute(sa.delete(m).where(m.c.activation_id == row.id, m.c.person.in_(sorted(people))))
