"""A few figures of many subjects at once: for the lists of subjects and of reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox import visibility
from inbox.models import Message
from inbox.visibility import Sight
from listening.figures.period import Period, date_of, day_of, hour_of
from listening.figures.scope import by_subject
from listening.figures.tally import Tally, tallies


@dataclass(frozen=True)
class Glance:
    """One subject in one period; `days` has every day."""

    days: list[tuple[date, Tally]] = field(default_factory=list)
    before: int = 0
    """Messages in the period before."""

    @property
    def tally(self) -> Tally:
        """The period as a whole."""
        return sum((tally for _, tally in self.days), Tally())

    @property
    def counts(self) -> list[int]:
        """Messages of each day."""
        return [tally.messages for _, tally in self.days]


def glances(session: Session, subject_ids: Sequence[int], span: Period, *, sight: Sight) -> dict[int, Glance]:
    """Every subject by its id; only what the reader sees counts."""
    if not subject_ids:
        return {}
    found: dict[int, list[tuple[int, str, int]]] = {one: [] for one in subject_ids}
    for subject_id, day, sentiment, number in session.execute(_statement(subject_ids, span, sight)):
        found[int(subject_id)].append((int(day), sentiment, int(number)))
    return {one: _glance(rows, span) for one, rows in found.items()}


def _glance(rows: list[tuple[int, str, int]], span: Period) -> Glance:
    by_day = {date_of(day): tally for day, tally in tallies(rows).items()}
    before = sum(tally.messages for day, tally in by_day.items() if day < span.first)
    return Glance([(day, by_day.get(day, Tally())) for day in span.each()], before)


def _statement(subject_ids: Sequence[int], span: Period, sight: Sight) -> Any:
    m = db.table(Message)
    hour = hour_of(m.c.posted_at, span.previous.start, span.end, span.zone)
    heard = (
        sa.select(m.c.id, m.c.sentiment, day_of(hour).label("day"))
        .where(~m.c.erased, m.c.posted_at >= span.previous.start, m.c.posted_at < span.end, *visibility.messages(sight))
        .cte("heard")
        .prefix_with("MATERIALIZED")
    )
    return by_subject(heard, subject_ids, heard.c.day, heard.c.sentiment)
