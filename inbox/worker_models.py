"""The tables of the people who work here and of the roles that administrators make.

What a role may do is decided by web/permissions.py, where the built-in ones stand; whose conversations somebody sees is
asked of `inbox.workers`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class User(SQLModel, table=True):
    """Somebody who works with this hub."""

    __tablename__ = "user"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    email: str = Field(unique=True, max_length=320)
    """In lower case: the name one signs in with."""
    name: str = ""
    password: str
    """An Argon2id hash with its parameters; empty for somebody who has none yet."""
    role: str
    """admin, agent, marketer or dpo, whose rights stand in web/permissions.py, or one made here: `role:3`."""
    accounts: list[int] | None = Field(default=None, sa_column=Column(sa.JSON(none_as_null=True), nullable=True))
    """Conversations of these accounts alone; None for all that the role sees."""
    language: str = ""
    """de, en or ja; empty: what the browser asks for."""
    asks: str = Field(default="", max_length=8)
    """What their browser asked for when they signed in last: for mails to somebody who never chose a language."""
    time_zone: str = ""
    """A name of the IANA database; empty: taken from the browser at the next sign-in."""
    disabled: bool = False
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_seen: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))

    @property
    def speaks(self) -> str:
        """The language to write to them in."""
        return self.language or self.asks or "en"


class Role(SQLModel, table=True):
    """What people may do and see who have it; a user's `role` names it as `role:3`."""

    __tablename__ = "role"
    __table_args__: Any = ({"sqlite_autoincrement": True},)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(max_length=80, unique=True)
    permissions: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Permissions of web/permissions.py, `self` among them."""
    reach: str = Field(default="all", max_length=10)
    """Whose conversations: all, teams or own."""
    accounts: list[int] | None = Field(default=None, sa_column=Column(sa.JSON(none_as_null=True), nullable=True))
    """Conversations of these accounts alone; None for every account."""
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))

    @property
    def key(self) -> str:
        """How users, views and links name it."""
        return f"role:{self.id}"
