"""Endpoints as people keep them: made, changed, paused, tested; deliveries listed and made again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, crypto, db, webhook
from core.errors import Rejected
from web.i18n import N_
from web.outgoing import tasks
from web.outgoing.events import TEST, TYPES, Event
from web.outgoing.models import Endpoint, Told

OLD = timedelta(hours=24)
"""So long the secret before still signs."""
TEXTS = ("none", "public", "all")
MOST = 50
NO_EVENT = N_("Choose at least one kind of event.")
NO_ENDPOINT = N_("There is no such endpoint.")
NO_DELIVERY = N_("There is no such delivery.")
NOT_ACTIVE = N_("This endpoint does not run. Let it go on first.")
TOO_MANY = N_("There are fifty endpoints already. Remove those that nothing listens at.")
STATES = {"pause": "paused", "resume": "active"}


def add(session: Session, url: str, types: Iterable[str], texts: str, actor: str) -> tuple[int, str]:
    """A new endpoint: its number, and the secret, which is shown once."""
    kept, address = _types(types), webhook.checked(url)
    if int(session.scalar(sa.select(sa.func.count()).select_from(db.table(Endpoint))) or 0) >= MOST:
        raise Rejected(TOO_MANY)
    secret = webhook.new_secret()
    row = Endpoint(
        url=address, events=kept, texts=_texts(texts), secret=crypto.seal(secret), made_by=actor, made_at=db.now()
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "webhook.made", f"webhook:{row.id}", {"texts": row.texts})
    return row.id or 0, secret


def change(session: Session, number: int, url: str, types: Iterable[str], texts: str, actor: str) -> None:
    """Another address, other events or texts."""
    row = get(session, number)
    row.url, row.events, row.texts = webhook.checked(url), _types(types), _texts(texts)
    session.add(row)
    audit.record(session, actor, "webhook.changed", f"webhook:{number}", {"texts": row.texts})


def _types(types: Iterable[str]) -> list[str]:
    kept = [one for one in TYPES if one in set(types)]
    if not kept:
        raise Rejected(NO_EVENT)
    return kept


def _texts(texts: str) -> str:
    return texts if texts in TEXTS else TEXTS[0]


def get(session: Session, number: int) -> Endpoint:
    """One endpoint; Rejected when there is none."""
    row = session.get(Endpoint, number) if 0 < number < 2**62 else None
    if row is None:
        raise Rejected(NO_ENDPOINT)
    return row


def every(session: Session) -> Sequence[Endpoint]:
    """All endpoints, oldest first."""
    return session.scalars(sa.select(Endpoint).order_by(db.table(Endpoint).c.id)).all()


def switch(session: Session, number: int, state: str, actor: str) -> bool:
    """Pause it, or let it go on (active) with what waits; False when it was so already."""
    row = get(session, number)
    if row.state == state:
        return False
    row.state = state
    if state == "paused":
        row.missed = 0
    if state == "active":
        row.error, row.failing_since, row.rest_until = "", None, None
    session.add(row)
    session.flush()
    audit.record(session, actor, f"webhook.{state}", f"webhook:{number}")
    if state == "active":
        t = db.table(Told)
        waiting = sa.select(t.c.id).where(t.c.endpoint_id == number, t.c.state == "waiting").order_by(t.c.id)
        tasks.due(session, list(session.scalars(waiting)))
    return True


def rotate(session: Session, number: int, actor: str) -> str:
    """A new secret, which is shown once; the one before signs beside it for a day."""
    row, secret = get(session, number), webhook.new_secret()
    row.old_secret, row.old_until, row.secret = row.secret, db.now() + OLD, crypto.seal(secret)
    session.add(row)
    audit.record(session, actor, "webhook.rotated", f"webhook:{number}")
    return secret


def remove(session: Session, number: int, actor: str) -> None:
    """Forget an endpoint with its deliveries."""
    session.delete(get(session, number))
    audit.record(session, actor, "webhook.removed", f"webhook:{number}")


def test(session: Session, number: int, actor: str) -> int:
    """Send an event that means nothing; the delivery's number."""
    if get(session, number).state != "active":
        raise Rejected(NOT_ACTIVE)
    audit.record(session, actor, "webhook.tested", f"webhook:{number}")
    return tasks.tell(session, [(number, Event(TEST, {}))])[0]


def deliveries(
    session: Session, number: int, before: int = 0, limit: int = 50, state: str = "", kind: str = ""
) -> Sequence[Told]:
    """Deliveries to an endpoint, newest first; `before` a number, of one `state` and `kind` of event alone."""
    t = db.table(Told)
    query = sa.select(Told).where(t.c.endpoint_id == number)
    if state:
        query = query.where(t.c.state == state)
    if kind:
        query = query.where(t.c.type == kind)
    if before:
        query = query.where(t.c.id < before)
    return session.scalars(query.order_by(t.c.id.desc()).limit(limit)).all()


def delivery(session: Session, number: int, delivery_id: int) -> Told:
    """One delivery to an endpoint; Rejected when there is none."""
    row = session.get(Told, delivery_id) if 0 < delivery_id < 2**62 else None
    if row is None or row.endpoint_id != number:
        raise Rejected(NO_DELIVERY)
    return row


def replay(session: Session, number: int, delivery_id: int, actor: str) -> bool:
    """Make a delivery again now, under its own id, or its next attempt; False while the first one is due anyway."""
    row = delivery(session, number, delivery_id)
    if get(session, number).state != "active":
        raise Rejected(NOT_ACTIVE)
    if row.state == "waiting" and not row.tries:
        return False
    if row.state == "waiting":
        row.next_at = None
        session.add(row)
        tasks.due(session, [delivery_id])
    else:
        _again(session, [delivery_id])
    audit.record(session, actor, "webhook.replayed", f"webhook:{number}", {"deliveries": 1})
    return True


def replay_failed(session: Session, number: int, since: datetime, actor: str) -> int:
    """Make every delivery again that failed for good since a moment; returns how many."""
    if get(session, number).state != "active":
        raise Rejected(NOT_ACTIVE)
    t = db.table(Told)
    failed = sa.select(t.c.id).where(t.c.endpoint_id == number, t.c.state == "failed", t.c.at >= since)
    found = list(session.scalars(failed.order_by(t.c.id)))
    _again(session, found)
    audit.record(session, actor, "webhook.replayed", f"webhook:{number}", {"deliveries": len(found)})
    return len(found)


def _again(session: Session, numbers: list[int]) -> None:
    t = db.table(Told)
    session.execute(sa.update(t).where(t.c.id.in_(numbers)).values(state="waiting", tries=0, next_at=None))
    tasks.due(session, numbers)


def waiting(session: Session, number: int) -> int:
    """How many events wait for an endpoint."""
    t = db.table(Told)
    query = sa.select(sa.func.count()).where(t.c.endpoint_id == number, t.c.state == "waiting")
    return int(session.scalar(query) or 0)


def troubled(session: Session) -> int:
    """How many endpoints were disabled after days of failure."""
    e = db.table(Endpoint)
    return int(session.scalar(sa.select(sa.func.count()).where(e.c.state == "disabled")) or 0)
