"""How the promises about a conversation stand together: one word, as a plain value and as SQL over its clocks.

Clocks that were met or ended do not count. A promise that is broken and still open makes it `breached`; else one that
is warned of makes it `near`, else one that runs `on_time`, else one that stands still `paused`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core import db
from inbox.conditions.tree import NOBODY
from inbox.sla_models import SlaClock

WORST = ("paused", "on_time", "near", "breached")
"""The later one wins."""


@dataclass(frozen=True, slots=True)
class Open:
    """A clock that was neither met nor ended; without `due_at` it stands still."""

    state: str
    due_at: datetime | None
    warn_at: datetime | None


def standing(clocks: Iterable[Open], now: datetime) -> str:
    """One of tree.SLA; none without a clock."""
    ranks = [_rank(one, now) for one in clocks]
    return WORST[max(ranks)] if ranks else NOBODY


def _rank(one: Open, now: datetime) -> int:
    if one.state == "breached" or (one.due_at is not None and one.due_at < now):
        return 3
    if one.due_at is None:
        return 0
    return 2 if one.warn_at is not None and one.warn_at <= now else 1


def among(column: Any, values: Sequence[str], now: datetime) -> sa.ColumnElement[bool]:
    """The conversations (`column` is their number) that stand at one of `values`."""
    t = db.table(SlaClock).alias()
    rank = sa.case(
        (sa.or_(t.c.state == "breached", t.c.due_at < now), 3),
        (t.c.due_at.is_(None), 0),
        (t.c.warn_at <= now, 2),
        else_=1,
    )
    counted = sa.select(t.c.conversation_id).where(t.c.stopped_at.is_(None)).correlate(None)
    wanted = [WORST.index(one) for one in values if one != NOBODY]
    worst = counted.group_by(t.c.conversation_id).having(sa.func.max(rank).in_(wanted))
    found: list[sa.ColumnElement[bool]] = [column.in_(worst)] if wanted else []
    if NOBODY in values:
        found.append(column.not_in(counted))
    return sa.or_(*found)
