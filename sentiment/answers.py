"""What an annotation answers to each task: the probabilities of its classes, or the answer alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from core.errors import BadPayload
from sentiment.port import TASKS, Annotation

LANGUAGE = "language"
ASKED = (*TASKS, LANGUAGE)
"""Everything that can be asked about a text."""


EMOTION_FROM = 0.5
"""An emotion is shown from here on, where it is likelier than all others together: what is guessed offends."""


class Unsupported(BadPayload):
    """An annotator was asked for something it cannot tell."""

    exit_code = 2


def answer(annotation: Annotation, task: str) -> str:
    """The class that the inbox shows ("unsure" included); empty where the annotator cannot tell.

    So is an emotion that is less likely than all others together.
    """
    if task == "offensive":
        return "" if annotation.offensive is None else TASKS[task][annotation.offensive]
    if task == "emotion" and max(annotation.details.get(task) or (1.0,)) < EMOTION_FROM:
        return ""
    return str(getattr(annotation, task) or "")


def probabilities(annotation: Annotation, task: str) -> tuple[float, ...] | None:
    """One probability per class in the order of TASKS; None where the annotator gives none."""
    if task == "sentiment":
        return annotation.probabilities
    return tuple(annotation.details[task]) if annotation.details.get(task) else None


def likeliest(annotation: Annotation, task: str, among: Collection[str]) -> tuple[str, float | None]:
    """The likeliest of these classes and its probability among them.

    Without probabilities it is the annotation's own answer, whichever class that is, and no probability.
    """
    shares = probabilities(annotation, task)
    if shares is None:
        sure = annotation.language_confidence if task == LANGUAGE else None
        return answer(annotation, task), sure
    kept = {name: share for name, share in zip(TASKS[task], shares, strict=True) if name in among}
    best = max(kept, key=kept.__getitem__)
    return best, kept[best] / (sum(kept.values()) or 1.0)


def supports(annotations: Sequence[Annotation], task: str) -> bool:
    """At least one of them says something about the task."""
    return any(answer(one, task) or probabilities(one, task) for one in annotations)


def labels(words: Sequence[str], task: str) -> list[str]:
    """Class names of labels that are names or numbers (in the order of TASKS); BadPayload names a label that is none.

    Languages are ISO 639 codes.
    """
    if task not in ASKED:
        raise BadPayload(f"There is no task {task!r}. Tasks: {', '.join(ASKED)}.")
    found = [word.strip().casefold() for word in words]
    if task == LANGUAGE:
        if wrong := sorted({word for word in found if not (word.isascii() and word.isalpha() and 2 <= len(word) <= 3)}):
            raise BadPayload(f"labels of languages are codes such as de, en or ja, not {wrong[0] or 'an empty line'}")
        return found
    classes = TASKS[task]
    known = {**{str(number): name for number, name in enumerate(classes)}, **{name: name for name in classes}}
    if wrong := sorted({word for word in found if word not in known}):
        several = f"{', '.join(classes)} or 0 to {len(classes) - 1}"
        raise BadPayload(f"labels of {task} must be {several}, not {wrong[0] or 'an empty line'}")
    return [known[word] for word in found]


def as_dict(annotation: Annotation) -> dict[str, Any]:
    """Every field of an annotation for a line of JSON, its probabilities by class; the embedding is left out."""
    return {
        "language": annotation.language,
        "language_confidence": annotation.language_confidence,
        "sentiment": annotation.sentiment,
        "probabilities": _named("sentiment", annotation.probabilities),
        "emotion": annotation.emotion or None,
        "intent": annotation.intent,
        "urgency": annotation.urgency,
        "offensive": annotation.offensive,
        "details": {task: _named(task, shares) for task, shares in annotation.details.items() if task in TASKS},
        "model": annotation.model,
        "version": annotation.version,
    }


def _named(task: str, shares: Sequence[float]) -> dict[str, float]:
    return {name: round(float(share), 4) for name, share in zip(TASKS[task], shares, strict=True)}
