"""How much of what arrives is rated, how often the annotator is unsure, and how often people disagree; by language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.event import MESSAGE_KINDS
from inbox.models import Message
from sentiment.examples.fit import interval
from sentiment.language import UNKNOWN
from sentiment.models import AnnotationRow
from sentiment.upkeep import Correction

DAYS = 90
"""Days looked at."""


@dataclass(frozen=True)
class Covered:
    """What others wrote in one language (`und`: nobody could tell), and what became of it."""

    language: str
    n: int
    rated: int
    unsure: int
    corrected: int
    """Messages whose sentiment people said to be another."""

    @property
    def disagreement(self) -> tuple[float, float, float]:
        """Share of the rated that people corrected, with its 95 % confidence interval."""
        low, high = interval(self.corrected, self.rated)
        return self.corrected / self.rated if self.rated else 0.0, low, high


@dataclass(frozen=True)
class Corrected:
    """Corrections of one task: how often people said something else, and how often they confirmed the annotator."""

    task: str
    changed: int
    confirmed: int


@dataclass(frozen=True)
class LastWord:
    """Who rated a message last."""

    model: str
    version: str
    at: datetime


def covered(session: Session, days: int = DAYS) -> list[Covered]:
    """Every language of the last days, the most frequent first."""
    m = db.table(Message)
    since = db.now() - timedelta(days=days)
    asked = (
        m.c.posted_at >= since, m.c.direction == "inbound", m.c.origin != "context", m.c.deleted_at.is_(None),
        ~m.c.erased, m.c.kind.in_([*sorted(MESSAGE_KINDS), "post"]),
    )  # fmt: skip
    spoken = sa.case((m.c.language == "", UNKNOWN), else_=m.c.language)
    query = (
        sa.select(
            spoken.label("spoken"),
            sa.func.count().label("n"),
            sa.func.sum(sa.case((m.c.sentiment != "", 1), else_=0)).label("rated"),
            sa.func.sum(sa.case((m.c.sentiment == "unsure", 1), else_=0)).label("unsure"),
        )
        .where(*asked)
        .group_by(spoken)
    )
    wrong = _wrong(session, since)
    rows = [
        Covered(row.spoken, int(row.n), int(row.rated), int(row.unsure), wrong.get(row.spoken, 0))
        for row in session.execute(query)
    ]
    return sorted(rows, key=lambda one: (-one.n, one.language))


def _wrong(session: Session, since: datetime) -> dict[str, int]:
    """How many messages of each language people gave another sentiment."""
    m, c = db.table(Message), db.table(Correction)
    query = (
        sa.select(m.c.language, sa.func.count())
        .join(c, (c.c.message_id == m.c.id) & (c.c.message_version == m.c.version))
        .where(c.c.task == "sentiment", c.c.label != c.c.was, m.c.posted_at >= since)
        .group_by(m.c.language)
    )
    return {str(language or UNKNOWN): int(number) for language, number in session.execute(query)}


def corrected(session: Session) -> list[Corrected]:
    """Every task that people corrected or confirmed."""
    c = db.table(Correction)
    changed = sa.func.sum(sa.case((c.c.label != c.c.was, 1), else_=0))
    query = sa.select(c.c.task, changed, sa.func.count()).group_by(c.c.task).order_by(c.c.task)
    return [Corrected(str(task), int(wrong), int(n) - int(wrong)) for task, wrong, n in session.execute(query)]


def last_word(session: Session) -> LastWord | None:
    """The annotator behind the newest rating."""
    a = db.table(AnnotationRow)
    query = sa.select(a.c.model, a.c.model_version, a.c.at).where(a.c.sentiment != "").order_by(a.c.id.desc()).limit(1)
    row = session.execute(query).first()
    return LastWord(row.model, row.model_version, row.at) if row is not None else None
