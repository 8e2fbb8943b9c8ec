"""Outgoing webhooks' subscribers of the outbox: what happened becomes deliveries, and deliveries are made.

A delivery keeps its id over all attempts, so a receiver that has it already knows. Attempts follow the schedule of
Standard Webhooks, then it has failed; an endpoint that failed for days is disabled.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlmodel import Session
from ulid import ULID

from core import audit, crypto, db, outbox, webhook
from core.bulk import json_text
from core.errors import NotConfigured, Rejected, TryLater
from core.outbox import DONE, Item, Outcome
from core.webhook import Answer
from inbox.worker_models import Role, User
from web import kept, letters, roles
from web.i18n import N_
from web.outgoing import events
from web.outgoing.events import Event
from web.outgoing.models import Endpoint, Told

WAITS = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Seconds until the next attempt, after the first, the second …"""
PATIENCE = 86_400.0
"""For so many seconds a receiver may ask to be left alone (Retry-After); it is asked no sooner than WAITS say."""
DISABLED = timedelta(days=5)
"""So long an endpoint may fail without a single success."""
REST = 30.0
"""Seconds for which an endpoint is left alone after a failure."""
SLOW = 3000
"""Milliseconds: an endpoint that takes longer is left alone for as long again twice, so that others have their turn."""
KEPT = timedelta(days=30)
"""Deliveries are kept so long."""
LOGGED = 20
"""Attempts of a delivery that are kept with their answers, the newest."""
HELD = 10_000
"""Events that wait for an endpoint that does not run; what comes then is counted, and not kept."""
DUE = "webhook.due"
GONE = N_("The receiver says that it is gone for good (410).")
TIRED = N_("Nothing arrived there for five days.")


# --- what happened → deliveries -----------------------------------------------------------------------


def collect(items: list[Item]) -> Outcome:
    """Handler of every topic that programs may be told of: one delivery per event and endpoint that wants it."""
    with db.read() as session:
        wanting = _wanting(session)
        if not wanting:
            return DONE
        by_topic: dict[str, list[Any]] = defaultdict(list)
        for item in items:
            by_topic[item.topic].append(item.payload)
        found = [one for topic, some in by_topic.items() for one in events.of(session, topic, events.changes(some))]
    wanted = [(number, one) for one in found for number in wanting.get(one.type, ())]
    if not wanted:
        return DONE

    def write(session: Session) -> None:
        tell(session, wanted)

    return Outcome(write)


def _wanting(session: Session) -> dict[str, list[int]]:
    e = db.table(Endpoint)
    found: dict[str, list[int]] = defaultdict(list)
    wants = sa.or_(e.c.state != "disabled", e.c.error != GONE)  # who is gone for good hears nothing
    for number, types in session.execute(sa.select(e.c.id, e.c.events).where(wants).order_by(e.c.id)):
        for one in types:
            found[one].append(number)
    return found


def tell(session: Session, wanted: list[tuple[int, Event]]) -> list[int]:
    """Note deliveries and put them on the list; endpoints that are gone meanwhile are left out. Their numbers.

    For an endpoint that does not run they wait until it does, HELD at most; how many more came is counted.
    """
    e, t, moment = db.table(Endpoint), db.table(Told), db.now()
    states = sa.select(e.c.id, e.c.state).where(e.c.id.in_({number for number, _ in wanted})).with_for_update()
    there = {number: state for number, state in session.execute(states.order_by(e.c.id))}
    wanted = _fitting(session, [one for one in wanted if one[0] in there], there)
    rows = [
        {
            "endpoint_id": number, "event": f"msg_{ULID()}", "type": one.type, "data": one.data, "at": moment,
            "state": "waiting", "tries": 0, "status": 0, "milliseconds": 0, "answer": "", "attempts": [],
        }
        for number, one in wanted
    ]  # fmt: skip
    if not rows:
        return []
    made = session.scalars(sa.insert(t).returning(t.c.id, sort_by_parameter_order=True), rows).all()
    due(session, [row for row, (number, _) in zip(made, wanted, strict=True) if there[number] == "active"])
    return list(made)


def _fitting(session: Session, wanted: list[tuple[int, Event]], states: dict[int, str]) -> list[tuple[int, Event]]:
    """Those that are kept: all for endpoints that run, and as many as there is room for with the others."""
    e, t = db.table(Endpoint), db.table(Told)
    still = [number for number, state in states.items() if state != "active"]
    if not still:
        return wanted
    waiting = sa.select(t.c.endpoint_id, sa.func.count()).where(t.c.endpoint_id.in_(still), t.c.state == "waiting")
    room = dict.fromkeys(still, HELD)
    for number, count in session.execute(waiting.group_by(t.c.endpoint_id)):
        room[number] = HELD - count
    kept, missed = [], dict.fromkeys(still, 0)
    for number, one in wanted:
        if number in room and room[number] <= 0:
            missed[number] += 1
            continue
        if number in room:
            room[number] -= 1
        kept.append((number, one))
    for number, count in missed.items():
        if count:
            session.execute(sa.update(e).where(e.c.id == number).values(missed=e.c.missed + count))
    return kept


def due(session: Session, numbers: list[int]) -> None:
    """Put deliveries on the list."""
    outbox.emit(session, DUE, [(f"{one:019d}", {"delivery_id": one}) for one in numbers])


# --- deliveries → calls -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One attempt, ready to be made."""

    number: int
    endpoint_id: int
    url: str
    sealed: list[str]
    event: str
    body: bytes
    tries: int
    before: list[dict[str, Any]]
    """The attempts that were made already."""


def deliver(items: list[Item]) -> Outcome:
    """Handler of `webhook.due`: make the call and note what was answered, or put it off."""
    writes: list[Callable[[Session], None]] = []
    later: dict[int, TryLater] = {}
    for item in items:
        outbox.keep_alive()
        number = int(item.payload["delivery_id"])
        with db.read() as session:
            found = _call(session, number)
        if found is None:
            continue
        if isinstance(found, TryLater):
            later[item.id] = found
            continue
        answer = _made(found)
        wait = _wait(found, answer)
        if wait is not None:
            later[item.id] = TryLater(answer.text or f"{answer.status}", wait)
        writes.append(_noted(found, answer, wait))

    def write(session: Session) -> None:
        for one in writes:
            one(session)

    return Outcome(write, later)


def _call(session: Session, number: int) -> Call | TryLater | None:
    """The attempt that is due; None when there is nothing to do, TryLater while its endpoint rests."""
    told = session.get(Told, number)
    endpoint = session.get(Endpoint, told.endpoint_id) if told is not None else None
    if told is None or endpoint is None or told.state != "waiting" or endpoint.state != "active":
        return None
    moment, rests = db.now(), endpoint.rest_until
    if told.tries == 0 and told.type != events.TEST and rests is not None and rests > moment:
        return TryLater("Its endpoint rests.", (rests - moment).total_seconds())
    return Call(
        number, told.endpoint_id, endpoint.url, sealed(endpoint, moment), told.event, body(session, told, endpoint),
        told.tries, told.attempts,
    )  # fmt: skip


def body(session: Session, told: Told, endpoint: Endpoint) -> bytes:
    """What is sent, as Standard Webhooks shapes it."""
    data = told.data
    words = events.text(session, data, endpoint.texts)
    if words is not None:
        data = {**data, "message": {**data["message"], "text": words}}
    return json_text(shaped(told, data)).encode()


def shaped(told: Told, data: dict[str, Any]) -> dict[str, Any]:
    """The same before it is written."""
    return {"type": told.type, "timestamp": told.at.isoformat().replace("+00:00", "Z"), "data": data}


def sealed(endpoint: Endpoint, moment: datetime) -> list[str]:
    """The secrets that sign now, the newest first."""
    old = endpoint.old_secret and endpoint.old_until is not None and endpoint.old_until > moment
    return [endpoint.secret, endpoint.old_secret] if old else [endpoint.secret]


def _made(call: Call) -> Answer:
    begun = time.monotonic()
    try:
        return webhook.post(call.url, [crypto.unseal(one) for one in call.sealed], call.event, call.body)
    except (TryLater, Rejected, NotConfigured) as error:
        return Answer(0, str(error), round((time.monotonic() - begun) * 1000))


def _wait(call: Call, answer: Answer) -> float | None:
    """Seconds until the next attempt; None when there is none."""
    if answer.taken or answer.status == 410 or call.tries >= len(WAITS):
        return None
    return max(WAITS[call.tries], _asked(answer))


def _asked(answer: Answer) -> float:
    """Seconds for which the receiver asks to be left alone."""
    return min(answer.wait or 0.0, PATIENCE)


def _noted(call: Call, answer: Answer, wait: float | None) -> Callable[[Session], None]:
    return lambda session: note(session, call, answer, wait)


def note(session: Session, call: Call, answer: Answer, wait: float | None) -> None:
    """What became of an attempt, for its delivery and its endpoint; `wait` are seconds until the next one, if any."""
    t, moment = db.table(Told), db.now()
    state = "delivered" if answer.taken else "failed" if wait is None else "waiting"
    said = {
        "status": answer.status, "milliseconds": answer.milliseconds,
        "answer": "" if answer.taken else db.sound(answer.text)[:200],
    }  # fmt: skip
    values = {
        **said, "state": state, "tries": call.tries + 1, "tried_at": moment,
        "next_at": moment + timedelta(seconds=wait) if wait is not None else None,
        "attempts": [*call.before, {"at": moment.isoformat(), **said}][-LOGGED:],
    }  # fmt: skip
    session.execute(sa.update(t).where(t.c.id == call.number).values(**values))
    endpoint = session.get(Endpoint, call.endpoint_id, with_for_update=True)
    if endpoint is None:
        return
    if answer.taken:
        endpoint.error, endpoint.failing_since, endpoint.rest_until = "", None, None
        if answer.milliseconds > SLOW:
            endpoint.rest_until = moment + timedelta(milliseconds=2 * answer.milliseconds)
    else:
        endpoint.error = f"{answer.status}" if answer.status else answer.text[:200]
        endpoint.failing_since = endpoint.failing_since or moment
        endpoint.rest_until = moment + timedelta(seconds=max(REST, _asked(answer)))
        if answer.status == 410 or moment - endpoint.failing_since > DISABLED:
            _disable(session, endpoint, GONE if answer.status == 410 else TIRED)
    session.add(endpoint)


def _disable(session: Session, endpoint: Endpoint, why: str) -> None:
    if endpoint.state != "active":
        return
    endpoint.state, endpoint.error, endpoint.missed = "disabled", why, 0
    audit.record(session, "system", "webhook.disabled", f"webhook:{endpoint.id}")
    u, name = db.table(User), urlsplit(endpoint.url).netloc
    query = sa.select(u.c.id).outerjoin(db.table(Role), kept.of_user())
    for number in session.scalars(query.where(u.c.disabled.is_(False), roles.may("webhooks.manage"))).all():
        letters.write(session, number, "webhook", name=name)
