"""Steps under way: a random token in the browser, what the next step needs sealed in the database, for minutes."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import crypto, db
from web.sessions import digest
from web.signin.models import SignInRound

LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class Round:
    """A step that is begun."""

    user_id: int
    """0: whose it is shows only when it is finished."""
    data: dict[str, Any]


def begin(session: Session, kind: str, data: dict[str, Any], user_id: int | None = None) -> str:
    """Begin a step; returns the token. Those of everybody that expired are swept out."""
    token, moment, r = secrets.token_urlsafe(32), db.now(), db.table(SignInRound)
    session.execute(sa.delete(r).where(r.c.expires_at < moment))
    session.add(
        SignInRound(
            digest=digest(token), kind=kind, user_id=user_id, sealed=crypto.seal(json.dumps(data)),
            expires_at=moment + LIFE,
        )
    )  # fmt: skip
    return token


def keep(session: Session, token: str, data: dict[str, Any]) -> None:
    """What the next step needs, for a step that is begun already."""
    r = db.table(SignInRound)
    sealed = crypto.seal(json.dumps(data))
    session.execute(sa.update(r).where(r.c.digest == digest(token)).values(sealed=sealed))


def look(session: Session, kind: str, token: str) -> Round | None:
    """The step of a token, left as it is; None when it ended, expired, or is of another kind."""
    r = db.table(SignInRound)
    mine = (r.c.digest == digest(token), r.c.kind == kind, r.c.expires_at >= db.now())
    row = session.execute(sa.select(r.c.user_id, r.c.sealed).where(*mine)).first() if token else None
    return Round(row.user_id or 0, json.loads(crypto.unseal(row.sealed))) if row is not None else None


def take(session: Session, kind: str, token: str) -> Round | None:
    """The same, and the token serves no second time: of two who ask at once, one gets it."""
    found = look(session, kind, token)
    if found is None:
        return None
    r = db.table(SignInRound)
    gone = session.execute(sa.delete(r).where(r.c.digest == digest(token)).returning(r.c.digest)).first()
    return found if gone is not None else None


def drop(session: Session, user_id: int) -> None:
    """End what somebody has begun: their password or factors changed meanwhile."""
    r = db.table(SignInRound)
    session.execute(sa.delete(r).where(r.c.user_id == user_id))
