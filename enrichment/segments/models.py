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
    """A segment that is handed on to a program of the organisation or a campaign of the CRM, change by change."""

    __tablename__ = "activation"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    segment_id: int = _parent("segment.id")
    kind: str = Field(default="webhook", max_length=10)
    """webhook or campaign."""
    url: str = Field(default="", max_length=500)
    """Of a webhook."""
    secret: str = ""
    """Of a webhook: sealed (core.crypto); signs what is sent."""
    campaign: str = Field(default="", max_length=18)
    """Record id of a campaign."""
    label: str = Field(default="", max_length=80)
    """What the campaign was called when it was chosen."""
    outside: int = 0
    """People of the segment who stand in the CRM as neither contact nor lead; of a campaign."""
    state: str = Field(default="active", max_length=10)
    """active, paused, refused (the receiver said no for good), or ending: a campaign's members are taken out first."""
    error: str = ""
    sequence: int = Field(default=0, sa_column=Column(sa.BigInteger, nullable=False))
    """Deliveries that were taken."""
    made_by: str
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    looked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class ActivationMember(SQLModel, table=True):
    """Somebody of whom a receiver was told that they are in the segment, or whom it refuses."""

    __tablename__ = "activation_member"
    activation_id: int = _parent("activation.id", key=True)
    person: str = Field(primary_key=True, max_length=40)
    record_id: str = Field(default="", max_length=18)
    """The contact or lead in a campaign."""
    state: str = Field(default="in", max_length=10)
    """in; sending: perhaps there already; there: somebody else put them in; refused; gone: erased, to be taken out;
    kept: put back when a run was taken back."""
    code: str = ""
    """The CRM's word for its last refusal, and its sentence."""
    message: str = ""


class ActivationRun(SQLModel, table=True):
    """One delivery: how many people came and went, or why it was not taken."""

    __tablename__ = "activation_run"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    activation_id: int = _parent("activation.id")
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    added: int = 0
    removed: int = 0
    refused: int = 0
    """People whom the CRM refused."""
    error: str = ""
