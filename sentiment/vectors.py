"""The stored embeddings of messages, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.models import Message

DIMENSIONS = 384
_MANY = 500

Array = npt.NDArray[np.float32]
Encode = Callable[[list[str]], Array]
"""Texts to unit rows, shape (n, DIMENSIONS)."""

ROWS = sa.table(
    "message_embedding",
    sa.column("message_id", db.BigId),
    sa.column("version", sa.Integer),
    sa.column("model_version", sa.String),
    sa.column("vector", sa.LargeBinary),
)
"""One row per message: the embedding of the version named, by the encoder named, as float16."""


@dataclass(frozen=True)
class Vectors:
    """Embeddings of one encoder, shape (n, DIMENSIONS), of messages by their ids and versions."""

    model: str
    ids: list[int]
    versions: list[int]
    rows: Array

    def __len__(self) -> int:
        return len(self.ids)

    def by_id(self) -> dict[int, Array]:
        """Each message's row."""
        return dict(zip(self.ids, self.rows, strict=True))


def newest_model(session: Session) -> str:
    """The encoder of the newest message that has an embedding; empty when none has."""
    query = sa.select(ROWS.c.model_version).order_by(ROWS.c.message_id.desc()).limit(1)
    return str(session.execute(query).scalar() or "")


def of(session: Session, message_ids: Iterable[int], model: str = "") -> Vectors:
    """The embeddings that these messages have from an encoder (the newest one unless named), by ascending id."""
    wanted, model = sorted(set(message_ids)), model or newest_model(session)
    found: list[Any] = []
    for start in range(0, len(wanted), _MANY):
        query = sa.select(ROWS.c.message_id, ROWS.c.version, ROWS.c.vector).where(
            ROWS.c.message_id.in_(wanted[start : start + _MANY]), ROWS.c.model_version == model
        )
        found += session.execute(query.order_by(ROWS.c.message_id)).all()
    return _vectors(model, found)


def newest(session: Session, limit: int, *where: Any, model: str = "") -> Vectors:
    """The newest messages' embeddings, by ascending id; `where` are conditions on `message`."""
    model, m = model or newest_model(session), db.table(Message)
    query = (
        sa.select(ROWS.c.message_id, ROWS.c.version, ROWS.c.vector)
        .join(m, m.c.id == ROWS.c.message_id)
        .where(ROWS.c.model_version == model, *where)
        .order_by(ROWS.c.message_id.desc())
        .limit(limit)
    )
    return _vectors(model, session.execute(query).all()[::-1])


def _vectors(model: str, found: Sequence[Any]) -> Vectors:
    return Vectors(
        model, [int(row.message_id) for row in found], [int(row.version) for row in found],
        unpack([row.vector for row in found]),
    )  # fmt: skip


def pack(row: Array) -> bytes:
    """An embedding as it is stored."""
    return np.asarray(row, "<f2").tobytes()


def unpack(stored: Sequence[bytes]) -> Array:
    """Stored embeddings as rows, shape (n, DIMENSIONS)."""
    return np.frombuffer(b"".join(stored), "<f2").astype(np.float32).reshape(len(stored), DIMENSIONS)
