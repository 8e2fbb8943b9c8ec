"""The outbox's handler of labels: learn from examples, then look at what is stored, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from core.outbox import Item, Outcome
from inbox import facts
from inbox.models import Message
from sentiment import labels, vectors
from sentiment.examples import store
from sentiment.examples.fit import LEAST, Head, Measure, fit
from sentiment.examples.marker import Marker
from sentiment.examples.models import LabelHead, LabelPass
from sentiment.models import Label
from sentiment.vectors import Array, Vectors

CHUNK = 1000
"""Stored messages that one step looks at."""
OTHERS = 1000
"""Newest other messages that stand for what does not carry a label."""

Write = Callable[[Session], None]

TOO_FEW = "Name at least five examples."
NOTHING_AGAINST = "Name a message that does not carry the label, or wait until other messages have arrived."
NOT_READ = "The embedded model has not read the examples yet. It is tried again every hour."


def learn(items: list[Item]) -> Outcome:
    """label.changed: fit the label's head, then decide stored messages; announces itself until all are decided.

    How far it has come is kept beside the label, so that a step that is lost is simply done again.
    """
    writes = [write for item in items if (write := _step(int(item.payload["label_id"]))) is not None]

    def write_all(session: Session) -> None:
        for write in writes:
            write(session)

    return Outcome(write_all)


def _step(label_id: int) -> Write | None:
    with db.read() as session:
        label = session.get(Label, label_id)
        passed = session.get(LabelPass, label_id)
        if label is None:
            return None
        if passed is None or passed.version != label.version:
            return _fitted(session, label)
        return _decided(session, label, passed)


# --- learning --------------------------------------------------------------------------------------------


def _fitted(session: Session, label: Label) -> Write:
    label_id, version = int(label.id or 0), label.version
    problem, made = "", None
    model = vectors.newest_model(session)
    examples = store.of(session, label_id)
    if examples:
        problem, model, made = _made(session, examples, model)

    def write(session: Session) -> None:
        now = session.get(Label, label_id)
        if now is None or now.version != version:
            return  # changed meanwhile: another letter is on its way
        h = db.table(LabelHead)
        if made is None:
            session.execute(sa.delete(h).where(h.c.label_id == label_id))
        else:
            store.keep(session, label_id, model, *made)
        row = session.get(LabelPass, label_id) or LabelPass(label_id=label_id)
        row.version, row.done_to, row.goal, row.problem = version, 0, _newest(session), problem
        session.add(row)
        _go_on(session, label_id)

    return write


def _made(
    session: Session, examples: Sequence[store.Example], model: str
) -> tuple[str, str, tuple[Head, Measure] | None]:
    """Why nothing was learnt, or the encoder and what was learnt from it."""
    positive = [one.message_id for one in examples if one.positive]
    if len(positive) < LEAST:
        return TOO_FEW, model, None
    ids = [one.message_id for one in examples]
    rows = vectors.of(session, ids, model).by_id()
    others = _others(session, ids, model)
    against = [rows[one.message_id] for one in examples if not one.positive and one.message_id in rows]
    for_it = [rows[one] for one in positive if one in rows]
    if len(for_it) < LEAST:
        return NOT_READ, model, None
    try:
        return "", model, fit(_stacked(for_it), _stacked(against), others.rows)
    except ValueError:
        return NOTHING_AGAINST, model, None


def _others(session: Session, ids: Sequence[int], model: str) -> Vectors:
    m = db.table(Message)
    return vectors.newest(session, OTHERS, m.c.id.not_in(list(ids)), m.c.deleted_at.is_(None), model=model)


def _stacked(rows: Sequence[Array]) -> Array:
    return np.stack(rows) if rows else np.zeros((0, vectors.DIMENSIONS), np.float32)


# --- what is stored --------------------------------------------------------------------------------------


def _decided(session: Session, label: Label, passed: LabelPass) -> Write | None:
    label_id, version, start, goal = int(label.id or 0), label.version, passed.done_to, passed.goal
    if start >= goal:
        return None
    m = db.table(Message)
    query = (
        sa.select(m.c.id, m.c.version, m.c.subject, m.c.text, m.c.labels)
        .where(m.c.id > start, m.c.id <= goal, m.c.direction == "inbound", m.c.origin != "context")
        .where(m.c.deleted_at.is_(None), ~m.c.erased)
        .order_by(m.c.id)
        .limit(CHUNK)
    )
    rows = session.execute(query).all()
    carried = _carried(session, label, rows)
    changes = {
        row.id: (row.version, _with(row.labels, label.name, row.id in carried))
        for row in rows
        if (label.name in row.labels) != (row.id in carried)
    }
    reached = rows[-1].id if len(rows) == CHUNK else goal

    def write(session: Session) -> None:
        now = session.get(Label, label_id)
        if now is None or now.version != version:
            return
        _put(session, changes)
        p = db.table(LabelPass)
        session.execute(sa.update(p).where(p.c.label_id == label_id, p.c.done_to == start).values(done_to=reached))
        if reached < goal:
            _go_on(session, label_id)

    return write


def _carried(session: Session, label: Label, rows: Sequence[Any]) -> set[int]:
    if not label.enabled or not rows:
        return set()
    head = session.get(LabelHead, label.id)
    reads, learnt = (head.model, {label.name: (head.model, store.head_of(head))}) if head is not None else ("", {})
    known = vectors.of(session, [row.id for row in rows], reads).by_id() if reads else {}
    marker = Marker([(label.name, label.terms)], learnt)
    found = marker.of([_text(row) for row in rows], [known.get(row.id) for row in rows], reads)
    return {row.id for row, names in zip(rows, found, strict=True) if names}


def _with(names: Sequence[str], name: str, carries: bool) -> list[str]:
    return [*names, name] if carries else [one for one in names if one != name]


def _put(session: Session, changes: dict[int, tuple[int, list[str]]]) -> None:
    """The labels of messages that did not change meanwhile."""
    m = db.table(Message)
    query = sa.select(m.c.id, m.c.version).where(m.c.id.in_(list(changes)), m.c.deleted_at.is_(None))
    stand = {row.id for row in session.execute(query) if changes[row.id][0] == row.version}
    facts.set(session, {one: {"labels": changes[one][1]} for one in sorted(stand)})
    outbox.emit(
        session,
        "message.sorted",
        [(f"message:{one}", {"message_id": one, "version": changes[one][0]}) for one in sorted(stand)],
    )


def _text(row: Any) -> str:
    return f"{row.subject}\n{row.text}" if row.subject else str(row.text)


def _newest(session: Session) -> int:
    return int(session.execute(sa.select(sa.func.max(db.table(Message).c.id))).scalar() or 0)


def _go_on(session: Session, label_id: int) -> None:
    outbox.emit(session, "label.changed", [(f"label:{label_id}", {"label_id": label_id})])


def forget(items: list[Item]) -> Outcome:
    """person.erased, message.deleted: what is gone is an example of nothing."""
    ids = {int(one) for item in items for one in item.payload.get("message_ids", ())}
    ids |= {int(item.payload["message_id"]) for item in items if "message_id" in item.payload}
    return Outcome(lambda session: store.forget(session, ids))


# --- by the clock ----------------------------------------------------------------------------------------

AGAIN = timedelta(hours=1)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_tried: dict[int, datetime] = {}


def due(session: Session) -> list[int]:
    """Labels that have examples enough and learnt nothing from what the encoder of today makes of them."""
    model, now = vectors.newest_model(session), db.now()
    fitted = {label_id: reads for label_id, (reads, _) in store.heads(session).items()}
    waiting = [one for one, (positive, _) in store.counts(session).items() if positive >= LEAST]
    return [one for one in waiting if model and fitted.get(one) != model and now - _tried.get(one, _NEVER) >= AGAIN]


def again(session: Session, label_ids: Sequence[int]) -> None:
    """Have labels learnt once more."""
    for label_id in label_ids:
        _tried[label_id] = db.now()
        label = session.get(Label, label_id)
        if label is not None:
            labels.changed(session, label)
