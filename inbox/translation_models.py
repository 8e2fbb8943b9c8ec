"""Tables of translation: the server that translates, and what it made of messages."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class Translator(SQLModel, table=True):
    """The server that translates (one row); without it nothing is translated."""

    __tablename__ = "translator"
    id: int = Field(default=1, primary_key=True)
    provider: str = Field(max_length=20)
    """A name of `connectors.translation.service.PROVIDERS`."""
    url: str = ""
    key: str = ""
    """Sealed; empty where the server asks for none."""
    sources: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    targets: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Codes of the languages it offered when it was asked last."""
    private: bool = False
    """Private messages go there, too."""
    checked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Translation(SQLModel, table=True):
    """What one server made of one version of a message in one language."""

    __tablename__ = "translation"
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True))
    target: str = Field(primary_key=True, max_length=20)
    provider: str = Field(primary_key=True, max_length=20)
    version: int
    source: str = Field(max_length=20)
    """The language it was translated out of, as the server says; empty when it does not."""
    text: str
    at: datetime = Field(default=None, sa_column=Column(UtcDateTime, nullable=False))
