"""Approvals: who has to ask, who decides, and that a reply leaves once, as it was approved."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from core.event import Page
from core.outbox import OutboxRow
from inbox import actions, approvals, replies, submissions, waiting
from inbox.actions import Action
from inbox.approval_models import Approval
from inbox.approvals import Decision
from inbox.ingest import store_page
from inbox.models import Activity, Conversation, ReplyRow
from inbox.team_models import Team, TeamMember
from inbox.visibility import EVERYTHING, Sight
from inbox.waiting import Wanted

from .conftest import event

BOTH = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
AUTHOR, BOSS, OTHER = "user:1", "user:2", "user:3"


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model)))


def letters() -> list[OutboxRow]:
    return [row for row in rows(OutboxRow) if row.topic == "reply.queued"]


@pytest.fixture
def conversation(account) -> int:
    store_page(account, Page(events=(event(1),)))
    return rows(Conversation)[0].id


@pytest.fixture
def submitted(conversation) -> int:
    return queue(conversation, approval="asked")


def queue(conversation: int, text: str = "Hello", author: str = AUTHOR, **more) -> int:
    with db.write() as session:
        return replies.queue(session, conversation, text, author=author, **more).id


def approve(number: int, actor: str = BOSS, **how) -> bool:
    with db.write() as session:
        return approvals.approve(session, number, actor, Decision(**how))


def did() -> list[str]:
    return [one.what for one in rows(Activity)]


@BOTH
def test_what_was_submitted_leaves_only_when_it_is_approved_and_once(submitted) -> None:
    assert letters() == []
    with db.write() as session:
        assert replies.begin(session, submitted) is None
    assert approve(submitted)
    assert not approve(submitted, OTHER)
    (reply,), (letter,) = rows(ReplyRow), letters()
    assert (reply.state, reply.author) == ("queued", AUTHOR)
    assert letter.due_at == pytest.approx(reply.send_at.timestamp())
    assert did() == ["submitted", "approved"]
    with db.write() as session:
        assert replies.begin(session, submitted) is not None


@BOTH
def test_an_approver_s_words_leave_and_both_are_kept(submitted) -> None:
    assert approve(submitted, text="Hello, Kim")
    (reply,), (row,) = rows(ReplyRow), rows(Approval)
    assert (reply.text, row.text, row.decided_by) == ("Hello, Kim", "Hello", BOSS)


def test_nobody_approves_their_own_reply_or_one_that_others_were_asked_about(submitted) -> None:
    with pytest.raises(Rejected, match="own reply"):
        approve(submitted, AUTHOR)
    with db.write() as session:
        session.execute(sa.update(db.table(Approval)).values(approver="team:5"))
    with pytest.raises(Rejected, match="Somebody else was asked"):
        approve(submitted)
    with db.write() as session:
        session.add(Team(id=5, name="Press"))
        session.flush()
        session.add(TeamMember(team_id=5, member=BOSS))
    assert approve(submitted)


@BOTH
def test_what_was_rejected_is_changed_and_submitted_again(submitted) -> None:
    with db.write() as session:
        with pytest.raises(Rejected, match="Say why"):
            approvals.reject(session, submitted, BOSS, " ")
        assert approvals.reject(session, submitted, BOSS, "Too short")
        assert not approvals.reject(session, submitted, OTHER, "Too long")
    assert rows(Approval)[0].reason == "Too short"
    with db.write() as session:
        assert not approvals.submit(session, submitted, OTHER, "Not mine")
        assert approvals.submit(session, submitted, AUTHOR, "Hello, dear Kim")
    (reply,), (row,) = rows(ReplyRow), rows(Approval)
    assert (reply.state, reply.text, row.state, row.reason) == ("submitted", "Hello, dear Kim", "submitted", "")
    assert approve(submitted)


def test_a_recalled_reply_cannot_be_approved(submitted) -> None:
    with db.write() as session:
        assert not approvals.recall(session, submitted, OTHER)
        assert approvals.recall(session, submitted, AUTHOR)
    assert not approve(submitted)
    assert rows(ReplyRow)[0].state == "cancelled"
    assert letters() == []


def test_what_came_since_is_never_overlooked(submitted, conversation, account) -> None:
    with db.read() as session:
        seen = approvals.mark(session, conversation)
    store_page(account, Page(events=(event(2, parent_key=event(1).key),)))
    with pytest.raises(Rejected, match="Something new"):
        approve(submitted, seen=seen)
    with pytest.raises(Rejected, match="written again"):
        approve(submitted)
    with db.read() as session:
        seen = approvals.mark(session, conversation)
    assert approve(submitted, seen=seen)


def test_a_second_reply_is_news_to_who_looks_at_the_first(submitted, conversation) -> None:
    with db.read() as session:
        seen = approvals.mark(session, conversation)
    queue(conversation, "Me too", OTHER, approval="role")
    with pytest.raises(Rejected, match="Something new"):
        approve(submitted, seen=seen)


@BOTH
def test_approved_before_its_moment_it_waits_and_after_it_somebody_says_so(conversation) -> None:
    moment = db.now() + timedelta(hours=3)
    first, late = (queue(conversation, approval="asked", send_at=moment, hold=True) for _ in range(2))
    assert approve(first)
    assert next(one for one in rows(ReplyRow) if one.id == first).send_at == moment
    with db.write() as session:
        session.execute(sa.update(db.table(Approval)).values(planned_at=db.now() - timedelta(minutes=1)))
    with pytest.raises(Rejected, match="has passed"):
        approve(late)
    assert approve(late, now=True)


def test_an_account_may_demand_it_of_public_replies_of_rules_too(conversation, account) -> None:
    with db.write() as session:
        submissions.demand(session, account, BOSS, "user:9")
    one = queue(conversation)
    private = queue(conversation, visibility="private")
    survey = queue(conversation, author="survey:1")
    with db.write() as session:
        actions.act(session, conversation, Action("reply", "We are on it"), "rule:4", "rule:4:0")
    found = {row.id: row.state for row in rows(ReplyRow)}
    ruled = max(found)
    assert found == {one: "submitted", private: "queued", survey: "queued", ruled: "submitted"}
    assert {row.approver for row in rows(Approval)} == {BOSS}
    with db.write() as session:
        submissions.demand(session, account, submissions.ANYBODY, "user:9")
    assert {row.approver for row in rows(Approval)} == {""}
    assert approve(ruled, OTHER)


def test_an_approval_is_taken_back_while_the_reply_waits(submitted) -> None:
    assert approve(submitted, text="Changed")
    with db.write() as session:
        assert not approvals.take_back(session, submitted, AUTHOR)
        assert approvals.take_back(session, submitted, BOSS)
        assert replies.begin(session, submitted) is None
    assert rows(ReplyRow)[0].text == "Changed"
    assert approve(submitted, OTHER)


def test_who_may_not_answer_any_more_leaves_nothing_to_approve(submitted) -> None:
    with db.write() as session:
        assert replies.withdraw(session, AUTHOR, "user:9") == 1
    assert not approve(submitted)


def test_the_number_counts_what_one_may_decide_and_sees(submitted, conversation) -> None:
    def number(**sight) -> int:
        with db.read() as session:
            return approvals.to_decide(session, Sight(**sight))

    assert number(me=BOSS) == 1
    assert number(me=AUTHOR) == 0
    assert number(me=BOSS, reach="own") == 0
    with db.write() as session:
        session.execute(sa.update(db.table(Conversation)).values(assignee=BOSS))
    assert number(me=BOSS, reach="own") == 1


# --- put off --------------------------------------------------------------------------------------------


@BOTH
def test_a_reply_that_was_put_off_is_held_when_they_write_again(conversation, account) -> None:
    moment = db.now() + timedelta(hours=3)
    held, stubborn = (queue(conversation, send_at=moment, hold=hold) for hold in (True, False))
    store_page(account, Page(events=(event(2, parent_key=event(1).key),)))
    with db.write() as session:
        assert replies.begin(session, held) is None
        assert replies.begin(session, stubborn) is not None
    states = {row.id: row.state for row in rows(ReplyRow)}
    assert states == {held: "held", stubborn: "sending"}
    with db.write() as session:
        assert approvals.again(session, held, AUTHOR, free=True) == "queued"
        assert replies.begin(session, held) is not None, "what they wrote is known by now"


@BOTH
def test_a_reply_leaves_at_its_new_moment_and_not_at_the_old_one(conversation) -> None:
    near, far = db.now() + timedelta(hours=1), db.now() + timedelta(hours=5)
    number = queue(conversation, send_at=near, hold=True)
    with db.write() as session:
        assert replies.too_early(session, number) == near
        assert replies.put_off(session, number, far, AUTHOR)
        assert replies.too_early(session, number) == far
        with pytest.raises(Rejected):
            replies.put_off(session, number, db.now() - timedelta(hours=1), AUTHOR)
        assert replies.undo(session, number, AUTHOR)
        assert not replies.put_off(session, number, far, AUTHOR)


@BOTH
def test_the_list_of_waiting_replies_is_in_order_by_page_and_by_sight(conversation) -> None:
    moment = db.now() + timedelta(hours=1)
    third, first, second = (queue(conversation, send_at=moment + timedelta(hours=n)) for n in (3, 1, 2))
    gone = queue(conversation, send_at=moment)
    asked = queue(conversation, approval="role")
    with db.write() as session:
        replies.undo(session, gone, AUTHOR)

    def shown(sight: Sight = EVERYTHING, after=None, limit: int = 9, **wanted) -> list[int]:
        with db.read() as session:
            found = waiting.page(session, sight, Wanted(**wanted), after, limit)
            return [one.reply.id for one in found]

    assert shown() == [asked, first, second, third]
    assert shown(show="later", limit=2) == [first, second]
    place = next((one.send_at, one.id) for one in rows(ReplyRow) if one.id == second)
    assert shown(show="later", after=place) == [third]
    assert shown(show="approve", sight=Sight(me=BOSS), decide=True) == [asked]
    assert shown(show="approve", sight=Sight(me=AUTHOR), decide=True) == []
    assert shown(sight=Sight(me=BOSS, reach="own")) == []
    assert shown(author=OTHER) == []


# --- at the same moment, and cut off --------------------------------------------------------------------


@BOTH
def test_of_two_who_approve_at_the_same_moment_one_does(submitted) -> None:
    start = threading.Barrier(2)

    def decide(actor: str) -> bool:
        start.wait()
        return db.again(lambda: approve(submitted, actor, text=f"by {actor}"))

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(decide, (BOSS, OTHER)))
    assert sorted(done) == [False, True]
    winner = (BOSS, OTHER)[done.index(True)]
    assert (rows(Approval)[0].decided_by, rows(ReplyRow)[0].text) == (winner, f"by {winner}")
    assert len(letters()) == 1
    assert did().count("approved") == 1


def test_what_dies_between_approving_and_queueing_has_done_neither(submitted, monkeypatch) -> None:
    def dies(*args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as broken:
        broken.setattr(replies, "leave", dies)
        with pytest.raises(SystemExit):
            approve(submitted)
    assert (rows(Approval)[0].state, rows(ReplyRow)[0].state, letters()) == ("submitted", "submitted", [])
    assert approve(submitted)
