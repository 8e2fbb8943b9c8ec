"""Tables of deeds on many conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class BulkJob(SQLModel, table=True):
    """What somebody wants done to many conversations, how far it is, and what became of it."""

    __tablename__ = "bulk_job"
    __table_args__: Any = (Index("bulk_job_of", "actor", "id"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    actor: str = Field(max_length=100)
    """Whose deed it is: `user:3`."""
    deeds: list[dict[str, str]] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """As inbox.actions writes them."""
    macro: str = Field(default="", max_length=80)
    """The macro's name, where it is one."""
    state: str = Field(default="running", max_length=10)
    """running, stopped, done, undoing or undone."""
    reason: str = ""
    """Why it was stopped, where nobody did that."""
    total: int = 0
    """Conversations that were chosen."""
    changed: int = 0
    same: int = 0
    """Those that were like that already."""
    left: int = 0
    """Those that could not be changed."""
    back: int = 0
    """Of the changed ones, those that stand as before again."""
    kept: int = 0
    """Of the changed ones, those whose change could not be taken back."""
    shown: bool = True
    """It stands above its author's list."""
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class BulkItem(SQLModel, table=True):
    """One conversation of a job: what became of it, and what takes that back."""

    __tablename__ = "bulk_item"
    __table_args__: Any = (Index("bulk_item_next", "job_id", "state", "conversation_id"),)
    job_id: int = Field(sa_column=Column(BigId, ForeignKey("bulk_job.id", ondelete="CASCADE"), primary_key=True))
    conversation_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    state: str = Field(default="waiting", max_length=10)
    """waiting, changed, same, left, back or kept."""
    reason: str = ""
    """Why it was left or kept as it is."""
    back: list[dict[str, str]] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """The deeds that take it back."""
    stands: dict[str, str] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """What those deeds would replace, as it stood when the job had changed it."""
