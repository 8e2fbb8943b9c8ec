"""The notation of the world's conversations: one line per turn.

``anna complaint -h: text`` is a turn of Anna's with its intent, sentiment (``-``, ``0``, ``+``) and urgency
(``l``, ``n``, ``h``); ``us: text`` is the brand's own; ``anna^0 …`` answers turn 0 instead of the one before;
``~`` before the colon means that the message does not address the brand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

LINE = re.compile(r"^(\w+)(?:\^(\d+))?(?: (\w+) ([-0+])([lnh]))?(~)?: (.+)$", re.DOTALL)
SENTIMENTS = {"-": "negative", "0": "neutral", "+": "positive"}
URGENCIES = {"l": "low", "n": "normal", "h": "high"}
INTENTS = ("question", "complaint", "praise", "request", "purchase", "churn", "spam", "other")


@dataclass(frozen=True)
class Turn:
    """Who says what; ``answers`` is the number of an earlier turn of the thread."""

    who: str
    answers: int | None
    addressed: bool
    labels: dict[str, Any]
    text: str


def parse(line: str, language: str) -> Turn:
    """Read one line; raises ValueError when it does not follow the notation."""
    found = LINE.match(line)
    if found is None:
        raise ValueError(f"no turn: {line!r}")
    who, answers, intent, sentiment, urgency, aside, text = found.groups()
    labels: dict[str, Any] = {}
    if intent:
        if intent not in INTENTS:
            raise ValueError(f"no intent: {line!r}")
        labels = {
            "language": language,
            "sentiment": SENTIMENTS[sentiment],
            "intent": intent,
            "urgency": URGENCIES[urgency],
        }
    return Turn(who, int(answers) if answers else None, not aside, labels, text)
