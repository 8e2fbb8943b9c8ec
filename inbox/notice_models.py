"""Tables of notifications: what people who work here are told, how they want it, whom a note mentions, who watches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _only(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


class Notification(SQLModel, table=True):
    """Something one person is told of one conversation, once for each reason; no text of anybody."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("who", "reason", name="notification_once"),
        Index("notification_list", "who", "id"),
        Index("notification_unread", "who", "conversation_id", **_only("read_at IS NULL")),
        Index("notification_mail", "who", "at", **_only("mail = 1 AND read_at IS NULL")),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    who: str = Field(max_length=40)
    """`user:3`."""
    kind: str = Field(max_length=20)
    """One of inbox.notices.KINDS."""
    conversation_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False)
    )
    actor: str = Field(default="", max_length=100)
    """Who gave the reason: `user:3`, `rule:2`, `system` …; empty for people outside."""
    reason: str = Field(max_length=120)
    """What it follows from, as a key: the same reason tells the same person once."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    read_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    page: bool = True
    """It stands in the page's list."""
    push: bool = False
    """It goes to browsers that asked for it."""
    mail: int = 0
    """1: waits for a mail; 2: a mail has it; 0: none is wanted."""


class NotificationChoice(SQLModel, table=True):
    """How one person wants to be told; without a row as inbox.notices.USUAL says."""

    __tablename__ = "notification_choice"
    who: str = Field(primary_key=True, max_length=40)
    channels: dict[str, list[str]] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """Kind → channels; a kind that is missing is told as usual."""
    quiet_from: int | None = None
    """Minute of the day, in the person's time zone, from which neither push nor mail comes; empty: always."""
    quiet_until: int | None = None
    mail: str = Field(default="daily", max_length=10)
    """How mails are gathered: now, hourly or daily."""
    mail_at: int = 480
    """Minute of the day at which the daily mail comes."""


class NoteMention(SQLModel, table=True):
    """Somebody, or a team, that a note on a conversation mentions."""

    __tablename__ = "note_mention"
    __table_args__ = (Index("note_mention_of", "target", "note_id"),)
    note_id: int = Field(sa_column=Column(BigId, ForeignKey("note.id", ondelete="CASCADE"), primary_key=True))
    target: str = Field(primary_key=True, max_length=40)
    """`user:3` or `team:2`."""
    name: str = Field(max_length=200)
    """As it stands in the note, after the @."""


class Watcher(SQLModel, table=True):
    """Somebody who is told what happens in a conversation, whoever takes care of it."""

    __tablename__ = "watcher"
    __table_args__ = (Index("watcher_of", "who", "conversation_id"),)
    conversation_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    )
    who: str = Field(primary_key=True, max_length=40)
    """`user:3`."""
