"""Who has looked at which conversation, and when: what came later is unread."""

from __future__ import annotations

from sqlmodel import Session

from core import bulk, db, rows
from core.errors import Rejected
from inbox.models import Conversation, Seen


def mark(session: Session, author: str, conversation_id: int) -> None:
    """This person sees the conversation now."""
    sql = (
        "INSERT INTO seen (conversation_id, author, at) SELECT id, ?, ? FROM conversation WHERE id = ? "
        "ON CONFLICT (conversation_id, author) DO UPDATE SET at = excluded.at"
    )
    if not bulk.change(session, sql, author, bulk.stamp()(db.now()), conversation_id):
        raise Rejected(f"There is no conversation {conversation_id}.")


def unread(session: Session, author: str, conversation: Conversation) -> bool:
    """Something came in since this person looked; lets a page that is only looked at again write nothing."""
    if conversation.last_inbound_at is None:
        return False
    seen = rows.where(session, Seen, "conversation_id = ? AND author = ?", conversation.id, author)
    return not seen or conversation.last_inbound_at > seen[0].at
