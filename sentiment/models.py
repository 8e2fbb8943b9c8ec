"""What annotators said, the labels people defined, and which annotator is in use."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class AnnotationRow(SQLModel, table=True):
    """One annotator's word on one version of a message.

    `sentiment` is empty where none was asked for (our own and context messages).
    """

    __tablename__ = "annotation"
    __table_args__ = (
        UniqueConstraint("message_id", "message_version", "model", "model_version", name="annotation_once"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), nullable=False))
    message_version: int
    model: str = Field(max_length=200)
    model_version: str = Field(max_length=200)
    language: str = Field(max_length=10)
    language_confidence: float = 0.0
    sentiment: str = ""
    p_neg: float | None = None
    p_neu: float | None = None
    p_pos: float | None = None
    intent: str = ""
    urgency: str = ""
    emotion: str = Field(default="", sa_column_kwargs={"server_default": ""})
    offensive: bool | None = None
    details: dict[str, list[float]] = Field(
        default_factory=dict, sa_column=Column(sa.JSON, nullable=False, server_default="{}")
    )
    """Probabilities of every task a model answered, in the order of its classes."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class MessageEmbedding(SQLModel, table=True):
    """What the newest version of a message means to the model: 384 float16 values of a row of length 1."""

    __tablename__ = "message_embedding"
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True))
    version: int
    model_version: str = Field(max_length=40)
    vector: bytes


class Label(SQLModel, table=True):
    """A class a user defined by words and phrases; it is put on messages that contain one of them."""

    __tablename__ = "label"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(unique=True, max_length=80)
    """What messages carry; stays the same in every language."""
    names: dict[str, str] = Field(default_factory=dict, sa_column=Column(sa.JSON, nullable=False))
    """Names to show, by language code."""
    terms: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Words, phrases and prefixes (`liefer*`)."""
    enabled: bool = True
    version: int = 1
    """Grows with each change of the terms."""


class AnnotatorState(SQLModel, table=True):
    """Which annotator is in use and how it is doing; one row."""

    __tablename__ = "annotator"
    id: int = Field(default=1, primary_key=True)
    name: str = "embedded"
    """`embedded`, `lexicon` or `hub:MODEL`."""
    error: str = ""
    """Why it could not be loaded and the lexicon stands in; empty when all is well."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
