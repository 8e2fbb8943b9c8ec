"""A stand-in for the encoder: texts that share words are near each other, the same text is the same row everywhere."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from core import db
from sentiment import vectors
from sentiment.models import MessageEmbedding
from sentiment.vectors import DIMENSIONS, Array

COMMON = np.random.default_rng(7).normal(size=DIMENSIONS)
"""What all texts have in common, as with real encoders."""


def encode(texts: Sequence[str]) -> Array:
    """Unit rows, shape (n, DIMENSIONS)."""
    rows = np.stack([_row(text) for text in texts])
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _row(text: str) -> np.ndarray:
    return COMMON * 1.5 + sum(
        np.random.default_rng(zlib.crc32(word.encode())).normal(size=DIMENSIONS) for word in text.lower().split()
    )


def read(ids: Sequence[int], texts: Sequence[str], model: str = "fake-1", version: int = 1) -> None:
    """Store the embeddings of messages, as annotating does."""
    rows = [
        {"message_id": one, "version": version, "model_version": model, "vector": vectors.pack(row)}
        for one, row in zip(ids, encode(texts), strict=True)
    ]
    with db.write() as session:
        insert = db.upsert(MessageEmbedding)
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["message_id"],
                set_={name: insert.excluded[name] for name in ("version", "model_version", "vector")},
            ),
            rows,
        )
