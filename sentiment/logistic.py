"""Linear heads fitted anew on a few labels, held near where they were: arithmetic without a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sentiment.embedded.heads import Head

PENALTY = 1.0
"""Weight of half the squared distance from the head it starts from."""
STEPS = 600
TOLERANCE = 1e-6

Array = npt.NDArray[np.float32]
Wide = npt.NDArray[np.float64]


def fit(
    start: Head, rows: Array, languages: Sequence[str], labels: Sequence[str],
    anchors: Array | None = None, spoken: Sequence[str] = (), penalty: float = PENALTY,
) -> Head:  # fmt: skip
    """The head nearest to `start` that says `labels` of `rows`, shape (n, dimensions).

    The loss is the cross-entropy of the calibrated probabilities plus `penalty` / 2 times the squared distance
    from `start`. `anchors` are embeddings nobody corrected: together they count as much as the labels, with
    what `start` says of them, so that the head moves only where people disagreed. Temperatures stay.
    """
    truth = np.zeros((len(labels), len(start.classes)))
    truth[np.arange(len(labels)), [start.classes.index(label) for label in labels]] = 1.0
    weights = np.ones(len(labels))
    if anchors is not None and len(anchors):
        rows = np.concatenate([rows, anchors])
        truth = np.concatenate([truth, start.probabilities(anchors, spoken)])
        weights = np.concatenate([weights, np.full(len(anchors), min(1.0, len(labels) / len(anchors)))])
        languages = [*languages, *spoken]
    heat = np.array([start.temperatures.get(one, start.temperatures.get("", 1.0)) for one in languages])
    features = np.hstack([rows.astype(np.float64), np.ones((len(rows), 1))]) / heat[:, None]
    prior = np.hstack([start.weight, start.bias[:, None]]).astype(np.float64)
    found = _descend(prior, features, truth, weights, penalty)
    return replace(start, weight=found[:, :-1].astype(np.float32), bias=found[:, -1].astype(np.float32))


def _descend(prior: Wide, features: Wide, truth: Wide, weights: Wide, penalty: float) -> Wide:
    """Nesterov's accelerated descent; the loss is strongly convex, so its end does not depend on the way."""
    steepest = penalty + 0.5 * float((weights * (features * features).sum(axis=1)).sum())
    found, ahead = prior.copy(), prior.copy()
    pace = (np.sqrt(steepest) - np.sqrt(penalty)) / (np.sqrt(steepest) + np.sqrt(penalty))
    for _ in range(STEPS):
        logits = features @ ahead.T
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        slope = ((shares - truth) * weights[:, None]).T @ features + penalty * (ahead - prior)
        following = ahead - slope / steepest
        ahead = following + pace * (following - found)
        moved, found = float(np.abs(following - found).max()), following
        if moved < TOLERANCE:
            break
    return found
