"""Taking messages of the tracking API in: once each, with whose they are, and the orders they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.errors import NotConfigured
from core.settings import settings
from enrichment.behaviour import keys, messages, orders, retention
from enrichment.behaviour.messages import Said, Unreadable
from enrichment.behaviour.models import TrackEvent
from enrichment.behaviour.who import PURPOSE, Crowd, Found, alone
from inbox import consent

OFF = "Orders and behaviour are switched off on this hub. An administrator switches them on under Data protection."

OLD = "It is older than the {days} days for which this hub keeps events. Older orders come out of a file."


@dataclass
class Taken:
    """What became of a batch."""

    stored: int = 0
    repeated: int = 0
    withheld: int = 0
    """Their person objects or is erased; senders are not told who."""
    refused: list[tuple[int, str]] = field(default_factory=list)
    """(place in the batch, what is wrong with it)."""


def take(key_id: int, raw: Sequence[Any], kind: str = "") -> Taken:
    """Store messages, each once. NotConfigured while the purpose is off; a bad one does not stop the others."""
    taken, said = Taken(), list[Said]()
    received = db.now()
    since = retention.reaches(received)
    for place, one in enumerate(raw):
        try:
            message = messages.read(one, received, kind)
            if since is not None and message.at < since:
                raise Unreadable(OLD.format(days=settings().behaviour_days))
            said.append(message)
        except Unreadable as error:
            taken.refused.append((place, str(error)))
    return db.again(lambda: _write(key_id, said, taken))


def _write(key_id: int, said: Sequence[Said], before: Taken) -> Taken:
    taken = Taken(refused=before.refused)
    with db.write() as session:
        if not consent.switched_on(session, PURPOSE):
            raise NotConfigured(OFF)
        alone(session)
        fresh = _fresh(session, said)
        taken.repeated = len(said) - len(fresh)
        crowd = Crowd(session, f"key:{key_id}")
        crowd.look_up(one.ids for one in fresh)
        pairs = [(one, crowd.of(one.ids)) for one in fresh]
        kept = [(one, found) for one, found in pairs if found.why is None]
        taken.withheld = len(pairs) - len(kept)
        _events(session, key_id, kept)
        told = [
            order
            for one, found in kept
            if one.kind == "track"
            and (order := orders.of_event(
                one.event, one.values, one.at, f"key:{key_id}", found.contact_id, one.ids.anonymous
            ))
        ]  # fmt: skip
        orders.store(session, told)
        crowd.finish()
        taken.stored = len(kept)
        keys.count(session, key_id, taken.stored, taken.repeated, taken.withheld + len(taken.refused))
        keys.count_refused(session, key_id, [one for said_, _ in kept for one in said_.refused])
    return taken


def _fresh(session: Session, said: Sequence[Said]) -> list[Said]:
    """Each message once, without those that are stored."""
    unique = {one.message_id: one for one in reversed(said)}
    e = db.table(TrackEvent)
    known = set(session.scalars(sa.select(e.c.message_id).where(e.c.message_id.in_(sorted(unique)))))
    return [one for one in reversed(unique.values()) if one.message_id not in known]


def _events(session: Session, key_id: int, kept: Sequence[tuple[Said, Found]]) -> None:
    moment = db.now()
    rows = [
        {
            "message_id": one.message_id, "key_id": key_id, "kind": one.kind, "name": one.event,
            "contact_id": found.contact_id, "anonymous_id": "" if found.contact_id else one.ids.anonymous,
            "at": one.at, "received_at": moment, "properties": one.values, "context": one.context,
        }
        for one, found in kept
    ]  # fmt: skip
    if rows:
        session.execute(sa.insert(db.table(TrackEvent)), rows)
