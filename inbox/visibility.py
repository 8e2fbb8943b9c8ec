"""Which conversations somebody sees: one condition for every list, count and figure, one question for a single thing.

Who sees all costs nothing: the conditions are empty then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.models import Activity, Conversation, Message
from inbox.parts.models import CasePart
from inbox.team_models import TeamMember

REACHES = ("all", "teams", "own")
"""Whose conversations: everybody's; those of one's teams and one's own; only one's own."""
MEMORY = timedelta(minutes=2)
"""For so long who could see a conversation before is told that it went elsewhere."""

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees; without values, everything."""

    me: str = ""
    """Who looks: `user:3`."""
    reach: str = "all"
    accounts: tuple[int, ...] | None = None
    """Conversations of these accounts alone, and cases whose parts all are; None for every account."""
    private: bool = True
    """What only the parties of a conversation can read, too."""
    heard: bool = True
    """Public posts that were found by listening, whatever the limits."""

    @property
    def limited(self) -> bool:
        """Some public conversations are not seen."""
        return self.reach != "all" or self.accounts is not None

    @property
    def whole(self) -> bool:
        """Everything is seen."""
        return self.private and not self.limited


EVERYTHING = Sight()


def listed(sight: Sight) -> list[Condition]:
    """The conditions on `conversation` in the lists of the inbox."""
    c = db.table(Conversation)
    found = _limits(c, sight)
    return found if sight.private else [*found, c.c.private == sa.false()]


def seen(sight: Sight, c: Any = None) -> list[Condition]:
    """The same with those that were found by listening; `c` is the table or an alias."""
    c = db.table(Conversation) if c is None else c
    found = _with_heard(c, sight)
    return found if sight.private else [*found, c.c.private == sa.false()]


def messages(sight: Sight, m: Any = None) -> list[Condition]:
    """The conditions on `message`; `m` is the table or an alias."""
    m = db.table(Message) if m is None else m
    found: list[Condition] = [] if sight.private else [m.c.visibility != "private"]
    if not sight.limited:
        return found
    c = db.table(Conversation).alias()
    return [*found, sa.exists().where(c.c.id == m.c.conversation_id, *_with_heard(c, sight)).correlate(m)]


def _limits(c: Any, sight: Sight) -> list[Condition]:
    found: list[Condition] = []
    if sight.accounts is not None:
        found.append(c.c.account_id.in_(sight.accounts))
        p, k = db.table(CasePart).alias(), db.table(Conversation).alias()
        hidden = sa.exists().where(p.c.parent_id == c.c.id, k.c.id == p.c.conversation_id)
        found.append(~hidden.where(k.c.account_id.not_in(sight.accounts)).correlate(c))
    mine = sa.and_(c.c.assignee == sight.me, c.c.assignee != "")
    if sight.reach == "all":
        return found
    if sight.reach != "teams":
        return [*found, mine]
    t = db.table(TeamMember)
    teams = sa.select(t.c.team_id).where(t.c.member == sight.me).correlate(None)
    return [*found, sa.or_(mine, sa.and_(c.c.team_id.in_(teams), c.c.team_id.is_not(None)))]


def _with_heard(c: Any, sight: Sight) -> list[Condition]:
    limits = _limits(c, sight)
    if not limits or not sight.heard:
        return limits
    return [sa.or_(sa.and_(*limits), sa.and_(c.c.inbox == sa.false(), c.c.private == sa.false()))]


# --- single things --------------------------------------------------------------------------------------


def may_see(session: Session, sight: Sight, conversation: Conversation) -> bool:
    """Somebody sees this conversation."""
    if conversation.private and not sight.private:
        return False
    return not sight.limited or bool(of(session, sight, [conversation.id or 0]))


def of(session: Session, sight: Sight, ids: list[int]) -> set[int]:
    """Those of the conversations that somebody sees."""
    if not ids:
        return set()
    c = db.table(Conversation)
    return set(session.scalars(sa.select(c.c.id).where(c.c.id.in_(ids), *seen(sight))))


def messages_of(session: Session, sight: Sight, ids: list[int]) -> set[int]:
    """Those of the messages that somebody sees."""
    if sight.whole:
        return set(ids)
    m = db.table(Message)
    return set(session.scalars(sa.select(m.c.id).where(m.c.id.in_(ids), *messages(sight))))


def told(session: Session, sight: Sight, conversation_id: int) -> bool:
    """Open pages of somebody hear of a change: they see the conversation, or did until just now."""
    return bool(of(session, sight, [conversation_id])) or _left(session, sight, conversation_id)


def _left(session: Session, sight: Sight, conversation_id: int) -> bool:
    """It was theirs, or their teams', until it was given elsewhere a moment ago."""
    c, a, t = db.table(Conversation), db.table(Activity), db.table(TeamMember)
    found = session.execute(sa.select(c.c.account_id, c.c.private).where(c.c.id == conversation_id)).first()
    if found is None or (found.private and not sight.private):
        return False
    if sight.accounts is not None and found.account_id not in sight.accounts:
        return False
    query = sa.select(a.c.what, a.c.detail).where(
        a.c.conversation_id == conversation_id, a.c.at > db.now() - MEMORY,
        a.c.what.in_(("assigned", "unassigned", "teamed")),
    )  # fmt: skip
    moves = [(row.what, row.detail.get("before")) for row in session.execute(query)]
    if any(what != "teamed" and before == sight.me for what, before in moves):
        return True
    teams = {before for what, before in moves if what == "teamed" and before}
    if not teams or sight.reach != "teams":
        return False
    mine = sa.select(t.c.team_id).where(t.c.member == sight.me, t.c.team_id.in_(sorted(teams)))
    return session.execute(mine.limit(1)).first() is not None
