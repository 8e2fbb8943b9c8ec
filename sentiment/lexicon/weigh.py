"""From what was found in a text to probabilities of its tone.

A multinomial logistic model with seven inputs per text and neutral at zero. German and English were
fitted on the training parts of UMSAB (Apache-2.0) and SemEval-2017 4A (MIT), each class with the same
weight. Japanese has no such cleared set: it takes the mean of both, and each kind of tone speaks
against the other, since its texts are longer and mixed ones are neutral (docs/annotation.md).
"""

from __future__ import annotations

from math import exp, log1p

from sentiment.lexicon.spaced import Reading

Weights = tuple[float, float, float, float, float, float, float]
# base, log(1 + positive), log(1 + negative), asks, exclaims, nothing found, denials (up to 3)
_WEIGHTS: dict[str, tuple[Weights, Weights]] = {
    "de": (
        (-1.46, 0.29, 1.95, 0.06, 0.43, 0.72, 0.48),
        (-1.84, 1.77, 0.41, -0.18, 0.58, 0.72, 0.33),
    ),
    "en": (
        (-1.56, -0.01, 2.03, 0.01, -0.22, 0.47, 0.91),
        (-2.32, 1.82, 0.08, -0.50, 0.79, 0.98, 0.25),
    ),
    "ja": (
        (-1.51, -1.06, 1.99, 0.03, 0.10, 0.60, 0.70),
        (-2.08, 1.79, -0.96, -0.34, 0.69, 0.85, 0.29),
    ),
}
_EVEN = (1 / 3, 1 / 3, 1 / 3)


def probabilities(reading: Reading, language: str) -> tuple[float, float, float]:
    """(negative, neutral, positive) for a reading; even for an unknown language with nothing found."""
    if language not in _WEIGHTS:
        if not reading.hits:
            return _EVEN
        language = "ja"
    negative_weights, positive_weights = _WEIGHTS[language]
    inputs = (
        1.0,
        log1p(reading.positive),
        log1p(reading.negative),
        1.0 if reading.asks else 0.0,
        1.0 if reading.exclaims else 0.0,
        0.0 if reading.hits else 1.0,
        float(min(reading.denials, 3)),
    )
    negative = exp(min(30.0, sum(map(float.__mul__, negative_weights, inputs))))
    positive = exp(min(30.0, sum(map(float.__mul__, positive_weights, inputs))))
    total = 1.0 + negative + positive
    return round(negative / total, 4), round(1.0 / total, 4), round(positive / total, 4)
