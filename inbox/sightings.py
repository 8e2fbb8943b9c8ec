"""Who has looked at which conversation, and when: what came later is unread."""

from __future__ import annotations

from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox.models import Conversation, Seen


def mark(session: Session, author: str, conversation_id: int) -> None:
    """This person sees the conversation now."""
    if session.get(Conversation, conversation_id) is None:
        raise Rejected(f"There is no conversation {conversation_id}.")
    row = {"conversation_id": conversation_id, "author": author, "at": db.now()}
    change = db.upsert(Seen).on_conflict_do_update(index_elements=["conversation_id", "author"], set_={"at": row["at"]})
    session.execute(change, row)


def unread(session: Session, author: str, conversation_id: int) -> bool:
    """Something came in since this person looked; lets a page that is only looked at again write nothing."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None or conversation.last_inbound_at is None:
        return False
    seen = session.get(Seen, (conversation_id, author))
    return seen is None or conversation.last_inbound_at > seen.at
