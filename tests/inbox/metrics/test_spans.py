"""Claims about spans: the definitions of docs/metrics.md, against a slow reading of the same words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.metrics.spans import WHAT, Event, Span, spans

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def story(*events: tuple[float, str]) -> list[Event]:
    return [Event(at(hours), what, "user:3" if what in ("answered", "closed") else "") for hours, what in events]


def told(events: Sequence[Event], *, waits: bool = False) -> list[tuple[str, float, float | None]]:
    def hours(moment: datetime) -> float:
        return (moment - START).total_seconds() / 3600

    shown = [one for one in spans(events) if (one.kind == "wait") == waits]
    return [(one.kind, hours(one.start), None if one.end is None else hours(one.end)) for one in shown]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], []),
        ([(0, "received")], [("first_reply", 0, None), ("reply", 0, None), ("resolution", 0, None)]),
        (
            [(0, "received"), (1, "received"), (3, "answered"), (4, "answered"), (5, "closed")],
            [("reply", 0, 3), ("first_reply", 0, 3), ("resolution", 0, 5)],
        ),
        (
            [(0, "received"), (1, "automatic"), (2, "answered"), (6, "received")],
            [("reply", 0, 2), ("first_reply", 0, 2), ("reply", 6, None), ("resolution", 0, None)],
        ),
        (
            [(0, "received"), (1, "closed"), (9, "received"), (10, "answered"), (11, "closed")],
            [("resolution", 0, 1), ("reply", 0, 10), ("first_reply", 0, 10), ("resolution", 9, 11)],
        ),
        ([(0, "received"), (1, "spam"), (2, "received"), (3, "closed")], []),
        ([(0, "received"), (1, "closed"), (2, "closed")], [("resolution", 0, 1)]),
        (
            [(0, "answered"), (1, "received"), (2, "answered")],
            [("reply", 1, 2), ("first_reply", 1, 2), ("resolution", 1, None)],
        ),
    ],
)
def test_definitions(events: list[tuple[float, str]], expected: list[tuple[str, float, float | None]]) -> None:
    assert told(story(*events)) == expected


def test_who_ended_it_has_it() -> None:
    found = spans([Event(at(0), "received"), Event(at(1), "answered", "user:3"), Event(at(2), "closed", "user:4")])
    assert [(one.kind, one.actor) for one in found] == [
        ("reply", "user:3"),
        ("first_reply", "user:3"),
        ("wait", "user:3"),
        ("resolution", "user:4"),
    ]


EVENTS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(WHAT)), max_size=14)


def unwanted(before: Sequence[Event]) -> bool:
    marks = [one.what for one in before if one.what in ("spam", "reopened")]
    return bool(marks) and marks[-1] == "spam"


def slow(events: Sequence[Event]) -> list[Span]:
    """Every definition read for itself, looking at everything before each event."""
    heard = [one for n, one in enumerate(events) if one.what != "received" or not unwanted(events[:n])]
    found: list[Span] = []
    for n, one in enumerate(heard):
        before = heard[:n]
        if one.what == "answered":
            last = max((k for k, other in enumerate(before) if other.what in ("answered", "spam")), default=-1)
            waits = [other.at for other in before[last + 1 :] if other.what == "received"]
            found += [Span("reply", waits[0], one.at, one.actor)] if waits else []
            marked = max((k for k, other in enumerate(before) if other.what == "spam"), default=-1)
            ever = [other.at for other in before[marked + 1 :] if other.what == "received"]
            answers = [k for k, other in enumerate(before) if other.what == "answered"]
            earlier = any(
                other.what == "received" and not any(x.what == "spam" for x in before[k:a])
                for a in answers
                for k, other in enumerate(before[:a])
            )
            found += [Span("first_reply", ever[0], one.at, one.actor)] if ever and not earlier else []
        if one.what == "closed":
            ended = max((k for k, other in enumerate(before) if other.what in ("closed", "spam")), default=-1)
            opened = [other.at for other in before[ended + 1 :] if other.what in ("received", "reopened")]
            found += [Span("resolution", opened[0], one.at, one.actor)] if opened else []
    return found


@given(EVENTS)
def test_spans_that_ended_are_what_the_definitions_say(events: list[tuple[int, str]]) -> None:
    ordered = sorted(story(*events), key=lambda one: (one.at, WHAT.index(one.what)))
    assert [one for one in spans(ordered) if one.end is not None and one.kind != "wait"] == slow(ordered)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(0, "received"), (1, "received"), (3, "answered"), (5, "closed")], [(0, 3)]),
        ([(0, "received"), (2, "closed")], [(0, 2)]),
        ([(0, "received"), (2, "closed"), (5, "reopened"), (6, "answered")], [(0, 2), (5, 6)]),
        ([(0, "received"), (2, "closed"), (5, "received")], [(0, 2), (5, None)]),
        ([(0, "received"), (2, "answered"), (3, "closed"), (5, "reopened")], [(0, 2)]),
        ([(0, "received"), (2, "automatic")], [(0, None)]),
        ([(0, "received"), (1, "spam")], []),
    ],
)
def test_somebody_waits_while_it_is_open_and_unanswered(
    events: list[tuple[float, str]], expected: list[tuple[float, float | None]]
) -> None:
    assert [(start, end) for _, start, end in told(story(*events), waits=True)] == expected


@given(EVENTS)
def test_what_happens_later_does_not_change_who_waited(events: list[tuple[int, str]]) -> None:
    ordered = sorted((one for one in story(*events) if one.what != "spam"), key=lambda one: one.at)

    def waiting(known: Sequence[Event], moment: datetime) -> int:
        waits = [one for one in spans(known) if one.kind == "wait"]
        return sum(one.start < moment and (one.end is None or one.end >= moment) for one in waits)

    for moment in (at(hours + 0.5) for hours in range(40)):
        assert waiting(ordered, moment) == waiting([one for one in ordered if one.at < moment], moment) <= 1


@given(EVENTS, st.randoms())
def test_the_order_in_which_events_are_read_does_not_matter(events: list[tuple[int, str]], rng: object) -> None:
    ordered = story(*events)
    mixed = list(ordered)
    rng.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis' own
    assert spans(mixed) == spans(ordered)


@given(EVENTS)
def test_at_most_one_of_each_stands_open(events: list[tuple[int, str]]) -> None:
    still = [one.kind for one in spans(story(*events)) if one.end is None]
    assert len(still) == len(set(still))
    assert still == [] or still[-1] == "resolution"
