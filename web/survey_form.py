"""The form of a survey: fields with the question's place in their names, changed by buttons without a script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.datastructures import FormData

from inbox.conditions.tree import EVERYTHING, Group
from inbox.surveys import questions
from inbox.surveys.models import Survey
from inbox.surveys.questions import BRANCHES, END, OWN, Branch, Question
from inbox.surveys.store import Wanted
from web import survey_words
from web.i18n import LANGUAGES

DEED = re.compile(r"(drop|up|down):([0-9]{1,2})", re.ASCII)
NUMBERS = ("delay", "rest", "valid")
MOST_TEXT = 5_000


@dataclass
class Draft:
    """A survey as it is typed; numbers stay texts until it is kept."""

    kind: str
    name: str = ""
    numbers: dict[str, str] = field(default_factory=lambda: {"delay": "10", "rest": "30", "valid": "14"})
    public: bool = False
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)

    def wanted(self, conditions: Group) -> Wanted:
        """As the store takes it; a number that is none is -1."""
        given = {name: int(text) if text.isascii() and text.isdigit() else -1 for name, text in self.numbers.items()}
        return Wanted(
            self.name, self.questions, self.texts, conditions, given["delay"], given["rest"], given["valid"],
            self.public,
        )  # fmt: skip


def begun(kind: str, name: str) -> Wanted:
    """A new survey, in our words."""
    return Wanted(name, survey_words.begun(kind), survey_words.texts(), EVERYTHING)


def of(one: Survey) -> Draft:
    """What is kept, as a form."""
    numbers = {name: str(getattr(one, name)) for name in NUMBERS}
    return Draft(one.kind, one.name, numbers, one.public, one.texts, questions.read(one.questions))


def read(form: FormData, kind: str) -> Draft:
    """What a browser sent."""

    def text(name: str) -> str:
        return str(form.get(name, ""))[:MOST_TEXT].strip()

    said = {one: {name: text(f"{name}_{one}") for name in ("invitation", "thanks")} for one in LANGUAGES}
    numbers = {name: text(name) for name in NUMBERS}
    found = []
    for place in range(questions.MOST + 1):
        asked = text(f"q{place}_kind")
        if asked in (kind, *OWN):
            found.append(_question(text, place, asked))
    return Draft(kind, text("name")[:200], numbers, text("public") == "yes", said, found)


def _question(text: Any, place: int, kind: str) -> Question:
    words: dict[str, dict[str, Any]] = {}
    for language in LANGUAGES:
        given: dict[str, Any] = {name: text(f"q{place}_{name}_{language}") for name in ("ask", "low", "high")}
        if kind in ("choice", "choices"):
            lines = text(f"q{place}_options_{language}").splitlines()
            given["options"] = [line.strip() for line in lines if line.strip()]
        words[language] = given
    top = text(f"q{place}_top")
    branches = [
        Branch(text(f"q{place}_b{n}_op"), _number(text(f"q{place}_b{n}_value")), go)
        for n in range(BRANCHES)
        if (go := text(f"q{place}_b{n}_go"))
    ]
    number = text(f"q{place}_id") if re.fullmatch(r"score|q[0-9]{1,4}", text(f"q{place}_id")) else f"q{place}"
    return Question(
        number, kind, words, text(f"q{place}_needed") == "yes", _number(top) if top else 5, tuple(branches)
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1


def change(draft: Draft, deed: str, kind: str = "") -> None:
    """What a button other than the main one does: a further question, one less, or another order."""
    found = draft.questions
    if deed == "ask" and kind in OWN and len(found) < questions.MOST:
        numbers = [int(one.id[1:]) for one in found if one.id.startswith("q")]
        words: dict[str, dict[str, Any]] = {language: {"ask": ""} for language in LANGUAGES}
        found.append(Question(f"q{max(numbers, default=0) + 1}", kind, words))
        return
    what = DEED.fullmatch(deed)
    first = 0 if draft.kind == "own" else 1  # what is measured stays where it is
    if not what or not first <= int(what[2]) < len(found):
        return
    one = found.pop(int(what[2]))
    if what[1] != "drop":
        found.insert(max(first, int(what[2]) + (1 if what[1] == "down" else -1)), one)
    draft.questions = _led(found)


def _led(found: Sequence[Question]) -> list[Question]:
    """Without ways that lead nowhere any more."""
    ids = [one.id for one in found]
    return [
        replace(one, branches=tuple(each for each in one.branches if each.go in (END, *ids[place + 1 :])))
        for place, one in enumerate(found)
    ]
