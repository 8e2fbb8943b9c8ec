"""Examples and counter-examples of labels: named, taken back, listed; and the heads that were learnt from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from inbox import visibility
from inbox.models import Message
from inbox.visibility import EVERYTHING, Sight
from sentiment import labels, vectors
from sentiment.examples.fit import Head, Measure
from sentiment.examples.models import LabelExample, LabelHead, LabelPass
from sentiment.models import Label
from sentiment.unfit import Unfit

MOST = 200
"""Examples and counter-examples of one label."""
DOUBTED = 1000
"""Newest messages among which the doubtful ones are looked for."""


@dataclass(frozen=True)
class Example:
    """A message that stands for a label, or against it."""

    message_id: int
    positive: bool


@dataclass(frozen=True)
class Learnt:
    """What became of a label's examples: its measure (None: nothing was learnt), and why not.

    `share` is how much of what was stored has been looked at since the label changed, 0 to 1.
    """

    measure: Measure | None
    problem: str
    share: float


def add(
    session: Session, label: Label, message_ids: Sequence[int], *, positive: bool = True, actor: str = "cli",
    sight: Sight = EVERYTHING,
) -> int:  # fmt: skip
    """Name messages as examples, or as counter-examples; BadPayload for one that is not there. Returns how many.

    A message named before changes sides. The label is learnt anew in the background.
    """
    ids = sorted(set(message_ids))
    missing = sorted(set(ids) - usable(session, ids, sight))
    if missing:
        raise Unfit(
            "An example is a message that somebody wrote to us and that is still there; not %(number)s.",
            number=missing[0],
        )
    e = db.table(LabelExample)
    known = set(session.scalars(sa.select(e.c.message_id).where(e.c.label_id == label.id)))
    if len(known | set(ids)) > MOST:
        raise Unfit("A label has at most %(number)s examples and counter-examples. Take some away first.", number=MOST)
    if ids:
        insert = db.upsert(LabelExample)
        insert = insert.on_conflict_do_update(
            index_elements=["label_id", "message_id"], set_={"positive": insert.excluded.positive}
        )
        moment = db.now()
        rows = [{"label_id": label.id, "message_id": one, "positive": positive, "at": moment} for one in ids]
        session.execute(insert, rows)
        labels.changed(session, label)
        audit.record(session, actor, "label.taught", f"label:{label.id}", {"messages": len(ids), "for": positive})
    return len(ids)


def usable(session: Session, ids: Sequence[int], sight: Sight) -> set[int]:
    """Those of the messages that could be examples, and that somebody sees."""
    m = db.table(Message)
    there = (m.c.deleted_at.is_(None), ~m.c.erased, m.c.direction == "inbound", m.c.origin != "context")
    return set(session.scalars(sa.select(m.c.id).where(m.c.id.in_(ids), *there, *visibility.messages(sight))))


def take_back(session: Session, label: Label, message_id: int, actor: str = "cli") -> bool:
    """A message is no example any more; False when it was none."""
    e = db.table(LabelExample)
    where = (e.c.label_id == label.id, e.c.message_id == message_id)
    if session.execute(sa.select(e.c.message_id).where(*where)).first() is None:
        return False
    session.execute(sa.delete(e).where(*where))
    labels.changed(session, label)
    audit.record(session, actor, "label.taught", f"label:{label.id}", {"taken_back": 1})
    return True


def of(session: Session, label_id: int) -> list[Example]:
    """The examples of a label, the newest first."""
    e = db.table(LabelExample)
    query = sa.select(e.c.message_id, e.c.positive).where(e.c.label_id == label_id)
    return [
        Example(row.message_id, bool(row.positive))
        for row in session.execute(query.order_by(e.c.at.desc(), e.c.message_id.desc()))
    ]


def counts(session: Session) -> dict[int, tuple[int, int]]:
    """How many examples and counter-examples each label has."""
    e = db.table(LabelExample)
    query = sa.select(e.c.label_id, e.c.positive, sa.func.count()).group_by(e.c.label_id, e.c.positive)
    found: dict[int, tuple[int, int]] = {}
    for label_id, positive, number in session.execute(query):
        for_it, against = found.get(label_id, (0, 0))
        found[label_id] = (int(number), against) if positive else (for_it, int(number))
    return found


def learnt(session: Session) -> dict[int, Learnt]:
    """What became of the examples of every label."""
    heads = {one.label_id: one for one in session.scalars(sa.select(LabelHead))}
    passes = {one.label_id: one for one in session.scalars(sa.select(LabelPass))}
    versions = {one.id or 0: one.version for one in labels.all_labels(session)}
    return {
        label_id: Learnt(
            Measure(**heads[label_id].measure) if label_id in heads else None,
            passes[label_id].problem if label_id in passes else "",
            _share(passes.get(label_id), version),
        )
        for label_id, version in versions.items()
    }


def _share(passed: LabelPass | None, version: int) -> float:
    if passed is None or passed.version != version:
        return 0.0
    return 1.0 if passed.done_to >= passed.goal else passed.done_to / passed.goal


def heads(session: Session) -> dict[int, tuple[str, Head]]:
    """The heads by label, each with the encoder it reads."""
    return {one.label_id: (one.model, head_of(one)) for one in session.scalars(sa.select(LabelHead))}


def head_of(row: LabelHead) -> Head:
    """A stored head."""
    mean, weight = (np.frombuffer(stored, "<f4") for stored in (row.mean, row.weight))
    return Head(mean, weight, row.bias, row.threshold)


def keep(session: Session, label_id: int, model: str, head: Head, measure: Measure) -> None:
    """Store what a label learnt, over what it had learnt before."""
    mean, weight = (np.asarray(values, "<f4").tobytes() for values in (head.mean, head.weight))
    row = LabelHead(
        label_id=label_id, model=model, mean=mean, weight=weight, bias=head.bias, threshold=head.threshold,
        measure=asdict(measure), at=db.now(),
    )  # fmt: skip
    session.merge(row)


def forget(session: Session, message_ids: Iterable[int]) -> None:
    """These messages are examples of nothing any more; labels that had them are learnt anew without them."""
    e, ids = db.table(LabelExample), sorted(set(message_ids))
    touched: set[int] = set()
    for start in range(0, len(ids), 500):
        where = e.c.message_id.in_(ids[start : start + 500])
        touched |= set(session.scalars(sa.select(e.c.label_id).where(where)))
        session.execute(sa.delete(e).where(where))
    for label in labels.all_labels(session):
        if label.id in touched:
            session.execute(sa.delete(LabelHead).where(db.table(LabelHead).c.label_id == label.id))
            labels.changed(session, label)


def doubtful(session: Session, label_id: int, number: int, *, sight: Sight = EVERYTHING) -> list[int]:
    """Newest messages of which the label's head is least sure, for people to decide: each teaches it the most."""
    row, m = session.get(LabelHead, label_id), db.table(Message)
    if row is None:
        return []
    named = [one.message_id for one in of(session, label_id)]
    where = [m.c.id.not_in(named), m.c.deleted_at.is_(None), *visibility.messages(sight)]
    found = vectors.newest(session, DOUBTED, *where, model=row.model)
    if not len(found):
        return []
    head = head_of(row)
    order = np.abs(head.scores(found.rows) - head.threshold).argsort(kind="stable")
    return [found.ids[n] for n in order[:number].tolist()]
