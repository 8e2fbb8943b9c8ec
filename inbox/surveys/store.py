"""Surveys as they are kept: made, changed, put in order, switched, and taken away; their answers stay."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from inbox.conditions import tree
from inbox.conditions.tree import EVERYTHING, Group
from inbox.surveys import questions
from inbox.surveys.models import Survey
from inbox.surveys.questions import Question

NAME, INVITATION, THANKS = 80, 400, 400
LINK = re.compile(r"\{link(?::([0-9]{1,2}))?\}")
"""Where the link stands in an invitation; `{link:5}` leads to the first question with 5 chosen already."""


@dataclass(frozen=True)
class Wanted:
    """A survey as somebody wants it; see inbox.surveys.models.Survey."""

    name: str
    questions: Sequence[Question]
    texts: Mapping[str, Mapping[str, str]]
    conditions: Group = EVERYTHING
    delay: int = 10
    rest: int = 30
    valid: int = 14
    public: bool = False


class Wrong(Rejected):
    """Something cannot be kept: `field` is name, delay, rest, valid, conditions, a language, or a question's id."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


EMPTY_NAME = "Give it a name, so that it is found again."
LONG_NAME = "The name is too long: 80 characters at most."
SAME_NAME = "Another survey has this name."
NO_KIND = "Say what is measured."
NO_TEXT = "Write the invitation in at least one language."
NO_LINK = "The invitation needs the place {link}, where the link will stand."
LONG_TEXT = "The text is too long: 400 characters at most."
NO_ASK = "Write the question in each language that has an invitation."
LONG_ASK = "The question is too long: 300 characters at most."
NO_OPTIONS = "Write 2 to 12 answers to choose from, one per line, as many in each language; 120 characters each."
NO_QUESTION = "Ask something: add a question."
TOO_MANY = "A survey has 10 questions at most."
BAD_BRANCH = "An answer leads to a later question or to the end, and its number is one that can be chosen."
BAD_TOP = "A scale ends between 2 and 10."
BAD_DELAY = "Send after 0 to 43,200 minutes."
BAD_REST = "Leave 0 to 3,650 days between two surveys."
BAD_VALID = "Let the link hold for 1 to 365 days."
PERSONAL = "A survey has no reader: it cannot ask what is unread, or who looks."
GONE = "This survey is gone."
SENTENCES = (
    EMPTY_NAME, LONG_NAME, SAME_NAME, NO_KIND, NO_TEXT, NO_LINK, LONG_TEXT, NO_ASK, LONG_ASK, NO_OPTIONS, NO_QUESTION,
    TOO_MANY, BAD_BRANCH, BAD_TOP, BAD_DELAY, BAD_REST, BAD_VALID, PERSONAL, GONE,
)  # fmt: skip


def every(session: Session) -> list[Survey]:
    """All of them, in the order in which they are asked."""
    s = db.table(Survey)
    return list(session.scalars(sa.select(Survey).where(~s.c.removed).order_by(s.c.place, s.c.id)))


def get(session: Session, survey_id: int) -> Survey:
    """One of them; Rejected when there is none."""
    row = session.get(Survey, survey_id) if 0 < survey_id < 2**62 else None
    if row is None or row.removed:
        raise Rejected(GONE)
    return row


def group(one: Survey) -> Group:
    """Its conditions."""
    return tree.read(one.conditions) if one.conditions else EVERYTHING


def names(session: Session, numbers: Sequence[int]) -> dict[int, str]:
    """Their names, of those too that were taken away."""
    s = db.table(Survey)
    return {row.id: row.name for row in session.execute(sa.select(s.c.id, s.c.name).where(s.c.id.in_(numbers)))}


def save(session: Session, survey_id: int | None, kind: str, wanted: Wanted, actor: str) -> int:
    """Keep a survey, a new one switched off behind the others without `survey_id`; returns its number.

    What it measures stays: answers are compared over the years.
    """
    others = every(session)
    moment = db.now()
    if survey_id is None:
        if kind not in questions.KINDS:
            raise Wrong("kind", NO_KIND)
        place = max((one.place for one in others), default=0) + 1
        row = Survey(name="", kind=kind, place=place, since=moment, changed_by=actor, changed_at=moment)
    else:
        row = get(session, survey_id)
    name = " ".join(db.sound(wanted.name).split())
    _check_name(name, [one.name for one in others if one.id != survey_id])
    texts = check_texts(wanted.texts)
    check_questions(row.kind, wanted.questions, list(texts))
    _check_numbers(wanted)
    row.name, row.texts, row.questions = name, texts, questions.written(wanted.questions)
    row.conditions = tree.written(wanted.conditions) if wanted.conditions.of else {}
    row.delay, row.rest, row.valid, row.public = wanted.delay, wanted.rest, wanted.valid, wanted.public
    row.changed_by, row.changed_at = actor, moment
    session.add(row)
    session.flush()
    audit.record(session, actor, "survey.saved", f"survey:{row.id}")
    return row.id or 0


def _check_name(name: str, others: Sequence[str]) -> None:
    if not name:
        raise Wrong("name", EMPTY_NAME)
    if len(name) > NAME:
        raise Wrong("name", LONG_NAME)
    if name.casefold() in (one.casefold() for one in others):
        raise Wrong("name", SAME_NAME)


def _check_numbers(wanted: Wanted) -> None:
    if not 0 <= wanted.delay <= 43_200:
        raise Wrong("delay", BAD_DELAY)
    if not 0 <= wanted.rest <= 3_650:
        raise Wrong("rest", BAD_REST)
    if not 1 <= wanted.valid <= 365:
        raise Wrong("valid", BAD_VALID)
    if tree.personal(wanted.conditions):
        raise Wrong("conditions", PERSONAL)


def check_texts(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The texts as they are kept: of languages with an invitation; Wrong names the language."""
    kept: dict[str, dict[str, str]] = {}
    for language, words in texts.items():
        invitation, thanks = (db.sound(words.get(name, "")).strip() for name in ("invitation", "thanks"))
        if not invitation:
            continue
        if not LINK.search(invitation):
            raise Wrong(language, NO_LINK)
        if len(invitation) > INVITATION or len(thanks) > THANKS:
            raise Wrong(language, LONG_TEXT)
        kept[language] = {"invitation": invitation, "thanks": thanks}
    if not kept:
        raise Wrong("texts", NO_TEXT)
    return kept


def check_questions(kind: str, found: Sequence[Question], languages: Sequence[str]) -> None:
    """Wrong with the question's id when something about it cannot be asked."""
    if not found:
        raise Wrong("questions", NO_QUESTION)
    if len(found) > questions.MOST:
        raise Wrong("questions", TOO_MANY)
    ids = [one.id for one in found]
    for place, one in enumerate(found):
        measured = place == 0 and kind != "own"
        if one.kind != (kind if measured else one.kind) or (not measured and one.kind not in questions.OWN):
            raise Wrong(one.id, NO_KIND)
        _check_words(one, languages)
        low, high = (1, one.count) if one.kind in ("choice", "choices") else one.ends
        for branch in one.branches:
            known = branch.go == questions.END or branch.go in ids[place + 1 :]
            if not known or branch.op not in questions.OPS or not low <= branch.value <= high or one.kind == "text":
                raise Wrong(one.id, BAD_BRANCH)


def _check_words(one: Question, languages: Sequence[str]) -> None:
    if one.kind == "scale" and not 2 <= one.top <= 10:
        raise Wrong(one.id, BAD_TOP)
    for language in languages:
        words = one.texts.get(language, {})
        ask = str(words.get("ask", "")).strip()
        if not ask:
            raise Wrong(one.id, NO_ASK)
        if any(len(str(words.get(name, ""))) > questions.ASK for name in ("ask", "low", "high")):
            raise Wrong(one.id, LONG_ASK)
        if one.kind in ("choice", "choices"):
            options = one.options(language)
            fits = 2 <= len(options) <= questions.OPTIONS and len(options) == one.count
            if not fits or not all(0 < len(each) <= questions.OPTION for each in options):
                raise Wrong(one.id, NO_OPTIONS)


# --- deeds ------------------------------------------------------------------------------------------------


def switch(session: Session, survey_id: int, actor: str, *, on: bool) -> bool:
    """Switch it on or off; what was closed before it was switched on is not touched."""
    row = get(session, survey_id)
    if row.enabled == on:
        return False
    row.enabled, row.since = on, db.now()
    session.add(row)
    audit.record(session, actor, "survey.switched", f"survey:{survey_id}", {"on": on})
    return True


def move(session: Session, survey_id: int, actor: str) -> None:
    """One place up."""
    get(session, survey_id)
    found = every(session)
    at = [one.id for one in found].index(survey_id)
    found.insert(max(0, at - 1), found.pop(at))
    for place, one in enumerate(found, 1):
        one.place = place
        session.add(one)
    audit.record(session, actor, "survey.moved", f"survey:{survey_id}")


def remove(session: Session, survey_id: int, actor: str) -> None:
    """Ask it no more; what was answered stays."""
    row = get(session, survey_id)
    row.removed, row.enabled = True, False
    session.add(row)
    audit.record(session, actor, "survey.removed", f"survey:{survey_id}")
