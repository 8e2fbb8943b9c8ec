"""A survey, a conversation that is closed, and what the outbox does with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from connectors import surveys
from core import db, outbox
from core.event import Page
from core.topics import SUBSCRIBERS
from inbox import consent, desk
from inbox.conditions.tree import EVERYTHING
from inbox.ingest import store_page
from inbox.models import Conversation, ReplyRow
from inbox.surveys import answering, questions, sending, store
from inbox.surveys.models import SurveyAnswer, SurveyInvitation
from inbox.surveys.questions import Question
from inbox.surveys.store import Wanted
from tests.inbox.conftest import event

TEXTS = {
    "en": {"invitation": "How was it? {link}", "thanks": "Thank you"},
    "de": {"invitation": "Wie war es? {link}", "thanks": "Danke"},
}


def question(number: str, kind: str, *options: str, **more: Any) -> Question:
    words = {"ask": f"{kind}?", "low": "bad", "high": "good", **({"options": list(options)} if options else {})}
    return Question(number, kind, {"en": words, "de": words}, **more)


def survey(kind: str = "csat", *more: Question, on: bool = True, allowed: bool = True, **wanted: Any) -> int:
    """A survey that is on, and the purpose with it."""
    first = () if kind == "own" else (question(questions.SCORE, kind),)
    with db.write() as session:
        if allowed:
            consent.switch(session, sending.PURPOSE, enabled=True, basis="consent", actor="user:1")
        values = {"conditions": EVERYTHING, "delay": 0, **wanted}
        name = values.pop("name", f"Survey {kind}")
        number = store.save(session, None, kind, Wanted(name, (*first, *more), TEXTS, **values), "user:1")
        store.switch(session, number, "user:1", on=on)
    return number


def came(account: int, number: int = 1, **changes: Any) -> int:
    """A message that just came; returns its conversation."""
    store_page(account, Page(events=(event(number, posted_at=db.now(), **changes),)))
    c = db.table(Conversation)
    with db.read() as session:
        return int(session.scalar(sa.select(sa.func.max(c.c.id))) or 0)


def close(talk: int, actor: str = "user:1") -> None:
    with db.write() as session:
        assert desk.close(session, talk, actor)


def work() -> None:
    """What the outbox has to do about surveys."""
    for name, handler in (
        ("inbox.surveys.sending.on_activity", sending.on_activity),
        ("connectors.surveys.invite", surveys.invite),
    ):
        while outbox.step(SUBSCRIBERS[name], handler):
            pass


def rows(model: Any) -> Sequence[Any]:
    with db.read() as session:
        return list(session.scalars(sa.select(model).order_by(db.table(model).c.id)))


def states() -> list[tuple[str, str]]:
    return [(one.state, one.reason) for one in rows(SurveyInvitation)]


def rated(session: Session, talk: int, text: str, said: str) -> int:
    """A survey whose words are `text`, sent for a conversation and answered; returns the answer's number."""
    words = {"ask": text[:300], "low": text[:300], "high": text[:300]}
    asked = [
        Question(questions.SCORE, "nps", {"en": words}),
        Question("q1", "choice", {"en": {**words, "options": [text.strip()[:120], "y"]}}),
        Question("q2", "text", {"en": words}),
    ]
    texts = {"en": {"invitation": f"{text[:300]} {{link:5}}", "thanks": text[:300]}}
    number = store.save(session, None, "nps", Wanted(text[:80], asked, texts), "user:1")
    moment, c = db.now(), db.table(Conversation)
    row = SurveyInvitation(
        survey_id=number, conversation_id=talk, closing=10**6 + number, actor="user:1", state="sent", language="en",
        identity_id=session.scalar(sa.select(c.c.identity_id).where(c.c.id == talk)), made_at=moment, sent_at=moment,
        digest=sending.digest(f"{number}"), expires_at=moment + timedelta(days=1),
    )  # fmt: skip
    session.add(row)
    session.flush()
    for question_id, value in (("score", "3"), ("q1", "1"), ("q2", said[:2000])):
        done = answering.put(session, f"{number}", question_id, [value], "en")
    assert done.answer is not None
    return done.answer.id or 0


def answered(session: Session, scores: Mapping[int, Sequence[int | None]], kind: str = "csat", **more: Any) -> None:
    """Answers of conversations, the newest last; one without a score is by words alone. `more` goes to each answer."""
    asked = [question(questions.SCORE, kind)]
    survey_id = store.save(session, None, kind, Wanted(f"{kind} {sorted(scores)}"[:80], asked, TEXTS), "user:1")
    closings = count(10**6 * survey_id)
    for talk, several in scores.items():
        for score in several:
            invitation = SurveyInvitation(
                survey_id=survey_id, conversation_id=talk, closing=next(closings), actor="user:1", state="sent",
                made_at=db.now(), sent_at=db.now(),
            )  # fmt: skip
            session.add(invitation)
            session.flush()
            values = {"kind": kind, "answered_at": db.now(), "changed_at": db.now(), **more}
            values |= {"invitation_id": invitation.id, "score": score, "verdict": questions.verdict(kind, score)}
            session.add(SurveyAnswer(survey_id=survey_id, conversation_id=talk, **values))
            session.flush()


def token() -> str:
    """The token of the newest link."""
    found = re.search(r"/s/([\w-]+)", rows(ReplyRow)[-1].text)
    assert found is not None
    return found[1]
