"""Tables of what goes out: mails that tell what is unread, and browsers that are told at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class Digest(SQLModel, table=True):
    """One mail to one person: what was unread at the end of a period. There is one for each period."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("who", "period", name="digest_once"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    who: str = Field(max_length=40)
    """`user:3`."""
    period: str = Field(max_length=60)
    """How mails are gathered, and the end of the period."""
    notices: list[Any] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Numbers of the notifications it is about."""
    message_id: str = Field(max_length=200)
    """The Message-ID: the same for every attempt."""
    state: str = Field(default="waiting", max_length=10)
    """waiting, sending, sent, failed, or unknown: cut off while the server took it, and never repeated."""
    error: str = Field(default="", max_length=300)
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
    sent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class PushKey(SQLModel, table=True):
    """The key pair with which this hub speaks to push services (one row)."""

    __tablename__ = "push_key"
    id: int = Field(default=1, primary_key=True)
    sealed: str
    """The private key, encrypted."""
    public: str = Field(max_length=100)


class PushBrowser(SQLModel, table=True):
    """A browser that somebody wants to be told in."""

    __tablename__ = "push_browser"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True))
    endpoint: str = Field(unique=True, max_length=500)
    p256dh: str = Field(max_length=100)
    auth: str = Field(max_length=40)
    agent: str = Field(default="", max_length=200)
    """What the browser calls itself."""
    session: str = Field(default="", max_length=64, index=True)
    """The sign-in in which they asked for it: when that ends, nobody is told there any more."""
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
