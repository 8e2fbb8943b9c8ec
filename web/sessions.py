"""Sign-ins of browsers: a random token in a cookie, its hash in the database."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa
from fastapi import Request, Response
from sqlmodel import Session

from core import bulk, db, outbox, rows
from core.settings import settings
from inbox.team_models import Away
from inbox.worker_models import Role, User
from web import kept
from web.kept import Kept
from web.models import SessionRow

TOUCH = timedelta(minutes=5)
"""A sign-in's time of last use is written at most so often, not with every request."""

LONGEST = timedelta(days=90)
"""However busy, a sign-in ends after this."""

FRESH = timedelta(minutes=15)
"""So long after signing in one may change factors without doing it again: a browser left open is not enough."""

MARK = 16
"""Characters of a digest by which a page names a sign-in."""


@dataclass(frozen=True)
class Signed:
    """Who a request comes from."""

    digest: str
    csrf: str
    user_id: int
    name: str
    email: str
    role: str
    kept: Kept
    language: str
    time_zone: str
    created_at: datetime
    away: bool
    """They are given no conversation at present."""
    stale: bool
    """Its time of last use is to be written."""


def digest(token: str) -> str:
    """What the database knows of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def start(session: Session, user_id: int, agent: str, way: str = "", proved_at: datetime | None = None) -> str:
    """A new sign-in, proved by `way` now or at `proved_at`; returns the token for the cookie.

    Expired ones of everybody are swept out.
    """
    token, moment = secrets.token_urlsafe(32), db.now()
    table = db.table(SessionRow)
    session.execute(sa.delete(table).where(table.c.expires_at < moment))
    session.add(
        SessionRow(
            digest=digest(token),
            user_id=user_id,
            csrf=secrets.token_urlsafe(24),
            agent=agent[:200],
            way=way,
            proved_at=proved_at,
            created_at=moment,
            seen_at=moment,
            expires_at=moment + timedelta(days=settings().session_days),
        )
    )
    return token


def find(token: str) -> Signed | None:
    """The sign-in of a cookie, its last use noted; None when it ended, expired, or its user was disabled."""
    signed = look_up(token)
    if signed is not None and signed.stale:
        touch(signed)
    return signed


def look_up(token: str) -> Signed | None:
    """The same without writing."""
    moment, key = db.now(), digest(token)
    found = rows.records(_Row, rows.glance(_found(db.dialect()), digest=key, moment=bulk.stamp()(moment)))
    if not found:
        return None
    row = found[0]
    return Signed(
        key, row.csrf, row.user_id, row.name, row.email, row.role,
        Kept(row.grants, row.role_name, row.reach, row.role_accounts, row.own_accounts),
        row.language, row.time_zone, row.created_at, row.away, moment - row.seen_at > TOUCH,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """What is read of a sign-in and its user."""

    csrf: str
    user_id: int
    name: str
    email: str
    role: str
    grants: str
    role_name: str
    reach: str
    role_accounts: str
    own_accounts: str
    language: str
    time_zone: str
    seen_at: datetime
    created_at: datetime
    away: bool


@lru_cache(maxsize=2)
def _found(dialect: str) -> rows.Prepared:
    r, u, a = db.table(SessionRow), db.table(User), db.table(Away)
    gone = sa.exists().where(a.c.member == sa.literal("user:").concat(sa.cast(u.c.id, sa.String)))
    query = (
        sa.select(
            r.c.csrf,
            u.c.id,
            u.c.name,
            u.c.email,
            u.c.role,
            *kept.columns(),
            u.c.language,
            u.c.time_zone,
            r.c.seen_at,
            r.c.created_at,
            gone,
        )
        .join(u, u.c.id == r.c.user_id)
        .outerjoin(db.table(Role), kept.of_user())
        .where(r.c.digest == rows.asked("digest"), r.c.expires_at >= rows.asked("moment"), u.c.disabled.is_(False))
    )
    return rows.prepare(query)


def touch(signed: Signed) -> None:
    """Write when a sign-in was last used, and that it lasts on from now."""
    moment = db.now()
    expires = min(moment + timedelta(days=settings().session_days), signed.created_at + LONGEST)
    rows, users = db.table(SessionRow), db.table(User)
    with db.write() as session:
        session.execute(
            sa.update(rows).where(rows.c.digest == signed.digest).values(seen_at=moment, expires_at=expires)
        )
        session.execute(sa.update(users).where(users.c.id == signed.user_id).values(last_seen=moment))


def end(session: Session, key: str) -> None:
    """Sign one browser out."""
    _end(session, db.table(SessionRow).c.digest == key)


def end_all(session: Session, user_id: int, but: str = "") -> None:
    """Sign a user out everywhere, but for the sign-in with this digest."""
    table = db.table(SessionRow)
    _end(session, sa.and_(table.c.user_id == user_id, table.c.digest != but))


def _end(session: Session, which: sa.ColumnElement[bool]) -> None:
    table = db.table(SessionRow)
    gone = session.scalars(sa.delete(table).where(which).returning(table.c.user_id)).all()
    changed(session, gone)


def changed(session: Session, user_ids: Iterable[int]) -> None:
    """A sign-in of these users ended, or what they may do or see is another: their open pages heed it at once."""
    letters = [(str(one), {"who": f"user:{one}"}) for one in sorted(set(user_ids))]
    outbox.emit(session, "session.changed", letters)


def of(session: Session, user_id: int) -> Sequence[SessionRow]:
    """A user's sign-ins that hold, the last used first."""
    s = db.table(SessionRow)
    query = sa.select(SessionRow).where(s.c.user_id == user_id, s.c.expires_at >= db.now())
    return session.scalars(query.order_by(s.c.seen_at.desc(), s.c.digest)).all()


def end_one(session: Session, user_id: int, mark: str) -> bool:
    """End the one sign-in of a user whose digest begins so; False when there is none."""
    s = db.table(SessionRow)
    found = [one.digest for one in of(session, user_id) if one.digest[:MARK] == mark]
    _end(session, s.c.digest.in_(found))
    return bool(found)


def fresh(session: Session, key: str) -> bool:
    """This sign-in is young enough to change how one signs in."""
    s = db.table(SessionRow)
    proved = session.scalar(sa.select(sa.func.coalesce(s.c.proved_at, s.c.created_at)).where(s.c.digest == key))
    return proved is not None and proved > db.now() - FRESH


def way(session: Session, key: str) -> str:
    """By what this sign-in was proved; empty when nobody knows."""
    s = db.table(SessionRow)
    return str(session.scalar(sa.select(s.c.way).where(s.c.digest == key)) or "")


# --- the cookie --------------------------------------------------------------------------------------


def secure(request: Request) -> bool:
    """The browser reached us through TLS, here or at the proxy in front."""
    return request.url.scheme == "https" or settings().public_url.startswith("https://")


def cookie_name(request: Request) -> str:
    """`__Host-` binds the cookie to TLS and to this very host; plain HTTP cannot have it."""
    return "__Host-widerhall" if secure(request) else "widerhall"


def give(request: Request, response: Response, token: str) -> None:
    """Set the cookie; the sign-in's own end is kept in the database."""
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=secure(request),
        httponly=True,
        samesite="lax",
    )


def take(request: Request, response: Response) -> None:
    """Remove the cookie."""
    response.delete_cookie(cookie_name(request), path="/", secure=secure(request), httponly=True, samesite="lax")
