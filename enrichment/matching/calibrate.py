"""Calibration from what reviewers decided: what a score of 0.8 really means here. Pure.

Platt's scaling on log-odds (slope and shift), held near "as it is" by a few made-up decisions, so that a small
number of real ones moves it little. Source: Platt 1999, Probabilistic outputs for support vector machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, log1p

LEAST = 40
"""Decisions below which nothing can be said."""
LEAST_OF_EACH = 8
_PRIOR = 2.0
_STEPS = 100
_CERTAIN = 1e-4


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer said about a proposal of this score."""

    score: float
    accepted: bool


@dataclass(frozen=True, slots=True)
class Band:
    """Proposals of similar score: what was said, what was true, what would be said."""

    low: float
    high: float
    count: int
    said: float
    true: float
    would_say: float


@dataclass(frozen=True, slots=True)
class Fit:
    """A calibration with what it changes: log-odds = slope * log-odds + shift."""

    slope: float
    shift: float
    decisions: int
    accepted: int
    loss_before: float
    loss_after: float
    """Mean log loss; less is better."""
    bands: tuple[Band, ...]

    @property
    def better(self) -> bool:
        """It says more truly how sure a proposal is."""
        return self.loss_after < self.loss_before


def too_few(decisions: Sequence[Decision]) -> str:
    """Why nothing can be said yet; empty when there are enough decisions."""
    accepted = sum(one.accepted for one in decisions)
    rejected = len(decisions) - accepted
    if len(decisions) >= LEAST and min(accepted, rejected) >= LEAST_OF_EACH:
        return ""
    return (
        f"There are {accepted} accepted and {rejected} rejected proposals. Calibration needs {LEAST} decisions, "
        f"{LEAST_OF_EACH} of each kind: decide some more at /people/review."
    )


def fit(decisions: Sequence[Decision]) -> Fit:
    """Slope and shift by Newton's method; never a negative slope, so that the order of proposals stays."""
    points = [(_log_odds(one.score), float(one.accepted)) for one in decisions]
    slope, shift = 1.0, 0.0
    for _ in range(_STEPS):
        step = _step(points, slope, shift)
        slope, shift = slope - step[0], shift - step[1]
        if abs(step[0]) + abs(step[1]) < _CERTAIN:
            break
    slope, shift = round(min(max(slope, 0.05), 5.0), 4), round(min(max(shift, -10.0), 10.0), 4)
    return Fit(
        slope,
        shift,
        len(decisions),
        sum(one.accepted for one in decisions),
        _loss(points, 1.0, 0.0),
        _loss(points, slope, shift),
        _bands(decisions, slope, shift),
    )


def _step(points: Sequence[tuple[float, float]], slope: float, shift: float) -> tuple[float, float]:
    """One step of Newton; the prior pulls slope to 1 and shift to 0."""
    grad_a, grad_b = _PRIOR * (slope - 1.0), _PRIOR * shift
    aa, ab, bb = _PRIOR, 0.0, _PRIOR
    for x, y in points:
        p = _share(slope * x + shift)
        grad_a += (p - y) * x
        grad_b += p - y
        weight = p * (1.0 - p)
        aa += weight * x * x
        ab += weight * x
        bb += weight
    det = aa * bb - ab * ab
    return (bb * grad_a - ab * grad_b) / det, (aa * grad_b - ab * grad_a) / det


def _loss(points: Sequence[tuple[float, float]], slope: float, shift: float) -> float:
    total = 0.0
    for x, y in points:
        odds = slope * x + shift
        total += (log1p(exp(-abs(odds))) + max(odds, 0.0)) - y * odds
    return round(total / max(1, len(points)), 4)


def _bands(decisions: Sequence[Decision], slope: float, shift: float) -> tuple[Band, ...]:
    found = []
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1.01)):
        inside = [one for one in decisions if low <= one.score < high]
        if inside:
            said = sum(one.score for one in inside) / len(inside)
            would = sum(_share(slope * _log_odds(one.score) + shift) for one in inside) / len(inside)
            true = sum(one.accepted for one in inside) / len(inside)
            found.append(Band(low, min(high, 1.0), len(inside), round(said, 3), round(true, 3), round(would, 3)))
    return tuple(found)


def _log_odds(score: float) -> float:
    inside = min(max(score, _CERTAIN), 1.0 - _CERTAIN)
    return log(inside / (1.0 - inside))


def _share(odds: float) -> float:
    return 1.0 / (1.0 + exp(-max(-60.0, min(60.0, odds))))
