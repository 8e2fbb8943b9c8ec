"""The messages behind a figure: their sums, and they themselves, newest first."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session

from core import db, rows
from inbox.models import Identity, Message
from inbox.visibility import Sight
from listening.figures.count import Sums
from listening.figures.scope import Scope, conditions, engagement, of_person, person
from listening.figures.tally import SENTIMENTS, Tally, tallies


def sums(session: Session, scope: Scope) -> Sums:
    """What a report says of these messages as a whole."""
    m, i = db.table(Message), db.table(Identity)
    picked = (
        sa.select(m.c.identity_id, m.c.sentiment, engagement().label("engagement"))
        .where(*conditions(scope))
        .cte("picked")
        .prefix_with("MATERIALIZED")
    )
    rated = [sa.func.sum(sa.case((picked.c.sentiment == name, 1), else_=0)) for name in SENTIMENTS]
    unknown = sa.func.sum(sa.case((picked.c.identity_id.is_(None), 1), else_=0))
    once = sa.select(picked.c.identity_id).where(picked.c.identity_id.is_not(None)).distinct().subquery("once")
    people = (
        sa.select(
            sa.func.count(sa.distinct(person(i))).label("authors"),
            sa.func.sum(sa.func.coalesce(i.c.followers, 0)).label("reach"),
            sa.func.count(sa.distinct(i.c.contact_id)).label("in_crm"),
        )
        .select_from(once.join(i, i.c.id == once.c.identity_id))
        .subquery("people")
    )
    whole = (
        sa.select(sa.func.count(), *rated, sa.func.sum(picked.c.engagement), unknown)
        .select_from(picked)
        .subquery("whole")
    )
    row = [
        int(value or 0)
        for value in session.execute(sa.select(whole, people).select_from(whole.join(people, sa.true()))).one()
    ]
    return Sums(Tally(*row[:5]), authors=row[7], reach=row[8], engagement=row[5], in_crm=row[9], unknown=row[6])


def tally(session: Session, scope: Scope) -> Tally:
    """These messages by sentiment alone."""
    m = db.table(Message)
    query = sa.select(m.c.sentiment, sa.func.count()).where(*conditions(scope)).group_by(m.c.sentiment)
    found = tallies(("", sentiment, int(number)) for sentiment, number in session.execute(query))
    return found.get("", Tally())


def of_author(session: Session, identity_id: int, *, sight: Sight) -> Tally:
    """What a person wrote with all accounts: `tally` of their scope, for a page that asks nothing else."""
    if sight.limited:
        return tally(session, Scope(author=str(identity_id), sight=sight))
    found = rows.run(session, _of_author(db.dialect(), sight.private), author=identity_id)
    return tallies(("", sentiment, int(number)) for sentiment, number in found).get("", Tally())


@lru_cache(maxsize=4)
def _of_author(dialect: str, private: bool) -> rows.Prepared:
    m = db.table(Message)
    query = sa.select(m.c.sentiment, sa.func.count()).where(of_person(rows.asked("author")))
    return rows.prepare(query.where(*conditions(Scope(sight=Sight(private=private)))).group_by(m.c.sentiment))


def ids(session: Session, scope: Scope, before: tuple[datetime, int] | None, limit: int) -> list[int]:
    """Their ids, newest first; `before` goes on after the last one of the page before."""
    m = db.table(Message)
    query = sa.select(m.c.id).where(*conditions(scope))
    if before is not None:
        place = sa.tuple_(sa.literal(before[0], m.c.posted_at.type), sa.literal(before[1]))
        query = query.where(sa.tuple_(m.c.posted_at, m.c.id) < place)
    return list(session.scalars(query.order_by(m.c.posted_at.desc(), m.c.id.desc()).limit(limit)))
