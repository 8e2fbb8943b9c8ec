"""The table of merged conversations: what each of them was before, so that it can be split off again exactly."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class CasePart(SQLModel, table=True):
    """A conversation of a case that was merged out of several; the parent is a part of itself."""

    __tablename__ = "case_part"
    conversation_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    )
    parent_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    """The conversation in which all of them are shown."""
    identity_id: int | None = Field(default=None, sa_column=Column(BigId, nullable=True, index=True))
    """Its customer."""
    own: dict[str, Any] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """Its fields, tags and custom fields when it was merged, and the ids of what was written in it till then."""
    actor: str = Field(max_length=40)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
