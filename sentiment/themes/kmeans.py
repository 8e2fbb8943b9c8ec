"""k-means on unit vectors, seeded: large sets are learnt from in batches, small ones as a whole."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ROUNDS = 12
WHOLE = 20_000
"""Rows up to which every round looks at all of them."""
BATCH = 4_096
BATCHES = 120

Array = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]


def spherical(rows: Array, k: int, seed: int = 0) -> Ids:
    """The cluster of each row, shape (n,), numbers below k; rows are unit vectors, shape (n, d)."""
    if k >= len(rows):
        return np.arange(len(rows), dtype=np.int64)
    chance = np.random.default_rng(seed)
    centres = _spread(rows, k, chance)
    if len(rows) <= WHOLE:
        return _whole(rows, centres, chance)
    return nearest(rows, _batches(rows, centres, chance))


def nearest(rows: Array, centres: Array) -> Ids:
    """The nearest of unit centres for each row, in blocks that keep memory bounded."""
    found = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), BATCH):
        found[start : start + BATCH] = np.argmax(rows[start : start + BATCH] @ centres.T, axis=1)
    return found


def _spread(rows: Array, k: int, chance: np.random.Generator) -> Array:
    """First centres far apart (k-means++), out of a sample of at most 20 rows for each."""
    sample = rows if len(rows) <= 20 * k else rows[np.sort(chance.choice(len(rows), 20 * k, replace=False))]
    chosen = [int(chance.integers(len(sample)))]
    far = np.maximum(1 - sample @ sample[chosen[0]], 0)
    for _ in range(k - 1):
        total = float(far.sum())
        drawn = int(np.searchsorted(np.cumsum(far), chance.random() * total)) if total > 0 else len(chosen)
        chosen.append(min(drawn, len(sample) - 1))
        far = np.minimum(far, np.maximum(1 - sample @ sample[chosen[-1]], 0))
    return sample[chosen].copy()


def _whole(rows: Array, centres: Array, chance: np.random.Generator) -> Ids:
    owner = nearest(rows, centres)
    for _ in range(ROUNDS):
        sums = np.zeros_like(centres)
        np.add.at(sums, owner, rows)
        empty = np.flatnonzero(np.bincount(owner, minlength=len(centres)) == 0)
        sums[empty] = rows[chance.integers(len(rows), size=len(empty))]
        centres = _unit(sums)
        moved = nearest(rows, centres)
        if (moved == owner).all():
            break
        owner = moved
    return owner


def _batches(rows: Array, centres: Array, chance: np.random.Generator) -> Array:
    """Mini-batch k-means: each centre moves towards its rows, less the more it has seen."""
    seen = np.zeros(len(centres))
    for _ in range(BATCHES):
        batch = rows[chance.integers(len(rows), size=BATCH)]
        owner = nearest(batch, centres)
        sums, number = np.zeros_like(centres), np.bincount(owner, minlength=len(centres))
        np.add.at(sums, owner, batch)
        hit = number > 0
        seen += number
        rate = (number[hit] / seen[hit])[:, None].astype(np.float32)
        means = np.asarray(sums[hit] / number[hit, None], np.float32)
        centres[hit] = _unit((1 - rate) * centres[hit] + rate * means)
    return centres


def _unit(rows: Array) -> Array:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)
