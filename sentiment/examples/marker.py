"""The labels a message carries: by the words of a label, and by what a label learnt from examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from core import db
from sentiment.examples import store
from sentiment.examples.fit import Head
from sentiment.examples.models import LabelHead
from sentiment.labels import Matcher
from sentiment.models import Label
from sentiment.vectors import Array

Heads = Mapping[str, tuple[str, Head]]
"""Label name → the encoder whose embeddings the head reads, and the head."""


class Marker:
    """All enabled labels at once; `names` in the order in which a message carries them."""

    def __init__(self, labels: Sequence[tuple[str, Sequence[str]]], heads: Heads) -> None:
        self._names = [name for name, _ in labels]
        self._matcher = Matcher(labels)
        self._heads = heads

    def of(
        self, texts: Sequence[str], embeddings: Sequence[Array | None] | Array | None = None, model: str = ""
    ) -> list[list[str]]:
        """The names of the labels each text carries; `embeddings` are of the encoder `model`, None where there is none.

        A head that was learnt from another encoder's embeddings says nothing.
        """
        found = [set(self._matcher.of(text)) for text in texts]
        there = [] if embeddings is None else [n for n, row in enumerate(embeddings) if row is not None]
        ready = {name: head for name, (reads, head) in self._heads.items() if reads == model}
        if ready and there and embeddings is not None:
            rows = stacked([embeddings[n] for n in there])
            for name, head in ready.items():
                for n, carried in zip(there, head.carries(rows).tolist(), strict=True):
                    if carried:
                        found[n].add(name)
        return [[name for name in self._names if name in names] for names in found]


def stacked(rows: Sequence[Array | None]) -> Array:
    """Rows as one array."""
    return np.stack([row for row in rows if row is not None]).astype(np.float32)


_made: dict[tuple[object, ...], Marker] = {}


def marker(session: Session) -> Marker:
    """The marker over all enabled labels, made anew only when one changed."""
    t, h = db.table(Label), db.table(LabelHead)
    rows = session.execute(sa.select(t.c.id, t.c.name, t.c.terms).where(t.c.enabled).order_by(t.c.id)).all()
    fitted = session.execute(sa.select(h.c.label_id, h.c.at).order_by(h.c.label_id)).all()
    state = (*((row.id, row.name, tuple(row.terms)) for row in rows), *((row.label_id, row.at) for row in fitted))
    found = _made.get(state)
    if found is None:
        heads = store.heads(session)
        found = Marker(
            [(str(row.name), tuple(row.terms)) for row in rows],
            {row.name: heads[row.id] for row in rows if row.id in heads},
        )
        _made.clear()
        _made[state] = found
    return found
