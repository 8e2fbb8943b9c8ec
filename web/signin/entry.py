"""From a first proof to a session: straight in, through a second step, or first to setting one up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from inbox.worker_models import User
from web import sessions
from web.signin import factors, policy, rounds, totp

SECOND, ENROL = "second", "enrol"
"""Kinds of rounds between the first proof and the session."""


@dataclass(frozen=True)
class Came:
    """Where a proof led: to a session's token, or to a round that waits for the next step."""

    token: str = ""
    round: str = ""
    kind: str = ""
    """SECOND or ENROL where there is a round."""


@dataclass(frozen=True)
class Visit:
    """What goes along from step to step."""

    agent: str
    """What the browser calls itself."""
    zone: str = ""
    """Its time zone, kept for somebody who has none yet."""
    next: str = "/"
    """The page they were on their way to."""
    language: str = ""
    """What the browser asks for: de, en or ja."""


def first(session: Session, user: User, way: str, visit: Visit, proved_at: datetime | None = None) -> Came:
    """Somebody proved who they are by `way` (password, provider), now or at `proved_at`: let in, or asked for more."""
    user_id = int(user.id or 0)
    data = {"way": way, "zone": visit.zone[:64], "next": visit.next}
    if factors.of(session, user_id).any:
        return Came(round=rounds.begin(session, SECOND, data, user_id), kind=SECOND)
    if policy.demanded(session, user.role):
        secret = {"secret": totp.new_secret()}
        return Came(round=rounds.begin(session, ENROL, data | secret, user_id), kind=ENROL)
    return Came(complete(session, user_id, way, visit, proved_at))


def complete(session: Session, user_id: int, way: str, visit: Visit, proved_at: datetime | None = None) -> str:
    """Open a session, proved now or at `proved_at`; returns the token for the cookie."""
    u, moment = db.table(User), db.now()
    session.execute(sa.update(u).where(u.c.id == user_id).values(last_seen=moment, asks=visit.language))
    if visit.zone:
        session.execute(sa.update(u).where(u.c.id == user_id, u.c.time_zone == "").values(time_zone=visit.zone[:64]))
    audit.record(session, f"user:{user_id}", "user.signed_in", f"user:{user_id}", {"way": way})
    return sessions.start(session, user_id, visit.agent, way, proved_at)


def waiting(token: str, kind: str) -> tuple[rounds.Round, User] | None:
    """The round of a browser with its user; None when it ended or the user was shut out meanwhile."""
    with db.read() as session:
        found = rounds.look(session, kind, token)
        user = session.get(User, found.user_id) if found is not None else None
    return (found, user) if found is not None and user is not None and not user.disabled else None
