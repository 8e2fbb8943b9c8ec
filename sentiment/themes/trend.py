"""Whether more is written about something than before: 7 days against the 7 before, 30 against the 30 before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

SHORT, LONG = 7, 30
DAYS = 2 * LONG
"""Days a trend looks at."""
SURE = 1.96
"""Standard deviations of chance that a difference must exceed: two counts differ by chance as Poisson numbers do."""
FEWEST = 5
"""Messages in the last seven days without which nothing emerges."""
STATES = ("emerging", "rising", "stable", "falling")


@dataclass(frozen=True)
class Trend:
    """Messages of each day, oldest first, today last; `state` is one of STATES."""

    days: tuple[int, ...]
    state: str

    @property
    def now(self) -> int:
        """Messages of the last seven days."""
        return sum(self.days[-SHORT:])

    @property
    def before(self) -> int:
        """Messages of the seven days before."""
        return sum(self.days[-2 * SHORT : -SHORT])

    @property
    def month(self) -> int:
        """Messages of the last thirty days."""
        return sum(self.days[-LONG:])

    @property
    def shown(self) -> tuple[int, ...]:
        """The days a small chart shows: the thirty last."""
        return self.days[-LONG:]


def trend(days: Sequence[int]) -> Trend:
    """The trend of daily counts, oldest first; fewer than DAYS are taken for nothing before."""
    padded = (*([0] * (DAYS - len(days))), *days)[-DAYS:]
    now, before = sum(padded[-SHORT:]), sum(padded[-2 * SHORT : -SHORT])
    month, month_before = sum(padded[-LONG:]), sum(padded[:-LONG])
    return Trend(tuple(padded), _state(now, before, month, month_before))


def _state(now: int, before: int, month: int, month_before: int) -> str:
    if now >= FEWEST and month - now == 0 and month_before == 0:
        return "emerging"
    short, long = _change(now, before), _change(month, month_before)
    strongest = short if abs(short) >= abs(long) or abs(short) > SURE else long
    if strongest > SURE:
        return "rising"
    return "falling" if strongest < -SURE else "stable"


def _change(now: int, before: int) -> float:
    """The difference in standard deviations of chance."""
    return (now - before) / sqrt(now + before) if now + before else 0.0
