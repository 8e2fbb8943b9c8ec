"""What people corrected becomes new heads: fitted, held against the shipped ones on held-back corrections."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.errors import BadPayload
from inbox.models import Message
from sentiment import fitted, vectors
from sentiment.embedded import heads
from sentiment.embedded.heads import Head, Heads
from sentiment.logistic import fit
from sentiment.measures import Evaluation, figures
from sentiment.port import TASKS
from sentiment.upkeep import Correction
from sentiment.vectors import Array, Encode

LEAST = 30
"""Corrections of a task below which nothing is fitted."""
FOLDS = 5
"""Each correction is judged by a head that was fitted without its fifth; which one is told by its message's number."""
ANCHORS = 1000
"""Newest messages nobody corrected, on which the new head is held near the shipped one."""


@dataclass(frozen=True)
class Example:
    """A correction of a message that is still there as it was: what to learn from."""

    message_id: int
    version: int
    text: str
    language: str
    label: str

    @property
    def fold(self) -> int:
        """Which fifth it belongs to, always the same."""
        return hashlib.sha256(str(self.message_id).encode()).digest()[0] % FOLDS


@dataclass(frozen=True)
class Compared:
    """The shipped head and the new one on the same held-back corrections.

    `others_changed` is the share of `others` (messages nobody corrected) that the new head answers otherwise.
    """

    task: str
    head: Head
    shipped: Evaluation
    new: Evaluation
    others: int
    others_changed: float

    @property
    def better(self) -> bool:
        """The new head agrees with people more often on what it has not seen."""
        return self.new.macro_f1 > self.shipped.macro_f1

    def as_dict(self) -> dict[str, Any]:
        """For a JSON report."""
        return {
            "n": self.new.n,
            "shipped": _short(self.shipped),
            "new": _short(self.new),
            "better": self.better,
            "others": self.others,
            "others_changed": self.others_changed,
        }


def counts(session: Session) -> dict[str, int]:
    """How many corrections there are to learn from, by task of the heads."""
    return {task: len(examples(session, task)) for task in TASKS}


def examples(session: Session, task: str) -> list[Example]:
    """What people said about messages that are still as they were, by ascending message."""
    c, m = db.table(Correction), db.table(Message)
    query = (
        sa.select(m.c.id, m.c.version, m.c.subject, m.c.text, m.c.language, c.c.label)
        .join(m, (m.c.id == c.c.message_id) & (m.c.version == c.c.message_version))
        .where(c.c.task == task, m.c.deleted_at.is_(None), ~m.c.erased)
        .order_by(m.c.id)
    )
    return [
        Example(row.id, row.version, f"{row.subject}\n{row.text}" if row.subject else row.text, row.language, row.label)
        for row in session.execute(query)
        if row.label in TASKS[task]
    ]


def compare(session: Session, task: str, shipped: Heads, encoder: str, encode: Encode) -> Compared:
    """Fit a task's head on all corrections, and compare it on held-back ones; BadPayload when there are too few.

    `encoder` names what `encode` is, so that embeddings which are stored are used.
    """
    if task not in shipped.tasks:
        raise BadPayload(f"unsupported: the shipped model does not tell {task}.")
    found = examples(session, task)
    if len(found) < LEAST:
        raise BadPayload(f"{LEAST} corrections of {task} are needed to learn from; {len(found)} are there.")
    if len({one.label for one in found}) < 2:
        raise BadPayload(f"All corrections of {task} say {found[0].label!r}: at least two classes are needed.")
    start = shipped.tasks[task]
    rows = _rows(session, found, encoder, encode)
    anchors, spoken = _anchors(session, found, encoder)
    held = _held_back(start, found, rows, anchors, spoken)
    head = fit(start, rows, [one.language for one in found], [one.label for one in found], anchors, spoken)
    return Compared(
        task=task,
        head=head,
        shipped=_figures(start, found, start.probabilities(rows, [one.language for one in found])),
        new=_figures(start, found, held),
        others=len(anchors),
        others_changed=_changed(start, head, anchors, spoken),
    )


def together(in_use: Heads, compared: Sequence[Compared]) -> Heads:
    """The heads in use with those that became better."""
    return Heads({**in_use.tasks, **{one.task: one.head for one in compared if one.better}})


def _rows(session: Session, found: Sequence[Example], encoder: str, encode: Encode) -> Array:
    stored = vectors.of(session, [one.message_id for one in found], encoder)
    known = dict(zip(zip(stored.ids, stored.versions, strict=True), stored.rows, strict=True))
    missing = [one for one in found if (one.message_id, one.version) not in known]
    if missing:
        new = encode([one.text for one in missing])
        known |= {(one.message_id, one.version): row for one, row in zip(missing, new, strict=True)}
    return np.stack([known[one.message_id, one.version] for one in found]).astype(np.float32)


def _anchors(session: Session, found: Sequence[Example], encoder: str) -> tuple[Array, list[str]]:
    m, corrected = db.table(Message), {one.message_id for one in found}
    newest = vectors.newest(session, ANCHORS + len(corrected), m.c.deleted_at.is_(None), model=encoder)
    kept = [place for place, number in enumerate(newest.ids) if number not in corrected][-ANCHORS:]
    ids = [newest.ids[place] for place in kept]
    spoken: dict[int, str] = {}
    for start in range(0, len(ids), 500):
        query = sa.select(m.c.id, m.c.language).where(m.c.id.in_(ids[start : start + 500]))
        spoken |= {row.id: row.language for row in session.execute(query)}
    return newest.rows[kept], [spoken.get(number, "") for number in ids]


def _held_back(start: Head, found: Sequence[Example], rows: Array, anchors: Array, spoken: Sequence[str]) -> Array:
    """What heads that never saw a correction say of it, shape (n, classes)."""
    shares = np.zeros((len(found), len(start.classes)), np.float32)
    for fold in sorted({one.fold for one in found}):
        seen = [place for place, one in enumerate(found) if one.fold != fold]
        held = [place for place, one in enumerate(found) if one.fold == fold]
        head = fit(
            start, rows[seen], [found[place].language for place in seen], [found[place].label for place in seen],
            anchors, spoken,
        )  # fmt: skip
        shares[held] = head.probabilities(rows[held], [found[place].language for place in held])
    return shares


def _figures(head: Head, found: Sequence[Example], shares: Array) -> Evaluation:
    said = [head.classes[int(place)] for place in shares.argmax(axis=1)]
    sure = [float(one) for one in shares.max(axis=1)]
    return figures([one.label for one in found], said, sure, classes=head.classes)


def _changed(start: Head, head: Head, anchors: Array, spoken: Sequence[str]) -> float:
    if not len(anchors):
        return 0.0
    before, after = (one.probabilities(anchors, spoken).argmax(axis=1) for one in (start, head))
    return float((before != after).mean())


def _short(found: Evaluation) -> dict[str, Any]:
    kept = ("macro_f1", "interval", "accuracy", "calibration_error")
    return {name: value for name, value in found.as_dict().items() if name in kept}


def model() -> tuple[Heads, str, Encode]:
    """The shipped heads, the version of the encoder, and the encoder; NotConfigured where it cannot be loaded."""
    from sentiment.embedded.encoder import shared  # onnxruntime loads only where a model is used

    return heads.load(), fitted.encoder(), shared().encode
