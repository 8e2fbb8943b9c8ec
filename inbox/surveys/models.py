"""Tables of surveys: columns only; verbs are in the modules beside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def _ref(target: str, *, ondelete: str | None = None, null: bool = False, unique: bool = False) -> Any:
    column = Column(BigId, ForeignKey(target, ondelete=ondelete), nullable=null, unique=unique)
    return Field(default=None, sa_column=column)


def _json(default: Any) -> Any:
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null))


class Survey(SQLModel, table=True):
    """What is asked, in which words, of whom; off until somebody switches it on."""

    __tablename__ = "survey"
    id: int | None = _id()
    name: str = Field(max_length=80)
    place: int = 0
    """The first in order that fits a conversation is sent."""
    enabled: bool = False
    removed: bool = False
    """Kept for its name and its answers."""
    kind: str = Field(max_length=10)
    """csat, thumbs, nps, ces or own: what the first question measures."""
    questions: list[dict[str, Any]] = _json(list)
    """As inbox.surveys.questions writes them."""
    texts: dict[str, dict[str, str]] = _json(dict)
    """By language: invitation, thanks."""
    conditions: dict[str, Any] = _json(dict)
    """A filter as inbox.conditions.tree writes it; empty for every conversation."""
    delay: int = 10
    """Minutes between closing and sending."""
    rest: int = 30
    """Days for which a person who was asked is not asked again."""
    valid: int = 14
    """Days for which the link holds."""
    public: bool = False
    """The link may stand in a public answer where there is no private one."""
    since: datetime = _time(null=False)
    """What was closed before is not touched."""
    changed_by: str = Field(max_length=40)
    changed_at: datetime = _time(null=False)


class SurveyInvitation(SQLModel, table=True):
    """One closing for which somebody is asked, or why not."""

    __tablename__ = "survey_invitation"
    __table_args__ = (
        Index("survey_invitation_asked", "identity_id", "sent_at"),
        Index("survey_invitation_survey", "survey_id", "id"),
        Index("survey_invitation_conversation", "conversation_id"),
    )
    id: int | None = _id()
    survey_id: int = _ref("survey.id")
    conversation_id: int = _ref("conversation.id", ondelete="CASCADE")
    identity_id: int | None = _ref("identity.id", ondelete="CASCADE", null=True)
    closing: int = Field(sa_column=Column(BigId, nullable=False, unique=True))
    """The activity that closed it: asked once for it, whatever is repeated."""
    actor: str = Field(max_length=40)
    """Who closed it."""
    state: str = Field(default="waiting", max_length=10)
    """waiting, sent (handed to replies), unsent or withdrawn."""
    reason: str = Field(default="", max_length=20)
    """Why it was not sent: one of inbox.surveys.sending.REASONS."""
    language: str = Field(default="", max_length=10)
    digest: str | None = Field(default=None, max_length=64, unique=True)
    """A keyed hash of the link's token."""
    reply_id: int | None = _ref("reply.id", null=True)
    made_at: datetime = _time(null=False)
    sent_at: datetime | None = _time()
    expires_at: datetime | None = _time()


class SurveyAnswer(SQLModel, table=True):
    """What was answered to one invitation, in the words that were shown."""

    __tablename__ = "survey_answer"
    __table_args__ = (
        Index("survey_answer_conversation", "conversation_id", "id"),
        Index("survey_answer_identity", "identity_id", "id"),
        Index("survey_answer_at", "answered_at"),
    )
    id: int | None = _id()
    invitation_id: int = _ref("survey_invitation.id", ondelete="CASCADE", unique=True)
    survey_id: int = _ref("survey.id")
    conversation_id: int = _ref("conversation.id", ondelete="CASCADE")
    identity_id: int | None = _ref("identity.id", ondelete="CASCADE", null=True)
    kind: str = Field(max_length=10)
    """The survey's."""
    score: int | None = None
    """Of the first question, in its scale; None for own questions."""
    verdict: str = Field(default="", max_length=10)
    """good, middle or bad; empty without a score."""
    answers: list[dict[str, Any]] = _json(list)
    """One per question on the way: id, kind, ask, value, said."""
    language: str = Field(default="", max_length=10)
    finished: bool = False
    answered_at: datetime = _time(null=False)
    changed_at: datetime = _time(null=False)
