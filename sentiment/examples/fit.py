"""A label out of a few examples: a regularised linear head on embeddings, measured on what it has not seen.

Balanced ridge regression, whose leave-one-out answers come in closed form: every example is judged by a head that
was fitted without it, at the price of one fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

LEAST = 5
"""Examples below which nothing is fitted."""
WANTED_PRECISION = 0.9
"""The threshold is the lowest one at which so many of what it marks are right, on held-back examples."""
PENALTY = 0.02
"""Weight of the squared norm beside the mean squared error of the balanced classes."""
_Z = 1.96

Array = npt.NDArray[np.float32]
Wide = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Head:
    """`mean` and `weight` have one value per dimension; a score of at least `threshold` carries the label."""

    mean: Array
    weight: Array
    bias: float
    threshold: float

    def scores(self, embeddings: Array) -> Array:
        """How much each embedding looks like an example, about -1 to 1, shape (n,), of shape (n, dimensions)."""
        return np.asarray(centred(embeddings, self.mean) @ self.weight + np.float32(self.bias), np.float32)

    def carries(self, embeddings: Array) -> npt.NDArray[np.bool_]:
        """Which of the embeddings carry the label, shape (n,)."""
        return np.asarray(self.scores(embeddings) >= self.threshold, np.bool_)


@dataclass(frozen=True)
class Measure:
    """What a head did on examples that were held back: `right` of `examples` found, `wrong` of `against` too.

    `against` are counter-examples and other messages that are taken for such.
    """

    examples: int
    right: int
    against: int
    wrong: int

    @property
    def precision(self) -> float | None:
        """Share of what it marked that is right; None when it marked nothing."""
        marked = self.right + self.wrong
        return self.right / marked if marked else None

    @property
    def recall(self) -> float:
        """Share of the examples that it found."""
        return self.right / self.examples if self.examples else 0.0

    @property
    def precision_interval(self) -> tuple[float, float]:
        """95 % confidence interval of the precision."""
        return interval(self.right, self.right + self.wrong)

    @property
    def recall_interval(self) -> tuple[float, float]:
        """95 % confidence interval of the recall."""
        return interval(self.right, self.examples)


def interval(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % confidence interval of a share; (0, 1) when nothing was looked at.

    https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
    """
    if n == 0:
        return 0.0, 1.0
    share, square = hits / n, _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def centred(embeddings: Array, mean: Array) -> Array:
    """Rows of length 1 around the mean: what most messages have in common tells nothing."""
    moved = embeddings.astype(np.float32) - mean
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(length, 1e-9), np.float32)


def fit(examples: Array, against: Array, others: Array) -> tuple[Head, Measure]:
    """A head out of examples, counter-examples and other messages, each of shape (n, dimensions).

    Others count as counter-examples, except those that look more like an example than the middle one of the
    examples does: they may carry the label and were only never named. ValueError below LEAST examples.
    """
    if len(examples) < LEAST:
        raise ValueError(f"a label is learnt from at least {LEAST} examples, not {len(examples)}")
    mean = np.asarray((others if len(others) else np.concatenate([examples, against])).mean(axis=0), np.float32)
    for_it, not_it, rest = (centred(rows, mean) for rows in (examples, against, others))
    if len(rest):
        _, _, held = _ridge(for_it, np.concatenate([not_it, rest]))
        likely = held[len(for_it) + len(not_it) :] > np.median(held[: len(for_it)])
        not_it = np.concatenate([not_it, rest[~likely]])
    if not len(not_it):
        raise ValueError("a label needs something that does not carry it: name a counter-example")
    weight, bias, held = _ridge(for_it, not_it)
    threshold = _threshold(held[: len(for_it)], held[len(for_it) :])
    found = held >= threshold
    measure = Measure(len(for_it), int(found[: len(for_it)].sum()), len(not_it), int(found[len(for_it) :].sum()))
    return Head(mean, weight, bias, threshold), measure


def _ridge(for_it: Array, not_it: Array) -> tuple[Array, float, Wide]:
    """Weights, bias, and the score of each row by a head that was fitted without it; examples first.

    Both classes count alike however many rows they have. A row's influence on its own score (leverage) tells what
    the score would be without the row.
    """
    rows = np.concatenate([for_it, not_it]).astype(np.float64)
    rows = np.hstack([rows, np.ones((len(rows), 1))])
    side = np.where(np.arange(len(rows)) < len(for_it), 1.0, -1.0)
    share = np.where(side > 0, 0.5 / len(for_it), 0.5 / len(not_it))
    ridge = np.diag(np.append(np.full(rows.shape[1] - 1, PENALTY), 1e-9))
    turned = np.linalg.inv(rows.T @ (rows * share[:, None]) + ridge)
    found = turned @ (rows.T @ (share * side))
    leverage = share * np.einsum("nd,de,ne->n", rows, turned, rows, optimize=True)
    left_out = np.minimum(leverage, 0.999)
    held = (rows @ found - left_out * side) / (1 - left_out)
    return np.asarray(found[:-1], np.float32), float(found[-1]), held


def _threshold(right: Wide, wrong: Wide) -> float:
    """The lowest threshold that keeps the wanted precision; where none does, the one with the best."""
    best, best_precision = float(max(right.max(), wrong.max())), -1.0
    for candidate in sorted(set(right.tolist()), reverse=True):
        hits, misses = int((right >= candidate).sum()), int((wrong >= candidate).sum())
        precision = hits / (hits + misses)
        if precision >= WANTED_PRECISION or precision > best_precision:
            best_precision = min(precision, WANTED_PRECISION)
            best = _between(candidate, [*right.tolist(), *wrong.tolist()])
    return best


def _between(value: float, scores: Sequence[float]) -> float:
    """Halfway down to the next lower score."""
    lower = [score for score in scores if score < value]
    return (value + max(lower)) / 2 if lower else value
