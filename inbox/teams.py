"""Teams: who is in them and how they are kept."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.team_models import Team


def names(session: Session) -> list[tuple[int, str]]:
    """Every team, by name."""
    t = db.table(Team)
    found = session.execute(sa.select(t.c.id, t.c.name).order_by(sa.func.lower(t.c.name), t.c.id))
    return [(row.id, row.name) for row in found]
