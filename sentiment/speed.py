"""How quick the annotator is on this machine: messages and seconds, summed by hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from sentiment.upkeep import AnnotationSpeed

KEPT = timedelta(days=14)
"""Older hours are dropped."""


@dataclass(frozen=True)
class Speed:
    """What one annotator did lately: messages, and the seconds it worked on them."""

    model: str
    messages: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds if self.seconds else 0.0


def note(session: Session, model: str, messages: int, seconds: float) -> None:
    """Add a batch to the running hour."""
    if not messages:
        return
    hour = db.now().replace(minute=0, second=0, microsecond=0)
    insert = db.upsert(AnnotationSpeed)
    table = db.table(AnnotationSpeed)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["hour", "model"],
            set_={
                "messages": table.c.messages + insert.excluded.messages,
                "seconds": table.c.seconds + insert.excluded.seconds,
            },
        ),
        [{"hour": hour, "model": model, "messages": messages, "seconds": seconds}],
    )
    session.execute(sa.delete(table).where(table.c.hour < hour - KEPT))


def lately(session: Session, hours: int = 24) -> list[Speed]:
    """What each annotator did in the last hours, the busiest first."""
    t = db.table(AnnotationSpeed)
    messages = sa.func.sum(t.c.messages)
    query = (
        sa.select(t.c.model, messages, sa.func.sum(t.c.seconds))
        .where(t.c.hour > db.now() - timedelta(hours=hours))
        .group_by(t.c.model)
        .order_by(messages.desc())
    )
    return [Speed(str(row[0]), int(row[1]), float(row[2])) for row in session.execute(query)]
