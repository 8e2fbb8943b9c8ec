"""Tables of segments, and of where they are handed on to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey
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


def _parent(target: str, *, key: bool = False) -> Any:
    there = ForeignKey(target, ondelete="CASCADE")
    return Field(default=None, sa_column=Column(BigId, there, primary_key=key, nullable=False, index=not key))


class Activation(SQLModel, table=True):
    """A segment that is handed on to a program of the organisation, change by change."""

    __tablename__ = "activation"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    segment_id: int = _parent("segment.id")
    url: str = Field(max_length=500)
    secret: str
    """Sealed (core.crypto); signs what is sent."""
    state: str = Field(default="active", max_length=10)
    """active, paused, or refused: the receiver said no for good."""
    error: str = ""
    sequence: int = Field(default=0, sa_column=Column(sa.BigInteger, nullable=False))
    """Deliveries that were taken."""
    made_by: str
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    looked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class ActivationMember(SQLModel, table=True):
    """Somebody of whom a receiver was told that they are in the segment."""

    __tablename__ = "activation_member"
    activation_id: int = _parent("activation.id", key=True)
    person: str = Field(primary_key=True, max_length=40)


class ActivationRun(SQLModel, table=True):
    """One delivery: how many people came and went, or why it was not taken."""

    __tablename__ = "activation_run"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    activation_id: int = _parent("activation.id")
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    added: int = 0
    removed: int = 0
    error: str = ""
