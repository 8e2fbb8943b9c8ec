"""One report per subject, counted in the operational store; the figures are defined in docs/listening.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from listening.figures.count import Counted, Sums, counted
from listening.figures.people import Writer, writers
from listening.figures.period import Period, period
from listening.figures.posts import Post, posts
from listening.figures.scope import Scope
from listening.figures.tally import Tally, wilson
from listening.figures.voice import Voice, voice
from listening.models import Subject

__all__ = ["Period", "Report", "Sums", "Tally", "period", "report", "wilson"]

TOP = 10
"""Posts, authors and hashtags that a report names."""


@dataclass(frozen=True)
class Report:
    """All figures of one subject in one period, within a filter."""

    subject_id: int
    subject: str
    kind: str
    period: Period
    scope: Scope
    """What is counted: subject, period and filters."""
    counted: Counted
    voice: Voice
    busiest: list[Writer]
    """Authors by number of public messages."""
    widest: list[Writer]
    """Authors by followers."""
    posts: list[Post]

    @property
    def now(self) -> Sums:
        """The period as a whole."""
        return self.counted.now

    @property
    def before(self) -> Sums:
        """The period before."""
        return self.counted.before


def report(
    session: Session,
    subject: Subject,
    span: Period,
    top: int = TOP,
    *,
    scope: Scope | None = None,
    compare: Sequence[int] = (),
) -> Report:
    """The figures of a subject; `scope` filters, `compare` names subjects, `top` limits posts, authors, hashtags."""
    within = (scope or Scope()).of(subject_id=int(subject.id or 0), period=span)
    busiest, widest = writers(session, within, top)
    return Report(
        subject_id=within.subject_id,
        subject=subject.name,
        kind=subject.kind,
        period=span,
        scope=within,
        counted=counted(session, within, span, top),
        voice=voice(session, subject, within, span, compare),
        busiest=busiest,
        widest=widest,
        posts=posts(session, within, top),
    )
