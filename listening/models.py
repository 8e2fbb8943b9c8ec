"""Subjects, their saved queries, which messages match them, and links to reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class Subject(SQLModel, table=True):
    """Something that is followed: a brand, product, competitor, campaign or industry."""

    __tablename__ = "subject"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(unique=True, max_length=200)
    kind: str = "brand"
    removed: bool = False
    """Its hits are being taken away; the row follows."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Query(SQLModel, table=True):
    """A saved query of a subject in the language of docs/listening.md."""

    __tablename__ = "query"
    __table_args__ = (UniqueConstraint("subject_id", "name", name="query_name"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    subject_id: int = Field(
        sa_column=Column(BigId, ForeignKey("subject.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    name: str = Field(max_length=200)
    text: str
    version: int = 1
    """Grows with each change of the text."""
    enabled: bool = True
    removed: bool = False
    """Its hits are being taken away; the row follows."""
    matched_to: int = 0
    """Stored messages up to this id were decided for this version."""
    matched_goal: int = 0
    """The newest message when this version was saved; what follows is decided live."""


class Hit(SQLModel, table=True):
    """A message that matches a query."""

    __tablename__ = "hit"
    __table_args__ = (Index("hit_message", "message_id"),)
    query_id: int = Field(sa_column=Column(BigId, ForeignKey("query.id", ondelete="CASCADE"), primary_key=True))
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True))
    query_version: int = 1


class SharedReport(SQLModel, table=True):
    """A link under which people of some roles read one report."""

    __tablename__ = "shared_report"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    digest: str = Field(unique=True, max_length=64)
    """SHA-256 of the link's token; the token itself is shown once and not kept."""
    subject_id: int = Field(
        sa_column=Column(BigId, ForeignKey("subject.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """The report's period, filters and comparison, as in its address."""
    roles: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    created_by: str
    """`user:3`."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    revoked: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
