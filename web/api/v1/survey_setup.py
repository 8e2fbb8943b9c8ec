"""Surveys: made, changed, put in order, switched on and off, taken away; whom they were sent to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Response
from pydantic import Field
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import visibility
from inbox.conditions import tree
from inbox.conditions.tree import EVERYTHING
from inbox.surveys import questions, sending, store
from inbox.surveys.models import Survey
from inbox.surveys.questions import Branch, Question
from inbox.surveys.store import Wanted, Wrong
from web import survey_form
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import Changed, Cursor, Given, Id, Limit, Made, Moment, Page, Shown, Text
from web.api.v1.surveys import HERE, TAG, Kind
from web.i18n import LANGUAGES
from web.permissions import allow
from web.reader import Reader

TWICE = "Two questions have this id."
FIRST = "The first question measures: its id is `score`, and its kind is that of the survey."

router = _router()
Managing = Annotated[Reader, Depends(allow("surveys.manage"))]
Language = Annotated[str, Field(pattern=f"^({'|'.join(LANGUAGES)})$")]
Ask = Annotated[Text, Field(max_length=questions.ASK)]
GO = "Id of a later question, or `end`."


class NewBranch(Given):
    """Where an answer leads."""

    op: Literal["is", "at_most", "at_least"]
    value: int = Field(ge=0, le=100, description="A score, a number of a scale, or the number of an option from 1 on.")
    go: str = Field(pattern="^(score|end|q[0-9]{1,4})$", description=GO)


class QuestionTexts(Given):
    """A question in one language."""

    ask: Ask
    low: Ask = Field("", description="What the smallest number means.")
    high: Ask = ""
    options: list[Annotated[Text, Field(max_length=questions.OPTION)]] = Field(
        default_factory=list, max_length=questions.OPTIONS, description="Of choice and choices: 2 to 12."
    )


class NewQuestion(Given):
    """What is asked."""

    id: str = Field(pattern="^(score|q[0-9]{1,4})$", description="`score` of what is measured, else q1, q2 …")
    kind: Literal["csat", "thumbs", "nps", "ces", "choice", "choices", "scale", "text"]
    texts: dict[Language, QuestionTexts]
    needed: bool = True
    top: int = Field(5, ge=2, le=10, description="The largest number of a scale that begins with 1.")
    branches: list[NewBranch] = Field(default_factory=list, max_length=questions.BRANCHES)

    def question(self) -> Question:
        """As the inbox keeps it."""
        words: dict[str, dict[str, Any]] = {}
        for language, texts in self.texts.items():
            words[language] = texts.model_dump(exclude=set() if self.kind in ("choice", "choices") else {"options"})
        branches = tuple(Branch(one.op, one.value, one.go) for one in self.branches)
        return Question(self.id, self.kind, words, self.needed, self.top, branches)


class SurveyTexts(Given):
    """What stands around the questions in one language."""

    invitation: Text = Field(min_length=1, max_length=store.INVITATION, description="With {link}, or {link:5}.")
    thanks: Text = Field("", max_length=store.THANKS)


class Setup(Given):
    """A survey as a whole."""

    name: Text = Field(min_length=1, max_length=store.NAME)
    questions: list[NewQuestion] = Field(min_length=1, max_length=questions.MOST)
    texts: dict[Language, SurveyTexts] = Field(min_length=1)
    conditions: dict[str, Any] = Field(
        default_factory=dict, description="After which conversations; a filter tree, {} for all."
    )
    delay: int = Field(10, ge=0, le=43_200, description="Minutes between closing and sending.")
    rest: int = Field(30, ge=0, le=3_650, description="Days for which who was asked is not asked again.")
    valid: int = Field(14, ge=1, le=365, description="Days for which the link holds.")
    public: bool = Field(False, description="The link may stand in a public answer where there is no private one.")


class NewSurvey(Given):
    """A new survey in our words, in three languages; `POST /surveys/{id}` changes it."""

    name: Text = Field(min_length=1, max_length=store.NAME)
    kind: Kind = Field(description="What it measures; it stays as it is.")


class Switch(Given):
    """On or off."""

    enabled: bool


class Invitation(Shown):
    """Whom a survey asked, or not."""

    id: int
    conversation_id: int
    state: str
    reason: str = Field(description="Why it was not sent.")
    made_at: Moment
    sent_at: Moment | None


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Managing, body: NewSurvey) -> Response:
    """Make a survey in our words, switched off, the last to be asked."""

    def work(session: Session) -> Made:
        return Made(
            id=store.save(session, None, body.kind, survey_form.begun(body.kind, body.name), reader.actor)
        )  # fmt: skip

    return change.do(work, 201)


@router.post(HERE + "/{survey_id}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Managing, survey_id: Id, body: Setup) -> Response:
    """Change a survey as a whole; answers that were given stay as they were given."""

    def work(session: Session) -> Changed:
        row = _survey(session, survey_id)
        store.save(session, survey_id, row.kind, _wanted(body, row.kind), reader.actor)
        return Changed(id=survey_id, changed=True)

    return change.do(work)


@router.post(HERE + "/{survey_id}/switch", tags=[TAG], response_model=Changed)
def switch(change: Changing, reader: Managing, survey_id: Id, body: Switch) -> Response:
    """Switch a survey on or off; what was closed before it was switched on is not touched."""

    def work(session: Session) -> Changed:
        _survey(session, survey_id)
        return Changed(id=survey_id, changed=store.switch(session, survey_id, reader.actor, on=body.enabled))

    return change.do(work)


@router.post(HERE + "/{survey_id}/up", tags=[TAG], response_model=Changed)
def up(change: Changing, reader: Managing, survey_id: Id) -> Response:
    """Have a survey asked one place earlier: the first that fits a conversation is sent."""

    def work(session: Session) -> Changed:
        _survey(session, survey_id)
        before = [one.id for one in store.every(session)]
        store.move(session, survey_id, reader.actor)
        return Changed(id=survey_id, changed=before != [one.id for one in store.every(session)])

    return change.do(work)


@router.post(HERE + "/{survey_id}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Managing, survey_id: Id) -> Response:
    """Ask it no more; what was answered stays."""

    def work(session: Session) -> Changed:
        _survey(session, survey_id)
        store.remove(session, survey_id, reader.actor)
        return Changed(id=survey_id, changed=True)

    return change.do(work)


@router.get(HERE + "/{survey_id}/invitations", tags=[TAG])
def invitations(reader: Managing, survey_id: Id, cursor: Cursor = "", limit: Limit = 50) -> Page[Invitation]:
    """After which conversations a survey was sent, or was not and why, newest first; of those the owner sees."""
    place = shapes.place(cursor)
    with db.read() as session:
        _survey(session, survey_id)
        found = sending.of_survey(session, survey_id, shapes.number(place[0]) if place else 0, limit + 1)
        seen = visibility.of(session, reader.sight, [one.conversation_id for one in found])
    items = [Invitation.model_validate(one) for one in found[:limit] if one.conversation_id in seen]
    return Page(items=items, next=shapes.mark(found[limit - 1].id) if len(found) > limit else None)


def _survey(session: Session, survey_id: int) -> Survey:
    try:
        return store.get(session, survey_id)
    except Rejected as error:
        raise Refused(404) from error


def _wanted(body: Setup, kind: str) -> Wanted:
    asked = [one.question() for one in body.questions]
    ids = [one.id for one in asked]
    for place, one in enumerate(ids):
        if one in ids[:place]:
            raise Wrong(one, TWICE)
        if (one == questions.SCORE) != (place == 0 and kind != "own"):
            raise Wrong(one, FIRST)
    texts = {language: words.model_dump() for language, words in body.texts.items()}
    group = tree.read(body.conditions) if body.conditions else EVERYTHING
    return Wanted(body.name, asked, texts, group, body.delay, body.rest, body.valid, body.public)
