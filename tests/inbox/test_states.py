"""How a conversation moves, against a definition that looks at all that happened at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.event import Event
from inbox import states
from inbox.states import Standing

from .conftest import START, event

Story = list[tuple[str, int]]
STORIES = st.lists(
    st.tuples(st.sampled_from(("in", "late", "out", "like", "close", "spam", "snooze", "reopen")), st.integers(0, 2)),
    max_size=14,
)
"""What happened, and how many minutes after what was before it; what comes late was written that long before it."""


def told(number: int, what: str, at: datetime, **changes: object) -> Event:
    values = {"kind": "like" if what == "like" else "mention", "text": f"{what} {number}", "posted_at": at}
    return event(number, **{**values, "direction": "outbound" if what == "out" else "inbound", **changes})


def happened(story: Story) -> list[tuple[str, datetime]]:
    """The same with moments; what happens at one moment happens in this order."""
    at, found = START, []
    for what, minutes in story:
        if what == "late":
            found.append(("in", at - timedelta(minutes=minutes)))
        else:
            at += timedelta(minutes=minutes)
            found.append((what, at))
    return found


def deed(standing: Standing, what: str, at: datetime, theirs: list[datetime]) -> Standing:
    """What people do, as inbox.desk does it."""
    if what == "snooze":
        return replace(standing, state="snoozed", closed_at=None)
    if what == "reopen" and standing.state != "open":
        unanswered = [one for one in theirs if standing.last_outbound_at is None or one > standing.last_outbound_at]
        waiting = standing.waiting_since or min(unanswered, default=None)
        return replace(standing, state="open", waiting_since=waiting, closed_at=None)
    if what == "close" and standing.state != "closed":
        return replace(standing, state="closed", waiting_since=None, closed_at=at)
    if what == "spam":
        return replace(standing, state="spam", waiting_since=None, closed_at=None)
    return standing


def lived(story: Story) -> Standing:
    standing, theirs = Standing(), list[datetime]()
    for number, (what, at) in enumerate(happened(story)):
        theirs += [at] if what == "in" else []
        if what in ("in", "out", "like"):
            states.advance(standing, [told(number, what, at)])
        elif standing.inbox:
            standing = deed(standing, what, at, theirs)
    return standing


@given(STORIES)
def test_moments_are_what_the_definitions_say(story: Story) -> None:
    standing, whole = lived(story), happened(story)
    theirs = [at for what, at in whole if what == "in"]
    ours = [at for what, at in whole if what == "out"]
    said = [at for what, at in whole if what in ("in", "out", "like")]
    assert standing.messages == len(said)
    assert standing.inbox == bool(theirs)
    assert standing.first_at == min(said, default=None)
    moving = sorted(theirs + ours)
    assert standing.last_at == (max([*said[:1], *moving]) if said else None), "a like moves nothing"
    assert standing.last_inbound_at == max(theirs, default=None)
    assert standing.last_outbound_at == max(ours, default=None)
    first = next((place for place, (what, _) in enumerate(whole) if what == "in"), len(whole))
    answers = [at for what, at in whole[first:] if what == "out"]
    assert standing.first_reply_at == min(answers, default=None)
    texts = [f"in {n}" for n, (what, at) in enumerate(whole) if what == "in" and at == max(theirs)] if theirs else []
    assert not texts or standing.excerpt == texts[-1], "what they said last"


@given(STORIES)
def test_state_is_what_happened_last_and_they_wait_for_what_nobody_has_answered(story: Story) -> None:  # noqa: C901  # one branch per rule
    state, closed_at, answered, untouched = "", None, None, True
    unanswered, waits = list[datetime](), list[datetime]()
    for what, at in happened(story):
        if what == "in" and answered is not None and at <= answered:
            state = "pending" if not state or (state == "closed" and untouched) else state
            untouched = False
        elif what == "in":
            unanswered.append(at)
            untouched = False
            if state != "spam" and not (state == "closed" and closed_at is not None and at <= closed_at):
                state = "open"
                waits.append(at)
        elif what == "out":
            answered, unanswered, waits = at, [], []
            state = ("closed" if untouched else "pending") if state in ("", "open") else state
        elif what == "like" or untouched:
            state = state or ("closed" if what == "like" else "")
        elif what == "snooze":
            state, closed_at = "snoozed", None
        elif what == "reopen" and state != "open":
            state, closed_at, waits = "open", None, waits or list(unanswered)
        elif what == "close" and state != "closed":
            state, closed_at, waits = "closed", at, []
        elif what == "spam":
            state, closed_at, waits = "spam", None, []
    standing = lived(story)
    assert (standing.state, standing.waiting_since) == (state, min(waits, default=None))
    assert standing.waiting_since is None or state not in ("closed", "spam"), "what is done waits for nobody"


@given(STORIES, st.data())
def test_one_page_or_several_in_order_are_the_same(story: Story, data: st.DataObject) -> None:
    said = [told(n, what, at) for n, (what, at) in enumerate(happened(story)) if what in ("in", "out", "like")]
    said.sort(key=lambda one: (one.posted_at, one.key))
    at_once = states.advance(Standing(), data.draw(st.permutations(said)))
    cut = data.draw(st.integers(0, len(said)))
    in_two = states.advance(states.advance(Standing(), said[:cut]), said[cut:])
    assert in_two == at_once


@given(st.lists(st.sampled_from(("in", "out")), min_size=1, max_size=8))
def test_history_opens_nothing_and_nobody_waits(story: list[str]) -> None:
    said = [told(n, what, START + timedelta(minutes=n), origin="archive") for n, what in enumerate(story)]
    standing = states.advance(Standing(), said)
    assert (standing.waiting_since, standing.state, standing.inbox) == (None, "closed", "in" in story)


@pytest.mark.parametrize(("minutes", "state"), [(-1, "closed"), (0, "closed"), (1, "open")])
def test_a_message_from_before_the_closing_does_not_reopen(minutes: int, state: str) -> None:
    standing = states.advance(Standing(), [told(1, "in", START)])
    standing = replace(standing, state="closed", closed_at=START + timedelta(hours=1), waiting_since=None)
    late = told(2, "in", START + timedelta(hours=1, minutes=minutes))
    states.advance(standing, [late])
    assert (standing.state, standing.waiting_since) == (state, late.posted_at if state == "open" else None)


@pytest.mark.parametrize("number", [1, 2])
def test_one_private_message_makes_it_private_and_a_long_one_is_cut(number: int) -> None:
    said = [
        told(n, "in", START + timedelta(minutes=n), text="x" * 500, visibility="private" if n == number else "public")
        for n in (1, 2)
    ]
    standing = states.advance(Standing(), said)
    assert standing.private
    assert standing.excerpt == "x" * states.EXCERPT
    assert not states.advance(Standing(), [told(1, "in", START)]).private


@pytest.mark.parametrize(
    ("arrived", "state", "waits"),
    [
        ([("out", 5), ("in", 5)], "pending", None), ([("out", 5), ("in", 3)], "pending", None),
        ([("in", 5), ("in", 3)], "open", 3), ([("in", 2), ("in", 6), ("out", 4)], "open", 6),
        ([("in", 2), ("out", 4)], "pending", None), ([("in", 6), ("out", 4)], "open", 6),
        ([("in", 2), ("out", 8), ("out", 4), ("in", 6)], "pending", None),
        ([("in", 6), ("in", 7), ("out", 4)], "open", 6), ([("in", 5), ("out", 5)], "pending", None),
    ],
)  # fmt: skip
def test_what_arrives_late_counts_from_when_it_was_said(
    arrived: list[tuple[str, int]], state: str, waits: int | None
) -> None:
    standing = Standing()
    for number, (what, minute) in enumerate(arrived):
        states.advance(standing, [told(number, what, START + timedelta(minutes=minute))])
    moment = None if waits is None else START + timedelta(minutes=waits)
    assert (standing.state, standing.waiting_since) == (state, moment)


def test_what_came_back_stays_open_when_something_from_before_the_closing_arrives() -> None:
    standing = states.advance(Standing(), [told(1, "in", START)])
    standing = replace(standing, state="closed", closed_at=START + timedelta(hours=1), waiting_since=None)
    came, late = START + timedelta(hours=2), START + timedelta(minutes=30)
    states.advance(standing, [told(2, "in", came)])
    states.advance(standing, [told(3, "in", late)])
    assert (standing.state, standing.waiting_since) == ("open", late)


def test_until_they_write_the_list_shows_the_first_words_there_are() -> None:
    standing = Standing()
    for number, (text, excerpt) in enumerate((("", ""), ("ours", "ours"), ("ours again", "ours"))):
        at = START + timedelta(minutes=number)
        states.advance(standing, [told(number, "out", at, text=text)])
        assert standing.excerpt == excerpt
    states.advance(standing, [told(9, "in", START + timedelta(hours=1), text="theirs")])
    assert standing.excerpt == "theirs"


def test_the_first_answer_is_the_earliest_in_whatever_order_they_arrive() -> None:
    standing = Standing()
    for number, (what, minute) in enumerate((("in", 2), ("out", 8), ("out", 4), ("out", 6))):
        states.advance(standing, [told(number, what, START + timedelta(minutes=minute))])
    assert standing.first_reply_at == START + timedelta(minutes=4)


@pytest.mark.parametrize("what", ["in", "out"])
def test_what_is_only_context_is_counted_and_moves_nothing(what: str) -> None:
    standing = states.advance(Standing(), [told(1, "in", START)])
    before = replace(standing)
    states.advance(standing, [told(2, what, START + timedelta(minutes=1), origin="context")])
    assert standing == replace(before, messages=2, last_at=START + timedelta(minutes=1))


def test_a_picture_alone_leaves_the_words_of_the_list_and_history_leaves_what_is_open() -> None:
    standing = states.advance(Standing(), [told(1, "in", START)])
    states.advance(standing, [told(2, "in", START + timedelta(minutes=1), text="")])
    assert standing.excerpt == "in 1"
    states.advance(standing, [told(3, "in", START - timedelta(days=1), origin="archive")])
    assert (standing.state, standing.waiting_since, standing.first_at) == ("open", START, START - timedelta(days=1))


def test_an_answer_and_what_it_answers_at_one_moment_wait_for_them_in_whatever_order() -> None:
    for order in ((1, 2), (2, 1)):
        said = [told(order[0], "out", START), told(order[1], "in", START)]
        standing = states.advance(Standing(), said)
        assert (standing.state, standing.waiting_since) == ("pending", None)
