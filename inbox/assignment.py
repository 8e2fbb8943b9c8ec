"""Who is given a conversation by itself: a pure choice, and the handler that makes it for a team's waiting ones.

Everything happens in the transaction that takes the letter away: a repeat finds nothing to give, a worker that dies
has given nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.outbox import Item, Outcome
from inbox import desk, teams, workers
from inbox.models import Activity, Conversation, Identity
from inbox.narrowing import PRIORITIES
from inbox.team_models import Team, TeamMember

ACTOR = "rule:assignment"
AT_ONCE = 200
"""Conversations given out in one transaction."""
REMEMBERED = timedelta(days=90)
"""So long somebody who comes back is given to whom they had."""


@dataclass(frozen=True)
class Candidate:
    """Somebody of a team who is available. `load` is what they have open, `turn` when they were last given one."""

    member: str
    capacity: int
    load: int
    turn: int

    @property
    def has_room(self) -> bool:
        """One more does not go beyond their capacity."""
        return not self.capacity or self.load < self.capacity


def choose(way: str, candidates: Iterable[Candidate], known: str = "") -> Candidate | None:
    """Who is next: in the round who waited longest for one, by load who has fewest; None when nobody has room.

    With room, whom the customer knows (`known`) comes before all others.
    """
    able = [one for one in candidates if one.has_room]
    able = [one for one in able if one.member == known] or able
    if way == "load":
        return min(able, key=lambda one: (one.load, one.turn, one.member), default=None)
    return min(able, key=lambda one: (one.turn, one.member), default=None)


def given(candidates: Sequence[Candidate], chosen: Candidate) -> list[Candidate]:
    """The candidates after `chosen` got one."""
    turn = max(one.turn for one in candidates) + 1
    return [
        replace(one, load=one.load + 1, turn=turn) if one.member == chosen.member else one for one in candidates
    ]  # fmt: skip


# --- the handler ------------------------------------------------------------------------------------------


def give(items: list[Item]) -> Outcome:
    """Outbox handler of `assign.due`: give out what waits in these teams."""

    def write(session: Session) -> None:
        for team_id in sorted({item.payload["team_id"] for item in items}):
            fill(session, team_id)

    return Outcome(write)


def fill(session: Session, team_id: int) -> int:
    """Give a team's open conversations that nobody has to those who have room; returns how many."""
    t = db.table(Team)
    session.execute(sa.select(t.c.id).order_by(t.c.id).with_for_update())  # somebody may be in two teams: one at a time
    row = session.execute(sa.select(t.c.assign, t.c.same_person).where(t.c.id == team_id)).first()
    if row is None or row.assign == "hand":
        return 0
    candidates = _candidates(session, team_id)
    waiting = _waiting(session, team_id) if any(one.has_room for one in candidates) else []
    refused = _refused(session, waiting) | workers.blind(session, [one.member for one in candidates], waiting)
    known, number = known_to(session, waiting) if row.same_person else {}, 0
    for conversation_id in waiting:
        able = [one for one in candidates if (conversation_id, one.member) not in refused]
        chosen = choose(row.assign, able, known.get(conversation_id, ""))
        if chosen is None:
            continue
        desk.assign(session, conversation_id, chosen.member, ACTOR)
        candidates = given(candidates, chosen)
        number += 1
    _keep_turns(session, team_id, candidates)
    if len(waiting) == AT_ONCE and number:
        teams.announce(session)
    return number


def _candidates(session: Session, team_id: int) -> list[Candidate]:
    m = db.table(TeamMember)
    away = teams.away(session)
    rows = [one for one in session.scalars(sa.select(TeamMember).where(m.c.team_id == team_id))]
    there = [one for one in rows if one.member not in away]
    load = loads(session, [one.member for one in there])
    return sorted(
        (Candidate(one.member, one.capacity, load[one.member], one.turn) for one in there), key=lambda one: one.member
    )


def loads(session: Session, members: Collection[str]) -> Counter[str]:
    """How many open conversations each of them has, over all teams."""
    c = db.table(Conversation)
    query = sa.select(c.c.assignee, sa.func.count()).group_by(c.c.assignee)
    query = query.where(c.c.assignee.in_(members), c.c.assignee != "", c.c.state == "open")
    return Counter({member: number for member, number in session.execute(query)})


def left(session: Session) -> Counter[int]:
    """Team → how many of its open conversations nobody has."""
    c = db.table(Conversation)
    query = sa.select(c.c.team_id, sa.func.count()).group_by(c.c.team_id)
    query = query.where(c.c.team_id.is_not(None), c.c.inbox == sa.true(), c.c.state == "open", c.c.assignee == "")
    return Counter({team_id: number for team_id, number in session.execute(query)})


def _waiting(session: Session, team_id: int) -> list[int]:
    """What nobody has, the most urgent first, then who waits longest; locked, so that nobody takes it meanwhile."""
    c = db.table(Conversation)
    rank = sa.case({name: place for place, name in enumerate(PRIORITIES)}, value=c.c.priority)
    query = sa.select(c.c.id).where(
        c.c.team_id == team_id, c.c.inbox == sa.true(), c.c.state == "open", c.c.assignee == ""
    )
    order = (rank, c.c.waiting_since.is_(None), c.c.waiting_since, c.c.id)
    return list(session.scalars(query.order_by(*order).limit(AT_ONCE).with_for_update()))


def known_to(session: Session, conversation_ids: Sequence[int]) -> dict[int, str]:
    """{conversation: who had the same person's last one}, over all accounts of that person, of the last 90 days."""
    if not conversation_ids:
        return {}
    c, i = db.table(Conversation), db.table(Identity)
    before, other = c.alias(), i.alias()
    here = sa.select(c.c.id, c.c.identity_id.label("person")).where(c.c.id.in_(conversation_ids))
    alike = (
        sa.select(c.c.id, other.c.id.label("person"))
        .join(i, i.c.id == c.c.identity_id)
        .join(other, other.c.contact_id == i.c.contact_id)
        .where(c.c.id.in_(conversation_ids))
    )
    people = here.union(alike).subquery()
    query = (
        sa.select(people.c.id, before.c.assignee)
        .join(before, before.c.identity_id == people.c.person)
        .where(before.c.id != people.c.id, before.c.assignee != "", before.c.last_at > db.now() - REMEMBERED)
        .order_by(before.c.last_at, before.c.id)
    )
    return {number: member for number, member in session.execute(query)}  # the newest is the last one


def _refused(session: Session, conversation_ids: Sequence[int]) -> set[tuple[int, str]]:
    """(conversation, who gave it back themselves): they are not given it again."""
    if not conversation_ids:
        return set()
    a = db.table(Activity)
    query = sa.select(a.c.conversation_id, a.c.actor, a.c.detail)
    query = query.where(a.c.conversation_id.in_(conversation_ids), a.c.what == "unassigned")
    return {(number, actor) for number, actor, detail in session.execute(query) if detail.get("before") == actor}


def _keep_turns(session: Session, team_id: int, candidates: Sequence[Candidate]) -> None:
    t = db.table(TeamMember)
    for one in candidates:
        here = sa.update(t).where(t.c.team_id == team_id, t.c.member == one.member, t.c.turn != one.turn)
        session.execute(here.values(turn=one.turn))
