"""How customers rated us, out of their answers to surveys: one definition each (docs/metrics.md). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

RATINGS = ("csat", "nps", "ces", "response")
"""Satisfied, recommendation, effort, and how many of those who were asked answered."""
KINDS = {"csat": ("csat", "thumbs"), "nps": ("nps",), "ces": ("ces",)}
"""Which surveys each is made of."""
FEW = 10
"""With fewer answers a figure says little, and says so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with a score: when, to which kind of survey, and who had closed the conversation."""

    at: datetime
    kind: str
    score: int
    verdict: str
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A survey that was sent, and when it was answered, if it was."""

    at: datetime
    answered: datetime | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """A figure and of how many answers (or invitations) it is made.

    csat, response and promises kept are shares of 1, nps runs from -100 to 100, ces is a mean from 1 to 7.
    """

    number: int
    value: float

    @property
    def few(self) -> bool:
        """It says little."""
        return self.number < FEW


def rating(name: str, answers: Sequence[tuple[int | None, str]]) -> Rating | None:
    """A figure out of (score, verdict) of each answer; None of none. For `response` the verdict is good if answered."""
    number = len(answers)
    if not number:
        return None
    good = sum(verdict == "good" for _, verdict in answers)
    if name == "nps":
        bad = sum(verdict == "bad" for _, verdict in answers)
        return Rating(number, 100 * (good - bad) / number)
    if name == "ces":
        return Rating(number, sum(score or 0 for score, _ in answers) / number)
    return Rating(number, good / number)
