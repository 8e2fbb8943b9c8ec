"""Promises as clocks: what ran and what stood still, and why, out of the events of a conversation. Pure.

first       from the first message to the first human reply
next        from each further message nobody has answered to the human reply
resolution  from the first message until it is closed, but not while we wait for them or it is put away

Replies by rules answer nobody. Reply clocks stand still while it is closed, and go on when it opens again.
A merged case is in the state of that of its conversations which needs most, as inbox.parts.rule has it, and is answered
when each of them is: what happened in one before it was merged holds for that one alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from inbox.hours import Calendar, after, between

What = Literal["inbound", "reply", "closed", "opened", "snoozed", "spam"]
ORDER: tuple[What, ...] = ("inbound", "reply", "opened", "snoozed", "closed", "spam")
"""Of events of one moment."""
NEEDS = ("", "pending", "snoozed", "closed", "spam")
"""Why something stands still, what needs most first."""
WHOLE = 0
"""Stands for a conversation that is no merged case."""
KINDS = ("first", "next", "resolution")
NEVER = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """Something that happened: they wrote, a person of ours answered, or the state was changed by hand or clock."""

    at: datetime
    what: What
    of: tuple[int, ...] = ()
    """The conversations of a merged case for which it holds; none named: for all of it."""


@dataclass(frozen=True)
class Promise:
    """What is promised, each as time or nothing; `warn` is the share of it at which a warning is due."""

    first: timedelta | None = None
    next: timedelta | None = None
    resolution: timedelta | None = None
    warn: float = 0.0


@dataclass(frozen=True)
class Step:
    """A stretch of a clock: it ran, or stood still because of `why` (pending, snoozed, closed, spam)."""

    since: datetime
    until: datetime | None
    runs: bool
    why: str = ""


@dataclass(frozen=True)
class Clock:
    """One promise as it stands. `left` is the business time left where its last step began, in seconds."""

    kind: str
    started_at: datetime
    state: str
    due_at: datetime | None
    warn_at: datetime | None
    stopped_at: datetime | None
    left: int
    steps: tuple[Step, ...] = field(default=(), compare=False)
    over_at: datetime | None = None
    """When the time was over, if it was before it was met."""

    @property
    def runs(self) -> bool:
        """Time passes."""
        return self.due_at is not None


def clocks(events: Sequence[Event], promise: Promise, calendar: Calendar, now: datetime) -> list[Clock]:
    """Every clock of a conversation, by kind and beginning, as they stand at `now`."""
    replies, resolution = _steps(events)
    found = []
    for number, (steps, answered) in enumerate(replies):
        target = promise.next if number else promise.first
        if target is not None:
            found.append(_clock("next" if number else "first", steps, answered, target, promise.warn, calendar, now))
    if resolution and promise.resolution is not None:
        closed = resolution[-1].why == "closed"
        found.append(_clock("resolution", resolution, closed, promise.resolution, promise.warn, calendar, now))
    return found


def state_of(events: Sequence[Event]) -> str:
    """The state that the events lead to: open, pending, snoozed, closed or spam; empty without any message."""
    resolution = _steps(events)[1]
    if not resolution:
        return ""
    return resolution[-1].why or "open"


# --- steps ------------------------------------------------------------------------------------------------

Steps = list[Step]


def _steps(events: Sequence[Event]) -> tuple[list[tuple[Steps, bool]], Steps]:
    """([(steps of a reply clock, it was answered)], steps of the resolution clock)."""
    replies: list[tuple[Steps, bool]] = []
    resolution: Steps = []
    whys: dict[int, str] = {}
    waiting: set[int] = set()
    for event in sorted(events, key=lambda one: (one.at, ORDER.index(one.what))):
        if event.what == "inbound":
            for one in event.of or (WHOLE,):
                if whys.get(one) != "spam":
                    whys[one] = ""
                    waiting.add(one)
            if waiting and (not replies or replies[-1][1]):
                replies.append(([], False))
        elif resolution:
            _moved(event, whys, waiting)
            if event.what == "reply" and not waiting and replies and not replies[-1][1]:
                steps = replies[-1][0]
                _stop(steps, event.at)
                replies[-1] = steps, True
        why = min(whys.values(), key=NEEDS.index, default="")
        if whys:
            _turn(resolution, event.at, why)
        if replies and not replies[-1][1]:
            _turn(replies[-1][0], event.at, why if why in ("closed", "spam") else "")
    return replies, resolution


def _moved(event: Event, whys: dict[int, str], waiting: set[int]) -> None:
    """Why each conversation that it holds for stands still after the event, and which still wait for a reply."""
    for one in whys.keys() & (event.of or whys.keys()):
        if event.what == "reply":
            whys[one] = whys[one] or "pending"
            waiting.discard(one)
        else:
            whys[one] = "" if event.what == "opened" else event.what


def _turn(steps: Steps, at: datetime, why: str) -> None:
    """From here on it runs, or stands still because of `why`."""
    if steps and steps[-1].why == why:
        return
    _stop(steps, at)
    steps.append(Step(at, None, not why, why))


def _stop(steps: Steps, at: datetime) -> None:
    if steps:
        last = steps.pop()
        if at > last.since or not steps:
            steps.append(Step(last.since, at, last.runs, last.why))


# --- time -------------------------------------------------------------------------------------------------


def _clock(
    kind: str, steps: Steps, kept: bool, target: timedelta, warn: float, calendar: Calendar, now: datetime
) -> Clock:
    used, breached = timedelta(0), False
    start = steps[0].since
    for step in steps:
        if step.runs and step.until is not None:
            used += between(calendar, step.since, step.until)
            breached = breached or used > target
    last = steps[-1]
    left = target - used
    if not last.runs or last.until is not None:
        state = "met" if kept else "ended" if last.why in ("closed", "spam") else "paused"
        stopped = (last.until or last.since) if state != "paused" else None
        over = _over(steps, target, calendar) if breached else None
        state = "breached" if breached else state
        return Clock(kind, start, state, None, None, stopped, _seconds(left), tuple(steps), over)
    due = _never(after(calendar, last.since, left)) if left > timedelta(0) else _over(steps, target, calendar)
    early = left - target * warn
    warned = _never(after(calendar, last.since, early)) if warn else None
    over = due if breached or now > due else None
    state = "running" if over is None else "breached"
    return Clock(kind, start, state, due, warned, None, _seconds(left), tuple(steps), over)


def _over(steps: Steps, target: timedelta, calendar: Calendar) -> datetime:
    """The moment at which the time was over: in an earlier run, or as this one began when nothing was left."""
    left = target
    for step in steps:
        if step.runs and step.until is not None:
            part = between(calendar, step.since, step.until)
            if part > left:
                return _never(after(calendar, step.since, left))
            left -= part
    return steps[-1].since


def _never(at: datetime | None) -> datetime:
    """Who works on no day in years breaks no promise."""
    return NEVER if at is None else at


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())
