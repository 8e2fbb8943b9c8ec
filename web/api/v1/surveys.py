"""Surveys and what was answered to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Depends
from pydantic import BaseModel, Field

from core import db
from inbox import visibility
from inbox.models import Conversation
from inbox.surveys import store
from inbox.surveys.models import Survey, SurveyAnswer
from web.api.v1 import shapes
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Cursor, Id, Limit, Moment, Page, Shown
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/surveys"
TAG = "surveys"

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Kind = Literal["csat", "thumbs", "nps", "ces", "own"]


class OneSurvey(Shown):
    """What customers are asked."""

    id: int
    name: str
    kind: Kind
    enabled: bool
    questions: list[dict[str, Any]] = Field(description="In their order, with their texts by language.")
    texts: dict[str, dict[str, str]] = Field(description="By language: `invitation` and `thanks`.")
    conditions: dict[str, Any] = Field(description="After which conversations; a filter tree, {} for all.")
    delay: int = Field(description="Minutes between closing and sending.")
    rest: int = Field(description="Days for which who was asked is not asked again.")
    valid: int = Field(description="Days for which the link holds.")
    public: bool = Field(description="The link may stand in a public answer where there is no private one.")


class Said(BaseModel):
    """The answer to one question, in the words that were shown."""

    id: str
    kind: str
    ask: str
    value: int | str | list[int] | None
    said: str


class OneAnswer(Shown):
    """What somebody answered."""

    id: int
    survey_id: int
    conversation_id: int
    identity_id: int | None
    kind: Kind
    score: int | None
    verdict: Literal["good", "middle", "bad", ""]
    finished: bool
    language: str
    answered_at: Moment
    changed_at: Moment
    answers: list[Said]


@router.get(HERE, tags=[TAG])
def index(reader: Reading) -> All[OneSurvey]:
    """Every survey, in the order in which they are asked."""
    with db.read() as session:
        return All(items=[OneSurvey.model_validate(one) for one in store.every(session)])


@router.get(HERE + "/{survey_id}", tags=[TAG])
def one(reader: Reading, survey_id: Id) -> OneSurvey:
    """One survey with its questions and texts."""
    with db.read() as session:
        row = session.get(Survey, survey_id)
        if row is None or row.removed:
            raise Refused(404)
        return OneSurvey.model_validate(row)


@router.get(HERE + "/{survey_id}/answers", tags=[TAG])
def answers(reader: Reading, survey_id: Id, cursor: Cursor = "", limit: Limit = 50) -> Page[OneAnswer]:
    """What was answered to a survey, the newest first; about private conversations only for who may read them."""
    place = shapes.place(cursor)
    a, c = db.table(SurveyAnswer), db.table(Conversation)
    query = sa.select(SurveyAnswer).where(a.c.survey_id == survey_id).order_by(a.c.id.desc()).limit(limit + 1)
    if place:
        query = query.where(a.c.id < shapes.number(place[0]))
    query = query.join(c, c.c.id == a.c.conversation_id).where(*visibility.seen(reader.sight))
    with db.read() as session:
        if session.get(Survey, survey_id) is None:
            raise Refused(404)
        found = list(session.scalars(query))
    onward = shapes.mark(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[OneAnswer.model_validate(one) for one in found[:limit]], next=onward)
