"""Tables of outgoing webhooks: addresses that are told, and every delivery to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null))


class Endpoint(SQLModel, table=True):
    """An address that is told of events."""

    __tablename__ = "webhook_endpoint"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    url: str = Field(max_length=500)
    events: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Some of web.outgoing.events.TYPES."""
    texts: str = Field(default="none", max_length=10)
    """Whose texts go with messages: none, public or all."""
    secret: str
    """Sealed; signs what is sent."""
    old_secret: str = ""
    """The one before, sealed; signs beside it until `old_until`."""
    old_until: datetime | None = _time()
    state: str = Field(default="active", max_length=10)
    """active, paused by somebody, or disabled after days of failure."""
    error: str = ""
    """Why it failed last; empty when all is well."""
    failing_since: datetime | None = _time()
    rest_until: datetime | None = _time()
    """After a failure it is left alone for a moment, so that it holds nobody else up."""
    missed: int = 0
    """Events that were not kept since it stopped, as too many waited already."""
    made_by: str = Field(max_length=40)
    made_at: datetime = _time(null=False)


class Told(SQLModel, table=True):
    """One event for one endpoint: what is told, and how far that is."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("webhook_delivery_log", "endpoint_id", "id"),
        Index("webhook_delivery_age", "at"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    endpoint_id: int = Field(
        sa_column=Column(BigId, ForeignKey("webhook_endpoint.id", ondelete="CASCADE"), nullable=False)
    )
    event: str = Field(unique=True, max_length=40)
    """`msg_…`: the webhook-id, the same for every attempt."""
    type: str = Field(max_length=40)
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """Ids and plain states, never a text."""
    at: datetime = _time(null=False)
    state: str = Field(default="waiting", max_length=10)
    """waiting, delivered or failed for good."""
    tries: int = 0
    status: int = 0
    """HTTP status of the last answer; 0: none came."""
    milliseconds: int = 0
    answer: str = Field(default="", max_length=200)
    """The start of the last answer, or why there was none."""
    tried_at: datetime | None = _time()
    next_at: datetime | None = _time()
    """When it is tried again; empty while nothing failed yet, and when nothing more is tried."""
    attempts: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """The last LOGGED of web.outgoing.tasks, oldest first: at, status, milliseconds, answer."""
