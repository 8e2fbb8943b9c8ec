"""Deciding about replies that were submitted: approve (as written or changed), reject, recall, submit again.

Each deed asks for the state under a lock and changes approval, reply and letter in one transaction: of two people who
decide at the same moment one does, and a reply that was approved is queued.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from core.settings import settings
from inbox import activities, attachments, closing, notices, replies, submissions, submitted, visibility
from inbox.approval_models import Approval
from inbox.models import Conversation, Message, ReplyRow
from inbox.notices import Notice
from inbox.team_models import TeamMember
from inbox.visibility import Sight

REASON = 1_000
NOT_YOURS = "Somebody else has to approve your own reply."
NOT_ASKED = "Somebody else was asked to approve this reply."
NEWS = "Something new came into this conversation since you looked. Look at it, then decide."
WROTE = "They have written again since this reply was submitted. Look at it, then decide."
LATE = "The moment at which this reply was to leave has passed. Choose whether it leaves now."
NO_REASON = "Say why, so that the reply can be changed."
LONG_REASON = "The reason is too long: 1,000 characters at most."
REFUSALS = (NOT_YOURS, NOT_ASKED, NEWS, WROTE, LATE, NO_REASON, LONG_REASON)


@dataclass(frozen=True)
class Decision:
    """How a reply is approved. `text` replaces its words; `seen` is the mark of what the approver had before them.

    It leaves at its planned moment, or with `now` after the time to take it back.
    """

    text: str | None = None
    seen: str | None = None
    now: bool = False
    sure: bool = False
    """Without `seen`: also when they have written since."""


def mark(session: Session, conversation_id: int) -> str:
    """What stands in a conversation at present: its newest message and its newest reply."""
    m, r = db.table(Message), db.table(ReplyRow)
    message = session.scalar(sa.select(sa.func.max(m.c.id)).where(m.c.conversation_id == conversation_id))
    reply = session.scalar(sa.select(sa.func.max(r.c.id)).where(r.c.conversation_id == conversation_id))
    return f"{message or 0}-{reply or 0}"


# --- deciding -------------------------------------------------------------------------------------------


def approve(session: Session, reply_id: int, actor: str, decision: Decision | None = None) -> bool:
    """Queue it; False when somebody has decided already, or it was recalled. Rejected says what is in the way."""
    held, how, moment = _held(session, reply_id, actor), decision or Decision(), db.now()
    if held is None:
        return False
    row, reply = held
    _looked(session, reply, how)
    planned = None if how.now else row.planned_at
    if planned is not None and planned <= moment:
        raise Rejected(LATE)
    text = db.sound(how.text).strip() if how.text is not None else reply.text
    if not text and not attachments.some(session, reply_id):
        raise Rejected(replies.EMPTY)
    edited = text != reply.text.strip()
    row.state, row.decided_by, row.decided_at = "approved", actor, moment
    reply.state, reply.text = "queued", text if edited else reply.text
    reply.send_at = planned or moment + timedelta(seconds=settings().undo_seconds)
    reply.created_at, reply.after_id = moment, replies.newest(session, reply.conversation_id)
    session.add(row)
    replies.leave(session, reply)
    closing.do(session, reply)
    _note(session, reply, row, "approved", actor, {"edited": edited or row.text.strip() != text})
    return True


def reject(session: Session, reply_id: int, actor: str, reason: str) -> bool:
    """Say no, and why; False when somebody has decided already."""
    words = db.sound(reason).strip()
    if not words:
        raise Rejected(NO_REASON)
    if len(words) > REASON:
        raise Rejected(LONG_REASON)
    held = _held(session, reply_id, actor)
    if held is None:
        return False
    row, reply = held
    row.state, row.decided_by, row.decided_at, row.reason = "rejected", actor, db.now(), words
    reply.state = "rejected"
    session.add_all([row, reply])
    session.flush()
    replies.changed(session, reply)
    _note(session, reply, row, "rejected", actor, {"reason": words})
    return True


def recall(session: Session, reply_id: int, actor: str) -> bool:
    """Its author takes it back before anybody has decided; False when it is too late, or it is another's."""
    row = _locked(session, reply_id)
    if row is None or row.state != "submitted" or row.submitted_by != actor:
        return False
    reply = _reply(session, reply_id)
    row.state, row.decided_by, row.decided_at, reply.state = "recalled", actor, db.now(), "cancelled"
    session.add_all([row, reply])
    session.flush()
    replies.changed(session, reply)
    _note(session, reply, row, "recalled", actor, {})
    return True


def submit(session: Session, reply_id: int, actor: str, text: str | None = None) -> bool:
    """Its author submits a rejected or held reply again, changed or not; False when it is neither, or another's."""
    before = _locked(session, reply_id)
    reply = session.get(ReplyRow, reply_id, populate_existing=True, with_for_update=True)
    if reply is None or reply.state not in ("rejected", "held", "stopped") or reply.author != actor:
        return False
    words = db.sound(text).strip() if text is not None else reply.text
    if not words and not attachments.some(session, reply_id):
        raise Rejected(replies.EMPTY)
    moment = db.now()
    planned = before.planned_at if before is not None and before.planned_at and before.planned_at > moment else None
    reply.state, reply.text, reply.created_at = "submitted", words, moment
    reply.after_id = replies.newest(session, reply.conversation_id)
    session.add(reply)
    session.flush()
    who, why = (before.approver, before.why) if before is not None else ("", "asked")
    submissions.add(session, reply, why, who or submissions.ANYBODY, planned)
    replies.changed(session, reply)
    return True


def again(session: Session, reply_id: int, actor: str, *, free: bool) -> str:
    """Have a reply that did not leave leave after all: queued, or submitted again; empty when it cannot.

    One that was held or stopped fits what was approved no more: its author submits it again, and so does who is not
    `free` to send alone.
    """
    reply = session.get(ReplyRow, reply_id)
    if reply is not None and reply.state in ("held", "stopped"):
        if reply.author == actor and (not free or session.get(Approval, reply_id) is not None):
            return "submitted" if submit(session, reply_id, actor) else ""
        if not free:
            return ""
    return "queued" if replies.retry(session, reply_id, actor) else ""


def take_back(session: Session, reply_id: int, actor: str) -> bool:
    """An approval is taken back while the reply waits: it is submitted as before. False when it has left."""
    row = _locked(session, reply_id)
    if row is None or row.state != "approved" or row.submitted_by == actor:
        return False
    if not replies.undo(session, reply_id, actor):
        return False
    reply = session.get(ReplyRow, reply_id, populate_existing=True)
    assert reply is not None  # noqa: S101  # it was just changed
    row.state, row.decided_by, row.decided_at, reply.state = "submitted", "", None, "submitted"
    session.add_all([row, reply])
    session.flush()
    replies.changed(session, reply)
    return True


def _locked(session: Session, reply_id: int) -> Approval | None:
    return session.get(Approval, reply_id, populate_existing=True, with_for_update=True)


def _held(session: Session, reply_id: int, actor: str) -> tuple[Approval, ReplyRow] | None:
    row = _locked(session, reply_id)
    if row is None or row.state != "submitted":
        return None
    if row.submitted_by == actor:
        raise Rejected(NOT_YOURS)
    if not asked(row, actor, teams_of(session, actor)):
        raise Rejected(NOT_ASKED)
    return row, _reply(session, reply_id)


def _reply(session: Session, reply_id: int) -> ReplyRow:
    reply = session.get(ReplyRow, reply_id, populate_existing=True, with_for_update=True)
    assert reply is not None  # noqa: S101  # a foreign key
    return reply


def _looked(session: Session, reply: ReplyRow, how: Decision) -> None:
    """Rejected when something came that the approver has not seen."""
    if how.seen is not None:
        session.get(Conversation, reply.conversation_id, with_for_update=True)
        if how.seen != mark(session, reply.conversation_id):
            raise Rejected(NEWS)
    elif not how.sure and replies.newest(session, reply.conversation_id) > reply.after_id:
        raise Rejected(WROTE)


def _note(session: Session, reply: ReplyRow, row: Approval, what: str, actor: str, more: dict[str, object]) -> None:
    """In the thread, in the audit trail, and to its author; nobody else is asked any more."""
    number = reply.id or 0
    detail = {"reply": number, "author": row.submitted_by, **more}
    activities.record(session, {reply.conversation_id: what}, actor, detail)
    audit.record(session, actor, f"reply.{what}", f"reply:{number}")
    notices.forget(session, submissions.asking(row))
    if what in ("approved", "rejected"):
        reason = f"{what}:{number}:{row.submitted_at.timestamp()}"
        notices.add(session, [Notice(row.submitted_by, what, reply.conversation_id, reason, actor)])


# --- who is asked ---------------------------------------------------------------------------------------


def teams_of(session: Session, actor: str) -> set[str]:
    """The teams somebody is in: `team:2`."""
    t = db.table(TeamMember)
    return {f"team:{one}" for one in session.scalars(sa.select(t.c.team_id).where(t.c.member == actor))}


def asked(row: Approval, actor: str, teams: Collection[str]) -> bool:
    """This person is one of those who decide about it."""
    return row.submitted_by != actor and row.approver in {"", actor, *teams}


def to_decide(session: Session, sight: Sight) -> int:
    """How many replies wait for this person's decision, as far as they see the conversations."""
    a, r, c = db.table(Approval), db.table(ReplyRow), db.table(Conversation)
    query = (
        sa.select(sa.func.count())
        .select_from(a)
        .join(r, r.c.id == a.c.reply_id)
        .where(submitted.STILL, *submitted.mine(sight))
    )
    if not sight.whole:
        query = query.join(c, c.c.id == r.c.conversation_id).where(*visibility.seen(sight, c))
    return int(session.scalar(query) or 0)


def of_replies(session: Session, reply_ids: Sequence[int]) -> dict[int, Approval]:
    """The approvals of these replies."""
    a = db.table(Approval)
    query = sa.select(Approval).where(a.c.reply_id.in_(sorted(reply_ids)))
    return {one.reply_id: one for one in session.scalars(query)}
