"""Surveys in words: what is measured, kinds of questions, scores, why nobody was asked, and texts to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inbox.surveys import questions
from inbox.surveys.questions import Question
from web import i18n
from web.i18n import N_
from web.reader import Reader

KINDS = {
    "csat": N_("Satisfaction (CSAT), 1 to 5"),
    "thumbs": N_("Satisfaction, good or bad"),
    "nps": N_("Recommendation (NPS), 0 to 10"),
    "ces": N_("Effort (CES), 1 to 7"),
    "own": N_("Own questions only"),
}
"""What a survey measures."""
SHORT = {
    "csat": N_("Satisfaction"),
    "thumbs": N_("Satisfaction"),
    "nps": N_("Recommendation"),
    "ces": N_("Effort"),
    "own": N_("Own questions"),
}
OWN = {
    "choice": N_("One of several answers"),
    "choices": N_("Several answers"),
    "scale": N_("A number"),
    "text": N_("Words"),
}
"""What else can be asked."""
SMILEYS = {
    1: ("😠", N_("very dissatisfied")),
    2: ("😞", N_("dissatisfied")),
    3: ("😐", N_("so-so")),
    4: ("😊", N_("satisfied")),
    5: ("😀", N_("very satisfied")),
}
THUMBS = {0: ("👎", N_("bad")), 1: ("👍", N_("good"))}
VERDICTS = {
    "good": ("ok", "check", N_("satisfied")),
    "middle": ("line", "info", N_("in between")),
    "bad": ("danger", "warn", N_("dissatisfied")),
}
"""How a score looks: badge, icon, word."""
OPS = {"is": N_("is"), "at_most": N_("at most"), "at_least": N_("at least")}
STATES = {
    "waiting": N_("waits for its moment"),
    "sent": N_("sent"),
    "unsent": N_("not sent"),
    "withdrawn": N_("withdrawn: opened again"),
}
REASONS = {
    "off": N_("The survey was switched off."),
    "consent": N_("The purpose is switched off, or the person objects."),
    "lately": N_("The person was asked not long ago."),
    "nobody": N_("Nobody is known who could be asked."),
    "window": N_("The platform's time to answer is over."),
    "public": N_("There is no private way to this person, and public is not allowed."),
    "closed": N_("Nothing can be sent there."),
    "address": N_("The hub has no public address: set WIDERHALL_PUBLIC_URL."),
    "long": N_("The invitation is too long for the platform."),
}
"""Why nothing was sent."""
SENTENCES = (
    N_("Give it a name, so that it is found again."),
    N_("The name is too long: 80 characters at most."),
    N_("Another survey has this name."),
    N_("Say what is measured."),
    N_("Write the invitation in at least one language."),
    N_("The invitation needs the place {link}, where the link will stand."),
    N_("The text is too long: 400 characters at most."),
    N_("Write the question in each language that has an invitation."),
    N_("The question is too long: 300 characters at most."),
    N_("Write 2 to 12 answers to choose from, one per line, as many in each language; 120 characters each."),
    N_("Ask something: add a question."),
    N_("A survey has 10 questions at most."),
    N_("An answer leads to a later question or to the end, and its number is one that can be chosen."),
    N_("A scale ends between 2 and 10."),
    N_("Send after 0 to 43,200 minutes."),
    N_("Leave 0 to 3,650 days between two surveys."),
    N_("Let the link hold for 1 to 365 days."),
    N_("A survey has no reader: it cannot ask what is unread, or who looks."),
    N_("This survey is gone."),
    N_("Choose one of the answers."),
    N_("This question needs an answer."),
    N_("Your answer is too long: 2,000 characters at most."),
)
"""What inbox.surveys says is wrong; a test compares."""

INVITATION = N_("Thank you for writing to us. How was it? It takes a minute: {link}")
THANKS = N_("Thank you. Your answer helps us to do better.")
FIRST = {
    "csat": (N_("How satisfied are you with our answer?"), "", ""),
    "thumbs": (N_("Were you satisfied with our answer?"), "", ""),
    "nps": (
        N_("How likely is it that you recommend us to a friend?"),
        N_("not at all likely"),
        N_("very likely"),
    ),
    "ces": (N_("How easy was it to get your matter settled?"), N_("very difficult"), N_("very easy")),
}
"""Question, smallest and largest number in words."""
WHY = N_("What could we have done better?")


def texts() -> dict[str, dict[str, str]]:
    """Invitation and thanks of a new survey, in every language."""
    return {one: {"invitation": _in(one, INVITATION), "thanks": _in(one, THANKS)} for one in i18n.LANGUAGES}


def begun(kind: str) -> list[Question]:
    """The questions of a new survey: what is measured, and why."""
    first = (
        [Question(questions.SCORE, kind, {one: _first(kind, one) for one in i18n.LANGUAGES})] if kind in FIRST else []
    )
    why = Question("q1", "text", {one: {"ask": _in(one, WHY)} for one in i18n.LANGUAGES}, needed=False)
    return [*first, why]


def _first(kind: str, language: str) -> dict[str, str]:
    return dict(zip(("ask", "low", "high"), (_in(language, one) for one in FIRST[kind]), strict=True))


def _in(language: str, text: str) -> str:
    return i18n.catalogue(language).gettext(text) if text else ""


def score(kind: str, value: int | None, reader: Reader) -> str:
    """A score as it is shown: with its word, or with the end of its scale."""
    if value is None:
        return ""
    if kind == "thumbs" and value in THUMBS:
        return f"{THUMBS[value][0]} {reader.words(THUMBS[value][1])}"
    if kind not in questions.SCORES:
        return str(value)
    top = questions.SCORES[kind][1]
    face = f"{SMILEYS[value][0]} " if kind == "csat" and value in SMILEYS else ""
    return face + reader.words(N_("%(score)s of %(top)s"), score=value, top=top)


def said(one: Mapping[str, Any], reader: Reader) -> str:
    """One answer as it is shown."""
    value = one.get("value")
    if value is None:
        return ""
    if one["kind"] in questions.SCORES and isinstance(value, int):
        return score(one["kind"], value, reader)
    if one["kind"] == "scale" and isinstance(value, int):
        return reader.words(N_("%(score)s of %(top)s"), score=value, top=one.get("top", 5))
    return str(one.get("said", ""))
