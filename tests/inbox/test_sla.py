"""Promises: clocks against a slow count of minutes, what is kept against the events, and each word said once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import db, outbox
from core.event import Page
from core.outbox import OutboxRow
from core.topics import SUBSCRIBERS
from inbox import activities, clocks, desk, policies, sla, teams
from inbox.conditions.tree import Condition, Group
from inbox.hours import ALWAYS, Calendar, calendar
from inbox.ingest import store_page
from inbox.models import Conversation, ReplyRow
from inbox.parts import store as parts
from inbox.policies import Wanted
from inbox.sla import Event, Promise
from inbox.sla_models import SlaClock
from tests.conftest import BOTH

from .conftest import BRAND, event, person
from .test_hours import is_open

T0 = datetime(2026, 3, 27, 8, tzinfo=UTC)
"""A Friday before the clocks are changed."""
MINUTE = timedelta(minutes=1)
OFFICE = calendar("Europe/Berlin", {str(day): [["09:00", "17:00"]] for day in range(5)}, [])


def at(minutes: int) -> datetime:
    return T0 + minutes * MINUTE


def happened(*pairs: tuple[int, sla.What]) -> list[Event]:
    return [Event(at(minutes), what) for minutes, what in pairs]


def shown(events: list[Event], promise: Promise, now: int, hours: Calendar = ALWAYS) -> list[tuple[str, str, int]]:
    return [(one.kind, one.state, one.left // 60) for one in sla.clocks(events, promise, hours, at(now))]


HOUR = Promise(60 * MINUTE, 30 * MINUTE, 120 * MINUTE, 0.2)


# --- the clocks -------------------------------------------------------------------------------------------


def test_a_reply_in_time_meets_the_promise_and_waiting_for_them_stops_the_rest() -> None:
    events = happened((0, "inbound"), (40, "reply"))
    assert shown(events, HOUR, 500) == [("first", "met", 20), ("resolution", "paused", 80)]


def test_the_next_message_begins_the_next_clock_and_the_resolution_goes_on() -> None:
    events = happened((0, "inbound"), (40, "reply"), (100, "inbound"), (105, "inbound"))
    first, following, resolution = sla.clocks(events, HOUR, ALWAYS, at(110))
    assert (first.state, following.state, resolution.state) == ("met", "running", "running")
    assert (following.due_at, following.warn_at) == (at(130), at(124))
    assert resolution.due_at == at(180)
    assert [(step.runs, step.why) for step in resolution.steps] == [(True, ""), (False, "pending"), (True, "")]


def test_too_late_stays_too_late() -> None:
    assert shown(happened((0, "inbound")), HOUR, 61)[0] == ("first", "breached", 60)
    assert shown(happened((0, "inbound"), (90, "reply")), HOUR, 500)[0] == ("first", "breached", -30)
    late = happened((0, "inbound"), (200, "closed"), (300, "opened"))
    (clock,) = sla.clocks(late, Promise(resolution=120 * MINUTE), ALWAYS, at(301))
    assert (clock.state, clock.due_at) == ("breached", at(120))


def test_closing_and_putting_away() -> None:
    assert shown(happened((0, "inbound"), (10, "closed")), HOUR, 500) == [
        ("first", "ended", 50), ("resolution", "met", 110),
    ]  # fmt: skip
    again = happened((0, "inbound"), (10, "closed"), (50, "inbound"))
    assert [one.due_at for one in sla.clocks(again, HOUR, ALWAYS, at(51))] == [at(100), at(160)]
    away = happened((0, "inbound"), (10, "snoozed"), (70, "opened"))
    assert [one.due_at for one in sla.clocks(away, HOUR, ALWAYS, at(71))] == [at(60), at(180)], "they wait all the same"
    assert shown(happened((0, "inbound"), (5, "spam"), (6, "inbound")), HOUR, 500) == [
        ("first", "ended", 55), ("resolution", "ended", 115),
    ]  # fmt: skip


def test_business_hours_and_the_change_of_clocks() -> None:
    friday = [Event(datetime(2026, 3, 27, 15, 30, tzinfo=UTC), "inbound")]  # 16:30 there
    (clock,) = sla.clocks(friday, Promise(first=60 * MINUTE), OFFICE, T0)
    assert clock.due_at == datetime(2026, 3, 30, 7, 30, tzinfo=UTC), "9:30 on Monday, in summer time"


@pytest.mark.parametrize(
    ("pairs", "state"),
    [
        ([], ""), ([(0, "reply")], ""), ([(0, "inbound")], "open"), ([(0, "inbound"), (1, "reply")], "pending"),
        ([(0, "inbound"), (1, "snoozed")], "snoozed"), ([(0, "inbound"), (1, "closed")], "closed"),
        ([(0, "inbound"), (1, "spam")], "spam"), ([(0, "inbound"), (1, "closed"), (2, "inbound")], "open"),
    ],
)  # fmt: skip
def test_events_lead_to_a_state(pairs: list[tuple[int, sla.What]], state: str) -> None:
    assert sla.state_of(happened(*pairs)) == state


def told(events: list[Event], promise: Promise = HOUR) -> list[list[tuple[bool, str]]]:
    return [[(step.runs, step.why) for step in one.steps] for one in sla.clocks(events, promise, ALWAYS, at(500))]


def test_what_happens_at_one_moment_leaves_no_empty_stretch_but_the_first() -> None:
    whole = Promise(resolution=120 * MINUTE)
    assert told(happened((0, "inbound"), (10, "snoozed"), (10, "closed")), whole) == [[(True, ""), (False, "closed")]]
    assert told(happened((0, "inbound"), (0, "closed")), whole) == [[(True, ""), (False, "closed")]]
    first, resolution = sla.clocks(happened((5, "inbound"), (5, "reply")), HOUR, ALWAYS, at(500))
    assert (first.state, first.started_at, first.stopped_at, first.left) == ("met", at(5), at(5), 3600)
    assert (resolution.state, resolution.left) == ("paused", 7200)


def test_a_clock_says_when_it_stopped_for_good_and_only_a_running_one_runs() -> None:
    first, resolution = sla.clocks(happened((0, "inbound"), (40, "reply")), HOUR, ALWAYS, at(500))
    assert (first.stopped_at, resolution.stopped_at) == (at(40), None), "it only waits for them"
    first, resolution = sla.clocks(happened((0, "inbound"), (10, "closed")), HOUR, ALWAYS, at(500))
    assert (first.stopped_at, resolution.stopped_at) == (at(10), at(10))
    assert not any(one.runs or one.due_at or one.warn_at for one in (first, resolution))
    assert all(one.runs for one in sla.clocks(happened((0, "inbound")), HOUR, ALWAYS, at(1)))


def test_exactly_in_time_is_kept_and_a_moment_later_is_not() -> None:
    for reply, state in ((60, "met"), (61, "breached")):
        (clock,) = sla.clocks(happened((0, "inbound"), (reply, "reply")), Promise(first=60 * MINUTE), ALWAYS, at(500))
        assert (clock.state, clock.over_at) == (state, at(60) if state == "breached" else None)
    for now, state in ((60, "running"), (61, "breached")):
        assert shown(happened((0, "inbound")), Promise(first=60 * MINUTE), now)[0][1] == state


def test_what_was_used_up_is_over_when_it_goes_on_and_a_second_answer_moves_nothing() -> None:
    used = happened((0, "inbound"), (60, "closed"), (100, "opened"))
    (clock,) = sla.clocks(used, Promise(first=60 * MINUTE), ALWAYS, at(101))
    assert (clock.state, clock.due_at, clock.over_at) == ("breached", at(100), at(100))
    paused = happened((0, "inbound"), (30, "closed"), (100, "opened"), (200, "reply"))
    (clock,) = sla.clocks(paused, Promise(first=60 * MINUTE), ALWAYS, at(999))
    assert (clock.state, clock.over_at, clock.stopped_at) == ("breached", at(130), at(200)), "closed it stood still"
    (clock,) = sla.clocks(
        happened((0, "inbound"), (40, "reply"), (50, "reply")), Promise(first=60 * MINUTE), ALWAYS, at(99)
    )
    assert (clock.stopped_at, clock.left, len(clock.steps)) == (at(40), 1200, 1)


def test_who_wants_no_warning_gets_none_and_who_never_works_breaks_nothing() -> None:
    (clock,) = sla.clocks(happened((0, "inbound")), Promise(first=60 * MINUTE), ALWAYS, at(1))
    assert (clock.due_at, clock.warn_at) == (at(60), None)
    never = calendar(
        "UTC", {"0": [["09:00", "10:00"]]}, [{"day": str((T0 + n * 1440 * MINUTE).date())} for n in range(999)]
    )
    (clock,) = sla.clocks(happened((0, "inbound")), Promise(first=60 * MINUTE, warn=0.2), never, at(900))
    assert (clock.state, clock.due_at, clock.warn_at, clock.runs) == ("running", sla.NEVER, sla.NEVER, True)


def test_nothing_is_promised_to_nobody() -> None:
    assert sla.clocks([], HOUR, ALWAYS, T0) == []
    assert sla.clocks(happened((0, "reply")), HOUR, ALWAYS, T0) == []
    assert sla.clocks(happened((0, "inbound")), Promise(), ALWAYS, T0) == []


kinds = st.sampled_from(["inbound", "inbound", "reply", "closed", "opened", "snoozed", "spam"])
histories = st.lists(st.tuples(st.integers(0, 3000), kinds), max_size=9, unique_by=lambda pair: pair[0])


@settings(max_examples=150, deadline=None)
@given(history=histories, now=st.integers(0, 4000), office=st.booleans(), target=st.integers(1, 700))
def test_clocks_agree_with_a_count_of_minutes(
    history: list[tuple[int, sla.What]], now: int, office: bool, target: int
) -> None:
    hours = OFFICE if office else ALWAYS
    events = [one for one in happened(*history) if one.at <= at(now)]
    promise = Promise(target * MINUTE, target * MINUTE, target * MINUTE)
    expected = _slow(sorted(history), now, hours, target)
    assert {(one.kind, one.started_at): one.state for one in sla.clocks(events, promise, hours, at(now))} == expected
    assert [one.state for one in sla.clocks(events[::-1], promise, hours, at(now))] == list(expected.values())


def _slow(history: list[tuple[int, sla.What]], now: int, hours: Calendar, target: int) -> dict[Any, str]:
    """Minute by minute: who waits, what is the state, whose time passes."""
    by_minute: dict[int, sla.What] = dict(history)
    hub = _Hub(target)
    for minute in range(now + 1):
        if (what := by_minute.get(minute)) is not None:
            hub.take(what, at(minute))
        hub.pass_on(minute < now and (hours.always or is_open(hours, at(minute))))
    replies = sorted((key for key in hub.made if key[0] != "resolution"), key=lambda key: key[1])
    order = [*replies, *(key for key in hub.made if key[0] == "resolution")]
    return {key: hub.made[key] for key in order}


class _Hub:
    """One conversation, told what happens and when a minute passes."""

    def __init__(self, target: int) -> None:
        self.target, self.state = target, ""
        self.used: dict[Any, int] = {}
        self.made: dict[Any, str] = {}
        self.reply: Any = None
        self.whole: Any = None

    def take(self, what: sla.What, moment: datetime) -> None:
        if what == "inbound" and self.state != "spam":
            self.state = "open"
            self.whole = self.whole or ("resolution", moment)
            self.reply = self.reply or ("next" if len(self.used) else "first", moment)
            for key in (self.reply, self.whole):
                self.used.setdefault(key, 0)
        elif self.whole is not None and what == "reply":
            self.state = "pending" if self.state == "open" else self.state
            if self.reply is not None:
                self.made[self.reply] = "breached" if self.used[self.reply] > self.target else "met"
                self.reply = None
        elif self.whole is not None and what != "inbound":
            self.state = "open" if what == "opened" else what

    def pass_on(self, works: bool) -> None:
        still = {"spam": "ended"}.get(self.state, "paused")
        pairs = ((self.reply, self.state not in ("closed", "spam")), (self.whole, self.state == "open"))
        for key, runs in (pair for pair in pairs if pair[0] is not None):
            closed = "met" if key[0] == "resolution" else "ended"
            stands = closed if self.state == "closed" else still
            self.made[key] = "breached" if self.used[key] > self.target else "running" if runs else stands
            self.used[key] += works and runs


# --- what is kept -----------------------------------------------------------------------------------------


def work() -> None:
    done = True
    while done:
        done = outbox.step(SUBSCRIBERS["inbox.clocks.recount"], clocks.recount)
        done = outbox.step(SUBSCRIBERS["inbox.clocks.again"], clocks.again) or done


def policy(name: str = "All", **changes: Any) -> int:
    with db.write() as session:
        number = policies.save(session, None, Wanted(name, **{"business": False, **changes}), "user:1")
    work()
    return number


def do(deed: Any, *args: Any) -> Any:
    with db.write() as session:
        return deed(session, *args)


def kept(number: int = 1) -> list[tuple[str, str]]:
    with db.read() as session:
        return [(one.kind, one.state) for one in clocks.stored(session, number)]


def due(number: int = 1) -> datetime | None:
    with db.read() as session:
        found = session.get(Conversation, number)
        assert found is not None
        return found.sla_due_at


def agrees() -> None:
    """What is kept is what the events say."""
    fields = ("kind", "started_at", "state", "due_at", "warn_at", "stopped_at", "left")
    c = db.table(Conversation)
    with db.read() as session:
        for number in session.scalars(sa.select(c.c.id)).all():
            made = clocks.of_conversation(session, number, db.now())[2]
            there = clocks.stored(session, number)
            assert sorted([getattr(one, name) for name in fields[:2]] for one in there) == sorted(
                [getattr(one, name) for name in fields[:2]] for one in made
            )
            for one in made:
                same = next(old for old in there if (old.kind, old.started_at) == (one.kind, one.started_at))
                assert [getattr(same, name) for name in fields] == [getattr(one, name) for name in fields]
            running = [one.due_at for one in made if one.due_at is not None]
            assert due(number) == min(running, default=None)


def arrive(account: int, number: int, ago: float = 0, **changes: Any) -> None:
    moment = db.now() - timedelta(minutes=ago)
    store_page(account, Page(events=(event(number, posted_at=moment, **changes),)))


def answer(account: int, number: int, parent: int, ago: float = 0) -> None:
    arrive(account, number, ago, author=BRAND, direction="outbound", kind="reply", parent_key=event(parent).key)


@BOTH
@pytest.mark.parametrize("put_away", ["snoozed", "closed", "answered"])
def test_a_merged_case_runs_for_who_waits_in_it_whatever_was_done_to_the_others(account: int, put_away: str) -> None:
    """Its clocks are those of its state: nobody's promise is lost as theirs is merged with one that is put away."""
    policy(first_reply=60, resolution=600)
    other = person("bo")
    arrive(account, 1, ago=50)
    arrive(account, 2, ago=40, author=other)
    if put_away == "answered":
        answer(account, 3, 1, ago=30)
    with db.write() as session:
        if put_away == "snoozed":
            desk.snooze(session, 1, db.now() + timedelta(hours=2), "user:1")
        elif put_away == "closed":
            desk.close(session, 1, "user:1")
    for parent, part in ((1, 2), (2, 1)):
        with db.write() as session:
            parts.merge(session, parent, part, "user:1")
        work()
        assert kept(parent) == [("first", "running"), ("resolution", "running")]
        with db.write() as session:
            parts.split(session, part, "user:1")
    with db.write() as session:
        parts.merge(session, 1, 2, "user:1")
    answer(account, 4, 2)
    work()
    assert kept() == [("first", "met"), ("resolution", "paused")]
    with db.write() as session:
        desk.close(session, 1, "user:1")
    work()
    assert kept() == [("first", "met"), ("resolution", "met")]


@BOTH
def test_a_conversation_is_due_and_no_longer_once_it_is_answered(account: int) -> None:
    policy(first_reply=60, resolution=600)
    arrive(account, 1, ago=10)
    work()
    assert kept() == [("first", "running"), ("resolution", "running")]
    assert due() is not None
    answer(account, 2, 1)
    work()
    assert kept() == [("first", "met"), ("resolution", "paused")]
    assert due() is None
    agrees()


@BOTH
def test_a_reply_by_a_rule_answers_nobody(account: int) -> None:
    policy(first_reply=60)
    arrive(account, 1, ago=10)
    answer(account, 2, 1, ago=5)
    with db.write() as session:
        session.add(ReplyRow(key="k", conversation_id=1, text="", author="rule:7", state="sent", message_id=2,
                             send_at=db.now(), created_at=db.now()))  # fmt: skip
    do(activities.changed, [1])
    work()
    assert kept() == [("first", "running")]


@BOTH
def test_it_warns_once_and_says_once_that_it_is_over(account: int) -> None:
    policy(first_reply=60, warn=20)
    arrive(account, 1, ago=50)
    arrive(account, 2, ago=10)
    work()
    assert [clocks.look(), clocks.look()] == [1, 0]
    work()
    t = db.table(SlaClock)
    with db.write() as session:
        past = {"due_at": db.now() - MINUTE, "look_at": db.now() - MINUTE}
        session.execute(sa.update(t).where(t.c.conversation_id == 1).values(**past))
    assert [clocks.look(), clocks.look()] == [1, 0]
    with db.read() as session:
        said = [(one.actor, one.what) for one in activities.of_conversation(session, 1)]
        assert said == [("rule:sla", "sla-warned"), ("rule:sla", "sla-breached")]
        assert session.scalars(sa.select(OutboxRow).where(db.table(OutboxRow).c.topic == "sla.due")).all() == []


@BOTH
def test_the_first_policy_that_fits_counts_and_what_is_over_already_is_not_announced(account: int) -> None:
    arrive(account, 1, ago=100)
    arrive(account, 2, ago=100)
    work()
    assert kept() == []
    policy("Rest", first_reply=60)
    urgent = Group("all", (Condition("priority", "is", ("urgent",)),))
    first = policy("Urgent", first_reply=300, conditions=urgent)
    work()
    assert (kept(1), clocks.look()) == ([("first", "breached")], 0)
    do(desk.set_priority, 1, "urgent", "user:1")
    assert do(policies.move, first, "user:1")
    work()
    assert (kept(1), kept(2)) == ([("first", "running")], [("first", "breached")])
    agrees()
    for number in (first, first - 1):
        assert do(policies.remove, number, "user:1")
    work()
    assert (kept(1), due(1), kept(2), due(2)) == ([], None, [], None)


def test_changed_hours_of_a_team_are_counted_anew(account: int) -> None:
    team = do(teams.save, None, teams.Wanted("Service", accounts=[account]), "user:1")
    policy(first_reply=60, business=True)
    arrive(account, 1, ago=10)
    work()
    before = due()
    off = {str(day): [["00:00", "00:01"]] for day in range(7)}
    do(teams.save, team, teams.Wanted("Service", hours=off, accounts=[account]), "user:1")
    work()
    assert before is not None
    assert (due() or before) > before + timedelta(days=20)
    agrees()


deeds = st.lists(
    st.sampled_from(["inbound", "reply", "closed", "open", "snooze", "spam", "urgent", "look"]), max_size=8
)


@BOTH
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=deeds, ago=st.integers(0, 200))
def test_what_is_kept_is_what_the_events_say(account: int, history: list[str], ago: int) -> None:
    with db.write() as session:
        if not policies.every(session):
            wanted = Wanted("All", first_reply=60, next_reply=30, resolution=90, business=False)
            policies.save(session, None, wanted, "cli")
        number = int(session.execute(sa.text("SELECT coalesce(max(id), 0) FROM message")).scalar_one()) * 20 + 20
    arrive(account, number, ago)
    with db.read() as session:
        talk = max(session.scalars(sa.select(db.table(Conversation).c.id)))
    for step, deed in enumerate(history, 1):
        if deed == "inbound":
            arrive(account, number + step, kind="reply", parent_key=event(number).key)
        elif deed == "reply":
            answer(account, number + step, number)
        elif deed == "snooze":
            do(desk.snooze, talk, db.now() + timedelta(days=1), "user:1")
        elif deed == "urgent":
            do(desk.set_priority, talk, "urgent", "user:1")
        elif deed == "look":
            work()
            clocks.look()
        else:
            do(desk.set_state, talk, deed, "user:1")
    work()
    clocks.look()
    work()
    agrees()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"), ({"name": "x" * 81}, "name"), ({"name": "all"}, "name"),
        ({"first_reply": 0}, "first_reply"), ({"resolution": -1}, "resolution"), ({"next_reply": 10**6}, "next_reply"),
        ({"warn": 99}, "warn"), ({"conditions": Group("all", (Condition("state", "is", ("open",)),))}, "conditions"),
        ({"conditions": Group("all", (Condition("assignee", "is", ("me",)),))}, "conditions"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_names_its_field(database: str, changes: dict[str, Any], field: str) -> None:
    policy(first_reply=60)
    with pytest.raises(policies.Wrong) as caught:
        policy(**{"name": "Other", "first_reply": 60, **changes})
    assert caught.value.field == field
    assert caught.value.sentence in policies.SENTENCES
