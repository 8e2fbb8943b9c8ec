"""Who has looked at which conversation, and when: what came later is unread."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import Session

from core import bulk, rows
from inbox.models import Conversation, Seen

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Until when somebody has seen it who says that it is unread."""
_KEEP = (
    "INSERT INTO seen (conversation_id, author, at) SELECT id, ?, ? FROM conversation WHERE id = ? "
    "ON CONFLICT (conversation_id, author) DO UPDATE SET at = excluded.at"
)


def mark(session: Session, author: str, conversation: Conversation) -> None:
    """This person saw the conversation as it stands in this row: what came in by then, by the platform's clock.

    Not the moment of looking: a message that was written before it, but is fetched after it, is unread.
    """
    came = conversation.last_inbound_at
    if came is not None:
        later = f"{_KEEP} WHERE excluded.at > seen.at"
        bulk.change(session, later, author, bulk.stamp()(came), conversation.id)


def put_back(session: Session, author: str, conversation: Conversation) -> bool:
    """Unread for this person until they open it again; False where nothing has come in."""
    if conversation.last_inbound_at is None:
        return False
    bulk.change(session, _KEEP, author, bulk.stamp()(NEVER), conversation.id)
    return True


def unread(session: Session, author: str, conversation: Conversation) -> bool:
    """Something came in that this person has not seen; lets a page that is only looked at again write nothing."""
    return _beyond(conversation, _seen(session, author, conversation.id))


def news(session: Session, author: str, conversation: Conversation) -> bool:
    """The same for a page that stays open: what this person put back among the unread stays there."""
    seen = _seen(session, author, conversation.id)
    return seen != NEVER and _beyond(conversation, seen)


def was_put_back(session: Session, author: str, conversation_id: int) -> bool:
    """This person said that it is unread, and has not opened it since."""
    return _seen(session, author, conversation_id) == NEVER


def _beyond(conversation: Conversation, seen: datetime | None) -> bool:
    came = conversation.last_inbound_at
    return came is not None and (seen is None or came > seen)


def _seen(session: Session, author: str, conversation_id: int | None) -> datetime | None:
    found = rows.where(session, Seen, "conversation_id = ? AND author = ?", conversation_id, author)
    return found[0].at if found else None
