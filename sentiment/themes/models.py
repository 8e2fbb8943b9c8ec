"""Themes that were discovered, which message is in which one, and the state of discovering."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class Theme(SQLModel, table=True):
    """A cluster of messages about one thing; its id stays as long as it does, and is never given again."""

    __tablename__ = "theme"
    id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    centroid: bytes = Field(sa_column=Column(sa.LargeBinary, nullable=False))
    """The mean of its messages around the mean of everything: float32, 384 values."""
    weight: float = 0.0
    """Messages behind the centre, those of the past counting less."""
    names: dict[str, str] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """What to call it, by language; one under "" stands for every language."""
    terms: dict[str, list[str]] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """The words that set it apart, by language, always as discovered."""
    edited: bool = False
    """A person named it: the name is never overwritten, and the theme never merges into another by itself."""
    hidden: bool = False
    merged_into: int | None = Field(default=None, sa_column=Column(BigId, ForeignKey("theme.id"), nullable=True))
    """What it has become."""
    ended: bool = False
    """Nobody has written about it for long: nothing is put into it any more."""
    born_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class MessageTheme(SQLModel, table=True):
    """A message that was looked at: its theme, or none yet (the pool, out of which themes grow)."""

    __tablename__ = "message_theme"
    __table_args__ = (
        Index("message_theme_theme", "theme_id", "message_id"),
        Index(
            "message_theme_pool",
            "message_id",
            sqlite_where=sa.text("theme_id IS NULL"),
            postgresql_where=sa.text("theme_id IS NULL"),
        ),
    )
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True))
    theme_id: int | None = Field(default=None, sa_column=Column(BigId, ForeignKey("theme.id"), nullable=True))
    version: int = 1
    """The version of the message that was looked at."""


class ThemeState(SQLModel, table=True):
    """What all themes have in common; one row."""

    __tablename__ = "theme_state"
    id: int = Field(default=1, primary_key=True)
    mean: bytes = Field(sa_column=Column(sa.LargeBinary, nullable=False))
    """The mean of all messages: float32, 384 values."""
    spread: float = 1.0
    """How near any two messages are by chance."""
    next_id: int = Field(default=1, sa_column=Column(BigId, nullable=False))
    model: str = ""
    """The encoder all centres come from."""
    revision: int = 0
    """Grows with every change of a theme, by a person or by the clock."""
    grown_to: int = Field(default=0, sa_column=Column(BigId, nullable=False))
    """The pool was searched for new themes up to this message."""
    grown_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    tended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
