"""Table of the replies that somebody has to approve."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime

_OPEN = sa.text("state = 'submitted'")


class Approval(SQLModel, table=True):
    """What was submitted, as it was written, and what somebody decided; the reply itself is in `reply`."""

    __tablename__ = "approval"
    __table_args__ = (Index("approval_open", "submitted_at", "reply_id", sqlite_where=_OPEN, postgresql_where=_OPEN),)
    reply_id: int = Field(sa_column=Column(BigId, ForeignKey("reply.id", ondelete="CASCADE"), primary_key=True))
    state: str = Field(max_length=10)
    """submitted, approved, rejected or recalled."""
    why: str = Field(max_length=10)
    """role: its author may not send alone; account: the account demands it; asked: its author wanted it."""
    approver: str = Field(default="", max_length=40)
    """Who decides: `user:3`, `team:2`, or whoever may approve."""
    submitted_by: str = Field(max_length=100)
    submitted_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    planned_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When it was to leave; None: at once."""
    decided_by: str = Field(default="", max_length=100)
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    reason: str = ""
    """Why it was rejected."""
    text: str = ""
    """What was submitted; what leaves is the reply's own."""
