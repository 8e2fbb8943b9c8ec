"""Who has looked at which conversation, and when: what came later is unread."""

from __future__ import annotations

from sqlmodel import Session

from core import bulk, rows
from inbox.models import Conversation, Seen


def mark(session: Session, author: str, conversation: Conversation) -> None:
    """This person saw the conversation as it stands in this row: what came in by then, by the platform's clock.

    Not the moment of looking: a message that was written before it, but is fetched after it, is unread.
    """
    sql = (
        "INSERT INTO seen (conversation_id, author, at) SELECT id, ?, ? FROM conversation WHERE id = ? "
        "ON CONFLICT (conversation_id, author) DO UPDATE SET at = excluded.at WHERE excluded.at > seen.at"
    )
    came = conversation.last_inbound_at
    if came is not None:
        bulk.change(session, sql, author, bulk.stamp()(came), conversation.id)


def unread(session: Session, author: str, conversation: Conversation) -> bool:
    """Something came in that this person has not seen; lets a page that is only looked at again write nothing."""
    if conversation.last_inbound_at is None:
        return False
    seen = rows.where(session, Seen, "conversation_id = ? AND author = ?", conversation.id, author)
    return not seen or conversation.last_inbound_at > seen[0].at
