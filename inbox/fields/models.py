"""Tables of custom fields: what there is, and the values of conversations; those of people are attributes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class CustomField(SQLModel, table=True):
    """A field that an administrator made."""

    __tablename__ = "custom_field"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    subject: str = Field(max_length=20)
    """conversation or person."""
    kind: str = Field(max_length=10)
    """One of `inbox.fields.kinds.KINDS`; it stays as it is."""
    names: dict[str, str] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """Language → what it is called; English always."""
    helps: dict[str, str] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """Language → what to fill in."""
    options: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """`{"key": "o1", "names": {language: word}}` in order, of choices; one that is `gone` is no longer offered."""
    required: bool = False
    """A conversation is not closed before somebody filled it in."""
    editors: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Roles that fill it in; empty: everybody who may change conversations, or people."""
    place: int = 0
    archived: bool = False
    """No longer shown nor asked for; its values stay."""
    changed_by: str = Field(max_length=40)
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class FieldValue(SQLModel, table=True):
    """What stands in a field of a conversation, in its canonical form (`inbox.fields.kinds`)."""

    __tablename__ = "field_value"
    __table_args__ = (Index("field_value_of", "field_id", "value", "conversation_id"),)
    conversation_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    )
    field_id: int = Field(sa_column=Column(BigId, ForeignKey("custom_field.id"), primary_key=True))
    value: str = Field(max_length=500)
