"""What happens to our cases in the CRM, and what follows here: closed, opened again, deleted, answered.

Loops end because only a change from open to closed or back is acted on, and what the CRM told is kept as what
it has acknowledged: nothing is sent back that came from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from core.settings import settings
from enrichment.cases import opening
from enrichment.cases.attaching import letters
from enrichment.crm import CaseNews, CommentNews
from enrichment.models import CrmCase, CrmComment, SyncState
from inbox import activities, desk, replies
from inbox.models import Conversation

ACTOR = "crm"


def follow(session: Session, cases: Sequence[CaseNews], comments: Sequence[CommentNews], begun: datetime) -> None:
    """Take over what a read of the CRM brought that began then; everything may come again and counts once."""
    for news in cases:
        _case(session, news, begun)
    for comment in comments:
        _comment(session, comment)


def _case(session: Session, news: CaseNews, begun: datetime) -> None:
    case = session.get(CrmCase, news.hub_id, with_for_update=True)
    if case is None or case.deleted or (case.sent_at is not None and case.sent_at >= begun):
        return  # of what changed while it was read the next read tells
    was_closed = case.closed
    case.number, case.status, case.closed, case.deleted = news.number, news.status, news.closed, news.deleted
    session.add(case)
    session.flush()
    _acknowledged(session, news)
    conversation = opening.conversation_of(session, case)
    if conversation is None or conversation.id is None:
        return
    if news.deleted:
        activities.record(session, {conversation.id: "case-deleted"}, ACTOR, {"number": news.number})
        letters(session, [conversation.id])
    elif news.closed and not was_closed and not _newer(conversation, news):
        desk.close(session, conversation.id, ACTOR)
    elif was_closed and not news.closed and conversation.state == "closed":
        desk.reopen(session, conversation.id, ACTOR)


def _newer(conversation: Conversation, news: CaseNews) -> bool:
    """The customer wrote after the case was closed: somebody has to answer, so the case is opened again instead."""
    wrote = conversation.last_inbound_at
    return conversation.waiting_since is not None and wrote is not None and wrote > news.modified


def _acknowledged(session: Session, news: CaseNews) -> None:
    s = db.table(SyncState)
    state = session.scalars(sa.select(SyncState).where(s.c.hub_id == news.hub_id).with_for_update()).first()
    if state is None:
        return
    if news.deleted:
        state.sent, state.record_id, state.state = {}, "", "ignored"
    elif state.sent:
        state.sent = {**state.sent, "Status": news.status}
    session.add(state)
    session.flush()


def _comment(session: Session, news: CommentNews) -> None:
    """Queue a comment as an answer, once; why it cannot be is kept and shown."""
    prefix = settings().crm_reply_prefix
    if not news.text.lstrip().casefold().startswith(prefix.casefold()):
        return
    case = session.get(CrmCase, news.hub_id)
    conversation = opening.conversation_of(session, case) if case is not None else None
    if conversation is None or conversation.id is None or session.get(CrmComment, news.id) is not None:
        return
    row = CrmComment(comment_id=news.id, hub_id=news.hub_id, at=db.now())
    words = news.text.lstrip()[len(prefix) :].strip()
    try:
        reply = replies.queue(
            session, conversation.id, words, author=ACTOR, undo_seconds=0, key=f"case-comment-{news.id}"
        )
        row.reply_id = reply.id
    except Rejected as error:
        row.reason = str(error)[:500]
        activities.record(session, {conversation.id: "comment-refused"}, ACTOR, {"reason": row.reason})
    session.add(row)
    session.flush()
    detail = {"comment": news.id, "by": news.author, "reply": row.reply_id, "refused": bool(row.reason)}
    audit.record(session, ACTOR, "crm.comment_taken", f"conversation:{conversation.id}", detail)
