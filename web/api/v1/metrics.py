"""Figures about answering, the same as on the page and in its CSV (docs/metrics.md)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from core import db
from inbox.metrics.figures import Figures, Times
from listening.figures.period import period
from web import performance
from web.api.v1.route import router as _router
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/metrics"
TAG = "metrics"

router = _router()
Reading = Annotated[Reader, Depends(allow("metrics.own"))]
Word = Annotated[str, Query(max_length=120)]
By = Literal["agent", "team", "account", "platform", "language", "tag", "priority"]


class Wanted(BaseModel):
    """Of which days and conversations; days are those of the time zone."""

    model_config = ConfigDict(extra="forbid")
    since: str = Query("", alias="from", pattern=r"^(\d{4}-\d\d-\d\d|)$", description="First day; 30 days back.")
    until: str = Query("", alias="to", pattern=r"^(\d{4}-\d\d-\d\d|)$", description="Last day; today.")
    timezone: str = Query("UTC", max_length=60, description="A name of the IANA database.")
    by: By = "agent"
    agent: Word = ""
    team: int = Query(0, ge=0, lt=2**53)
    account: int = Query(0, ge=0, lt=2**53)
    platform: Word = ""
    language: Word = ""
    tag: Word = ""
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


@router.get(HERE, tags=[TAG])
def figures(reader: Reading, wanted: Annotated[Wanted, Query()]) -> Answering:
    """How well customers are answered; who may see only their own figures gets those."""
    span = period(wanted.since or None, wanted.until or None, wanted.timezone)
    names = ("platform", "language", "tag", "priority", "agent", "by")
    given: dict[str, Any] = {name: getattr(wanted, name) for name in names}
    given |= {"team": str(wanted.team or ""), "account": str(wanted.account or "")}
    asked = performance.narrowed(reader, given, span)
    with db.read() as session:
        sheet = performance.sheet(session, reader, asked)
    before = span.previous
    return Answering(
        period={"from": span.first.isoformat(), "to": span.last.isoformat()},
        previous_period={"from": before.first.isoformat(), "to": before.last.isoformat()},
        by=asked.by,
        total=_group("", "", sheet.whole),
        previous=_group("", "", sheet.before),
        groups=[_group(row.key, row.name, row.figures) for row in sheet.rows],
        by_day=sheet.days,
    )


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
