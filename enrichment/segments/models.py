"""The table of segments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class Segment(SQLModel, table=True):
    """A saved filter over people; its conditions name no person."""

    __tablename__ = "segment"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(unique=True, max_length=100)
    conditions: dict[str, Any] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """A group as enrichment.segments.conditions writes it."""
    made_by: str
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
