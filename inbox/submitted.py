"""Replies that wait for approval, as conditions: for lists, counts and who decides."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core import db
from inbox.approval_models import Approval
from inbox.models import ReplyRow
from inbox.team_models import TeamMember
from inbox.visibility import Sight

STILL = sa.text("approval.state = 'submitted'")  # as the index has it


def mine(sight: Sight) -> list[sa.ColumnElement[bool]]:
    """The conditions on `approval` that this person is asked."""
    a, t = db.table(Approval), db.table(TeamMember)
    teams = sa.select(sa.literal("team:") + sa.cast(t.c.team_id, sa.String)).where(t.c.member == sight.me)
    named = sa.or_(a.c.approver == "", a.c.approver == sight.me, a.c.approver.in_(teams.correlate(None)))
    return [a.c.submitted_by != sight.me, named]


def conversations(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The numbers of conversations with a submitted reply, of those that `mine` says or of all."""
    a, r = db.table(Approval), db.table(ReplyRow)
    query = sa.select(r.c.conversation_id).select_from(a).join(r, r.c.id == a.c.reply_id).where(STILL, *conditions)
    return query.correlate(None)
