"""Rules at work: once per event, never in circles, each deed logged; what rules answer is nobody's answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.errors import Rejected
from core.event import Page
from core.topics import SUBSCRIBERS
from inbox import actions, desk, facts, replies, rules, ruling, teams
from inbox.conditions import tree
from inbox.ingest import store_page
from inbox.models import Account, Activity, Conversation, ReplyRow
from inbox.narrowing import Filter
from inbox.notice_models import Notification
from inbox.rule_models import RuleRun
from inbox.rules import Hours
from inbox.states import Standing
from tests.conftest import BOTH

from .conftest import BRAND, event, person

GERMAN = tree.read({"match": "all", "of": [{"field": "language", "op": "is", "value": "de"}]})


def rule(*deeds: tuple[str, str], trigger: str = "message", asked: tree.Group = tree.EVERYTHING, **more: Any) -> int:
    with db.write() as session:
        raw = [{"do": do, "value": value} for do, value in deeds]
        number = rules.save(
            session, None, name=more.pop("name", f"rule {deeds}"), trigger=trigger, asked=asked,
            deeds=actions.read(raw, actions.RULE), last=more.pop("last", False), actor="user:1",
            hours=more.pop("hours", None),
        )  # fmt: skip
        rules.switch(session, number, "user:1", on=True)
    return number


def came(account: int, number: int, language: str = "de", **changes: Any) -> int:
    """A message that is stored and annotated, as the outbox then tells; returns its row."""
    stored = store_page(account, Page(events=(event(number, posted_at=db.now(), **changes),)))
    (row,) = stored.new.values()
    with db.write() as session:
        facts.set(session, {row: {"language": language}})
        outbox.emit(session, "message.annotated", [(f"{row}:1", {"message_id": row, "version": 1})])
    return int(row)


def work() -> None:
    for name, handler in (
        ("inbox.ruling.on_message", ruling.on_message),
        ("inbox.ruling.on_activity", ruling.on_activity),
    ):
        while outbox.step(SUBSCRIBERS[name], handler):
            pass


def talk(number: int = 1) -> dict[str, Any]:
    with db.read() as session:
        c = db.table(Conversation)
        found = dict(session.execute(sa.select(c).where(c.c.id == number)).mappings().one())
        return found | {"tags": desk.tags_of(session, number)}


def runs() -> list[RuleRun]:
    with db.read() as session:
        return list(session.scalars(sa.select(RuleRun).order_by(db.table(RuleRun).c.id)))


@BOTH
def test_a_message_for_which_the_conditions_hold_is_worked_on_once(account: int) -> None:
    number = rule(("tag", "german"), ("assign", "user:2"), ("priority", "high"), asked=GERMAN)
    row = came(account, 1)
    came(account, 2, "en", author=person("bo"))
    work()
    assert (talk()["tags"], talk()["assignee"], talk()["priority"]) == (["german"], "user:2", "high")
    assert talk(2)["tags"] == []
    with db.write() as session:  # annotated again, and everything that was done taken back by hand
        desk.untag(session, 1, "german", "user:2")
        outbox.emit(session, "message.annotated", [(f"{row}:1", {"message_id": row, "version": 1})])
    work()
    assert talk()["tags"] == []
    (run,) = runs()
    assert (run.rule_id, run.event, run.conversation_id, run.done) == (number, f"message:{row}", 1, 3)
    assert [one["said"] for one in run.outcome] == ["done"] * 3
    with db.read() as session:
        a = db.table(Activity)
        actors = set(session.scalars(sa.select(a.c.actor).where(a.c.what.in_(("tagged", "assigned", "priority")))))
    assert actors == {f"rule:{number}"}


@BOTH
def test_a_worker_that_dies_before_the_end_leaves_nothing_and_the_next_does_it_once(account: int, monkeypatch) -> None:
    rule(("tag", "german"), ("note", "Please look, {name|somebody} wrote."), asked=GERMAN)
    came(account, 1)
    monkeypatch.setattr(ruling, "_do", _dying(ruling._do))
    claim = outbox.claim(SUBSCRIBERS["inbox.ruling.on_message"])
    assert claim is not None
    with pytest.raises(KeyboardInterrupt):
        outbox.settle(claim, ruling.on_message(claim.items))
    assert (runs(), talk()["tags"]) == ([], [])
    monkeypatch.undo()
    with db.write() as session:  # the dead worker's lease is over
        o = db.table(outbox.OutboxRow)
        session.execute(sa.update(o).values(due_at=0.0))
    work()
    assert len(runs()) == 1
    assert talk()["tags"] == ["german"]


def _dying(do: Any) -> Any:
    def done_and_dead(*args: Any) -> None:
        do(*args)
        raise KeyboardInterrupt

    return done_and_dead


def test_what_rules_do_asks_no_rules(account: int) -> None:
    rule(("tag", "a"), trigger="message")
    rule(("untag", "a"), ("tag", "b"), trigger="tagged")
    came(account, 1)
    work()
    assert talk()["tags"] == ["a"]
    with db.write() as session:
        desk.tag(session, 1, "by hand", "user:2")
    work()
    assert talk()["tags"] == ["b", "by hand"]


def test_rules_are_asked_in_their_order_and_see_what_those_before_did(account: int) -> None:
    vip = tree.read({"match": "all", "of": [{"field": "tag", "op": "is", "value": "vip"}]})
    first, second = rule(("tag", "vip")), rule(("priority", "urgent"), asked=vip)
    came(account, 1)
    work()
    assert (talk()["priority"], [one.rule_id for one in runs()]) == ("urgent", [first, second])
    with db.write() as session:
        rules.move(session, second, -1, "user:1")
    came(account, 2, author=person("bo"))
    work()
    assert talk(2)["priority"] == "normal"


def test_the_last_rule_keeps_later_ones_out(account: int) -> None:
    rule(("tag", "first"), last=True)
    rule(("tag", "second"))
    came(account, 1)
    work()
    assert talk()["tags"] == ["first"]


def test_the_first_message_opens_and_later_ones_do_not(account: int) -> None:
    rule(("tag", "new"), trigger="opened")
    came(account, 1)
    work()
    with db.write() as session:
        desk.untag(session, 1, "new", "user:1")
    came(account, 2, kind="reply", parent_key=event(1).key)
    work()
    assert talk()["tags"] == []


def test_what_was_there_before_a_rule_or_is_switched_off_is_not_touched(account: int) -> None:
    row = came(account, 1)
    number = rule(("tag", "x"))
    work()
    assert talk()["tags"] == []
    with db.write() as session:
        rules.switch(session, number, "user:1", on=False)
    came(account, 2, author=person("bo"))
    work()
    assert talk(2)["tags"] == []
    assert runs() == []
    assert row


def test_a_deed_that_cannot_be_done_is_logged_and_the_others_are_done(account: int) -> None:
    rule(("team", "77"), ("webhook", "77"), ("state", "open"), ("tag", "x"))
    came(account, 1)
    work()
    (run,) = runs()
    assert [one["said"] for one in run.outcome] == [actions.NO_TEAM, actions.NO_ENDPOINT, "same", "done"]
    assert (run.done, talk()["tags"]) == (1, ["x"])


def test_too_many_deeds_in_an_hour_stop_and_say_so(account: int, monkeypatch) -> None:
    monkeypatch.setattr(ruling, "MOST_AN_HOUR", 3)
    rule(("note", "one"), ("note", "two"))
    for number in (1, 2):
        came(account, number, **({} if number == 1 else {"kind": "reply", "parent_key": event(1).key}))
        work()
    assert [[one["said"] for one in run.outcome] for run in runs()] == [["done", "done"], ["done", ruling.LIMIT]]


@pytest.mark.parametrize("field", ["subject", "query"])
def test_a_rule_about_a_subject_waits_until_the_message_was_heard(account: int, field: str) -> None:
    heard = tree.read({"match": "all", "of": [{"field": field, "op": "is_not", "value": "1"}]})
    rule(("tag", "other"), asked=heard)
    row = came(account, 1)
    work()
    assert talk()["tags"] == []
    with db.write() as session:
        outbox.emit(session, "message.heard", [(f"{row}:1", {"message_id": row, "version": 1})])
    work()
    assert talk()["tags"] == ["other"]


@BOTH
def test_an_answer_of_a_rule_is_queued_once_and_is_nobodys_answer(account: int) -> None:
    number = rule(("reply", "Thank you, {first_name|friend}: {number}"))
    came(account, 1)
    work()
    with db.read() as session:
        (queued,) = session.scalars(sa.select(ReplyRow)).all()
    assert (queued.author, queued.text, queued.state) == (f"rule:{number}", "Thank you, Anna: 1", "queued")
    before = talk()
    answer = event(9, author=BRAND, direction="outbound", kind="reply", parent_key=event(1).key, posted_at=db.now())
    store_page(account, Page(events=(answer,)), also=lambda session: replies.mark_sent(session, queued.id, answer.key))
    after = talk()
    assert after["messages"] == 2
    kept = ("state", "waiting_since", "first_reply_at", "last_outbound_at")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    human = event(10, author=BRAND, direction="outbound", kind="reply", parent_key=event(1).key, posted_at=db.now())
    store_page(account, Page(events=(human,)))
    assert (talk()["state"], talk()["waiting_since"]) == ("pending", None)
    assert Standing().state == ""


def test_the_log_says_that_an_answer_waits_for_approval(account: int) -> None:
    rule(("reply", "Thank you"), ("tag", "x"))
    with db.write() as session:
        session.execute(sa.update(db.table(Account)).values(approval="any"))
    came(account, 1)
    work()
    (run,) = runs()
    assert [one["said"] for one in run.outcome] == ["submitted", "done"]
    assert (run.done, rules.refused(run)) == (2, 0)


def test_old_messages_that_are_annotated_again_ask_no_rules(account: int) -> None:
    rule(("tag", "x"))
    row = came(account, 1)
    from inbox.models import Message

    with db.write() as session:
        m = db.table(Message)
        session.execute(sa.update(m).where(m.c.id == row).values(stored_at=db.now() - timedelta(days=2)))
        session.execute(sa.update(db.table(rules.Rule)).values(since=db.now() - timedelta(days=9)))
    work()
    assert talk()["tags"] == []


def test_what_makes_no_sense_in_a_rule_is_said(database: str) -> None:
    unread = tree.read({"match": "all", "of": [{"field": "unread", "op": "yes"}]})
    deed = [actions.Action("tag", "x")]

    def save(**changes: Any) -> None:
        values = {"name": "n", "trigger": "message", "asked": GERMAN, "deeds": deed, "last": False, "actor": "user:1"}
        with db.write() as session:
            rules.save(session, None, **(values | changes))

    for changes, why in (
        ({"name": " "}, "Give the rule a name"), ({"trigger": "never"}, "Say when"), ({"asked": unread}, "no reader"),
        ({"deeds": []}, "at least one"), ({"deeds": [actions.Action("assign", "me")]}, "by name"),
        ({"deeds": [actions.Action("draft", "1")]}, "no such deed"),
    ):  # fmt: skip
        with pytest.raises(Rejected, match=why):
            save(**changes)
    assert Filter().tree == tree.EVERYTHING


def test_a_removed_rule_keeps_its_name_and_log(account: int) -> None:
    number = rule(("tag", "x"), name="Tidy")
    came(account, 1)
    work()
    with db.write() as session:
        rules.remove(session, number, "user:1")
    with db.read() as session:
        assert (rules.every(session), rules.names(session, [number])) == ([], {number: "Tidy"})
        assert len(rules.log(session, number)) == 1


# --- business hours -------------------------------------------------------------------------------------


def team(**hours: list[list[str]]) -> int:
    with db.write() as session:
        wanted = teams.Wanted("Service", "Asia/Tokyo", {day.removeprefix("d"): spans for day, spans in hours.items()})
        return teams.save(session, None, wanted, "user:1")


def at(moment: datetime, row: int) -> list[int]:
    """The rules at work on something that happened then."""
    with db.write() as session:
        ruling.run(session, [ruling.Happened(f"message:{row}", 1, moment, ("message",), heard=False)])
    return [one.rule_id for one in runs() if one.event == f"message:{row}"]


@BOTH
def test_a_rule_for_business_hours_goes_by_the_moment_at_which_it_happened(account: int) -> None:
    came(account, 1)
    office = team(d0=[["09:00", "17:00"]])
    day = rule(("tag", "day"), hours=Hours(True, office))
    night = rule(("tag", "night"), hours=Hours(False, office))
    monday = datetime(2031, 1, 6, tzinfo=UTC)
    assert at(monday + timedelta(hours=0, minutes=30), 91) == [day], "9:30 in Tokyo"
    assert at(monday + timedelta(hours=8), 92) == [night], "17:00 in Tokyo is the end"
    assert at(monday + timedelta(days=1), 93) == [night]
    with db.write() as session:
        teams.remove(session, office, "user:1")
    assert at(monday + timedelta(hours=1), 94) == at(monday + timedelta(hours=9), 95) == [], "of a team that is gone"


def test_business_hours_that_never_end_or_are_gone_are_refused(account: int) -> None:
    always = team()
    with pytest.raises(Rejected, match="around the clock"):
        rule(("tag", "x"), hours=Hours(False, always))
    with pytest.raises(Rejected, match="is gone"):
        rule(("tag", "x"), hours=Hours(True, always + 1))
    rule(("tag", "x"), hours=Hours(True, always))


def told() -> list[tuple[str, str]]:
    with db.read() as session:
        n = db.table(Notification)
        return [(row.who, row.kind) for row in session.execute(sa.select(n.c.who, n.c.kind).order_by(n.c.who))]


def failed_answer(account: int, **cares: Any) -> int:
    """A rule has answered, and its answer failed twice; returns the rule."""
    number = rule(("reply", "Thank you"))
    came(account, 1)
    work()
    with db.write() as session:
        session.execute(sa.update(db.table(Conversation)).values({"assignee": "", "team_id": None, **cares}))
        for _ in range(2):
            replies.mark(session, 1, "failed", "Refused.")
            replies.retry(session, 1, "user:1")
        replies.mark(session, 1, "failed", "Refused.")
    return number


@BOTH
def test_who_takes_care_is_told_once_of_an_answer_of_a_rule_that_failed(account: int) -> None:
    number = failed_answer(account, assignee="user:2")
    assert told() == [("user:2", "rule")]
    with db.read() as session:
        assert rules.lately(session, number) == rules.Lately(1, 1)
        assert rules.undelivered(session, rules.log(session)) == {(1, 0): "failed"}


def test_without_somebody_who_takes_care_the_team_is_told(account: int) -> None:
    with db.write() as session:
        team = teams.save(session, None, teams.Wanted("Night shift", members={"user:3": 0, "user:4": 0}), "test")
    failed_answer(account, team_id=team)
    assert told() == [("user:3", "rule"), ("user:4", "rule")]


def test_without_a_team_whoever_made_the_rule_is_told(account: int) -> None:
    failed_answer(account)
    assert told() == [("user:1", "rule")]


def test_an_answer_that_cannot_even_be_written_is_told_too(account: int) -> None:
    number = rule(("reply", "Thank you"), ("tag", "x"))
    came(account, 1, ref="")
    work()
    assert told() == [("user:1", "rule")]
    with db.read() as session:
        assert rules.lately(session, number) == rules.Lately(2, 1)
