"""Taking turns: what one transaction of all processes does at a time, until it ends.

On SQLite writers take turns anyway; on PostgreSQL it is an advisory lock
(https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS), each with a number of its own.
"""

from __future__ import annotations

from enum import IntEnum

import sqlalchemy as sa
from sqlmodel import Session


class Turn(IntEnum):
    """What is done one after the other."""

    MIGRATION = 7214
    AUDIT = 7215
    SETUP = 7216
    SURVIVORS = 7217
    SURVEYS = 7218
    BEHAVIOUR = 7219


def take(session: Session | sa.Connection, turn: Turn) -> None:
    """Wait until nobody else has it, and keep it to the end of the transaction."""
    bind = session.get_bind() if isinstance(session, Session) else session
    if bind.dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": int(turn)})
