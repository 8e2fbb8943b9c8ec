"""A rule tried out: how often it would have run in the last days, and in which conversations. Nothing is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox import happened, hours, teams, visibility
from inbox.conditions import sql, tree
from inbox.conditions.tree import Asker, Group
from inbox.happened import Happened
from inbox.models import Activity, Conversation, Message
from inbox.rules import Hours
from inbox.visibility import Sight

DAYS = 7
MOST = 20_000
"""Events that are looked at, the newest."""
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Tried:
    """`looked_at` events of its kind, for `times` of them it would have run, in these conversations, newest first."""

    looked_at: int
    times: int
    conversations: Sequence[int]
    cut: bool = False
    """More happened than is looked at."""


def trial(session: Session, trigger: str, asked: Group, wanted: Hours | None, sight: Sight) -> Tried:
    """What happened in the last days, at its time, compared with the conditions as conversations stand now."""
    since = db.now() - timedelta(days=DAYS)
    newest = _events(session, trigger, since)
    seen = _holding(session, newest, tree.EVERYTHING, sight)
    found = [one for one in newest if trigger in one.triggers and one.conversation_id in seen]
    timely = found if wanted is None else _in_time(session, found, wanted, since)
    touched = _holding(session, timely, asked, sight)
    ran = [one.conversation_id for one in timely if one.conversation_id in touched]
    return Tried(len(found), len(ran), list(dict.fromkeys(reversed(ran))), len(newest) >= MOST)


def _events(session: Session, trigger: str, since: datetime) -> list[Happened]:
    if trigger in happened.ABOUT_MESSAGES:
        return happened.received(session, db.table(Message).c.stored_at >= since, newest=MOST)
    return happened.done(session, db.table(Activity).c.at >= since, newest=MOST)


def _in_time(session: Session, found: Sequence[Happened], wanted: Hours, since: datetime) -> list[Happened]:
    """Those within, or outside of, the business hours of the team; of a team that is gone, none."""
    calendar = teams.calendars(session).get(wanted.team_id)
    if calendar is None:
        return []
    worked = list(hours.stretches(calendar, since, db.now() + timedelta(minutes=1)))
    return [one for one in found if any(a <= one.at < b for a, b in worked) is wanted.inside]


def _holding(session: Session, events: Sequence[Happened], asked: Group, sight: Sight) -> set[int]:
    """Their conversations for which the conditions hold, as far as somebody sees them."""
    c, asker, ids = db.table(Conversation), Asker("", db.now()), sorted({one.conversation_id for one in events})
    found: set[int] = set()
    for at in range(0, len(ids), _AT_ONCE):
        part = c.c.id.in_(ids[at : at + _AT_ONCE])
        found |= set(session.scalars(sa.select(c.c.id).where(part, sql.holds(asked, asker), *visibility.seen(sight))))
    return found
