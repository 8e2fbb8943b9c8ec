"""What was erased must not come back: salted hashes of erased people, asked on every way in."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, crypto, db
from core.event import Event
from inbox.models import Tombstone


def digest(kind: str, value: str) -> str:
    """A keyed hash: without this installation's salt nobody can test whether somebody is in the list."""
    return hmac.new(crypto.salt(), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def bury(session: Session, kind: str, values: Iterable[str]) -> None:
    """Remember that these are erased."""
    rows = [{"digest": digest(kind, value), "kind": kind, "at": db.now()} for value in sorted(set(values))]
    if rows:
        session.execute(db.upsert(Tombstone).on_conflict_do_nothing(), rows)


def buried(session: Session, kind: str, values: Iterable[str]) -> set[str]:
    """Those of `values` that are erased."""
    if _nobody(session):
        return set()
    digests = {digest(kind, value): value for value in set(values)}
    t = db.table(Tombstone)
    found = session.scalars(sa.select(t.c.digest).where(t.c.digest.in_(sorted(digests))))
    return {digests[one] for one in found}


def _nobody(session: Session) -> bool:
    return not bulk.fetch(session, "SELECT 1 FROM tombstone LIMIT 1")


def spared(session: Session, events: Sequence[Event]) -> list[Event]:
    """The events of a page that nobody erased asked to forget."""
    if _nobody(session):
        return list(events)
    people = {f"{e.author.platform}:{e.author.id}" for e in events if e.author is not None}
    gone_people = buried(session, "identity", people)
    gone_events = buried(session, "event", [event.key for event in events])
    return [
        event
        for event in events
        if event.key not in gone_events
        and (event.author is None or f"{event.author.platform}:{event.author.id}" not in gone_people)
    ]
