"""Tables of what is known about people, and of who decided who is who; verbs in inbox.attributes, inbox.survivors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def _contact() -> Any:
    return Field(sa_column=Column(sa.String(26), ForeignKey("contact.id", ondelete="CASCADE"), nullable=False))


class Attribute(SQLModel, table=True):
    """One thing that one source said about a contact; never changed, only marked as no longer said, or erased."""

    __tablename__ = "attribute"
    __table_args__ = (Index("attribute_of", "contact_id", "source"), Index("attribute_named", "name", "contact_id"))
    id: int | None = _id()
    contact_id: str = _contact()
    """The contact it was said about; a merge does not change it."""
    name: str = Field(max_length=40)
    value: str
    source: str = Field(max_length=100)
    """`identity:12`, `crm:Contact:003…`, `file:csv-…`, `typed:user:3`, `api:name` or `inferred:model`."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When it was said."""
    confidence: float = 1.0
    """From nothing to one; what an account says of itself has one only where its platform has proven it."""
    purpose: str = Field(max_length=40)
    basis: str = Field(max_length=40)
    """The lawful basis of the purpose when it was stored."""
    removed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """Since when the source no longer says so."""


class ContactEdge(SQLModel, table=True):
    """A merge that stands: two contacts that were found to be one person."""

    __tablename__ = "contact_edge"
    __table_args__ = (Index("contact_edge_left", "left_id"), Index("contact_edge_right", "right_id"))
    decision_id: int = Field(sa_column=Column(BigId, ForeignKey("person_decision.id"), primary_key=True))
    left_id: str = _contact()
    right_id: str = _contact()


class PersonDecision(SQLModel, table=True):
    """Who decided that two are one, or one is two, when and why; rows are only added, and only erasure removes any."""

    __tablename__ = "person_decision"
    id: int | None = _id()
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    actor: str
    what: str
    """merged, unmerged, split or rejoined."""
    contact_id: str = Field(index=True, max_length=26)
    """No foreign key: a contact may be gone again."""
    other_id: str = Field(index=True, max_length=26)
    why: str
    """In the words of who decided."""
    evidence: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """What is needed to take it back: ids and decisions, no names."""
    undoes: int | None = Field(default=None, sa_column=Column(BigId, index=True, nullable=True))
    """The decision that this one took back."""
