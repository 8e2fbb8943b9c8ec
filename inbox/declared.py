"""A reply whose fate is unclear has arrived, because somebody has looked there and says so: it is a message like any.

Promises and figures count it from the moment of the attempt. It can be taken back until the platform's own copy comes
(inbox.copies).
"""

from __future__ import annotations

from sqlmodel import Session

from core import audit, db
from core.event import Event
from inbox import copies, incoming, ingest, replies
from inbox.models import Conversation, Message, ReplyRow


def arrived(session: Session, reply_id: int, actor: str) -> bool:
    """Say that an unclear reply did arrive; False when it is not unclear any more."""
    reply = replies.locked(session, reply_id)
    answered = session.get(Message, reply.answers_id)
    if reply.state != "unknown" or answered is None:
        return False
    moment = reply.tried_at or reply.send_at
    event = _event(session, reply, answered).model_copy(update={"posted_at": moment})
    ingest.store_events(session, answered.account_id, incoming.prepared([event]))
    reply.declared_by, reply.declared_at = actor, db.now()
    session.add(reply)
    session.flush()
    replies.mark_sent(session, reply_id, event.key, moment)
    audit.record(session, actor, "reply.declared", f"reply:{reply_id}")
    return True


def _event(session: Session, reply: ReplyRow, answered: Message) -> Event:
    home = session.get(Conversation, answered.home_id or answered.conversation_id)
    return Event(
        key=f"{answered.platform}{copies.MADE}{reply.key}",
        platform=answered.platform,
        kind="dm" if reply.visibility == "private" else "reply",
        direction="outbound",
        text=reply.text,
        language=answered.language,
        posted_at=reply.send_at,
        parent_key=answered.key,
        thread_key=home.thread_key if home is not None else None,
        visibility=reply.visibility,
    )


def unclear_again(session: Session, reply_id: int, actor: str) -> bool:
    """Take that word back; False when nobody has said so, or the platform's own copy says the same by now."""
    reply = replies.locked(session, reply_id)
    if not reply.declared_by:
        return False
    copies.drop(session, reply_id)
    session.refresh(reply)
    reply.state, reply.sent_at = "unknown", None
    session.add(reply)
    session.flush()
    audit.record(session, actor, "reply.unclear-again", f"reply:{reply_id}")
    replies.changed(session, reply)
    return True
