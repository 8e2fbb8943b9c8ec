"""Which replies need somebody's approval, and the row of one that was submitted; deciding is in inbox.approvals."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import Rejected
from inbox import activities, notices
from inbox.approval_models import Approval
from inbox.models import Account, Conversation, Message, ReplyRow

ANYBODY = "any"
"""Whoever may approve."""
SURVEYS = "survey:"
"""What a survey sends was approved when the survey was switched on."""
NO_ACCOUNT = "There is no such account."


def demanded(account: Account | None, author: str, *, public: bool) -> str:
    """Why this account wants a reply approved: `account`, or empty."""
    if account is None or not account.approval or not public or author.startswith(SURVEYS):
        return ""
    return "account"


def demand(session: Session, account_id: int, who: str, actor: str) -> None:
    """From now on `who` (`user:3`, `team:2`, `any`) approves public replies of an account; empty: nobody has to.

    What waits already is decided by them, too.
    """
    account = session.get(Account, account_id)
    if account is None:
        raise Rejected(NO_ACCOUNT)
    if account.approval == who:
        return
    account.approval = who
    session.add(account)
    session.flush()
    a, r = db.table(Approval), db.table(ReplyRow)
    c, m = db.table(Conversation), db.table(Message)
    talks = sa.select(c.c.id).where(c.c.account_id == account_id)
    home = sa.select(m.c.home_id).where(m.c.id == r.c.answers_id).scalar_subquery()
    answered = sa.select(r.c.id).where(
        r.c.state == "submitted", sa.func.coalesce(home, r.c.conversation_id).in_(talks)
    )  # fmt: skip
    waiting = sa.update(a).where(a.c.state == "submitted", a.c.reply_id.in_(answered)).returning(a.c.reply_id)
    _announce(session, list(session.scalars(waiting.values(approver=_named(who)))))
    audit.record(session, actor, "account.approval", f"account:{account_id}", {"approver": who})


def _named(who: str) -> str:
    return "" if who == ANYBODY else who


def add(session: Session, reply: ReplyRow, why: str, who: str, planned: datetime | None) -> None:
    """Submit a reply that has just been written; who approves is told."""
    row = Approval(
        reply_id=reply.id or 0, state="submitted", why=why, approver=_named(who), submitted_by=reply.author,
        submitted_at=db.now(), planned_at=planned, text=reply.text,
    )  # fmt: skip
    session.merge(row)
    session.flush()
    activities.record(session, {reply.conversation_id: "submitted"}, reply.author, {"reply": reply.id})
    _announce(session, [reply.id or 0])


def _announce(session: Session, reply_ids: list[int]) -> None:
    outbox.emit(session, "approval.asked", [(str(one), {"reply_id": one}) for one in reply_ids])


def withdraw(session: Session, author: str) -> list[int]:
    """Recall every reply of somebody that waits for approval; their numbers."""
    a, r, moment = db.table(Approval), db.table(ReplyRow), db.now()
    mine = sa.and_(a.c.state == "submitted", a.c.submitted_by == author)
    rows = session.scalars(sa.select(Approval).where(mine).with_for_update()).all()
    for row in rows:
        row.state, row.decided_by, row.decided_at = "recalled", author, moment
        session.add(row)
        notices.forget(session, asking(row))
    session.flush()
    gone = sorted(row.reply_id for row in rows)
    session.execute(sa.update(r).where(r.c.id.in_(gone)).values(state="cancelled"))
    return gone


def asking(row: Approval) -> str:
    """The reason under which approvers are told of it."""
    return f"approval:{row.reply_id}:{row.submitted_at.timestamp()}"
