"""The table of conversations that were split off another from a message on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class ThreadCut(SQLModel, table=True):
    """A conversation that begins within another one's thread; it stays, empty, when the split is taken back."""

    __tablename__ = "thread_cut"
    conversation_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    )
    root_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    """The conversation that had the thread before anybody split it."""
    from_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    """The one it was split off; where its messages are again when it was taken back."""
    message_id: int = Field(sa_column=Column(BigId, nullable=False))
    """The message it begins with."""
    begins_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When that was posted."""
    actor: str = Field(max_length=40)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    back_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When the split was taken back."""
