"""Questions of a survey as values: what can be asked, what an answer may be, and which question comes next. Pure.

A question is `{"id", "kind", "top", "needed", "texts": {language: {"ask", "low", "high", "options"}}, "branches"}`;
a branch is `{"op", "value", "go"}`, and leads to a later question or to the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core import db
from core.errors import Rejected

SCORES: Mapping[str, tuple[int, int]] = {"csat": (1, 5), "thumbs": (0, 1), "nps": (0, 10), "ces": (1, 7)}
"""What is measured, from the worst to the best."""
OWN = ("choice", "choices", "scale", "text")
"""What else can be asked: one of several, several of them, a number, words."""
KINDS = (*SCORES, "own")
"""What a survey measures."""
SCORE = "score"
"""The id of the question that measures."""
END = "end"
OPS = ("is", "at_most", "at_least")
MOST, OPTIONS, BRANCHES = 10, 12, 4
ASK, OPTION, ANSWER = 300, 120, 2_000
"""Characters of a question, of an option, and of an answer in words."""
Value = int | str | list[int] | None
"""None: it was left out."""

BAD_ANSWER = "Choose one of the answers."
NEEDED = "This question needs an answer."
TOO_LONG = "Your answer is too long: 2,000 characters at most."
ANSWERS = (BAD_ANSWER, NEEDED, TOO_LONG)
"""What is said to who answers."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Where an answer leads: `value` is a score, a number of a scale, or the number of an option from 1 on."""

    op: str
    value: int
    go: str

    def holds(self, value: Value) -> bool:
        """Whether an answer leads there."""
        values = value if isinstance(value, list) else [value] if isinstance(value, int) else []
        if self.op == "is":
            return self.value in values
        return any(one <= self.value if self.op == "at_most" else one >= self.value for one in values)


@dataclass(frozen=True, slots=True)
class Question:
    """One question in all its languages."""

    id: str
    kind: str
    texts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    needed: bool = True
    top: int = 5
    """The largest number of a scale that begins with 1."""
    branches: tuple[Branch, ...] = ()

    @property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest number that can be chosen."""
        return SCORES.get(self.kind, (1, self.top))

    def options(self, language: str) -> Sequence[str]:
        """What can be chosen, in one language."""
        return list(self.texts.get(language, {}).get("options", ()))

    @property
    def count(self) -> int:
        """How many options there are."""
        return max((len(one.get("options", ())) for one in self.texts.values()), default=0)


def read(raw: Sequence[Mapping[str, Any]]) -> list[Question]:
    """Questions as they are stored."""
    return [
        Question(
            one["id"], one["kind"], one["texts"], one.get("needed", True), one.get("top", 5),
            tuple(Branch(each["op"], each["value"], each["go"]) for each in one.get("branches", ())),
        )
        for one in raw
    ]  # fmt: skip


def written(found: Sequence[Question]) -> list[dict[str, Any]]:
    """Questions as JSON."""
    return [
        {
            "id": one.id, "kind": one.kind, "needed": one.needed, "top": one.top,
            "texts": {language: dict(words) for language, words in one.texts.items()},
            "branches": [{"op": each.op, "value": each.value, "go": each.go} for each in one.branches],
        }
        for one in found
    ]  # fmt: skip


# --- answers ----------------------------------------------------------------------------------------------


def answer(one: Question, given: Sequence[str]) -> Value:
    """An answer out of a form; Rejected with what to say to who answers."""
    values = [db.sound(each).strip() for each in given]
    values = [each for each in values if each]
    if not values:
        if one.needed:
            raise Rejected(NEEDED)
        return None
    if one.kind == "text":
        if len(values[0]) > ANSWER:
            raise Rejected(TOO_LONG)
        return values[0]
    low, high = (1, one.count) if one.kind in ("choice", "choices") else one.ends
    if len(values) > OPTIONS or not all(each.isascii() and each.isdigit() and len(each) < 4 for each in values):
        raise Rejected(BAD_ANSWER)
    numbers = sorted({int(each) for each in values})
    if not all(low <= each <= high for each in numbers) or (one.kind != "choices" and len(numbers) > 1):
        raise Rejected(BAD_ANSWER)
    return numbers if one.kind == "choices" else numbers[0]


def following(found: Sequence[Question], one: Question, value: Value) -> str:
    """The id of the question after this answer; empty at the end."""
    ids = [each.id for each in found]
    place = ids.index(one.id)
    for branch in one.branches:
        if branch.holds(value):
            return branch.go if branch.go in ids[place + 1 :] else ""
    return ids[place + 1] if place + 1 < len(ids) else ""


def way(found: Sequence[Question], answers: Mapping[str, Value]) -> tuple[list[str], str]:
    """The questions that were answered, in their order, and the one that is next (empty: all are).

    What an answer leads past is not on the way, whatever was answered there before.
    """
    by_id = {one.id: one for one in found}
    done: list[str] = []
    at = found[0].id if found else ""
    while at and at in answers:
        done.append(at)
        at = following(found, by_id[at], answers[at])
    return done, at


def said(one: Question, value: Value, language: str) -> str:
    """An answer as it was shown: the words of options, else the number or the text itself."""
    if value is None:
        return ""
    if one.kind in ("choice", "choices"):
        options = one.options(language)
        numbers = value if isinstance(value, list) else [value] if isinstance(value, int) else []
        return " · ".join(options[each - 1] for each in numbers if 0 < each <= len(options))
    return str(value)


def verdict(kind: str, score: int | None) -> str:
    """good, middle or bad: satisfied (4, 5), promoters (9, 10), and easy (5 to 7) are good."""
    if score is None or kind not in SCORES:
        return ""
    good, middle = {"csat": (4, 3), "thumbs": (1, 1), "nps": (9, 7), "ces": (5, 4)}[kind]
    return "good" if score >= good else "middle" if score >= middle else "bad"
