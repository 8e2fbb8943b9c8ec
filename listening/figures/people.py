"""Who writes about a subject: by number of messages and by followers. Private messages name nobody.

Accounts of one person are one row, under the account that wrote most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.models import Identity, Message
from listening.figures.scope import Scope, conditions, engagement, person
from listening.figures.tally import RATED, Tally


@dataclass(frozen=True)
class Writer:
    """A known author and their public messages in the period, from all their accounts."""

    identity_id: int
    """The account that wrote most, as are platform, handle, name and url."""
    platform: str
    handle: str
    name: str
    url: str
    accounts: int
    """Accounts of theirs that wrote."""
    followers: int | None
    """Of these accounts together; None where no platform tells."""
    in_crm: bool
    tally: Tally
    engagement: int

    @property
    def messages(self) -> int:
        """Public messages in the period."""
        return self.tally.messages


SUMS = ("messages", *RATED, "unsure", "engagement")
SHOWN = ("platform", "handle", "name", "url")


def writers(session: Session, scope: Scope, top: int) -> tuple[list[Writer], list[Writer]]:
    """Those who wrote most, and those with most followers; at most `top` each."""
    accounts = _accounts(scope)
    totals = [sa.func.sum(accounts.c[name]).label(f"all_{name}") for name in (*SUMS, "followers")]
    first = sa.func.min(accounts.c.identity_id)
    messages, engaged = (sa.func.sum(accounts.c[name]) for name in ("messages", "engagement"))
    busiest = (messages.desc(), engaged.desc(), first)
    widest = (sa.func.coalesce(sa.func.sum(accounts.c.followers), 0).desc(), messages.desc(), first)
    parts = []
    for number, order in enumerate((busiest, widest)):
        people = sa.select(accounts.c.person, *totals).group_by(accounts.c.person).order_by(*order).limit(top)
        chosen = people.subquery()
        parts.append(
            sa.select(sa.literal_column(str(number)).label("part"), *chosen.c[1:], *accounts.c).select_from(
                chosen.join(accounts, accounts.c.person == chosen.c.person)
            )
        )
    found: tuple[dict[str, list[Any]], dict[str, list[Any]]] = ({}, {})
    for row in session.execute(sa.union_all(*parts)).mappings():
        found[row["part"]].setdefault(row["person"], []).append(row)
    most, far = ([_writer(rows) for rows in part.values()] for part in found)
    most.sort(key=lambda pair: (-pair[0].messages, -pair[0].engagement, pair[1]))
    far.sort(key=lambda pair: (-(pair[0].followers or 0), -pair[0].messages, pair[1]))
    return [one for one, _ in most], [one for one, _ in far]


def _accounts(scope: Scope) -> Any:
    """What each account wrote, with the person it belongs to."""
    m, i = db.table(Message), db.table(Identity)
    rated = [sa.func.sum(sa.case((m.c.sentiment == name, 1), else_=0)).label(name) for name in (*RATED, "unsure")]
    each = (
        sa.select(
            m.c.identity_id, sa.func.count().label("messages"), *rated, sa.func.sum(engagement()).label("engagement")
        )
        .where(*conditions(scope.of(public=True)), m.c.identity_id.is_not(None))
        .group_by(m.c.identity_id)
        .subquery("each")
    )
    shown = [i.c[name] for name in (*SHOWN, "followers", "contact_id")]
    joined = each.join(i, i.c.id == each.c.identity_id)
    query = sa.select(person(i).label("person"), *each.c, *shown).select_from(joined)
    return query.cte("accounts").prefix_with("MATERIALIZED")


def _writer(rows: list[Any]) -> tuple[Writer, int]:
    """One person out of the rows of their accounts, and the number that decides between equals."""
    best = min(rows, key=lambda row: (-row["messages"], -(row["engagement"] or 0), row["identity_id"]))
    total = {name: int(best[f"all_{name}"] or 0) for name in SUMS}
    followers = best["all_followers"]
    writer = Writer(
        identity_id=best["identity_id"],
        **{name: best[name] for name in SHOWN},
        accounts=len(rows),
        followers=None if followers is None else int(followers),
        in_crm=best["contact_id"] is not None,
        tally=Tally(*(total[name] for name in ("messages", *RATED, "unsure"))),
        engagement=total["engagement"],
    )
    return writer, min(row["identity_id"] for row in rows)
