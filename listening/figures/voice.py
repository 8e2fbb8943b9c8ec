"""Share of voice: how much of what is said about several subjects is about each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox import visibility
from inbox.models import Message
from inbox.visibility import EVERYTHING
from listening.figures.period import Period
from listening.figures.scope import Scope, by_subject, narrowed
from listening.figures.tally import Tally, tallies
from listening.models import Subject

SHOWN = 5
"""Subjects that have a colour of their own; the others are added up."""


@dataclass(frozen=True)
class Part:
    """One subject's part; the whole is the same whatever is filtered."""

    subject_id: int
    """0: several smaller ones together."""
    name: str
    tally: Tally
    before: int
    whole: int
    whole_before: int
    subjects: int = 1

    @property
    def share(self) -> float | None:
        """0 to 1; None when nothing was said at all."""
        return self.tally.messages / self.whole if self.whole else None

    @property
    def share_before(self) -> float | None:
        """The same in the period before."""
        return self.before / self.whole_before if self.whole_before else None

    @property
    def change(self) -> float | None:
        """Difference of the two, in points of a hundred."""
        if self.share is None or self.share_before is None:
            return None
        return 100 * (self.share - self.share_before)


@dataclass(frozen=True)
class Voice:
    """All parts, the subject of the report first, then the largest; and the whole they are shares of."""

    parts: list[Part] = field(default_factory=list)
    whole: int = 0
    """Messages of every subject of this kind, added up, whatever is filtered."""
    whole_before: int = 0
    subjects: int = 0

    @property
    def own(self) -> Part | None:
        """The report's subject; None when it is alone and has no voice to share."""
        return self.parts[0] if self.parts else None


def voice(session: Session, subject: Subject, scope: Scope, span: Period, chosen: Sequence[int] = ()) -> Voice:
    """The subject among all of its kind (brands with competitors), those `chosen` shown by name.

    A filter narrows what is counted for each, never the whole. A message about two subjects counts for both.
    """
    rivals = _rivals(session, subject, chosen)
    if len(rivals) < 2:
        return Voice()
    counted, whole = _count(session, list(rivals), scope, span)
    total, before = (sum(whole.get((one, now), 0) for one in rivals) for now in (1, 0))
    parts = [
        Part(one, name, counted.get((one, 1), Tally()), counted.get((one, 0), Tally()).messages, total, before)
        for one, name in rivals.items()
    ]
    own = next(part for part in parts if part.subject_id == subject.id)
    others = sorted((part for part in parts if part is not own), key=lambda part: _rank(part, chosen))
    named = [part for part in others if part.subject_id in chosen] if chosen else others
    named = named[: SHOWN - 1]
    rest = [part for part in others if part not in named]
    return Voice([own, *named, *_together(rest)], total, before, len(rivals))


def _rank(part: Part, chosen: Sequence[int]) -> tuple[bool, int, str]:
    return part.subject_id not in chosen, -part.tally.messages, part.name


def _together(rest: list[Part]) -> list[Part]:
    if len(rest) < 2:
        return rest
    return [
        Part(
            0,
            "",
            sum((part.tally for part in rest), Tally()),
            sum(part.before for part in rest),
            rest[0].whole,
            rest[0].whole_before,
            len(rest),
        )
    ]


def comparable(kind: str) -> tuple[str, ...]:
    """The kinds a subject of this kind is compared with."""
    return ("brand", "competitor") if kind in ("brand", "competitor") else (kind,)


def _rivals(session: Session, subject: Subject, chosen: Sequence[int]) -> dict[int, str]:
    t = db.table(Subject)
    kinds = t.c.kind.in_(comparable(subject.kind))
    query = sa.select(t.c.id, t.c.name).where(~t.c.removed, sa.or_(kinds, t.c.id.in_([*chosen])))
    return {int(row.id): str(row.name) for row in session.execute(query.order_by(t.c.name))}


def _count(
    session: Session, ids: list[int], scope: Scope, span: Period
) -> tuple[dict[tuple[int, int], Tally], dict[tuple[int, int], int]]:
    """Per (subject, now): a tally of what the filter leaves, and the number without the filter."""
    m = db.table(Message)
    now = sa.case((m.c.posted_at >= span.start, 1), else_=0)
    narrow = narrowed(scope.of(subject_id=0, sight=EVERYTHING))
    fits: Any = sa.case((sa.and_(*narrow), 1), else_=0) if narrow else sa.literal_column("1")
    where = [~m.c.erased, m.c.posted_at >= span.previous.start, m.c.posted_at < span.end]
    where += visibility.messages(scope.sight)
    heard = (
        sa.select(m.c.id, m.c.sentiment, now.label("now"), fits.label("fits"))
        .where(*where)
        .cte("heard")
        .prefix_with("MATERIALIZED")
    )
    query = by_subject(heard, ids, heard.c.now, heard.c.sentiment, heard.c.fits)
    rows = [
        ((int(one), int(then)), sentiment, int(fit), int(n)) for one, then, sentiment, fit, n in session.execute(query)
    ]
    whole: dict[tuple[int, int], int] = {}
    for key, _, _, number in rows:
        whole[key] = whole.get(key, 0) + number
    return dict(tallies((key, sentiment, number) for key, sentiment, fit, number in rows if fit)), whole
