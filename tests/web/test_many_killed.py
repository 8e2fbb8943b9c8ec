"""A worker that is killed while it does a macro to many: nothing is lost, nothing twice, there and back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.outbox import OutboxRow
from core.topics import SUBSCRIBERS
from inbox.actions import Action
from inbox.many import jobs, work
from inbox.many.models import BulkJob
from inbox.models import Conversation, ConversationTag, Note
from tests import killed
from tests.conftest import BOTH
from tests.web.conftest import account, event, store, user
from tests.web.test_inbox_list import person
from web import auth, many

WORK = """
from core import outbox
from core.topics import SUBSCRIBERS
from inbox.many import work
from web import many

work.TOGETHER = 2
while outbox.step(SUBSCRIBERS["web.many.work"], many.work):
    pass
"""


@pytest.fixture
def agent(database: str) -> str:
    ours = account()
    store(ours, *[event(f"m:{n}", author=person(f"p{n}")) for n in range(5)])
    email = user("agent")
    with db.read() as session:
        row = auth.find(session, email)
        assert row is not None
        return f"user:{row.id}"


def step() -> None:
    while outbox.step(SUBSCRIBERS["web.many.work"], many.work):
        pass


def begin(agent: str, word: str) -> int:
    chosen = sa.select(db.table(Conversation).c.id)
    with db.write() as session:
        deeds = [Action("note", word), Action("tag", word)]
        return jobs.begin(session, agent, deeds, chosen, macro=word).id or 0


def noted(word: str) -> list[int]:
    n = db.table(Note)
    with db.read() as session:
        return sorted(session.scalars(sa.select(n.c.conversation_id).where(n.c.text == word)))


def tagged(word: str) -> list[int]:
    t = db.table(ConversationTag)
    with db.read() as session:
        return sorted(session.scalars(sa.select(t.c.conversation_id).where(t.c.tag == word)))


def letters() -> int:
    o = db.table(OutboxRow)
    with db.read() as session:
        return len(session.scalars(sa.select(o.c.id).where(o.c.subscriber == "web.many.work")).all())


def state(job: int) -> tuple[str, int, int]:
    with db.read() as session:
        row = session.get(BulkJob, job)
        assert row is not None
        return row.state, row.changed, row.back


@BOTH
def test_killed_anywhere_each_is_done_once_and_taken_back_once(
    database: str, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "TOGETHER", 2)
    cut: set[int] = set()
    for number, when in killed.points():
        word = f"{when}-{number}"
        job = begin(agent, word)
        alive = not killed.was_killed(WORK, database, number=number, when=when)
        cut.add(len(noted(word)))
        step()
        assert (state(job), noted(word), tagged(word)) == (("done", 5, 0), [1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
        with db.write() as session:
            jobs.undo(session, job, agent)
        killed.was_killed(WORK, database, number=number, when=when)
        step()
        assert (state(job), tagged(word), letters()) == (("undone", 5, 5), [], 0)
        if alive:
            break
    assert {0, 2, 4, 5} <= cut, "it was cut before, between and after its batches"


def test_a_letter_that_comes_twice_changes_nothing(agent: str) -> None:
    job = begin(agent, "once")
    step()
    with db.write() as session:
        outbox.emit(session, "list.due", [(str(job), {"job_id": job}), ("999", {"job_id": 999})])
    step()
    assert (state(job), noted("once"), letters()) == (("done", 5, 0), [1, 2, 3, 4, 5], 0)


def test_a_long_job_makes_room_for_the_next_one(agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TOGETHER", 2)
    monkeypatch.setattr(many, "SECONDS", 0.0)
    first, second = begin(agent, "a"), begin(agent, "b")
    for _ in range(2):
        outbox.step(SUBSCRIBERS["web.many.work"], many.work)
    assert (len(noted("a")), len(noted("b"))) == (2, 2)
    step()
    assert {state(first)[0], state(second)[0]} == {"done"}


def test_whoever_may_not_change_conversations_any_more_changes_nothing(agent: str) -> None:
    job = begin(agent, "late")
    with db.write() as session:
        auth.set_role(session, int(agent.removeprefix("user:")), "marketer", "test")
    step()
    assert (state(job), noted("late")) == (("stopped", 0, 0), [])
