"""Promises in the report: shown shares are what a slow clock makes of the raw events, and are read as they are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from core import db
from core.event import Event, Page
from inbox import clocks, desk, ingest, policies, replies, sla
from inbox.hours import ALWAYS
from inbox.metrics import figures, read
from inbox.metrics.figures import Talk
from inbox.metrics.promises import PROMISES, promises
from inbox.metrics.ratings import Rating
from inbox.metrics.spans import Event as Happened
from inbox.models import Activity, Conversation, Message
from tests.conftest import BOTH
from tests.inbox.conftest import BRAND, START

HOUR = timedelta(hours=1)
TARGETS = {"first": 3, "next": 2, "resolution": 6}
PROMISE = sla.Promise(*(TARGETS[kind] * HOUR for kind in sla.KINDS))
SAID = {"inbound": "received", "reply": "answered", "closed": "closed", "opened": "reopened"}
END = 60


def slow(story: Sequence[tuple[int, str]]) -> list[tuple[str, int, bool]]:  # noqa: C901  # one rule a branch
    """(figure, hour in which it was decided, kept) of each promise, by looking at the clock every hour."""
    found, used, over = [], dict.fromkeys(sla.KINDS, 0), dict.fromkeys(sla.KINDS, False)
    begun = waits = closed = mine = False
    replies = since = 0
    for hour in range(END):
        for what in [what for at, what in story if at == hour]:
            kind = "next" if replies else "first"
            if what == "inbound":
                if not waits:
                    used[kind], over[kind] = 0, False
                begun = waits = mine = True
                closed = False
            elif begun and what == "reply":
                if waits and not over[kind]:
                    found.append((f"kept_{kind}", hour, True))
                replies, waits, mine = replies + waits, False, False
            elif begun and what == "closed":
                since = since if closed else hour
                closed, mine = True, False
            elif begun and what == "opened":
                closed, mine = False, True
        kind = "next" if replies else "first"
        for one, runs in ((kind, waits and not closed), ("resolution", mine and not closed)):
            if runs and used[one] == TARGETS[one] and not over[one]:
                over[one] = True
                found.append((f"kept_{one}", hour, False))
            used[one] += runs
    if begun and closed and not over["resolution"]:
        found.append(("kept_resolution", since, True))
    return sorted(found)


EVENTS = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(list(SAID))), max_size=9, unique_by=lambda one: one[0])


@given(EVENTS, st.integers(0, 40))
def test_shares_are_what_the_raw_events_say(story: list[tuple[int, str]], until: int) -> None:
    story.sort()
    raw = [sla.Event(START + at * HOUR, what) for at, what in story]  # type: ignore[arg-type]  # of SAID
    events = [Happened(START + at * HOUR, SAID[what], "user:1") for at, what in story]
    now = START + END * HOUR
    given_ = promises(sla.clocks(raw, PROMISE, ALWAYS, now), events, now)
    talk = Talk(1, 1, "x", "de", None, "normal", (), events, (), promises=given_)
    expected = [one for one in slow(story) if one[1] < until]
    period = START, START + until * HOUR
    shown = figures.figures([talk], *period, lambda talk, start, end: end - start)
    for name in PROMISES:
        of = [kept for figure, _, kept in expected if figure == name]
        assert shown.ratings.get(name) == (Rating(len(of), sum(of) / len(of)) if of else None), (name, expected)
        assert len(list(figures.pieces([talk], name, *period))) == len(of)
    mine = [one.figure for one in given_ if one.decided < period[1] and one.actor == "user:1"]
    theirs = figures.figures([talk], *period, lambda talk, start, end: end - start, "user:1").ratings
    assert sum(one.number for name, one in theirs.items() if name in PROMISES) == len(mine)


@BOTH
def test_promises_are_read_as_they_are_kept(account: int, make: Callable[..., Event]) -> None:
    answer: dict[str, Any] = {"direction": "outbound", "author": BRAND, "kind": "reply", "parent_key": make(0).key}
    ingest.store_page(
        account, Page(events=[make(0), make(150, **answer), make(200, kind="reply", parent_key=make(0).key)])
    )
    m, a = db.table(Message), db.table(Activity)
    with db.write() as session:
        wanted = policies.Wanted("all", first_reply=120, next_reply=60, resolution=600, business=False)
        policies.save(session, None, wanted, "cli")
        talk = session.scalars(sa.select(m.c.conversation_id).where(m.c.key == make(0).key)).one()
        desk.close(session, talk, "user:4")
        session.execute(sa.update(a).where(a.c.what == "closed").values(at=START + 5 * HOUR))
        clocks.count(session, [talk])
    with db.read() as session:
        (found,) = read.talks(session, START, START + timedelta(days=9), read.Scope())
        _, _, fresh = clocks.of_conversation(session, talk, db.now())
    assert set(found.promises) == set(promises(fresh, found.events, db.now()))
    assert {(one.figure, one.kept, one.actor, one.decided - START) for one in found.promises} == {
        ("kept_first", False, "", 2 * HOUR), ("kept_resolution", True, "user:4", 5 * HOUR),
        ("kept_next", False, "", timedelta(minutes=260)),
    }  # fmt: skip
    one = figures.figures([found], START, START + timedelta(days=9), lambda talk, start, end: end - start)
    assert (one.ratings["kept_first"], one.ratings["kept_resolution"]) == (Rating(1, 0.0), Rating(1, 1.0))
    period = START, START + timedelta(days=9)
    assert set(figures.groups([found], "agent", *period)) == {"", "user:4"}
    nobody = figures.figures([found], *period, lambda talk, start, end: end - start, figures.SOMEBODY)
    assert (nobody.counts["closed"], nobody.ratings["kept_first"]) == (0, Rating(1, 0.0))
    assert len(list(figures.pieces([found], "kept_next", *period, figures.SOMEBODY))) == 1


@BOTH
@pytest.mark.parametrize(
    ("author", "answered"), [("user:1", True), ("cli", True), ("crm", True), ("rule:1", False), ("survey:1", False)]
)
def test_who_answers_for_the_clock_answers_for_figures_and_lists(
    account: int, make: Callable[..., Event], author: str, answered: bool
) -> None:
    ingest.store_page(account, Page(events=[make(0)]))
    c = db.table(Conversation)
    with db.write() as session:
        policies.save(session, None, policies.Wanted("all", first_reply=120), "cli")
        number = replies.queue(session, 1, "an answer", author=author, undo_seconds=0).id or 0
    sent = make(60, direction="outbound", author=BRAND, kind="reply", parent_key=make(0).key)
    ingest.store_page(account, Page(events=[sent]), also=lambda session: replies.mark_sent(session, number, sent.key))
    with db.write() as session:
        clocks.count(session, [1])
    with db.read() as session:
        (found,) = read.talks(session, START, START + timedelta(days=9), read.Scope())
        (clock,) = clocks.stored(session, 1)
        waits = session.scalar(sa.select(c.c.waiting_since))
    ended = {one.kind: one.end for one in found.spans}
    assert (clock.state == "met", ended["first_reply"] is not None, waits is None) == (answered,) * 3


def test_a_clock_that_was_not_looked_at_since_is_broken_all_the_same() -> None:
    clock = sla.Clock("first", START, "running", START + HOUR, None, None, 0)
    (one,) = promises([clock], [], START + 2 * HOUR)
    assert (one.kept, one.decided, one.ended) == (False, START + HOUR, None)
    assert promises([clock], [], START) == promises([clock], [], START + HOUR) == []
    old = replace(clock, state="breached", due_at=None, stopped_at=START + 3 * HOUR)
    assert promises([old], [], START + 9 * HOUR)[0].decided == START + 3 * HOUR


def test_who_answered_too_late_has_it_and_what_stopped_without_them_is_nobodys() -> None:
    late = sla.Clock("first", START, "breached", None, None, START + 3 * HOUR, -3600, over_at=START + 2 * HOUR)
    others = [Happened(START + 3 * HOUR, "closed", "user:8"), Happened(START + 5 * HOUR, "answered", "user:9")]
    answered = [Happened(START, "received"), *others, Happened(START + 3 * HOUR, "answered", "user:4")]
    (one,) = promises([late], answered, START + 9 * HOUR)
    assert (one.kept, one.decided, one.ended, one.actor) == (False, START + 2 * HOUR, START + 3 * HOUR, "user:4")
    (one,) = promises([late], answered[:1], START + 9 * HOUR)
    assert (one.kept, one.ended, one.actor) == (False, None, "")
    met = replace(late, state="met", over_at=None)
    (one,) = promises([met], answered[:1], START + 9 * HOUR)
    assert (one.kept, one.ended, one.actor) == (True, START + 3 * HOUR, "")
    assert promises([replace(met, state="ended")], answered, START + 9 * HOUR) == []
