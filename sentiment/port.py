"""The one thing every annotator does: texts in, annotations out, in the same order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # numpy is 15 MB: only a process that annotates has it
    import numpy as np
    import numpy.typing as npt

Sentiment = Literal["negative", "neutral", "positive", "unsure"]
Intent = Literal["question", "complaint", "praise", "request", "purchase", "churn", "spam", "other"]
Urgency = Literal["low", "normal", "high"]

CLASSES: tuple[Sentiment, Sentiment, Sentiment] = ("negative", "neutral", "positive")
"""The order of `Annotation.probabilities`."""

EMOTIONS = ("anger", "joy", "optimism", "sadness", "fear", "surprise", "neutral")
INTENTS: tuple[Intent, ...] = ("question", "complaint", "praise", "request", "purchase", "churn", "spam", "other")
URGENCIES: tuple[Urgency, ...] = ("low", "normal", "high")
OFFENSIVE = ("no", "yes")
TASKS: dict[str, tuple[str, ...]] = {
    "sentiment": CLASSES, "emotion": EMOTIONS, "intent": INTENTS, "urgency": URGENCIES, "offensive": OFFENSIVE,
}  # fmt: skip
"""What is asked about a text, and the classes of each in the order of their numbers (0, 1, 2 …)."""

UNSURE_BELOW = 0.45
"""With no class at least this likely, the sentiment is "unsure"."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What an annotator says about one text.

    `language` is an ISO 639 code or "und"; `probabilities` are (negative, neutral, positive) and sum
    to 1; `model` and `version` name who said it. `intent`, `urgency` and `offensive` are None, `emotion`
    is empty where the annotator cannot tell. `details` holds the probabilities of each task of `TASKS`
    that a model answered; `embedding` is what the text means to the model: shape (384,), length 1.
    """

    language: str
    language_confidence: float
    sentiment: Sentiment
    probabilities: tuple[float, float, float]
    intent: Intent | None
    urgency: Urgency | None
    model: str
    version: str
    emotion: str = ""
    offensive: bool | None = None
    details: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    embedding: npt.NDArray[np.float32] | None = field(default=None, compare=False)


class Annotator(Protocol):
    """A lexicon or a model; `name` and `version` go onto every annotation."""

    @property
    def name(self) -> str:
        """For example "lexicon" or "hub:owner/model"."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever an answer may change."""
        ...

    def annotate(self, texts: list[str], languages: list[str | None] | None = None) -> list[Annotation]:
        """One annotation per text, in order. `languages` are what the platform claims, to lean on."""
        ...


def decide(probabilities: tuple[float, float, float], threshold: float = UNSURE_BELOW) -> Sentiment:
    """The likeliest class, or "unsure" when none reaches the threshold."""
    best = max(probabilities)
    return CLASSES[probabilities.index(best)] if best >= threshold else "unsure"
