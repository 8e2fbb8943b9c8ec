"""Giving out conversations: fair, never beyond a capacity, once, and to those who are there."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given as forall
from hypothesis import strategies as st

from core import db, outbox
from core.event import Page
from core.outbox import OutboxRow
from core.topics import SUBSCRIBERS
from inbox import activities, assignment, desk, teams
from inbox import people as contacts
from inbox.assignment import Candidate, choose
from inbox.ingest import store_page
from inbox.models import Conversation, Identity
from inbox.team_models import TeamMember
from inbox.teams import Wanted
from tests.conftest import BOTH

from .conftest import BRAND, event, person

GIVE = SUBSCRIBERS["inbox.assignment.give"]
A, B, C = "user:1", "user:2", "user:3"

# --- the choice -------------------------------------------------------------------------------------------

people = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=5
).map(lambda rows: [Candidate(f"user:{n}", *row) for n, row in enumerate(rows)])  # fmt: skip


@forall(start=people, way=st.sampled_from(["round", "load"]), number=st.integers(0, 30))
def test_nobody_is_given_more_than_they_can_have(start: list[Candidate], way: str, number: int) -> None:
    now = start
    for _ in range(number):
        chosen = choose(way, now)
        if chosen is None:
            assert all(one.capacity and one.load >= one.capacity for one in now), "there was room"
            break
        assert choose(way, reversed(now)) == chosen, "the order in which they are named does not matter"
        now = assignment.given(now, chosen)
    for one, before in zip(now, start, strict=True):
        assert not one.capacity or one.load <= max(one.capacity, before.load)


@forall(number=st.integers(1, 6), rounds=st.integers(0, 40))
def test_in_the_round_everybody_gets_as_many_as_the_others(number: int, rounds: int) -> None:
    now = [Candidate(f"user:{n}", 0, 0, 0) for n in range(number)]
    for _ in range(rounds):
        chosen = choose("round", now)
        assert chosen is not None
        now = assignment.given(now, chosen)
        loads = [one.load for one in now]
        assert max(loads) - min(loads) <= 1


@forall(start=people, number=st.integers(0, 20))
def test_by_load_the_next_goes_to_who_has_fewest(start: list[Candidate], number: int) -> None:
    for _ in range(number):
        chosen = choose("load", start)
        if chosen is None:
            return
        assert chosen.load == min(one.load for one in start if one.has_room)
        start = assignment.given(start, chosen)


# --- over the outbox --------------------------------------------------------------------------------------


def team(account: int, **changes: Any) -> int:
    values: dict[str, Any] = {"name": "Service", "assign": "round", "members": {A: 0, B: 0}, "accounts": [account]}
    with db.write() as session:
        return teams.save(session, None, Wanted(**(values | changes)), "user:9")


def arrive(account: int, *numbers: int) -> None:
    store_page(account, Page(events=tuple(event(n, author=person(f"p{n}")) for n in numbers)))


def work() -> None:
    while outbox.step(GIVE, assignment.give):
        pass


def owners() -> dict[int, str]:
    c = db.table(Conversation)
    with db.read() as session:
        return {row.id: row.assignee for row in session.execute(sa.select(c.c.id, c.c.assignee).order_by(c.c.id))}


def do(deed: Any, *args: Any) -> Any:
    with db.write() as session:
        return deed(session, *args)


@BOTH
def test_what_comes_is_given_out_in_turn_and_says_which_rule_did_it(account: int) -> None:
    team(account)
    arrive(account, 1, 2, 3, 4)
    work()
    assert Counter(owners().values()) == {A: 2, B: 2}
    with db.read() as session:
        assert [(one.actor, one.what) for one in activities.of_conversation(session, 1)] == [
            ("rule:assignment", "assigned")
        ]


@BOTH
def test_who_is_full_gets_the_next_when_one_is_done(account: int) -> None:
    team(account, members={A: 1, B: 1}, assign="load")
    arrive(account, 1, 2, 3)
    work()
    assert owners()[3] == ""
    mine = next(number for number, who in owners().items() if who == B)
    answer = event(9, author=BRAND, direction="outbound", kind="reply", parent_key=event(mine).key)
    store_page(account, Page(events=(answer,)))  # answered: it waits for them, not for us
    work()
    assert owners()[3] == B


@BOTH
def test_who_is_away_gets_none_until_they_are_back(account: int) -> None:
    team(account)
    assert [do(teams.set_away, one, True, one) for one in (A, B, B)] == [True, True, False]
    arrive(account, 1)
    work()
    assert owners() == {1: ""}
    assert do(teams.set_away, B, False, B)
    work()
    assert owners() == {1: B}


def back(account: int, number: int, who: str) -> str:
    """To whom somebody's next conversation is given; what they had before is closed."""
    c = db.table(Conversation)
    with db.write() as session:
        session.execute(sa.update(c).values(state="closed", closed_at=db.now() - timedelta(days=60)))
        session.execute(sa.update(c).values(last_at=db.now() - timedelta(days=60)))
    store_page(account, Page(events=(event(number, author=person(who), posted_at=db.now()),)))
    work()
    return max(owners().items())[1]


@BOTH
def test_who_comes_back_is_given_to_whom_they_had_on_any_account(account: int) -> None:
    team(account, same_person=True)
    arrive(account, 1, 2)
    work()
    had = owners()
    assert [back(account, 10 + n, "p2") for n in range(3)] == [had[2]] * 3
    back(account, 30, "p3")
    do(desk.assign, max(owners()), had[2], had[2])
    with db.write() as session:  # p1 is p3, too
        contact = contacts.create_contact(session, "Anna")
        i = db.table(Identity)
        for one in session.scalars(sa.select(i.c.id).where(i.c.handle.startswith("p1") | i.c.handle.startswith("p3"))):
            contacts.link(session, one, contact, A, "told us")
    assert back(account, 31, "p1") == had[2]
    assert do(teams.set_away, had[2], True, had[2])
    assert back(account, 32, "p1") == had[1]


def test_who_comes_back_after_long_or_where_nobody_wants_it_is_given_in_turn(account: int) -> None:
    team(account, same_person=True)
    arrive(account, 1)
    work()
    c = db.table(Conversation)
    with db.write() as session:
        session.execute(sa.update(c).values(state="closed", closed_at=db.now() - timedelta(days=91)))
        session.execute(sa.update(c).values(last_at=db.now() - timedelta(days=91)))
    with db.read() as session:
        assert assignment.known_to(session, [1]) == {}
    store_page(account, Page(events=(event(10, author=person("p1"), posted_at=db.now()),)))
    work()
    assert Counter(owners().values()) == {A: 1, B: 1}


def test_a_team_that_does_not_want_it_gives_them_in_turn(account: int) -> None:
    team(account)
    arrive(account, 1)
    work()
    assert back(account, 10, "p1") != owners()[1]


@BOTH
def test_the_urgent_go_first_and_what_somebody_gave_back_goes_to_another(account: int) -> None:
    number = team(account, members={A: 1}, assign="hand")
    arrive(account, 1, 2)
    do(desk.set_priority, 2, "urgent", "user:9")
    work()
    assert set(owners().values()) == {""}, "by hand means by hand"
    with db.write() as session:
        teams.save(session, number, Wanted("Service", assign="round", members={A: 1}, accounts=[account]), "user:9")
    work()
    assert owners() == {1: "", 2: A}
    do(desk.assign, 2, "", A)
    work()
    assert owners() == {1: A, 2: ""}


@BOTH
def test_a_worker_that_dies_has_given_nothing_and_the_next_gives_it_once(
    account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    team(account)
    arrive(account, 1, 2)
    with monkeypatch.context() as patch:

        def die(*_: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(assignment, "_keep_turns", die)
        with pytest.raises(KeyboardInterrupt):
            outbox.step(GIVE, assignment.give)
    assert set(owners().values()) == {""}
    with db.write() as session:
        session.execute(sa.update(db.table(OutboxRow)).values(due_at=0))  # its lease is over
    work()
    before = owners()
    assert Counter(before.values()) == {A: 1, B: 1}
    do(teams.announce)  # and the same letter once more
    work()
    assert owners() == before


@BOTH
def test_two_at_once_go_beyond_nobodys_capacity(account: int) -> None:
    """Each has two teams' letters in hand; somebody in both teams is counted once."""
    other = team(account, name="Sales", members={A: 3, B: 2})
    first = team(account, members={A: 3, B: 2})
    arrive(account, *range(1, 13))
    for number in range(1, 7):
        do(desk.set_team, number, other, "user:9")
    gate = threading.Barrier(2)
    errors: list[BaseException] = []

    def run(team_id: int) -> None:
        try:
            gate.wait()
            db.again(lambda: do(assignment.fill, team_id))
        except BaseException as error:  # the test tells it
            errors.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in (first, other)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert errors == []
    assert Counter(owners().values()) == {A: 3, B: 2, "": 7}


def test_a_team_that_is_dissolved_leaves_its_conversations(account: int) -> None:
    number = team(account)
    arrive(account, 1)
    assert do(teams.remove, number, "user:9")
    assert not do(teams.remove, number, "user:9")
    c, m = db.table(Conversation), db.table(TeamMember)
    with db.read() as session:
        assert session.execute(sa.select(c.c.team_id)).scalars().all() == [None]
        assert session.execute(sa.select(m)).all() == []
    arrive(account, 2)
    work()
    assert owners()[2] == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"), ({"name": "x" * 81}, "name"), ({"name": "first"}, "name"),
        ({"zone": "Mars/Olympus"}, "zone"), ({"zone": "../etc"}, "zone"), ({"assign": "dice"}, "assign"),
        ({"members": {A: -1}}, "members"),
        ({"holidays": [{"day": f"20{n // 12:02}-{n % 12 + 1:02}-01"} for n in range(401)]}, "holidays"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_names_its_field(account: int, changes: dict[str, Any], field: str) -> None:
    team(account, name="First")
    with pytest.raises(teams.Wrong) as caught:
        team(account, **changes)
    assert caught.value.field == field
    assert caught.value.sentence in teams.SENTENCES


def test_days_off_are_read_line_by_line() -> None:
    assert teams.read_days("2026-12-25 Christmas\n\n 2027-01-01") == [
        {"day": "2026-12-25", "name": "Christmas"}, {"day": "2027-01-01", "name": ""},
    ]  # fmt: skip
    for text in ("tomorrow", "2026-13-01 x", "20261225 x", "1026-12-25"):
        with pytest.raises(teams.Wrong):
            teams.read_days(text)
