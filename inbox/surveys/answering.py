"""Answering by link: what a token leads to, and an answer put down; nothing counts before somebody confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, outbox, rows
from inbox import activities, visibility
from inbox.models import Conversation
from inbox.surveys import questions
from inbox.surveys.models import Survey, SurveyAnswer, SurveyInvitation
from inbox.surveys.questions import Question, Value
from inbox.surveys.sending import digest
from inbox.visibility import Sight

CHANGEABLE = timedelta(hours=1)
"""So long an answer can be changed."""
STATES = ("open", "over", "expired", "gone")
"""It can be answered; it was and can no longer be changed; the link no longer holds; there is none, or no more."""


@dataclass(frozen=True)
class Asked:
    """What a link leads to."""

    state: str
    invitation: SurveyInvitation | None = None
    survey: Survey | None = None
    answer: SurveyAnswer | None = None

    @property
    def questions(self) -> list[Question]:
        """What is asked."""
        return questions.read(self.survey.questions) if self.survey is not None else []

    @property
    def values(self) -> dict[str, Value]:
        """What was answered, by question."""
        return {one["id"]: one["value"] for one in self.answer.answers} if self.answer is not None else {}


GONE = Asked("gone")


def find(session: Session, token: str, *, lock: bool = False) -> Asked:
    """What a link's token leads to now."""
    if not 0 < len(token) <= 100:
        return GONE
    i, a = db.table(SurveyInvitation), db.table(SurveyAnswer)
    query = sa.select(SurveyInvitation).where(i.c.digest == digest(token))
    row = session.scalars(query.with_for_update() if lock else query).first()
    survey = session.get(Survey, row.survey_id) if row is not None else None
    if row is None or survey is None:
        return GONE
    answer = session.scalars(sa.select(SurveyAnswer).where(a.c.invitation_id == row.id)).first()
    return Asked(_state(row, answer), row, survey, answer)


def _state(row: SurveyInvitation, answer: SurveyAnswer | None) -> str:
    moment = db.now()
    if answer is not None:
        return "open" if moment < answer.answered_at + CHANGEABLE else "over"
    return "open" if row.expires_at is not None and moment < row.expires_at else "expired"


def put(session: Session, token: str, question_id: str, given: Sequence[str], language: str) -> Asked:
    """Put one answer down; returns how the survey stands then. Rejected says what is wrong with the answer.

    Nothing is put down where the link no longer holds. The first answer is told: in the thread, to rules and programs.
    """
    asked = find(session, token, lock=True)
    if asked.state != "open" or asked.invitation is None or asked.survey is None:
        return asked
    found = asked.questions
    one = next((each for each in found if each.id == question_id), None)
    if one is None:
        return asked
    value = questions.answer(one, given)
    values = {**asked.values, one.id: value}
    done, after = questions.way(found, values)
    if one.id not in done:  # answered out of turn
        return asked
    before = {each["id"]: each for each in asked.answer.answers} if asked.answer is not None else {}
    put_down = {**before, one.id: _written(one, value, language)}
    answer = _kept(session, asked, [put_down[each] for each in done], language, finished=not after)
    _tell(session, asked, answer)
    return Asked("open", asked.invitation, asked.survey, answer)


def _written(one: Question, value: Value, language: str) -> dict[str, Any]:
    """An answer with the words that were shown."""
    ask = str(one.texts.get(language, {}).get("ask", ""))
    return {"id": one.id, "kind": one.kind, "top": one.top, "ask": ask, "value": value,
            "said": questions.said(one, value, language)}  # fmt: skip


def _kept(
    session: Session, asked: Asked, answers: list[dict[str, Any]], language: str, *, finished: bool
) -> SurveyAnswer:
    assert asked.invitation is not None  # noqa: S101  # as `put` made sure
    assert asked.survey is not None  # noqa: S101
    moment = db.now()
    row = asked.answer or SurveyAnswer(
        invitation_id=asked.invitation.id or 0, survey_id=asked.invitation.survey_id, kind=asked.survey.kind,
        conversation_id=asked.invitation.conversation_id, identity_id=asked.invitation.identity_id,
        answered_at=moment, changed_at=moment,
    )  # fmt: skip
    score = next((each["value"] for each in answers if each["id"] == questions.SCORE), None)
    row.score = score if isinstance(score, int) else None
    row.verdict = questions.verdict(row.kind, row.score)
    row.answers, row.language, row.changed_at, row.finished = answers, language, moment, finished
    session.add(row)
    session.flush()
    return row


def _tell(session: Session, asked: Asked, answer: SurveyAnswer) -> None:
    if asked.answer is None:
        detail = {"answer": answer.id}
        activities.record(session, {answer.conversation_id: "surveyed"}, f"survey:{answer.survey_id}", detail)
    else:
        activities.changed(session, [answer.conversation_id])
    payload = {"answer_id": answer.id, "conversation_id": answer.conversation_id}
    outbox.emit(session, "survey.answered", [(str(answer.id), payload)])


# --- reading ----------------------------------------------------------------------------------------------


def of_conversation(session: Session, conversation_id: int) -> dict[int, SurveyAnswer]:
    """What was answered about a conversation, by the answer's number."""
    a = db.table(SurveyAnswer)
    found = session.scalars(sa.select(SurveyAnswer).where(a.c.conversation_id == conversation_id))
    return {one.id or 0: one for one in found}


@dataclass(frozen=True, slots=True)
class Rated:
    """An answer as pages about people show it."""

    conversation_id: int
    kind: str
    score: int | None
    verdict: str
    answered_at: datetime


def of_people(session: Session, identity_ids: Sequence[int], *, sight: Sight, limit: int = 20) -> list[Rated]:
    """What somebody answered over all platforms about conversations that the reader sees, the newest first."""
    if not sight.whole:
        a, c = db.table(SurveyAnswer), db.table(Conversation)
        wanted = (a.c.conversation_id, a.c.kind, a.c.score, a.c.verdict, a.c.answered_at)
        query = sa.select(*wanted).join(c, c.c.id == a.c.conversation_id)
        query = query.where(a.c.identity_id.in_(identity_ids), *visibility.seen(sight)).order_by(a.c.id.desc())
        return [Rated(*row) for row in session.execute(query.limit(limit))]
    sql = (
        f"SELECT {rows.columns(Rated)} FROM survey_answer WHERE {bulk.among('identity_id')} "  # noqa: S608  # our names
        f"ORDER BY id DESC LIMIT ?"
    )
    return rows.read(session, Rated, sql, bulk.listed(identity_ids), limit)
