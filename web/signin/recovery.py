"""Ten codes on paper for the day the second factor is lost: kept as keyed hashes, each good for once."""

from __future__ import annotations

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from sqlmodel import Session

from core import crypto, db
from web.signin.models import RecoveryCode

COUNT = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that is taken for another."""
GROUPS, SIZE = 3, 4
"""12 letters of 31: 59 bits."""


def make(session: Session, user_id: int) -> list[str]:
    """Ten new codes, which nobody can read again; those before open nothing any more."""
    remove(session, user_id)
    codes = [_code() for _ in range(COUNT)]
    session.add_all([RecoveryCode(digest=_digest(user_id, code), user_id=user_id) for code in codes])
    session.flush()
    return codes


def accept(session: Session, user_id: int, code: str) -> bool:
    """The code is one of theirs and was never used; it is used up now."""
    r = db.table(RecoveryCode)
    mine = (r.c.digest == _digest(user_id, code), r.c.user_id == user_id, r.c.used_at.is_(None))
    used = sa.update(r).where(*mine).values(used_at=db.now()).returning(r.c.user_id)
    return session.execute(used).first() is not None


def left(session: Session, user_id: int) -> int:
    """Codes that still open the door."""
    r = db.table(RecoveryCode)
    query = sa.select(sa.func.count()).where(r.c.user_id == user_id, r.c.used_at.is_(None))
    return int(session.scalar(query) or 0)


def remove(session: Session, user_id: int) -> None:
    """None of them opens anything any more."""
    r = db.table(RecoveryCode)
    session.execute(sa.delete(r).where(r.c.user_id == user_id))


def _code() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(SIZE)) for _ in range(GROUPS))


def _digest(user_id: int, code: str) -> str:
    plain = "".join(one for one in code[:60].lower() if one.isalnum())
    return hmac.new(crypto.salt(), f"recovery:{user_id}:{plain}".encode(), hashlib.sha256).hexdigest()
