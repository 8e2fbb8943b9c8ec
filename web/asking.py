"""A survey as who answers sees it: one question at a time, in one of its languages, without anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import Rejected
from inbox.saved import language as chosen
from inbox.surveys import questions
from inbox.surveys.models import Survey
from inbox.surveys.questions import Question, Value
from web import survey_words
from web.i18n import LANGUAGES
from web.reader import Reader


@dataclass(frozen=True)
class Shown:
    """What the page shows: a question (`state` is ask), or why there is none (thanks, over, expired, gone, ours)."""

    state: str
    title: str = ""
    """Who asks."""
    question: Question | None = None
    place: int = 1
    """Which question it is on this way, from 1 on."""
    given: Sequence[str] = ()
    """What is chosen or typed."""
    before: str = ""
    """The question before it."""
    thanks: str = ""
    first: str = ""
    """The question to begin with when the answer is changed; empty when it cannot be."""
    languages: Sequence[tuple[str, str]] = ()
    wrong: str = ""
    test: bool = False
    """A preview: nothing is put down."""
    stopped: bool | None = None
    """They said that they are not to be asked again; None where that cannot be said."""

    @property
    def preset(self) -> bool:
        """Something is chosen that nobody has confirmed yet."""
        return bool(self.given) and self.question is not None and self.question.kind != "text"


def language(survey: Survey, wanted: str, invited: str) -> str:
    """The language to ask in: the one that was chosen, else that of the invitation, of those there are."""
    return chosen(survey.texts, [wanted, invited])


def languages(survey: Survey) -> list[tuple[str, str]]:
    """The languages it is asked in, each in its own words."""
    return [(one, name) for one, name in LANGUAGES.items() if one in survey.texts]


def standing(
    survey: Survey, values: Mapping[str, Value], title: str, reader: Reader, *, at: str = "", preset: str = "",
    given: Sequence[str] | None = None, wrong: str = "", changeable: bool = True, test: bool = False,
) -> Shown:  # fmt: skip
    """The question `at`, or the next one, or the thanks; `preset` is a number of the link, for the first one."""
    found = questions.read(survey.questions)
    done, after = questions.way(found, values)
    first = found[0] if found else None
    if preset and first is not None and _fits(first, preset):
        at, given = first.id, [preset]
    number = at if at in (*done, after) and at else after
    shared: dict[str, Any] = {"title": title, "languages": languages(survey), "test": test, "wrong": wrong}
    if not number:
        thanks = survey.texts[reader.language].get("thanks", "") or reader.words(survey_words.THANKS)
        again = first.id if changeable and first is not None else ""
        return Shown("thanks", thanks=thanks, first=again, **shared)
    one = next(each for each in found if each.id == number)
    order = [*done, after] if number == after else done
    place = order.index(number)
    return Shown(
        "ask", question=one, place=place + 1, given=texts(values.get(number)) if given is None else given,
        before=order[place - 1] if place else "", **shared,
    )  # fmt: skip


def _fits(one: Question, text: str) -> bool:
    low, high = one.ends
    return one.kind in questions.SCORES and text.isascii() and text.isdigit() and low <= int(text[:3]) <= high


def texts(value: Value) -> list[str]:
    """An answer as a form has it."""
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def values(found: Sequence[Question], given: Mapping[str, Sequence[str]]) -> dict[str, Value]:
    """What a preview's address says was answered; what is no answer is left out."""
    made: dict[str, Value] = {}
    for one in found:
        if one.id in given:
            try:
                made[one.id] = questions.answer(one, given[one.id])
            except Rejected:
                continue
    return made
