"""The table of leads and contacts that were made from here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class CrmMade(SQLModel, table=True):
    """A lead or contact that somebody wants in the CRM for an account, and what became of it."""

    __tablename__ = "crm_made"
    hub_id: str = Field(primary_key=True, max_length=64)
    """The key under which it stands there: the same for every attempt."""
    object: str = Field(max_length=10)
    """Lead or Contact."""
    identity_id: int = Field(sa_column=Column(BigId, nullable=False, index=True))
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """The fields as somebody confirmed them; emptied once it was made or taken back."""
    state: str = Field(max_length=10)
    """pending, made, refused or undone."""
    record_id: str = Field(default="", max_length=18)
    code: str = Field(default="", max_length=80)
    message: str = ""
    """The CRM's words when it refused, or why it waits."""
    actor: str = Field(max_length=40)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
