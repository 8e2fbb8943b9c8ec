"""Tables of promises: the policies, and each clock of a conversation as it stands; verbs in inbox.sla, inbox.clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null))


class SlaPolicy(SQLModel, table=True):
    """What is promised, and for which conversations: the first policy in order that fits counts."""

    __tablename__ = "sla_policy"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(max_length=80, unique=True)
    place: int = 0
    """The smallest is asked first."""
    enabled: bool = True
    conditions: dict[str, Any] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """A filter as inbox.conditions.tree writes it; empty for every conversation."""
    first_reply: int = 0
    """Minutes until the first reply; 0 for no promise."""
    next_reply: int = 0
    resolution: int = 0
    business: bool = True
    """Minutes count in the business hours of the conversation's team, else around the clock."""
    warn: int = 20
    """It is warned when so many per cent of the time are left; 0 for never."""


class SlaClock(SQLModel, table=True):
    """One promise of one conversation: what inbox.sla makes of its events, kept so that lists and the clock find it."""

    __tablename__ = "sla_clock"
    __table_args__ = (
        Index("sla_clock_open", "conversation_id", sqlite_where=sa.text("stopped_at IS NULL"),
              postgresql_where=sa.text("stopped_at IS NULL")),
        Index("sla_clock_look", "look_at", sqlite_where=sa.text("look_at IS NOT NULL"),
              postgresql_where=sa.text("look_at IS NOT NULL")),
    )  # fmt: skip
    conversation_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    )
    kind: str = Field(primary_key=True, max_length=20)
    """first, next or resolution."""
    started_at: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True))
    policy_id: int = Field(sa_column=Column(BigId, ForeignKey("sla_policy.id", ondelete="CASCADE"), nullable=False))
    state: str = Field(max_length=10)
    """running, paused, met, breached or ended."""
    due_at: datetime | None = _time()
    """While it runs: when the time is over."""
    warn_at: datetime | None = _time()
    stopped_at: datetime | None = _time()
    """When it was met or ended."""
    over_at: datetime | None = _time()
    """When the time was over before it was met; of a clock that runs, once that is counted."""
    left: int = 0
    """Seconds of business time left where it stands still; below nothing after a breach."""
    told: int = 0
    """What was said of it: 1 the warning, 2 the breach."""
    look_at: datetime | None = _time()
    """When the clock job has to look at it next."""
