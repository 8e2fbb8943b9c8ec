"""Links in mails by which somebody chooses a password: each serves once, for a while, and the newest alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import crypto, db
from inbox.worker_models import User
from web.sessions import digest
from web.signin.models import AddressLink, OidcLink, PasswordLink

PATH = "/signin/password"
ADDRESS = "/settings/me/address"
"""Where a link to a new address leads (web.signin.addresses)."""

LIFE: Mapping[str, timedelta] = {
    "forgot": timedelta(minutes=30),
    "sent": timedelta(days=1),
    "invite": timedelta(days=7),
}
"""How long a link holds: asked for at the door, sent by an administrator, and for somebody who has no password yet."""


@dataclass(frozen=True)
class Standing:
    """What the list of users says of somebody."""

    invited: bool
    """They have no password yet, and have not been here."""
    until: datetime | None
    """So long the link holds that an administrator sent."""


def make(session: Session, user_id: int, kind: str) -> str:
    """A new link; returns its digest. The ones before end, but what a stranger asks for ends no invitation."""
    moment, k = db.now(), db.table(PasswordLink)
    before = sa.and_(k.c.user_id == user_id, k.c.kind == "forgot" if kind == "forgot" else sa.true())
    session.execute(sa.delete(k).where(sa.or_(before, k.c.expires_at < moment)))
    token = secrets.token_urlsafe(32)
    key = digest(token)
    session.add(
        PasswordLink(
            digest=key, user_id=user_id, kind=kind, sealed=crypto.seal(token), expires_at=moment + LIFE[kind]
        )
    )  # fmt: skip
    return key


def path(session: Session, key: str) -> str:
    """Where a link that is to be sent leads; empty when it has ended."""
    for k, page in ((db.table(PasswordLink), PATH), (db.table(AddressLink), ADDRESS)):
        sealed = session.scalar(sa.select(k.c.sealed).where(k.c.digest == key, k.c.expires_at >= db.now()))
        if sealed:
            return f"{page}?token={crypto.unseal(sealed)}"
    return ""


def sent(session: Session, keys: Iterable[str]) -> None:
    """The mails are out: nobody here needs to read these links again."""
    for k in (db.table(PasswordLink), db.table(AddressLink)):
        session.execute(sa.update(k).where(k.c.digest.in_(list(keys))).values(sealed=""))


def whose(session: Session, token: str) -> User | None:
    """Who chooses a password by this link; None when it has ended or they are shut out."""
    k, u = db.table(PasswordLink), db.table(User)
    query = (
        sa.select(User)
        .join(k, k.c.user_id == u.c.id)
        .where(k.c.digest == digest(token), k.c.expires_at >= db.now(), u.c.disabled.is_(False))
    )
    return session.scalars(query).first() if token else None


def take(session: Session, token: str) -> User | None:
    """The same, and every link of theirs has ended: of two who ask at once, one gets it."""
    user, k = whose(session, token), db.table(PasswordLink)
    if user is None:
        return None
    gone = session.execute(sa.delete(k).where(k.c.digest == digest(token)).returning(k.c.digest)).first()
    drop(session, int(user.id or 0))
    return user if gone is not None else None


def drop(session: Session, user_id: int) -> None:
    """End all links of somebody, those to a new address too."""
    for k in (db.table(PasswordLink), db.table(AddressLink)):
        session.execute(sa.delete(k).where(k.c.user_id == user_id))


def standing(session: Session) -> dict[int, Standing]:
    """Of whoever was invited and has not been here, or was sent a link that holds."""
    k, u, o = db.table(PasswordLink), db.table(User), db.table(OidcLink)
    holds = sa.select(k.c.user_id, k.c.expires_at).where(k.c.kind != "forgot", k.c.expires_at >= db.now())
    until = {row.user_id: row.expires_at for row in session.execute(holds)}
    new = sa.and_(u.c.password == "", u.c.last_seen.is_(None), u.c.id.not_in(sa.select(o.c.user_id)))
    invited = set(session.scalars(sa.select(u.c.id).where(new)))
    return {one: Standing(one in invited, until.get(one)) for one in invited | until.keys()}
