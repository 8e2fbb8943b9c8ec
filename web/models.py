"""The web's tables: the people who work here, their sign-ins, and OAuth rounds under way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null))


class User(SQLModel, table=True):
    """Somebody who works with this hub."""

    __tablename__ = "user"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    email: str = Field(unique=True, max_length=320)
    """In lower case: the name one signs in with."""
    name: str = ""
    password: str
    """An Argon2id hash with its parameters."""
    role: str
    """admin, agent, marketer or dpo; what each may do stands in web/permissions.py."""
    language: str = ""
    """de, en or ja; empty: what the browser asks for."""
    time_zone: str = ""
    """A name of the IANA database; empty: taken from the browser at the next sign-in."""
    disabled: bool = False
    created_at: datetime = _time(null=False)
    last_seen: datetime | None = _time()


class SessionRow(SQLModel, table=True):
    """One sign-in of one browser."""

    __tablename__ = "session"
    digest: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the cookie's token: who reads this table cannot sign in with it."""
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True))
    csrf: str
    agent: str = ""
    """What the browser calls itself, cut at 200 characters, so that people recognise their sign-ins."""
    created_at: datetime = _time(null=False)
    seen_at: datetime = _time(null=False)
    expires_at: datetime = _time(null=False)


class OAuthPending(SQLModel, table=True):
    """A sign-in at a platform that a user has begun and not yet come back from."""

    __tablename__ = "oauth_pending"
    digest: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the `state` parameter."""
    sealed: str
    """What the second half needs (platform, verifier, keys), encrypted."""
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False))
    expires_at: datetime = _time(null=False)


class SkippedStep(SQLModel, table=True):
    """One of the first steps that somebody left out."""

    __tablename__ = "skipped_step"
    name: str = Field(primary_key=True, max_length=20)
    """account, contacts or reply."""
    actor: str
    at: datetime = _time(null=False)
