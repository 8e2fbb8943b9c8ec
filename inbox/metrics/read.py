"""The raw events behind the figures: messages, replies and what was done, of the conversations of a period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.event import MESSAGE_KINDS
from inbox import automatic, visibility
from inbox.metrics.figures import Talk
from inbox.metrics.promises import Promise, promises
from inbox.metrics.ratings import Answer, Invitation
from inbox.metrics.spans import Event, spans
from inbox.models import Activity, Conversation, ConversationTag, Message, ReplyRow
from inbox.sla import Clock
from inbox.sla_models import SlaClock
from inbox.surveys.models import SurveyAnswer, SurveyInvitation
from inbox.visibility import EVERYTHING, Sight

DEEDS = {"closed": "closed", "reopened": "reopened", "spam": "spam"}
"""Activities that begin or end a span."""


@dataclass(frozen=True)
class Scope:
    """Which conversations count; empty values do not narrow."""

    account: int = 0
    platform: str = ""
    language: str = ""
    team: int = 0
    tag: str = ""
    priority: str = ""
    without: frozenset[str] = frozenset()
    """`team`, `language`, `tag`: those that have none."""
    sight: Sight = EVERYTHING
    """What the reader sees at all."""


def talks(session: Session, start: datetime, end: datetime, scope: Scope) -> list[Talk]:
    """Every conversation of the inbox in which something happened in the period, or that stood open at its end."""
    chosen = _chosen(start, end, scope)
    c, t = db.table(Conversation), db.table(ConversationTag)
    query = sa.select(c.c.id, c.c.account_id, c.c.platform, c.c.language, c.c.team_id, c.c.priority)
    rows = session.execute(query.where(c.c.id.in_(chosen)).order_by(c.c.id)).all()
    tagged = sa.select(t.c.conversation_id, t.c.tag).where(t.c.conversation_id.in_(chosen)).order_by(t.c.tag)
    tags: dict[int, tuple[str, ...]] = {}
    for number, tag in session.execute(tagged):
        tags[number] = (*tags.get(number, ()), tag)
    happened = dict(_events(session, chosen))
    answers, invitations = _answers(session, chosen), _invitations(session, chosen)
    clocks, now, found = _clocks(session, chosen), db.now(), []
    for row in rows:
        events = happened.get(row.id, [])
        about = (row.id, row.account_id, row.platform, row.language, row.team_id, row.priority)
        rated = (answers.get(row.id, ()), invitations.get(row.id, ()))
        promised: Sequence[Promise] = promises(clocks[row.id], events, now) if row.id in clocks else ()
        found.append(Talk(*about, tags.get(row.id, ()), events, spans(events), *rated, promised))
    return found


def _chosen(start: datetime, end: datetime, scope: Scope) -> sa.Select[tuple[int]]:
    c, t = db.table(Conversation), db.table(ConversationTag)
    a, i = db.table(SurveyAnswer), db.table(SurveyInvitation)
    lives = sa.or_(
        c.c.last_at >= start, c.c.closed_at >= start, c.c.state.in_(("open", "pending", "snoozed")),
        c.c.id.in_(sa.select(a.c.conversation_id).where(a.c.answered_at >= start)),
        c.c.id.in_(sa.select(i.c.conversation_id).where(i.c.sent_at >= start)),
    )  # fmt: skip
    query = sa.select(c.c.id).where(c.c.inbox == sa.true(), c.c.first_at < end, lives)
    wanted = {
        c.c.account_id: scope.account,
        c.c.platform: scope.platform,
        c.c.language: scope.language,
        c.c.team_id: scope.team,
        c.c.priority: scope.priority,
    }
    query = query.where(*(column == value for column, value in wanted.items() if value))
    untagged = c.c.id.not_in(sa.select(t.c.conversation_id))
    none = {"team": c.c.team_id.is_(None), "language": c.c.language == "", "tag": untagged}
    query = query.where(*(none[name] for name in sorted(scope.without)))
    if scope.tag:
        query = query.where(c.c.id.in_(sa.select(t.c.conversation_id).where(t.c.tag == scope.tag)))
    return query.where(*visibility.listed(scope.sight))


def _answers(session: Session, chosen: sa.Select[tuple[int]]) -> dict[int, list[Answer]]:
    """The answers with a score of each conversation."""
    a, i = db.table(SurveyAnswer), db.table(SurveyInvitation)
    query = (
        sa.select(a.c.conversation_id, a.c.answered_at, a.c.kind, a.c.score, a.c.verdict, i.c.actor)
        .join(i, i.c.id == a.c.invitation_id)
        .where(a.c.conversation_id.in_(chosen), a.c.score.is_not(None))
    )
    found: dict[int, list[Answer]] = {}
    for number, *values in session.execute(query.order_by(a.c.id)):
        found.setdefault(number, []).append(Answer(*values))
    return found


def _invitations(session: Session, chosen: sa.Select[tuple[int]]) -> dict[int, list[Invitation]]:
    """The surveys of each conversation that the platform took."""
    a, i, r = db.table(SurveyAnswer), db.table(SurveyInvitation), db.table(ReplyRow)
    query = (
        sa.select(i.c.conversation_id, i.c.sent_at, a.c.answered_at, i.c.actor)
        .join(r, sa.and_(r.c.id == i.c.reply_id, r.c.state == "sent"))
        .outerjoin(a, a.c.invitation_id == i.c.id)
        .where(i.c.conversation_id.in_(chosen))
    )
    found: dict[int, list[Invitation]] = {}
    for number, *values in session.execute(query.order_by(i.c.id)):
        found.setdefault(number, []).append(Invitation(*values))
    return found


def _clocks(session: Session, chosen: sa.Select[tuple[int]]) -> dict[int, list[Clock]]:
    """What was promised in each conversation, as inbox.clocks keeps it."""
    t = db.table(SlaClock)
    query = sa.select(
        t.c.conversation_id, t.c.kind, t.c.started_at, t.c.state, t.c.due_at, t.c.warn_at, t.c.stopped_at, t.c.left,
        t.c.over_at,
    ).where(t.c.conversation_id.in_(chosen))  # fmt: skip
    found: dict[int, list[Clock]] = {}
    for row in session.execute(query.order_by(t.c.conversation_id, t.c.started_at, t.c.kind)):
        clock = Clock(
            row.kind, row.started_at, row.state, row.due_at, row.warn_at, row.stopped_at, row.left, over_at=row.over_at
        )
        found.setdefault(row.conversation_id, []).append(clock)
    return found


def _events(session: Session, chosen: sa.Select[tuple[int]]) -> Iterator[tuple[int, list[Event]]]:
    """The events of each conversation."""
    m, r, a = db.table(Message), db.table(ReplyRow), db.table(Activity)
    written = (
        sa.select(m.c.conversation_id, m.c.posted_at.label("at"), m.c.direction.label("what"), r.c.author.label("who"))
        .outerjoin(r, r.c.message_id == m.c.id)
        .where(m.c.conversation_id.in_(chosen), m.c.kind.in_(sorted(MESSAGE_KINDS)), m.c.origin == "inbox")
    )
    done = sa.select(a.c.conversation_id, a.c.at, a.c.what, a.c.actor).where(
        a.c.conversation_id.in_(chosen), a.c.what.in_(sorted(DEEDS))
    )
    both = sa.union_all(written, done).subquery()
    found = session.execute(sa.select(*both.c).order_by(both.c.conversation_id, both.c.at))
    for number, rows in groupby(found, key=lambda row: int(row[0])):
        yield number, [_event(row) for row in rows]


def _event(row: Sequence[Any]) -> Event:
    _, at, what, who = row
    if what == "inbound":
        return Event(at, "received")
    if what == "outbound":
        return Event(at, "answered" if automatic.answers(who or "") else "automatic", who or "")
    return Event(at, DEEDS[what], automatic.somebody(who))
