"""Figures of agreement between answers and labels: pure arithmetic, the same for every task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 15
"""Equal-width bins of the top probability, for the calibration error."""
SAMPLES = 1000
"""Bootstrap samples behind an interval."""
SEED = 13

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClassFigures:
    """Precision, recall and F1 of one class (0 to 1); `support` is how many texts carry it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Evaluation:
    """Agreement over `n` texts, all as fractions; macro figures are means over the classes the labels name.

    `interval` is the bootstrap 95 % confidence interval of `macro_f1` (seeded: the same texts give the same
    bounds). `calibration_error` is the expected calibration error over 15 equal-width bins of the top
    probability, None where the annotator gives no probabilities; `calibration_chance` is what answers that are
    calibrated without fault would show on average on so few texts. `unsure` is the share of texts that the inbox
    would show as unsure or without an answer.
    """

    n: int
    macro_f1: float
    macro_recall: float
    accuracy: float
    calibration_error: float | None
    calibration_chance: float | None
    interval: tuple[float, float]
    unsure: float
    per_class: dict[str, ClassFigures] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For a JSON report."""
        return {**asdict(self), "interval": list(self.interval)}


def figures(
    labels: Sequence[str],
    answers: Sequence[str],
    confidences: Sequence[float | None] = (),
    unsure: int = 0,
    classes: Sequence[str] = (),
) -> Evaluation:
    """The figures of answers, in the order of the labels.

    `classes` gives the order of the classes; those no label names are left out. `confidences` are the
    probabilities of the answers.
    """
    n = len(labels)
    named = [one for one in (classes or sorted(set(labels))) if one in set(labels)]
    table = _table(labels, answers, named)
    f1, recall, precision = _per_class(table[None])
    right = sum(label == answer for label, answer in zip(labels, answers, strict=True))
    return Evaluation(
        n=n,
        macro_f1=_mean(f1[0]),
        macro_recall=_mean(recall[0]),
        accuracy=right / n if n else 0.0,
        calibration_error=calibration_error(labels, answers, confidences),
        calibration_chance=calibration_chance(confidences),
        interval=_interval(table),
        unsure=unsure / n if n else 0.0,
        per_class={
            name: ClassFigures(
                float(np.nan_to_num(precision[0, place])),
                float(np.nan_to_num(recall[0, place])),
                float(np.nan_to_num(f1[0, place])),
                int(table[place].sum()),
            )
            for place, name in enumerate(named)
        },
    )


def macro_f1(labels: Sequence[Any], answers: Sequence[Any]) -> float:
    """The mean F1 of the classes the labels name."""
    return _mean(_per_class(_table(labels, answers, sorted(set(labels)))[None])[0][0])


def macro_recall(labels: Sequence[Any], answers: Sequence[Any]) -> float:
    """The mean recall of the classes the labels name."""
    return _mean(_per_class(_table(labels, answers, sorted(set(labels)))[None])[1][0])


def calibration_error(
    labels: Sequence[str], answers: Sequence[str], confidences: Sequence[float | None]
) -> float | None:
    """Mean distance between how sure the answers were and how often they were right, weighted by bin.

    Guo et al. 2017, https://arxiv.org/abs/1706.04599. Answers without a probability are left out; None when
    none has one.
    """
    rows = [
        (sure, label == answer)
        for label, answer, sure in zip(labels, answers, confidences, strict=False)
        if sure is not None
    ]
    if not rows:
        return None
    sure, right = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], float)
    return float(_distance(sure, right[None])[0])


def calibration_chance(confidences: Sequence[float | None]) -> float | None:
    """The calibration error that answers which are right exactly as often as they are sure would show on average.

    It is not nothing: among few texts the share of right answers of a bin strays from its probability.
    """
    sure = np.array([one for one in confidences if one is not None])
    if not len(sure):
        return None
    chance = np.random.default_rng(SEED)
    return float(_distance(sure, (chance.random((100, len(sure))) < sure).astype(float)).mean())


def _distance(sure: Floats, right: Floats) -> Floats:
    """Of samples of right (1) and wrong (0) answers, shape (samples, n)."""
    places = np.clip(np.ceil(sure * BINS).astype(int) - 1, 0, BINS - 1)
    expected = np.bincount(places, sure, BINS)
    return np.array([np.abs(expected - np.bincount(places, one, BINS)).sum() for one in right]) / len(sure)


def _table(labels: Sequence[Any], answers: Sequence[Any], named: Sequence[Any]) -> Counts:
    """How often each named class (rows) got which answer; the last column is every answer that is no such class."""
    place = {name: number for number, name in enumerate(named)}
    table = np.zeros((len(named), len(named) + 1), np.int64)
    for label, answer in zip(labels, answers, strict=True):
        table[place[label], place.get(answer, len(named))] += 1
    return table


def _per_class(tables: Counts) -> tuple[Floats, Floats, Floats]:
    """F1, recall and precision by class of tables of shape (samples, classes, classes + 1); NaN where none is."""
    right = np.diagonal(tables, axis1=1, axis2=2).astype(float)
    there = tables.sum(axis=2).astype(float)
    said = tables[:, :, :-1].sum(axis=1).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = np.where(there > 0, right / there, np.nan)
        precision = np.where(said > 0, right / said, 0.0)
        f1 = np.where(there > 0, 2 * right / (there + said), np.nan)
    return f1, recall, precision


def _mean(values: Floats) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else 0.0


def _interval(table: Counts) -> tuple[float, float]:
    """Drawing texts again with replacement is drawing the cells of their table from a multinomial distribution."""
    n = int(table.sum())
    if n == 0:
        return 0.0, 0.0
    drawn = np.random.default_rng(SEED).multinomial(n, table.ravel() / n, SAMPLES).reshape(SAMPLES, *table.shape)
    f1, _, _ = _per_class(drawn)
    there = np.isfinite(f1)
    means = np.where(there, f1, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
