"""Promises in words: policies, clocks with what is left, and the timeline that explains each run and pause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.units import format_unit

from core import db
from core.typed import plain
from inbox.hours import Calendar, between, stretches
from inbox.sla import Clock, Step
from inbox.sla_models import SlaClock
from web.i18n import N_
from web.reader import Reader

KINDS = {"first": N_("First reply"), "next": N_("Next reply"), "resolution": N_("Resolution")}
DUE = {
    "first": N_("first reply due %(moment)s"),
    "next": N_("reply due %(moment)s"),
    "resolution": N_("to be closed by %(moment)s"),
}
LATE = {
    "first": N_("first reply was due %(moment)s"),
    "next": N_("reply was due %(moment)s"),
    "resolution": N_("was to be closed by %(moment)s"),
}
STATES = {
    "running": ("", N_("running")),
    "paused": ("paused", N_("stands still")),
    "met": ("done", N_("kept")),
    "breached": ("late", N_("broken")),
    "ended": ("paused", N_("ended without a reply")),
}
"""State of a clock → how its chip looks, and its word."""
WHYS = {
    "pending": N_("waits for their answer"),
    "snoozed": N_("snoozed"),
    "closed": N_("closed"),
    "spam": N_("marked as spam"),
}
RUNS = N_("runs")
HOURS = "hours"
"""Why a clock stands still outside business hours."""
OUTSIDE = N_("outside business hours")
TARGETS = {"first_reply": N_("First reply"), "next_reply": N_("Next reply"), "resolution": N_("Resolution")}
SENTENCES = (
    N_("Give it a name, so that it is found again."),
    N_("The name is too long: 80 characters at most."),
    N_("Another policy has this name."),
    N_("Promise something: a time for the first reply, the next reply, or until it is closed."),
    N_("A time is at most a year. Write minutes, or hours and minutes like 4:30."),
    N_("Warn when between 0 and 90 per cent of the time are left."),
    N_("A policy cannot ask about this: it changes by itself or with who looks."),
    N_("This policy is gone."),
)
"""What inbox.policies says is wrong; a test compares."""
MOST = 14
"""Lines of a timeline."""


def read_minutes(text: str) -> int:
    """`4:30` or `90` in minutes, nothing for none; -1 when it is no such time."""
    found = re.fullmatch(r"(?:([0-9]{1,5}):([0-5][0-9])|([0-9]{1,6}))", plain(text))
    if found is None:
        return -1 if text.strip() else 0
    return int(found[3]) if found[3] else int(found[1]) * 60 + int(found[2])


def written(minutes: int) -> str:
    """Minutes as a form shows them."""
    return f"{minutes // 60}:{minutes % 60:02}" if minutes else ""


def duration(time: timedelta, reader: Reader) -> str:
    """A length in its two largest units: "4 hr 30 min"."""
    minutes = int(abs(time).total_seconds()) // 60
    sizes = (("day", minutes // 1440), ("hour", minutes % 1440 // 60), ("minute", minutes % 60))
    parts = [
        str(format_unit(number, f"duration-{unit}", "short", locale=reader.babel)) for unit, number in sizes if number
    ][:2]
    return " ".join(parts or [str(format_unit(0, "duration-minute", "short", locale=reader.babel))])


@dataclass(frozen=True)
class Chip:
    """The promise that matters now: how it looks, in words, and how much of the last run is left (0 to 1)."""

    look: str
    text: str
    share: float
    short: str = ""
    """Without what was promised, where that leaves something to say."""


def chip(clocks: Sequence[SlaClock], reader: Reader) -> Chip | None:
    """Of several the one that is due first; of those that stand still the newest."""
    if not clocks:
        return None
    now = db.now()
    running = [one for one in clocks if one.due_at is not None]
    if not running:
        newest = clocks[-1]
        look, word = STATES[newest.state]
        return Chip(look, reader.words(N_("%(promise)s: %(state)s"), promise=reader.words(KINDS[newest.kind]),
                                       state=reader.words(word)), 0.0)  # fmt: skip
    one = min(running, key=lambda clock: clock.due_at or now)
    due = one.due_at or now
    late = now > due
    warned = one.warn_at is not None and now >= one.warn_at
    left = (due - now).total_seconds() / max(1.0, (due - one.started_at).total_seconds())
    text = reader.words((LATE if late else DUE)[one.kind], moment=reader.short(due))
    short = reader.words(N_("was due %(moment)s") if late else N_("due %(moment)s"), moment=reader.short(due))
    return Chip("late" if late else "warn" if warned else "", text, max(0.0, min(1.0, left)), short)


@dataclass(frozen=True)
class Line:
    """One stretch of a timeline; `length` is empty where no time counted."""

    since: datetime
    until: datetime | None
    runs: bool
    text: str
    length: str


@dataclass(frozen=True)
class Explained:
    """One clock with everything about it in words."""

    kind: str
    look: str
    state: str
    about: str
    lines: Sequence[Line]
    earlier: int
    """Lines that are left out."""


def explained(one: Clock, calendar: Calendar, now: datetime, reader: Reader) -> Explained:
    """What ran, what stood still and why, the newest last."""
    lines = [line for step in one.steps for line in _lines(step, calendar, now, reader)]
    look, word = STATES[one.state]
    left = between(calendar, now, one.due_at) if one.due_at is not None else timedelta(seconds=one.left)
    if one.due_at is not None and now > one.due_at:
        about = reader.words(N_("was due %(moment)s"), moment=reader.short(one.due_at))
    elif one.due_at is not None:
        about = reader.words(
            N_("due %(moment)s, %(time)s left"), moment=reader.short(one.due_at), time=duration(left, reader)
        )
    elif one.left < 0:
        about = reader.words(N_("%(time)s too late"), time=duration(left, reader))
    else:
        about = reader.words(N_("%(time)s were left"), time=duration(left, reader))
    return Explained(reader.words(KINDS[one.kind]), look, reader.words(word), about, lines[-MOST:],
                     max(0, len(lines) - MOST))  # fmt: skip


@dataclass(frozen=True)
class Stretch:
    """A part of a step: it ran, or stood still because of `why` (as a step has it, or `hours`)."""

    since: datetime
    until: datetime | None
    runs: bool
    why: str = ""
    days_off: tuple[str, ...] = ()
    """Names of days off that lie in it."""


def stretched(step: Step, calendar: Calendar, now: datetime) -> list[Stretch]:
    """A step by business hours; the last one of a step that lasts has no end."""
    if not step.runs:
        return [Stretch(step.since, step.until, False, step.why)]
    end = step.until or max(now, step.since)
    found: list[Stretch] = []
    at = step.since
    for since, until in stretches(calendar, step.since, end):
        if since > at:
            found.append(_pause(at, since, calendar))
        found.append(Stretch(since, until, True))
        at = until
    if at < end:
        found.append(_pause(at, end, calendar))
    if found and step.until is None:
        found.append(replace(found.pop(), until=None))
    return found


def _pause(since: datetime, until: datetime, calendar: Calendar) -> Stretch:
    """Outside business hours."""
    zone = ZoneInfo(calendar.zone)
    first, last = since.astimezone(zone).date(), (until - timedelta(microseconds=1)).astimezone(zone).date()
    names = [name for day, name in sorted(calendar.days_off.items()) if first <= day <= last and name]
    return Stretch(since, until, False, HOURS, tuple(names))


def _lines(step: Step, calendar: Calendar, now: datetime, reader: Reader) -> list[Line]:
    return [_line(one, now, reader) for one in stretched(step, calendar, now)]


def _line(one: Stretch, now: datetime, reader: Reader) -> Line:
    if one.runs:
        length = duration((one.until or max(now, one.since)) - one.since, reader)
        return Line(one.since, one.until, True, reader.words(RUNS), length)
    text = reader.words(OUTSIDE if one.why == HOURS else WHYS[one.why])
    if one.days_off:
        text = reader.words(N_("outside business hours (%(days)s)"), days=", ".join(one.days_off))
    return Line(one.since, one.until, False, text, "")
