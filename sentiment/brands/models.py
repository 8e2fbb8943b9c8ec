"""The brands with their names, and what was said of them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from core.db import BigId


class Brand(SQLModel, table=True):
    """A subject of listening as this room knows it: its number and its names."""

    __tablename__ = "brand"
    subject_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    names: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """How texts call it, the name to show first."""


class MessageTowards(SQLModel, table=True):
    """What one version of a message that names several brands says of one of them."""

    __tablename__ = "message_towards"
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True))
    subject_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    version: int = 1
    """The version of the message that was read."""
    sentiment: str
    p_neg: float
    p_neu: float
    p_pos: float
    model: str = Field(max_length=200)
    model_version: str = Field(max_length=200)
