"""Who writes about a subject: by number of messages and by followers. Private messages name nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.models import Identity, Message
from listening.figures.scope import Scope, conditions, engagement
from listening.figures.tally import RATED, Tally


@dataclass(frozen=True)
class Writer:
    """A known author and their public messages in the period."""

    identity_id: int
    platform: str
    handle: str
    name: str
    url: str
    followers: int | None
    in_crm: bool
    tally: Tally
    engagement: int

    @property
    def messages(self) -> int:
        """Public messages in the period."""
        return self.tally.messages


def writers(session: Session, scope: Scope, top: int) -> tuple[list[Writer], list[Writer]]:
    """Those who wrote most, and those with most followers; at most `top` each."""
    m, i = db.table(Message), db.table(Identity)
    number = sa.func.count()
    rated = [sa.func.sum(sa.case((m.c.sentiment == name, 1), else_=0)).label(name) for name in (*RATED, "unsure")]
    each = (
        sa.select(m.c.identity_id, number.label("messages"), *rated, sa.func.sum(engagement()).label("engagement"))
        .where(*conditions(scope.of(public=True)), m.c.identity_id.is_not(None))
        .group_by(m.c.identity_id)
        .cte("each")
        .prefix_with("MATERIALIZED")
    )
    joined = each.join(i, i.c.id == each.c.identity_id)
    columns = (*each.c, *(i.c[name] for name in ("platform", "handle", "name", "url", "followers", "contact_id")))
    followers = sa.func.coalesce(i.c.followers, 0)
    busiest = (each.c.messages.desc(), each.c.engagement.desc(), i.c.id)
    widest = (followers.desc(), each.c.messages.desc(), i.c.id)
    parts = [
        sa.select(sa.literal_column(str(part)).label("part"), *columns)
        .select_from(joined)
        .order_by(*order)
        .limit(top)
        .subquery()
        for part, order in enumerate((busiest, widest))
    ]
    found: tuple[list[Writer], list[Writer]] = ([], [])
    for row in session.execute(sa.union_all(*(sa.select(*part.c) for part in parts))).mappings():
        found[row["part"]].append(_writer(row))
    found[0].sort(key=lambda one: (-one.messages, -one.engagement, one.identity_id))
    found[1].sort(key=lambda one: (-(one.followers or 0), -one.messages, one.identity_id))
    return found


def _writer(row: Any) -> Writer:
    return Writer(
        identity_id=row["identity_id"],
        platform=row["platform"],
        handle=row["handle"],
        name=row["name"],
        url=row["url"],
        followers=row["followers"],
        in_crm=row["contact_id"] is not None,
        tally=Tally(int(row["messages"]), *(int(row[name] or 0) for name in (*RATED, "unsure"))),
        engagement=int(row["engagement"] or 0),
    )
