"""Tables of macros and rules: columns only; the verbs are in inbox.macros, inbox.rules and inbox.ruling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def _json(default: Any) -> Any:
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


def _moment() -> Any:
    return Field(sa_column=Column(UtcDateTime, nullable=False))


class Macro(SQLModel, table=True):
    """Deeds that are done together, under a name."""

    __tablename__ = "macro"
    id: int | None = _id()
    name: str = Field(max_length=80)
    owner: str = Field(index=True, max_length=40)
    """`user:3`."""
    shared: list[str] = _json(list)
    """Who may run it besides, as inbox.sharing reads it."""
    actions: list[dict[str, Any]] = _json(list)
    changed_at: datetime = _moment()


class Rule(SQLModel, table=True):
    """What is done by itself when something happens and the conditions hold."""

    __tablename__ = "rule"
    id: int | None = _id()
    name: str = Field(max_length=80)
    place: int = 0
    enabled: bool = False
    removed: bool = False
    """Kept for its name and its log."""
    trigger: str
    """One of inbox.rules.TRIGGERS."""
    conditions: dict[str, Any] = _json(dict)
    actions: list[dict[str, Any]] = _json(list)
    hours: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """Within or outside the business hours of a team: {"inside": false, "team_id": 3}; None is at any time."""
    last: bool = False
    """Where it was at work, later rules are not asked."""
    since: datetime = _moment()
    """What happened before is not touched."""
    changed_by: str = Field(max_length=40)
    changed_at: datetime = _moment()


class RuleRun(SQLModel, table=True):
    """A rule that was at work once: its conditions held at an event."""

    __tablename__ = "rule_run"
    __table_args__ = (
        UniqueConstraint("rule_id", "event", name="rule_run_once"),
        Index("rule_run_conversation", "conversation_id", "at"),
    )
    id: int | None = _id()
    rule_id: int = Field(sa_column=Column(BigId, ForeignKey("rule.id", ondelete="CASCADE"), nullable=False))
    event: str = Field(max_length=80)
    """`message:12` or `activity:7`."""
    conversation_id: int = Field(
        sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False)
    )
    at: datetime = _moment()
    done: int = 0
    """Deeds that changed something."""
    outcome: list[dict[str, Any]] = _json(list)
    """For each deed: do, value, and what became of it (done, submitted, same, or why not)."""
