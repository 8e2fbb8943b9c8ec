"""Deeds on many conversations: a fixed cut, nothing twice, the right to each at its turn, and back as a whole."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.audit import AuditEntry
from core.errors import Rejected
from core.event import Page
from inbox import actions, activities, desk, notes, visibility
from inbox.actions import Action
from inbox.ingest import store_page
from inbox.many import jobs, work
from inbox.many.models import BulkItem, BulkJob
from inbox.models import Activity, Conversation, Note
from inbox.visibility import EVERYTHING, Sight
from tests.conftest import BOTH

from .conftest import BRAND, event, person

pytestmark = BOTH
ME = "user:1"


def store(account: int, *numbers: int) -> None:
    events = tuple(event(n, author=person(f"p{n}")) for n in numbers)
    store_page(account, Page(events=events))


@pytest.fixture
def five(account: int) -> int:
    store(account, 1, 2, 3, 4, 5)
    return account


def begin(*deeds: Action, ids: list[int] | None = None, **more: Any) -> int:
    c = db.table(Conversation)
    with db.write() as session:
        chosen = sa.select(c.c.id).where(*([c.c.id.in_(ids)] if ids else []))
        return jobs.begin(session, ME, deeds, chosen, **more).id or 0


def whole(job: int, sight: Sight | None = EVERYTHING) -> BulkJob:
    work.whole(job, lambda session, actor: sight)
    with db.read() as session:
        return jobs.find(session, job, ME)


def undo(job: int) -> BulkJob:
    with db.write() as session:
        jobs.undo(session, job, ME)
    return whole(job)


def do(deed: Any, *args: Any) -> Any:
    with db.write() as session:
        return deed(session, *args)


def column(name: str) -> list[Any]:
    c = db.table(Conversation)
    with db.read() as session:
        return list(session.scalars(sa.select(c.c[name]).order_by(c.c.id)))


def items(job: int) -> dict[int, tuple[str, str]]:
    b = db.table(BulkItem)
    with db.read() as session:
        found = session.execute(sa.select(b.c.conversation_id, b.c.state, b.c.reason).where(b.c.job_id == job))
        return {row[0]: (row[1], row[2]) for row in found}


CLOSE = Action("state", "closed")


def test_all_are_changed_and_stand_as_before_again(five: int) -> None:
    do(desk.close, 2, "user:9")
    do(desk.spam, 3, "user:9")
    job = whole(begin(CLOSE))
    assert (job.state, job.total, job.changed, job.same, job.left) == ("done", 5, 4, 1, 0)
    assert column("state") == ["closed"] * 5
    job = undo(job.id or 0)
    assert (job.state, job.back, job.kept) == ("undone", 4, 0)
    assert column("state") == ["open", "closed", "spam", "open", "open"]


def test_what_comes_after_it_was_asked_for_is_not_touched(five: int) -> None:
    job = begin(CLOSE)
    store(five, 6)
    assert whole(job).total == 5
    assert column("state") == ["closed"] * 5 + ["open"]


def test_done_again_it_changes_nothing(five: int) -> None:
    job = begin(Action("note", "Hello"))
    for _ in range(3):
        assert whole(job).changed == 5
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(db.table(Note))) == 5


def test_it_goes_on_behind_the_last_batch(five: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TOGETHER", 2)
    job = begin(Action("note", "Hello"))
    assert work.step(job, lambda session, actor: EVERYTHING)
    assert [state for state, _ in items(job).values()].count("waiting") == 3
    assert whole(job).changed == 5
    with db.read() as session:
        found = session.scalars(sa.select(db.table(Note).c.conversation_id)).all()
    assert sorted(found) == [1, 2, 3, 4, 5]


def test_what_is_refused_is_named_with_its_reason_and_the_others_are_done(five: int) -> None:
    deeds = (Action("tag", "vip"), Action("draft", "99"))
    job = whole(begin(*deeds, ids=[1, 2]))
    assert (job.changed, job.left) == (0, 2)
    with db.read() as session:
        assert jobs.unchanged(session, job.id or 0) == [(1, actions.GONE), (2, actions.GONE)]
        assert desk.known_tags(session) == [], "each wholly or not at all"


def test_the_right_to_each_is_asked_at_its_turn(five: int) -> None:
    job = begin(CLOSE)
    do(desk.assign, 2, ME, "user:9")
    job_row = whole(job, Sight(me=ME, reach="own"))
    assert (job_row.changed, job_row.left) == (1, 4)
    assert items(job)[1] == ("left", work.NOT_SEEN)
    assert column("state") == ["open", "closed", "open", "open", "open"]


def test_who_may_not_any_more_changes_nothing_and_it_says_so(five: int) -> None:
    job = whole(begin(CLOSE), None)
    assert (job.state, job.reason, column("state")) == ("stopped", work.NOT_ALLOWED, ["open"] * 5)


def test_stopped_the_rest_stays_and_what_was_done_is_taken_back(five: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TOGETHER", 2)
    job = begin(CLOSE)
    work.step(job, lambda session, actor: EVERYTHING)
    assert do(jobs.stop, job, ME)
    assert not do(jobs.stop, job, ME)
    assert whole(job).changed == 2
    assert column("state") == ["closed", "closed", "open", "open", "open"]
    assert undo(job).back == 2
    assert column("state") == ["open"] * 5


def test_taken_back_while_it_is_under_way(five: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TOGETHER", 2)
    job = begin(CLOSE)
    work.step(job, lambda session, actor: EVERYTHING)
    found = undo(job)
    assert (found.state, found.changed, found.back) == ("undone", 2, 2)
    assert column("state") == ["open"] * 5
    with pytest.raises(Rejected, match="nothing to take back"):
        do(jobs.undo, job, ME)


def test_what_somebody_changed_since_stays(five: int) -> None:
    deeds = (Action("priority", "high"), Action("assign", ME), CLOSE)
    job = whole(begin(*deeds))
    do(desk.set_priority, 1, "urgent", "user:9")
    do(desk.reopen, 2, "user:9")
    do(desk.close, 2, "user:9")
    store_page(five, Page(events=(event(33, author=person("p3"), parent_key=event(3).key, posted_at=db.now()),)))
    undo(job.id or 0)
    assert column("priority") == ["urgent", "normal", "normal", "normal", "normal"]
    assert column("assignee") == [""] * 5
    assert column("state") == ["open", "closed", "open", "open", "open"]


def test_what_nothing_is_left_of_is_kept_and_says_why(five: int) -> None:
    job = whole(begin(CLOSE, ids=[1, 2]))
    do(desk.reopen, 1, "user:9")
    found = undo(job.id or 0)
    assert (found.back, found.kept) == (1, 1)
    assert items(job.id or 0)[1] == ("kept", work.CHANGED_SINCE)


def test_what_was_answered_and_is_opened_comes_back_as_answered(five: int) -> None:
    echo = event(9, direction="outbound", kind="reply", author=BRAND, parent_key=event(1).key)
    store_page(five, Page(events=(echo,)))
    assert column("state")[0] == "pending"
    job = whole(begin(Action("state", "open")))
    assert (job.changed, column("state")[0]) == (1, "open")
    undo(job.id or 0)
    assert column("state")[0] == "pending"
    job = whole(begin(Action("state", "open")))
    store_page(five, Page(events=(event(11, author=person("p1"), parent_key=event(1).key, posted_at=db.now()),)))
    undo(job.id or 0)
    assert column("state")[0] == "open", "somebody waits by now"


def test_a_macro_goes_back_deed_by_deed_and_its_notes_stay(five: int) -> None:
    deeds = (Action("tag", "vip"), Action("note", "Seen"), Action("snooze", "5"))
    job = whole(begin(*deeds, macro="Tidy"))
    assert column("state") == ["snoozed"] * 5
    assert jobs.reversible(job)
    undo(job.id or 0)
    assert column("state") == ["open"] * 5
    with db.read() as session:
        assert desk.known_tags(session) == []
        assert len(notes.of_conversation(session, 1)) == 1
    only = whole(begin(Action("note", "Seen"), macro="Note"))
    assert not jobs.reversible(only)
    assert undo(only.id or 0).kept == 5


def test_log_and_thread_name_whose_deed_it_was(five: int) -> None:
    job = whole(begin(CLOSE))
    undo(job.id or 0)
    with db.read() as session:
        assert set(session.scalars(sa.select(db.table(Activity).c.actor))) == {ME}
        assert [one.what for one in activities.of_conversation(session, 1)] == ["closed", "reopened"]
        a = db.table(AuditEntry)
        told = session.execute(sa.select(a.c.action, a.c.actor).where(a.c.target == f"job:{job.id}").order_by(a.c.id))
        assert [tuple(row) for row in told] == [
            (f"list.{what}", ME) for what in ("begun", "ended", "undone", "ended")
        ]  # fmt: skip


def test_a_job_is_its_authors_alone(five: int) -> None:
    job = begin(CLOSE)
    with db.write() as session:
        for deed in (jobs.find, jobs.stop, jobs.undo):
            with pytest.raises(Rejected, match="no such job"):
                deed(session, job, "user:2")
        assert jobs.of(session, "user:2") == []


def test_what_is_gone_meanwhile_is_left(five: int) -> None:
    job = begin(CLOSE)
    with db.write() as session:
        session.execute(sa.insert(db.table(BulkItem)), [{"job_id": job, "conversation_id": 999, "state": "waiting",
                                                         "reason": "", "back": [], "stands": {}}])  # fmt: skip
    assert whole(job).left == 1
    with db.read() as session:
        assert visibility.of(session, EVERYTHING, [999]) == set()


def test_old_jobs_are_forgotten_with_their_conversations(five: int) -> None:
    old = begin(CLOSE)
    with db.write() as session:
        j = db.table(BulkJob)
        session.execute(sa.update(j).values(made_at=db.now() - jobs.KEPT - jobs.BROKEN_OFF))
    begin(CLOSE)
    assert items(old) == {}
