"""Labels: by words and by example, how well they are learnt, and how much carries them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from inbox import visibility
from sentiment import labels
from sentiment.examples import store
from sentiment.examples.fit import Measure
from sentiment.models import Label
from sentiment.themes.trend import Trend
from web import topics
from web.api.v1.change import Changing
from web.api.v1.messages import many
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Number, Text
from web.api.v1.threads import OneMessage
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/labels"
TAG = "labels"
DOUBTFUL = 20

router = _router()
Reading = Annotated[Reader, Depends(allow("listening.read"))]
Managing = Annotated[Reader, Depends(allow("listening.manage"))]
Teaching = Annotated[Reader, Depends(allow("labels.teach"))]
Side = Literal["for", "against", "none"]
Terms = Annotated[list[Text], Field(max_length=500)]


class Course(BaseModel):
    """Whether more is written about something than before; of messages that the token's owner sees."""

    state: Literal["emerging", "rising", "stable", "falling"]
    week: int = Field(description="Messages of the last seven days, today among them.")
    week_before: int
    month: int = Field(description="Messages of the last thirty days.")
    days: list[int] = Field(description="Messages of each of these thirty days, today last.")

    @classmethod
    def of(cls, trend: Trend) -> Course:
        """Of a trend."""
        return cls.model_validate(
            {"state": trend.state, "week": trend.now, "week_before": trend.before, "month": trend.month,
             "days": list(trend.shown)}
        )  # fmt: skip


class Learnt(BaseModel):
    """What became of a label's examples."""

    problem: str = Field(description="Why nothing was learnt; empty when something was, or nothing was to be.")
    looked_at: float = Field(description="Share of the stored messages looked at since the label changed, 0 to 1.")
    held_back: int | None = Field(description="Examples held back to measure by; null: nothing was learnt.")
    found: int | None = Field(description="Of them, those that were found.")
    wrong: int | None = Field(description="Messages that were found and should not have been.")
    precision: float | None
    recall: float | None


class OneLabel(BaseModel):
    """A class of messages, defined by words, by examples, or by both."""

    id: int
    name: str = Field(description="What messages carry in `labels`.")
    terms: list[str] = Field(description="Words, phrases and beginnings of words (`deliver*`).")
    enabled: bool
    examples: int
    counterexamples: int
    learnt: Learnt
    trend: Course


class Example(BaseModel):
    """A message that stands for a label, or against it."""

    message_id: int
    side: Literal["for", "against"]


class NewLabel(Given):
    """A label; without terms it learns from examples alone."""

    name: Text = Field(min_length=1, max_length=80)
    terms: Terms = Field(default_factory=list)


class OtherLabel(Given):
    """What changes about a label; stored messages follow in the background."""

    terms: Terms | None = None
    enabled: bool | None = None


class Named(Given):
    """Messages to learn from."""

    messages: list[Number] = Field(min_length=1, max_length=store.MOST)
    side: Side = Field("for", description="none: they are no examples any more.")


class Lesson(Given):
    """Of which label one message is an example."""

    label: Number
    side: Side = Field("for", description="none: it is no example any more.")


@router.get(HERE, tags=[TAG])
def index(reader: Reading) -> All[OneLabel]:
    """Every label by name, with how well it is learnt and how much carries it."""
    with db.read() as session:
        return All(items=_shown(session, reader, list(labels.all_labels(session))))


@router.get(f"{HERE}/{{label_id}}", tags=[TAG])
def one(reader: Reading, label_id: Id) -> OneLabel:
    """One label."""
    with db.read() as session:
        return _shown(session, reader, [_label(session, label_id)])[0]


def _shown(session: Session, reader: Reader, found: list[Label]) -> list[OneLabel]:
    trends, learnt, counts = topics.by_label(session, reader), store.learnt(session), store.counts(session)
    return [
        OneLabel(
            id=one.id or 0, name=one.name, terms=one.terms, enabled=one.enabled,
            examples=counts.get(one.id or 0, (0, 0))[0], counterexamples=counts.get(one.id or 0, (0, 0))[1],
            learnt=_learnt(learnt[one.id or 0]), trend=Course.of(trends.get(one.name, topics.NOTHING)),
        )
        for one in found
    ]  # fmt: skip


def _learnt(found: store.Learnt) -> Learnt:
    measure: Measure | None = found.measure
    return Learnt(
        problem=found.problem, looked_at=found.share,
        held_back=measure.examples if measure else None, found=measure.right if measure else None,
        wrong=measure.wrong if measure else None, precision=measure.precision if measure else None,
        recall=measure.recall if measure else None,
    )  # fmt: skip


def _label(session: Session, label_id: int) -> Label:
    found = session.get(Label, label_id)
    if found is None:
        raise Refused(404)
    return found


@router.get(f"{HERE}/{{label_id}}/examples", tags=[TAG])
def examples(reader: Reading, label_id: Id) -> All[Example]:
    """Its examples and counter-examples, newest first; those in conversations that the token's owner sees."""
    with db.read() as session:
        named = store.of(session, _label(session, label_id).id or 0)
        seen = visibility.messages_of(session, reader.sight, [one.message_id for one in named])
    return All(
        items=[
            Example(message_id=one.message_id, side="for" if one.positive else "against")
            for one in named
            if one.message_id in seen
        ]
    )


@router.get(f"{HERE}/{{label_id}}/doubtful", tags=[TAG])
def doubtful(reader: Reading, label_id: Id) -> All[OneMessage]:
    """New messages of which the label is least sure: each teaches it the most. At most 20."""
    with db.read() as session:
        _label(session, label_id)
        return All(items=many(session, store.doubtful(session, label_id, DOUBTFUL, sight=reader.sight)))


# --- deeds --------------------------------------------------------------------------------------------


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Managing, body: NewLabel) -> Response:
    """A new label; stored messages get it in the background."""

    def work(session: Session) -> Made:
        return Made(id=labels.create(session, body.name, body.terms, actor=reader.actor, by_example=True))

    return change.do(work, 201)


@router.post(f"{HERE}/{{label_id}}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Managing, label_id: Id, body: OtherLabel) -> Response:
    """Give a label other terms, or switch it on or off; stored messages follow in the background."""

    def work(session: Session) -> Changed:
        label, changed = _label(session, label_id), body.terms is not None or body.enabled is not None
        if changed:
            labels.update(session, label.name, body.terms, body.enabled, reader.actor)
        return Changed(id=label_id, changed=changed)

    return change.do(work)


@router.post(f"{HERE}/{{label_id}}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Managing, label_id: Id) -> Response:
    """Remove a label with its examples."""

    def work(session: Session) -> Changed:
        labels.remove(session, _label(session, label_id).name, reader.actor)
        return Changed(id=label_id, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{label_id}}/examples", tags=[TAG], response_model=Changed)
def name_examples(change: Changing, reader: Managing, label_id: Id, body: Named) -> Response:
    """Name messages as examples or counter-examples of a label; it is learnt anew in the background."""

    def work(session: Session) -> Changed:
        label = _label(session, label_id)
        return Changed(id=label_id, changed=_taught(session, label, body.messages, body.side, reader))

    return change.do(work)


@router.post("/api/v1/messages/{message_id}/teach", tags=[TAG], response_model=Changed)
def teach(change: Changing, reader: Teaching, message_id: Id, body: Lesson) -> Response:
    """Make one message an example or a counter-example of a label, or take that back."""

    def work(session: Session) -> Changed:
        if not store.usable(session, [message_id], reader.sight):
            raise Refused(404)
        label = session.get(Label, body.label)
        if label is None:
            raise Refused(422, "There is no such label.", "rejected")
        return Changed(id=message_id, changed=_taught(session, label, [message_id], body.side, reader))

    return change.do(work)


def _taught(session: Session, label: Label, messages: list[int], side: Side, reader: Reader) -> bool:
    if side == "none":
        seen = sorted(visibility.messages_of(session, reader.sight, messages))
        return any([store.take_back(session, label, one, reader.actor) for one in seen])
    store.add(session, label, messages, positive=side == "for", actor=reader.actor, sight=reader.sight)
    return True
