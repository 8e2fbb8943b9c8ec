"""Figures about answering, the same as on the page and in its CSV (docs/metrics.md)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from core import db
from inbox.metrics.figures import Figures, Times
from listening.figures.period import period
from web import performance
from web.api.v1 import shapes
from web.api.v1.reports import Csv
from web.api.v1.route import router as _router
from web.api.v1.shapes import Cursor, Limit, Moment, Page
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/metrics"
TAG = "metrics"

router = _router()
Reading = Annotated[Reader, Depends(allow("metrics.own"))]
Word = Annotated[str, Query(max_length=120)]
Figure = Literal[
    "received", "opened", "closed", "replies", "backlog", "waiting", "first_reply", "reply", "resolution", "csat",
    "nps", "ces", "response", "kept_first", "kept_next", "kept_resolution",
]  # fmt: skip
By = Literal["agent", "team", "account", "platform", "language", "tag", "priority"]


class Wanted(BaseModel):
    """Of which days and conversations; days are those of the time zone."""

    model_config = ConfigDict(extra="forbid")
    since: str = Query("", alias="from", pattern=r"^(\d{4}-\d\d-\d\d|)$", description="First day; 30 days back.")
    until: str = Query("", alias="to", pattern=r"^(\d{4}-\d\d-\d\d|)$", description="Last day; today.")
    timezone: str = Query("UTC", max_length=60, description="A name of the IANA database.")
    by: By = "agent"
    agent: Word = ""
    team: str = Query("", pattern=r"^(\d{1,15}|-|)$", description="A number; - for those without a team.")
    account: int = Query(0, ge=0, lt=2**53)
    platform: Word = ""
    language: Word = Query("", description="- for those of which none is known.")
    tag: Word = Query("", description="- for those without a tag.")
    priority: Word = ""


class Took(BaseModel):
    """How long something took, in seconds."""

    number: int
    median: int
    ninth_decile: int
    mean: int


class Rated(BaseModel):
    """A figure of which nps runs from -100 to 100, ces from 1 to 7, and all others are shares of 1."""

    number: int = Field(description="Of how many answers, surveys that were sent (response), or promises (kept_…).")
    value: float


class Group(BaseModel):
    """The figures of a group; counts, times and ratings by name."""

    key: str
    name: str
    counts: dict[str, int]
    times: dict[str, Took]
    business: dict[str, Took] = Field(description="The times in business hours.")
    ratings: dict[str, Rated] = Field(description="csat, nps, ces, response, kept_first, kept_next, kept_resolution.")


class Answering(BaseModel):
    """The whole, as many days before, groups, and counts by day."""

    period: dict[str, str]
    previous_period: dict[str, str]
    by: str
    total: Group
    previous: Group
    groups: list[Group]
    by_day: dict[str, list[int]]


class Behind(Wanted):
    """Of which figure."""

    figure: Figure


class Listed(Behind):
    """Of which figure, and how many at a time."""

    cursor: Cursor = ""
    limit: Limit = 50


class Piece(BaseModel):
    """One thing a figure counts or measures."""

    conversation_id: int
    customer: str
    excerpt: str = Field(description="Start of the newest inbound message.")
    start: Moment
    end: Moment | None = Field(description="null: it has not ended, or is a moment.")
    seconds: int | None = Field(description="From start to end.")
    business_seconds: int | None = Field(description="The same in the hours of the conversation's team.")
    by: str = Field(description="Who ended it: `user:3`; empty for nobody who is known.")
    score: int | None = Field(description="Of a survey.")
    verdict: str = Field(description="good, middle or bad, of a survey or a promise.")


@router.get(HERE, tags=[TAG])
def figures(reader: Reading, wanted: Annotated[Wanted, Query()]) -> Answering:
    """How well customers are answered; who may see only their own figures gets those."""
    asked = _asked(wanted, reader)
    with db.read() as session:
        sheet = performance.sheet(session, reader, asked)
    span, before = asked.span, asked.span.previous
    return Answering(
        period={"from": span.first.isoformat(), "to": span.last.isoformat()},
        previous_period={"from": before.first.isoformat(), "to": before.last.isoformat()},
        by=asked.by,
        total=_group("", "", sheet.whole),
        previous=_group("", "", sheet.before),
        groups=[_group(row.key, row.name, row.figures) for row in sheet.rows],
        by_day=sheet.days,
    )


@router.get(f"{HERE}.csv", tags=[TAG], response_class=Csv)
def as_csv(reader: Reading, wanted: Annotated[Wanted, Query()]) -> Response:
    """The same as CSV, in UTF-8: one row for each group and figure, times in seconds."""
    with db.read() as session:
        return Csv("\ufeff" + performance.as_csv(performance.sheet(session, reader, _asked(wanted, reader))))


@router.get(f"{HERE}/spans", tags=[TAG])
def spans(reader: Reading, wanted: Annotated[Listed, Query()]) -> Page[Piece]:
    """What a figure is made of, the longest first; the newest first where nothing has a length."""
    place = shapes.place(wanted.cursor)
    after = shapes.number(place[0]) if place else 0
    with db.read() as session:
        found = performance.behind(session, reader, _asked(wanted, reader), wanted.figure)
        rows = performance.shown(session, reader, found[after : after + wanted.limit], wanted.figure)
    onward = after + wanted.limit
    return Page(items=[_piece(row) for row in rows], next=shapes.mark(onward) if onward < len(found) else None)


@router.get(f"{HERE}/spans.csv", tags=[TAG], response_class=Csv)
def spans_csv(reader: Reading, wanted: Annotated[Behind, Query()]) -> Response:
    """The same as CSV, in UTF-8, with the custom fields of the conversations."""
    asked = _asked(wanted, reader)
    with db.read() as session:
        found = performance.behind(session, reader, asked, wanted.figure)
        return Csv("\ufeff" + performance.spans_csv(session, asked, found))


def _asked(wanted: Wanted, reader: Reader) -> performance.Asked:
    span = period(wanted.since or None, wanted.until or None, wanted.timezone)
    names = ("platform", "language", "tag", "priority", "agent", "by", "team")
    given: dict[str, Any] = {name: getattr(wanted, name) for name in names}
    given |= {"account": str(wanted.account or "")}
    return performance.narrowed(reader, given, span)


def _piece(row: performance.Shown) -> Piece:
    one, seconds = row.piece, performance.seconds
    return Piece(
        conversation_id=one.talk.id, customer=row.customer, excerpt=row.excerpt, start=one.start, end=one.end,
        seconds=seconds(one.lasted) if one.end is not None else None,
        business_seconds=seconds(row.business) if one.end is not None else None,
        by=one.actor, score=one.score, verdict=one.verdict,
    )  # fmt: skip


def _group(key: str, name: str, one: Figures) -> Group:
    times = {kind: _took(found) for kind, found in one.times.items()}
    business = {kind: _took(found) for kind, found in one.business.items()}
    ratings = {kind: Rated(number=found.number, value=found.value) for kind, found in one.ratings.items()}
    return Group(key=key, name=name, counts=one.counts, times=times, business=business, ratings=ratings)


def _took(one: Times) -> Took:
    def seconds(length: timedelta) -> int:
        return performance.seconds(length)

    return Took(
        number=one.number, median=seconds(one.median), ninth_decile=seconds(one.ninth), mean=seconds(one.mean)
    )  # fmt: skip
