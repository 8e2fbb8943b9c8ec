"""Which annotator rates messages, how good and how quick it is here, and how its answers move."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from sentiment import active, card, coverage, drift, fitted, passes, speed
from web.api.v1.change import Changing
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Made, Moment, Shown
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/model"
TAG = "model"

router = _router()
Reading = Annotated[Reader, Depends(allow("model.read"))]
Managing = Annotated[Reader, Depends(allow("model.manage"))]


class Again(Shown):
    """Stored messages rated again, from the newest to the oldest."""

    total: int
    done: int
    changed: int
    started_at: Moment
    ended_at: Moment | None


class LastWord(Shown):
    """Who rated a message last."""

    model: str
    version: str
    at: Moment


class Covered(Shown):
    """What others wrote in one language in the last 90 days, and what became of it."""

    language: str = Field(description="und: nobody could tell.")
    n: int
    rated: int
    unsure: int
    corrected: int = Field(description="Messages whose sentiment people said to be another.")
    disagreement: tuple[float, float, float] = Field(
        description="Share of the rated that people corrected, with its 95 % confidence interval."
    )


class Corrected(Shown):
    """How often people said something else, and how often they confirmed the annotator."""

    task: str
    changed: int
    confirmed: int


class Speed(Shown):
    """What one annotator did in the last 24 hours."""

    model: str
    messages: int
    seconds: float
    per_second: float


class Measure(Shown):
    """Agreement of the shipped model with one labelled set in one language."""

    task: str
    language: str
    set: str
    n: int
    macro_f1: float
    low: float = Field(description="Of the 95 % confidence interval, as `high`.")
    high: float
    calibration_error: float | None


class Model(BaseModel):
    """The annotator in use and its figures."""

    name: str = Field(description="embedded, lexicon or hub:MODEL.")
    error: str = Field(description="Why it could not be loaded and the lexicon stands in; empty when all is well.")
    heads: str = Field(description="Version of the heads that learnt from corrections here; empty: the shipped ones.")
    last: LastWord | None
    again: Again | None
    covered: list[Covered]
    corrected: list[Corrected]
    speeds: list[Speed]
    measures: list[Measure]


class Week(Shown):
    """One week of one language; shares are fractions of n."""

    start: date
    language: str
    n: int
    negative: float
    neutral: float
    positive: float
    unsure: float
    confidence: float
    corrected: float
    stability: float | None = Field(description="Population stability index against the language's first four weeks.")


@router.get(HERE, tags=[TAG])
def index(reader: Reading) -> Model:
    """The annotator in use, how good it is said to be, and how it does here."""
    with db.read() as session:
        state, last, again = active.state(session), coverage.last_word(session), passes.newest(session)
        return Model(
            name=state.name, error=state.error, heads=fitted.chosen(session),
            last=LastWord.model_validate(last) if last else None,
            again=Again.model_validate(again) if again else None,
            covered=[Covered.model_validate(one) for one in coverage.covered(session)],
            corrected=[Corrected.model_validate(one) for one in coverage.corrected(session)],
            speeds=[Speed.model_validate(one) for one in speed.lately(session)],
            measures=[Measure.model_validate(one) for one in card.card().measures],
        )  # fmt: skip


@router.get(f"{HERE}/drift", tags=[TAG])
def weeks(reader: Reading, number: Annotated[int, Query(ge=1, le=52, description="Weeks.")] = 8) -> All[Week]:
    """How its answers move, week by week and language by language, the oldest week first."""
    with db.read() as session:
        found = drift.weeks(session, number=number)
    return All(items=[Week.model_validate(one.as_dict()) for one in found])


@router.post(f"{HERE}/again", tags=[TAG], response_model=Made, status_code=201)
def rate_again(change: Changing, reader: Managing) -> Response:
    """Have stored messages rated by the annotator in use, in the background; answers with the pass's number."""

    def work(session: Session) -> Made:
        return Made(id=passes.begin(session, reader.actor).id or 0)

    return change.do(work, 201)
