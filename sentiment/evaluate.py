"""How well an annotator agrees with labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sentiment.port import CLASSES, Annotator


@dataclass(frozen=True)
class ClassFigures:
    """Precision, recall and F1 of one class (0 to 1); `support` is how many texts carry it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Evaluation:
    """Agreement over `n` texts. An "unsure" text counts by its likeliest class; `unsure` is their share."""

    n: int
    accuracy: float
    macro_f1: float
    macro_recall: float
    unsure: float
    per_class: dict[str, ClassFigures]

    def as_dict(self) -> dict[str, Any]:
        """For a JSON report."""
        return asdict(self)


def evaluate(
    texts: Sequence[str],
    labels: Sequence[str],
    annotator: Annotator,
    languages: Sequence[str | None] | None = None,
    batch: int = 500,
) -> Evaluation:
    """Compare with labels out of "negative", "neutral", "positive"; another label is a ValueError."""
    unknown = {*labels} - {*CLASSES}
    if unknown:
        raise ValueError(f"labels must be negative, neutral or positive, not {', '.join(sorted(unknown))}")
    answers: list[str] = []
    unsure = 0
    for start in range(0, len(texts), batch):
        hints = list(languages[start : start + batch]) if languages is not None else None
        for annotation in annotator.annotate(list(texts[start : start + batch]), hints):
            answers.append(CLASSES[annotation.probabilities.index(max(annotation.probabilities))])
            unsure += annotation.sentiment == "unsure"
    return figures(labels, answers, unsure)


def figures(labels: Sequence[str], answers: Sequence[str], unsure: int = 0) -> Evaluation:
    """The figures of given answers, in the order of the labels."""
    n = len(labels)
    pairs = list(zip(labels, answers, strict=True))
    per_class: dict[str, ClassFigures] = {name: _class(name, pairs) for name in CLASSES}
    present = [row for row in per_class.values() if row.support] or list(per_class.values())
    return Evaluation(
        n=n,
        accuracy=sum(label == answer for label, answer in pairs) / n if n else 0.0,
        macro_f1=sum(row.f1 for row in present) / len(present),
        macro_recall=sum(row.recall for row in present) / len(present),
        unsure=unsure / n if n else 0.0,
        per_class=per_class,
    )


def _class(name: str, pairs: list[tuple[str, str]]) -> ClassFigures:
    right = sum(label == answer == name for label, answer in pairs)
    said = sum(answer == name for _, answer in pairs)
    support = sum(label == name for label, _ in pairs)
    precision = right / said if said else 0.0
    recall = right / support if support else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return ClassFigures(precision, recall, f1, support)
