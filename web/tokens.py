"""Tokens of the JSON API: made by people for their programs, shown once, kept as a keyed hash.

A token may what its owner may at the moment of the call, and of that only its scopes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, crypto, db
from core.errors import Rejected
from inbox.worker_models import Role, User
from web import kept, letters
from web.i18n import N_
from web.kept import Kept
from web.models import ApiToken
from web.reader import Reader
from web.sessions import TOUCH

PREFIX = "whk_"
NAME = 100
LONGEST = 3650
"""Days a token may hold at most when it has an end."""
MOST = 100
"""Tokens of one person that hold."""
NO_NAME = N_("Give the token a name: what calls with it.")
NO_SCOPE = N_("Choose at least one thing that the token may do.")
NOT_YOURS = N_("A token can be given only what its owner may do.")
NO_DAYS = N_("A token holds for 1 to 3650 days, or until it is revoked.")
TOO_MANY = N_("You have a hundred tokens already. Revoke those that nothing calls with.")
NO_TOKEN = N_("There is no such token.")


@dataclass(frozen=True)
class Held:
    """A token that holds, and whom it speaks for."""

    id: int
    scopes: frozenset[str]
    user_id: int
    name: str
    email: str
    role: str
    kept: Kept

    def reader(self, granted: frozenset[str]) -> Reader:
        """Its owner, narrowed to the scopes; in English and UTC, as programs read."""
        may = granted & (self.scopes | {"self"})
        return Reader(
            "en", UTC, user_id=self.user_id, name=self.name, email=self.email, role=self.role,
            permissions=may,
            sight=kept.sight(self.user_id, self.kept, may), role_name=self.kept.name,
        )  # fmt: skip


def make(
    session: Session, user_id: int, name: str, scopes: Iterable[str], granted: frozenset[str],
    days: int | None, actor: str,
) -> tuple[int, str]:  # fmt: skip
    """A new token of a user who may `granted`: its number, and the token itself, which nobody can read again.

    It holds for `days`, or without them until it is revoked. Rejected says what is wrong.
    """
    name = " ".join(db.sound(name).split())[:NAME]
    chosen = sorted(set(scopes))
    if not name:
        raise Rejected(NO_NAME)
    if not chosen:
        raise Rejected(NO_SCOPE)
    if not granted.issuperset(chosen):
        raise Rejected(NOT_YOURS)
    if days is not None and not 1 <= days <= LONGEST:
        raise Rejected(NO_DAYS)
    t = db.table(ApiToken)
    held = sa.select(sa.func.count()).where(t.c.user_id == user_id, t.c.revoked_at.is_(None))
    if int(session.scalar(held) or 0) >= MOST:
        raise Rejected(TOO_MANY)
    token, moment = f"{PREFIX}{secrets.token_urlsafe(32)}", db.now()
    row = ApiToken(
        user_id=user_id, name=name, digest=_digest(token), hint=token[-4:], scopes=chosen, made_at=moment,
        expires_at=moment + timedelta(days=days) if days is not None else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(session, actor, "api_token.made", f"api_token:{row.id}", {"user": user_id, "scopes": chosen})
    letters.write(session, user_id, "token", name=name)
    return row.id or 0, token


def revoke(session: Session, token_id: int, actor: str, owner: int | None = None) -> None:
    """The token opens nothing any more. Rejected when there is none, or it is not `owner`'s."""
    row = session.get(ApiToken, token_id) if 0 < token_id < 2**62 else None
    if row is None or (owner is not None and row.user_id != owner):
        raise Rejected(NO_TOKEN)
    if row.revoked_at is None:
        row.revoked_at = db.now()
        session.add(row)
        audit.record(session, actor, "api_token.revoked", f"api_token:{token_id}")


def find(token: str) -> Held | None:
    """The token with its owner, its use noted; None when it is wrong, revoked, expired or its owner shut out."""
    if not token.startswith(PREFIX) or len(token) > 100 or not token.isascii():
        return None
    t, u, moment = db.table(ApiToken), db.table(User), db.now()
    whose = [u.c.id.label("user_id"), u.c.name, u.c.email, u.c.role]
    query = (
        sa.select(t.c.id, t.c.scopes, t.c.used_at, *whose, *kept.columns())
        .join(u, u.c.id == t.c.user_id)
        .outerjoin(db.table(Role), kept.of_user())
        .where(
            t.c.digest == _digest(token),
            t.c.revoked_at.is_(None),
            sa.or_(t.c.expires_at.is_(None), t.c.expires_at > moment),
            u.c.disabled.is_(False),
        )
    )
    with db.read() as session:
        row = session.execute(query).first()
    if row is None:
        return None
    if row.used_at is None or moment - row.used_at > TOUCH:
        with db.write(durable=False) as session:
            session.execute(sa.update(t).where(t.c.id == row.id).values(used_at=moment))
    return Held(row.id, frozenset(row.scopes), row.user_id, row.name, row.email, row.role, Kept(*row[7:]))


@dataclass(frozen=True)
class Shown:
    """A token as a page shows it; `state` is holds, revoked or expired."""

    token: ApiToken
    owner: str
    state: str


def listed(session: Session, user_id: int | None = None) -> Sequence[Shown]:
    """The tokens of one user, or of everybody; those that hold first, the newest first."""
    t, u, moment = db.table(ApiToken), db.table(User), db.now()
    query = sa.select(ApiToken, u.c.name).join(u, u.c.id == t.c.user_id).order_by(t.c.id.desc())
    if user_id is not None:
        query = query.where(t.c.user_id == user_id)
    found = [Shown(token, owner, _state(token, moment)) for token, owner in session.execute(query)]
    return sorted(found, key=lambda one: one.state != "holds")


def _state(token: ApiToken, moment: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= moment else "holds"


def _digest(token: str) -> str:
    return hmac.new(crypto.salt(), f"api-token:{token}".encode(), hashlib.sha256).hexdigest()
