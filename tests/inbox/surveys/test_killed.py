"""Killed at any commit: a closing is asked about once, and an answer is told once."""

from __future__ import annotations

import pytest

from core import db
from core.outbox import OutboxRow
from core.settings import settings
from inbox.models import Activity, ReplyRow
from inbox.surveys import answering
from inbox.surveys.models import SurveyAnswer, SurveyInvitation
from tests import killed
from tests.conftest import BOTH
from tests.inbox.conftest import person

from .made import came, close, rows, states, survey, token, work

SEND = """
from tests.inbox.surveys.made import work
work()
"""
PUT = """
from inbox.surveys import answering
with db.write() as session:
    assert answering.put(session, sys.argv[4], "score", ["4"], "en").answer is not None
"""


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", "https://hub.example/")
    settings.cache_clear()


def letters(topic: str) -> list[OutboxRow]:
    return [one for one in rows(OutboxRow) if one.topic == topic]


@BOTH
@pytest.mark.slow
def test_killed_at_any_commit_while_sending_everybody_is_asked_once(account: int, database: str) -> None:
    survey()
    cut = 0
    for turn, (number, when) in enumerate(killed.points(), start=1):
        close(came(account, turn, author=person(f"p{turn}")))
        died = killed.was_killed(SEND, database, number=number, when=when)
        work()
        assert states() == [("sent", "")] * turn, f"cut {when} commit {number}"
        replies = rows(ReplyRow)
        assert [one.id for one in replies] == [one.reply_id for one in rows(SurveyInvitation)]
        assert len({one.text for one in replies}) == turn, "each link is one person's alone"
        assert sorted(one.payload["reply_id"] for one in letters("reply.queued")) == [one.id for one in replies]
        if not died:
            break
        cut += 1
    assert cut >= 6


@BOTH
@pytest.mark.parametrize(("when", "kept"), [("before", 0), ("after", 1)])
def test_killed_while_an_answer_is_put_down_it_counts_once(
    account: int, database: str, when: killed.When, kept: int
) -> None:
    survey()
    talk = came(account)
    close(talk)
    work()
    assert killed.was_killed(PUT, database, token(), number=1, when=when)
    told = [len([one for one in rows(Activity) if one.what == "surveyed"]), len(letters("survey.answered"))]
    assert [len(rows(SurveyAnswer)), *told] == [kept, kept, kept]
    with db.write() as session:  # they press once more
        answering.put(session, token(), "score", ["4"], "en")
    (answer,) = rows(SurveyAnswer)
    assert (answer.score, answer.conversation_id) == (4, talk)
    assert [one.what for one in rows(Activity)].count("surveyed") == 1
    assert {str(one.payload["answer_id"]).strip("[]") for one in letters("survey.answered")} == {str(answer.id)}
