"""The examples a label is learnt from, and what was learnt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class LabelExample(SQLModel, table=True):
    """A message somebody named as an example of a label, or as one that does not carry it."""

    __tablename__ = "label_example"
    __table_args__ = (Index("label_example_message", "message_id"),)
    label_id: int = Field(sa_column=Column(BigId, ForeignKey("label.id", ondelete="CASCADE"), primary_key=True))
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True))
    positive: bool = True
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class LabelHead(SQLModel, table=True):
    """What a label learnt from its examples; made anew whenever they change, gone when too few are left."""

    __tablename__ = "label_head"
    label_id: int = Field(sa_column=Column(BigId, ForeignKey("label.id", ondelete="CASCADE"), primary_key=True))
    model: str
    """The encoder of the embeddings it reads."""
    mean: bytes = Field(sa_column=Column(sa.LargeBinary, nullable=False))
    weight: bytes = Field(sa_column=Column(sa.LargeBinary, nullable=False))
    """float32, 384 values, as `mean`."""
    bias: float
    threshold: float
    measure: dict[str, Any] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """On held-back examples: examples, right, against, wrong."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class LabelPass(SQLModel, table=True):
    """How far the stored messages have been looked at since a label changed."""

    __tablename__ = "label_pass"
    label_id: int = Field(sa_column=Column(BigId, ForeignKey("label.id", ondelete="CASCADE"), primary_key=True))
    version: int = 1
    """Of the label: grows with each change of its terms or examples."""
    done_to: int = Field(default=0, sa_column=Column(BigId, nullable=False))
    goal: int = Field(default=0, sa_column=Column(BigId, nullable=False))
    """The newest message when it changed."""
    problem: str = ""
    """Why nothing could be learnt, as a sentence; empty when all is well."""
