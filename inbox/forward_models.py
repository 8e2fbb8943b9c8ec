"""Table of what was forwarded by e-mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class Forward(SQLModel, table=True):
    """One mail to one address: which messages of a conversation, with which note, and how far it is."""

    __tablename__ = "forward"
    __table_args__: Any = ({"sqlite_autoincrement": True},)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    conversation_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    author: str = Field(max_length=100)
    """Who forwarded it: `user:3`."""
    address: str = Field(max_length=254)
    subject: str = Field(max_length=200)
    note: str = ""
    messages: list[int] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Numbers of the messages, oldest first."""
    message_id: str = Field(max_length=200)
    """The mail's own, the same for every attempt."""
    state: str = Field(default="queued", max_length=10)
    """queued, sending, sent, failed, or unknown: the line was cut while the server took it."""
    error: str = ""
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    sent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
