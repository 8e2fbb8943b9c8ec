"""Write keys: made and revoked by administrators, shown once, kept as a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, crypto, db
from core.errors import Rejected
from enrichment.behaviour.models import RefusalCount, WriteKey
from inbox.refused import Refusal

MOST_NAMES = 200
"""Names under which refusals of a key are counted apart; further ones are counted together."""
NO_NAME = "Give the key a name: what sends with it."
NO_KEY = "There is no such key."


def _digest(key: str) -> str:
    return hmac.new(crypto.salt(), f"write-key:{key}".encode(), hashlib.sha256).hexdigest()


def make(session: Session, name: str, actor: str) -> tuple[int, str]:
    """A new key: its number and the key itself, which nobody can read again."""
    name = " ".join(db.sound(name).split())[:100]
    if not name:
        raise Rejected(NO_NAME)
    key = f"wk_{secrets.token_urlsafe(24)}"
    row = WriteKey(name=name, digest=_digest(key), hint=key[-4:], made_by=actor, made_at=db.now())
    session.add(row)
    session.flush()
    audit.record(session, actor, "write_key.made", f"write_key:{row.id}")
    return row.id or 0, key


def revoke(session: Session, key_id: int, actor: str) -> None:
    """The key opens nothing any more; what it sent stays."""
    row = session.get(WriteKey, key_id)
    if row is None:
        raise Rejected(NO_KEY)
    if row.revoked_at is None:
        row.revoked_at = db.now()
        session.add(row)
        audit.record(session, actor, "write_key.revoked", f"write_key:{key_id}")


def find(session: Session, key: str) -> int | None:
    """The number of a key that holds; None for a wrong or revoked one."""
    if not key or len(key) > 200:
        return None
    k = db.table(WriteKey)
    query = sa.select(k.c.id).where(k.c.digest == _digest(db.sound(key)), k.c.revoked_at.is_(None))
    return session.execute(query).scalar()


def every(session: Session) -> Sequence[WriteKey]:
    """All keys, those that hold first, the newest first."""
    k = db.table(WriteKey)
    return session.scalars(sa.select(WriteKey).order_by(k.c.revoked_at.is_not(None), k.c.id.desc())).all()


def refusals(session: Session) -> dict[int, list[RefusalCount]]:
    """What was dropped, by key; the most frequent first."""
    r = db.table(RefusalCount)
    found: dict[int, list[RefusalCount]] = {}
    for row in session.scalars(sa.select(RefusalCount).order_by(r.c.key_id, r.c["count"].desc(), r.c.name)):
        found.setdefault(row.key_id, []).append(row)
    return found


def count(session: Session, key_id: int, accepted: int, repeated: int, left_out: int) -> None:
    """Note what became of messages."""
    k = db.table(WriteKey)
    values = {
        "accepted": k.c.accepted + accepted, "repeated": k.c.repeated + repeated,
        "left_out": k.c.left_out + left_out, "used_at": db.now(),
    }  # fmt: skip
    session.execute(sa.update(k).where(k.c.id == key_id).values(**values))


def count_refused(session: Session, key_id: int, refused: Iterable[Refusal]) -> None:
    """Count dropped values by reason and name."""
    r = db.table(RefusalCount)
    rows = session.execute(sa.select(r.c.reason, r.c.name).where(r.c.key_id == key_id))
    known = {(row.reason, row.name) for row in rows}
    insert = db.upsert(RefusalCount)
    again = insert.on_conflict_do_update(
        index_elements=["key_id", "reason", "name"],
        set_={"count": r.c["count"] + 1, "last_at": insert.excluded.last_at},
    )
    for one in refused:
        pair: tuple[str, str] = (one.reason, one.name[:80])
        if pair not in known and len(known) >= MOST_NAMES:
            pair = (one.reason, "…")
        known.add(pair)
        row = {"key_id": key_id, "reason": pair[0], "name": pair[1], "count": 1, "last_at": db.now()}
        session.execute(again, [row])
