"""How many of the day's API calls the sync may make: a share of the org's limit, the rest is kept for people.

The limit counts the calls of the last 24 hours over all programs, so room comes back by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.settings import settings
from enrichment.crm import Cost
from enrichment.models import CrmConnection

LOOK = timedelta(minutes=15)
"""While the sync stands still the CRM is asked so often whether there is room again."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls of the last 24 hours as the CRM last said; zero as long as it has not been asked."""

    used: int
    limit: int
    at: datetime | None
    stopped: bool
    """The sync stands still until there is room again."""

    @property
    def most(self) -> int:
        """At so many calls the sync stops."""
        return int(self.limit * settings().crm_calls_share)

    @property
    def left(self) -> int:
        """So many calls the sync may still make."""
        return max(0, self.most - self.used)

    @property
    def look_due(self) -> bool:
        """It is time to ask whether there is room again."""
        return self.stopped and (self.at is None or db.now() - self.at >= LOOK)

    def row(self) -> dict[str, Any]:
        """As plain values."""
        at = self.at.isoformat() if self.at is not None else None
        return {
            "used": self.used, "limit": self.limit, "most": self.most, "left": self.left, "at": at,
            "share": settings().crm_calls_share, "stopped": self.stopped,
        }  # fmt: skip


def budget(session: Session) -> Budget:
    """How things are; a connection there is not has used nothing."""
    row = session.get(CrmConnection, 1)
    if row is None:
        return Budget(0, 0, None, False)
    return Budget(row.calls_used, row.calls_limit, row.calls_at, row.state == "spent")


def spent(cost: Cost) -> bool:
    """The share is used up, by what the last answer said."""
    return (
        cost.used is not None
        and cost.limit is not None
        and cost.limit > 0
        and cost.used >= int(cost.limit * settings().crm_calls_share)
    )


def note(session: Session, cost: Cost) -> None:
    """Keep what the CRM said of the day's calls, and stop or go on."""
    if cost.used is None or not cost.limit:
        return
    c = db.table(CrmConnection)
    values: dict[str, Any] = {"calls_used": cost.used, "calls_limit": cost.limit, "calls_at": db.now()}
    if spent(cost):
        values["state"] = sa.case((c.c.state == "active", "spent"), else_=c.c.state)
    session.execute(sa.update(c).values(**values))
