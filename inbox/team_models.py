"""Tables of the teams: who works together, when they work, and who is away; verbs in inbox.teams, inbox.assignment."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class Team(SQLModel, table=True):
    """People who take care of the same conversations, with their business hours."""

    __tablename__ = "team"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(max_length=80, unique=True)
    zone: str = Field(default="UTC", max_length=60)
    """The time zone of the business hours, by its IANA name."""
    hours: dict[str, list[list[str]]] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """Weekday ("0" is Monday) → spans of `["09:00", "17:00"]`; without any the team works around the clock."""
    holidays: list[dict[str, str]] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Days off: `{"day": "2026-12-25", "name": "…"}`."""
    assign: str = Field(default="hand", max_length=10)
    """How its conversations are given out: hand, round or load."""
    same_person: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    """Who comes back is given to whom they had last, as long as that one is there and has room."""


class TeamMember(SQLModel, table=True):
    """Somebody of a team."""

    __tablename__ = "team_member"
    __table_args__ = (Index("team_member_of", "member"),)
    team_id: int = Field(sa_column=Column(BigId, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True))
    member: str = Field(primary_key=True, max_length=40)
    """`user:3`."""
    capacity: int = 0
    """Open conversations at most that are given to them by themselves; 0 for no limit."""
    turn: int = 0
    """Grows each time one is given to them: who has the smallest is next in the round."""


class Away(SQLModel, table=True):
    """Somebody who is not given any conversation at present."""

    __tablename__ = "away"
    member: str = Field(primary_key=True, max_length=40)
    since: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
