"""How the annotator's answers move over the weeks, by language: shares, doubt, disagreement of people.

Weeks begin on Monday, in UTC, and hold the messages written in them. Each message counts once, with the newest
word of the annotator on its newest version, whatever people made of it later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import log
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.models import Message
from sentiment.models import AnnotationRow
from sentiment.port import CLASSES
from sentiment.upkeep import Correction

BASE_WEEKS = 4
"""The first weeks of a language, against which later ones are held."""
WEEKS = 13
"""Weeks shown unless others are asked for."""
LEAST = 30
"""Messages below which a week says nothing about drift."""
STABLE, LARGE = 0.1, 0.25
"""Population stability index: below the first all is as it was, above the second much has changed."""
CLASSES_AND_UNSURE = (*CLASSES, "unsure")


@dataclass(frozen=True)
class Week:
    """One week of one language. Shares are fractions of `n`.

    `confidence` is the mean top probability; `corrected` the share of messages whose sentiment people said to be
    another; `stability` the population stability index against the language's first four weeks, None for those
    themselves and where either has too few messages.
    """

    start: datetime
    language: str
    n: int
    negative: float
    neutral: float
    positive: float
    unsure: float
    confidence: float
    corrected: float
    stability: float | None

    @property
    def moved(self) -> str:
        """`` (nothing to say), stable, some, large."""
        if self.stability is None:
            return ""
        return "stable" if self.stability < STABLE else "some" if self.stability < LARGE else "large"

    def as_dict(self) -> dict[str, Any]:
        """For a JSON report."""
        return {**asdict(self), "start": self.start.date().isoformat()}


@dataclass
class _Sum:
    """One week of one language while it is counted."""

    counts: dict[str, int]
    sure: float = 0.0
    corrected: int = 0

    @property
    def n(self) -> int:
        return sum(self.counts.values())


Sums = dict[tuple[datetime, str], _Sum]


def monday(moment: datetime) -> datetime:
    """The beginning of the week."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=moment.weekday())


def weeks(session: Session, language: str = "", number: int = WEEKS) -> list[Week]:
    """The last weeks of each language, or of one, the oldest first."""
    now = db.now()
    first = monday(now) - timedelta(weeks=number - 1)
    base = _base(session, language)
    sums = _sums(session, first, now + timedelta(days=1), language)
    return [
        _week(start, spoken, one, base.get(spoken))
        for (start, spoken), one in sorted(sums.items(), key=lambda item: (item[0][1], item[0][0]))
    ]


def stability(now: Mapping[str, int], base: Mapping[str, int]) -> float:
    """The population stability index of two counts by class; half a message is added to each class."""
    total, before = sum(now.values()) + len(now) / 2, sum(base.values()) + len(now) / 2
    shares = [((now[name] + 0.5) / total, (base[name] + 0.5) / before) for name in now]
    return sum((here - there) * log(here / there) for here, there in shares)


def _week(start: datetime, language: str, one: _Sum, base: tuple[datetime, _Sum] | None) -> Week:
    comparable = base is not None and start >= base[0] and min(one.n, base[1].n) >= LEAST
    return Week(
        start=start,
        language=language,
        n=one.n,
        **{name: one.counts[name] / one.n for name in CLASSES_AND_UNSURE},
        confidence=one.sure / one.n,
        corrected=one.corrected / one.n,
        stability=stability(one.counts, base[1].counts) if base is not None and comparable else None,
    )


def _base(session: Session, language: str) -> dict[str, tuple[datetime, _Sum]]:
    """Each language's first four weeks together, and the moment they end."""
    m = db.table(Message)
    query = sa.select(m.c.language, sa.func.min(m.c.posted_at).label("first")).where(m.c.sentiment != "")
    query = query.group_by(m.c.language)
    if language:
        query = query.where(m.c.language == language)
    found = {}
    for row in session.execute(query):
        start = monday(row.first)
        end = start + timedelta(weeks=BASE_WEEKS)
        parts = [one for (_, spoken), one in _sums(session, start, end, row.language).items() if spoken == row.language]
        whole = _Sum({name: sum(part.counts[name] for part in parts) for name in CLASSES_AND_UNSURE})
        found[str(row.language)] = (end, whole)
    return found


def _sums(session: Session, start: datetime, end: datetime, language: str) -> Sums:
    """Week by week: the index of the message's time serves each, and no engine needs to know of weeks."""
    found: Sums = defaultdict(lambda: _Sum(dict.fromkeys(CLASSES_AND_UNSURE, 0)))
    begin = start
    while begin < end:
        following = begin + timedelta(weeks=1)
        for row in _counted(session, begin, min(following, end), language):
            one = found[begin, str(row.language)]
            one.counts[row.sentiment] = one.counts.get(row.sentiment, 0) + int(row.n)
            one.sure += float(row.sure)
            one.corrected += int(row.corrected or 0)
        begin = following
    return dict(found)


def _counted(session: Session, start: datetime, end: datetime, language: str) -> Sequence[Any]:
    m, a, c = db.table(Message), db.table(AnnotationRow), db.table(Correction)
    newer = a.alias("newer")
    later = sa.exists().where(
        (newer.c.message_id == a.c.message_id)
        & (newer.c.message_version == a.c.message_version)
        & (newer.c.sentiment != "")
        & (newer.c.id > a.c.id)
    )
    top = sa.case(
        ((a.c.p_neg >= a.c.p_neu) & (a.c.p_neg >= a.c.p_pos), a.c.p_neg),
        (a.c.p_neu >= a.c.p_pos, a.c.p_neu),
        else_=a.c.p_pos,
    )
    other = (c.c.message_version == m.c.version) & (c.c.task == "sentiment") & (c.c.label != c.c.was)
    query = (
        sa.select(
            a.c.language,
            a.c.sentiment,
            sa.func.count().label("n"),
            sa.func.sum(top).label("sure"),
            sa.func.count(c.c.id).label("corrected"),
        )
        .select_from(m)
        .join(a, (a.c.message_id == m.c.id) & (a.c.message_version == m.c.version))
        .outerjoin(c, (c.c.message_id == m.c.id) & other)
        .where(m.c.posted_at >= start, m.c.posted_at < end, a.c.sentiment != "", ~later)
        .group_by(a.c.language, a.c.sentiment)
    )
    if language:
        query = query.where(a.c.language == language)
    return session.execute(query).all()
