"""The outbox's handler of a pass: a slice of stored messages by the annotator in use, then the next one.

What an older annotator said is kept. New messages go first: while some wait, a pass waits, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from core import backlog, db
from core.errors import TryLater
from core.outbox import DONE, Item, Outcome
from inbox.models import Message
from sentiment import active, passes, tasks, vectors
from sentiment.active import Active
from sentiment.language import identify
from sentiment.models import AnnotationRow
from sentiment.port import Annotation, Annotator
from sentiment.upkeep import AnnotationPass
from sentiment.vectors import Array

SLICE = 100
"""Messages of one step: a second or two of work."""
PATIENCE = 10
"""So often a pass lets new messages go first before it does one step all the same."""
NEW_FIRST = "New messages go first."


def step(items: list[Item]) -> Outcome:
    """annotation.stale: one slice of a pass; it announces itself until the oldest message is done.

    How far it has come is kept with its results, so that a step that is lost is simply done again.
    """
    (item,) = items
    with db.read() as session:
        row = session.get(AnnotationPass, int(item.payload["pass_id"]))
        if row is None or row.ended_at is not None:
            return DONE
        if backlog.waits(session, "sentiment.tasks.annotate") and item.tries % PATIENCE != PATIENCE - 1:
            return Outcome(later={item.id: TryLater(NEW_FIRST, 1.0)})
        in_use = active.current(session)
        if in_use.error:
            return Outcome(later={item.id: TryLater(in_use.error, active.RETRY_SECONDS)})
        start, total = _start(session, row, in_use.annotator)
        slice_ = _slice(session, row, in_use.annotator, start)
        known = _known(session, slice_, in_use.annotator)
    try:
        write = tasks.judged({one.id: one.version for one in slice_}, _remembering(in_use, known), again=True)
    except Exception as error:
        if in_use.wanted == "lexicon":
            raise
        failed = active.failed(in_use.wanted, error)
        return Outcome(later={item.id: TryLater(failed.error, active.RETRY_SECONDS)})
    reached = slice_[-1].id if len(slice_) == SLICE else 0
    number, below = int(row.id or 0), row.below

    def keep(session: Session) -> None:
        now = session.get(AnnotationPass, number, with_for_update=True)
        if now is None or now.ended_at is not None or now.below != below:
            return  # taken over, or done by another worker
        now.changed += write(session)
        now.total, now.done, now.below = total, now.done + len(slice_), reached
        if reached:
            passes.announce(session, number)
        else:
            now.ended_at = db.now()
        session.add(now)

    return Outcome(keep)


def left(session: Session, row: AnnotationPass, annotator: Annotator) -> int:
    """Messages that this annotator, in this version, has not looked at yet and that the pass wants."""
    return int(session.execute(_wanted(row, annotator, sa.func.count())).scalar() or 0)


def _start(session: Session, row: AnnotationPass, annotator: Annotator) -> tuple[int, int]:
    """Below which message the slice begins, and how many messages the pass has in all."""
    if row.below is not None:
        return row.below, row.total
    m = db.table(Message)
    newest = session.execute(sa.select(sa.func.max(m.c.id))).scalar() or 0
    return int(newest) + 1, left(session, row, annotator)


def _slice(session: Session, row: AnnotationPass, annotator: Annotator, below: int) -> list[Any]:
    m = db.table(Message)
    query = _wanted(row, annotator, m.c.id, m.c.version, m.c.subject, m.c.text).where(m.c.id < below)
    return list(session.execute(query.order_by(m.c.id.desc()).limit(SLICE)))


def _wanted(row: AnnotationPass, annotator: Annotator, *columns: Any) -> sa.Select[Any]:
    m, a = db.table(Message), db.table(AnnotationRow)
    of_it = (a.c.message_id == m.c.id) & (a.c.message_version == m.c.version)
    by_it = (a.c.model == annotator.name) & (a.c.model_version == annotator.version)
    query = sa.select(*columns).where(
        m.c.direction == "inbound", m.c.origin != "context", m.c.deleted_at.is_(None), ~m.c.erased, m.c.text != "",
        ~sa.exists().where(of_it & by_it),
    )  # fmt: skip
    if row.since is not None:
        query = query.where(m.c.posted_at >= row.since)
    if row.rated_since is not None:
        query = query.where(sa.exists().where(of_it & (a.c.at >= row.rated_since)))
    return query


# --- what is known already -------------------------------------------------------------------------------


def _known(session: Session, rows: list[Any], annotator: Annotator) -> dict[str, Array]:
    """The rows of texts that the annotator's encoder has read before; empty where it cannot judge by rows."""
    if not hasattr(annotator, "judge"):
        return {}
    texts = {one.id: (one.version, f"{one.subject}\n{one.text}" if one.subject else one.text) for one in rows}
    found = vectors.of(session, texts, annotator.version.partition(".")[0])
    return {
        texts[message_id][1]: row
        for message_id, version, row in zip(found.ids, found.versions, found.rows, strict=True)
        if texts[message_id][0] == version
    }


def _remembering(in_use: Active, known: Mapping[str, Array]) -> Active:
    return replace(in_use, annotator=_Remembering(in_use.annotator, known)) if known else in_use


@dataclass(frozen=True)
class _Remembering:
    """An annotator that judges texts it has read before without reading them again."""

    inner: Any
    known: Mapping[str, Array]

    @property
    def name(self) -> str:
        return str(self.inner.name)

    @property
    def version(self) -> str:
        return str(self.inner.version)

    def annotate(self, texts: list[str], languages: list[str | None] | None = None) -> list[Annotation]:
        hints = languages or [None] * len(texts)
        read = [place for place, text in enumerate(texts) if text in self.known]
        unread = [place for place, text in enumerate(texts) if text not in self.known]
        found: dict[int, Annotation] = {}
        if read:
            rows = np.stack([self.known[texts[place]] for place in read])
            guesses = identify([texts[place] for place in read], [hints[place] for place in read])
            found |= zip(read, self.inner.judge(rows, guesses, [texts[place] for place in read]), strict=True)
        if unread:
            new = self.inner.annotate([texts[place] for place in unread], [hints[place] for place in unread])
            found |= zip(unread, new, strict=True)
        return [found[place] for place in range(len(texts))]
