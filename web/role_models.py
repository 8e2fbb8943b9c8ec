"""Table of the roles that administrators make; the built-in ones stand in web/permissions.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


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
