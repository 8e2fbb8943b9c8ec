"""Tables of the annotator's upkeep: what people corrected, passes over what is stored, how quick it is here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class Correction(SQLModel, table=True):
    """What a person says about one version of a message; it overrides the annotator's word and later trains it."""

    __tablename__ = "correction"
    __table_args__ = (UniqueConstraint("message_id", "message_version", "task", name="correction_once"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), nullable=False))
    message_version: int
    task: str = Field(max_length=20)
    """One of `sentiment.answers.ASKED`."""
    label: str = Field(max_length=20)
    was: str = Field(max_length=20)
    """What the annotator had said; the same as the label when somebody confirmed it."""
    author: str
    """Who says so: `user:3` or `cli`."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class AnnotationPass(SQLModel, table=True):
    """One pass of the annotator over what is stored, from the newest message to the oldest."""

    __tablename__ = "annotation_pass"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    since: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """Messages written before this moment are left alone."""
    rated_since: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """Only what was annotated from this moment on, by whichever annotator, is looked at."""
    below: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    """Messages with this number and above are done; None: it has not begun."""
    total: int = 0
    """Messages that were to be looked at when it began."""
    done: int = 0
    changed: int = 0
    """Messages whose facts are others than before."""
    actor: str = ""
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class HeadsChoice(SQLModel, table=True):
    """The heads that were fitted on corrections here and are in use; no row: the shipped ones."""

    __tablename__ = "annotator_heads"
    id: int = Field(default=1, primary_key=True)
    version: str = Field(max_length=40)
    encoder: str = Field(max_length=40)
    """What they were fitted on; another one makes them void."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class AnnotationSpeed(SQLModel, table=True):
    """How many messages an annotator did in an hour here, and how long it took."""

    __tablename__ = "annotation_speed"
    hour: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True))
    model: str = Field(primary_key=True, max_length=200)
    messages: int = 0
    seconds: float = 0.0
