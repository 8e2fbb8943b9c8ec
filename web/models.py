"""The web's tables: sign-ins and tokens of the people who work here, and OAuth rounds under way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null))


class SessionRow(SQLModel, table=True):
    """One sign-in of one browser."""

    __tablename__ = "session"
    digest: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the cookie's token: who reads this table cannot sign in with it."""
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True))
    csrf: str
    agent: str = ""
    """What the browser calls itself, cut at 200 characters, so that people recognise their sign-ins."""
    way: str = Field(default="", max_length=20)
    """What they proved themselves by, a key of web.signin.words.WAYS; empty for sign-ins of older versions."""
    proved_at: datetime | None = _time()
    """When the provider had them prove it, where it says so; empty: just before."""
    created_at: datetime = _time(null=False)
    seen_at: datetime = _time(null=False)
    expires_at: datetime = _time(null=False)


class ApiToken(SQLModel, table=True):
    """With it a program does by the JSON API what its owner may, within `scopes`."""

    __tablename__ = "api_token"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True))
    name: str = Field(max_length=100)
    digest: str = Field(unique=True, max_length=64)
    """Keyed hash of the token: who reads this table cannot call with it."""
    hint: str = Field(max_length=4)
    """Its last characters, so that people recognise it."""
    scopes: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Permissions of web/permissions.py; each counts only as long as the owner has it."""
    made_at: datetime = _time(null=False)
    expires_at: datetime | None = _time()
    used_at: datetime | None = _time()
    revoked_at: datetime | None = _time()


class ApiAnswer(SQLModel, table=True):
    """What the JSON API answered to a request with an Idempotency-Key, kept for a day."""

    __tablename__ = "api_answer"
    token_id: int = Field(sa_column=Column(BigId, ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True))
    key: str = Field(primary_key=True, max_length=200)
    digest: str = Field(max_length=64)
    """SHA-256 of method, address and body: another request with this key is refused."""
    status: int
    body: str
    """Sealed JSON: ids and states, no texts."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


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
