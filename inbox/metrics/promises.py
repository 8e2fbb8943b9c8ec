"""Promises (inbox.sla) as the report counts them: kept or broken, when that was decided, and by whom. Pure.

A promise counts in the period in which it was decided: kept when it was answered or closed in time, broken when its
time was over, whether or not it was answered since. What was put away in time without an answer counts nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from inbox.metrics.spans import Event
from inbox.sla import Clock

PROMISES = ("kept_first", "kept_next", "kept_resolution")
"""Shares of promises that were kept: for first replies, further ones, and until it is closed."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise that was decided. `ended` is when it was answered or closed, if it was, and `actor` who did that."""

    figure: str
    start: datetime
    decided: datetime
    ended: datetime | None
    kept: bool
    actor: str = ""


def promises(clocks: Iterable[Clock], events: Iterable[Event], now: datetime) -> list[Promise]:
    """Those of a conversation's clocks that were decided by `now`."""
    found = []
    happened = list(events)
    for one in clocks:
        over = one.over_at
        if over is None and one.due_at is not None and one.due_at < now:
            over = one.due_at  # it runs, and was not looked at since
        if over is None and one.state == "breached":
            over = one.stopped_at
        decided = over or (one.stopped_at if one.state == "met" else None)
        if decided is not None:
            actor, ended = _by(one, happened)
            found.append(Promise(f"kept_{one.kind}", one.started_at, decided, ended, over is None, actor))
    return found


def _by(clock: Clock, events: Iterable[Event]) -> tuple[str, datetime | None]:
    """Who ended it, and when; a clock that stopped for another reason has not ended."""
    what = "closed" if clock.kind == "resolution" else "answered"
    if clock.stopped_at is None:
        return "", None
    ended = [one.actor for one in events if one.what == what and one.at == clock.stopped_at]
    if ended or clock.state == "met":
        return (ended[0] if ended else ""), clock.stopped_at
    return "", None
