"""Replies that wait for approval, put into the store for tests of lists and conditions."""

from __future__ import annotations

from sqlmodel import Session

from core import db
from inbox.approval_models import Approval
from inbox.models import ReplyRow


def submit(session: Session, conversation_id: int, approver: str = "", author: str = "user:9") -> None:
    """One reply that somebody is asked to approve."""
    moment = db.now()
    reply = ReplyRow(
        key=f"s{conversation_id}", conversation_id=conversation_id, text="yes", author=author, state="submitted",
        send_at=moment, created_at=moment,
    )  # fmt: skip
    session.add(reply)
    session.flush()
    session.add(
        Approval(reply_id=reply.id or 0, state="submitted", why="asked", approver=approver, submitted_by=author,
                 submitted_at=moment, text="yes")
    )  # fmt: skip
    session.flush()
