"""The figures: one definition each, over the spans and events of conversations. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median, quantiles

from inbox.metrics.promises import PROMISES, Promise
from inbox.metrics.ratings import KINDS, RATINGS, Answer, Invitation, Rating, rating
from inbox.metrics.spans import Event, Span

COUNTS = ("received", "opened", "closed", "replies", "backlog", "waiting")
"""Figures that count."""
TIMES = ("first_reply", "reply", "resolution")
"""Figures that measure."""
SOMEBODY = "-"
"""The agent of what nobody who is known did: written on the platform itself, or not done yet."""
SHARES = (*RATINGS, *PROMISES)
"""Figures of which each is a share or a mean: of answers, of surveys, of promises."""
GROUPS = ("agent", "team", "account", "platform", "language", "tag", "priority")
"""By what figures can be told apart."""
PEOPLES = ("closed", "replies", *TIMES, *SHARES)
"""Figures that somebody brought about: those an agent has."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation with what happened in it, and what it can be grouped by."""

    id: int
    account_id: int
    platform: str
    language: str
    team_id: int | None
    priority: str
    tags: tuple[str, ...] = ()
    events: Sequence[Event] = ()
    spans: Sequence[Span] = ()
    answers: Sequence[Answer] = ()
    invitations: Sequence[Invitation] = ()
    promises: Sequence[Promise] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing a figure counts or measures: a message, a reply, a span or an answer, with its conversation."""

    talk: Talk
    start: datetime
    end: datetime | None
    actor: str = ""
    score: int | None = None
    kind: str = ""
    """Of the survey that has the score."""
    verdict: str = ""
    """good, middle or bad; a promise that was kept is good, a broken one bad."""

    @property
    def lasted(self) -> timedelta:
        """From start to end; nothing for what is a moment."""
        return (self.end or self.start) - self.start


@dataclass(frozen=True)
class Times:
    """How long something took: the middle one, what nine of ten stay below, the mean."""

    number: int
    median: timedelta
    ninth: timedelta
    mean: timedelta


@dataclass(frozen=True)
class Figures:
    """Everything about one period, or one group in it."""

    counts: dict[str, int] = field(default_factory=dict)
    times: dict[str, Times] = field(default_factory=dict)
    business: dict[str, Times] = field(default_factory=dict)
    """The same in the business hours of each conversation's team."""
    ratings: dict[str, Rating] = field(default_factory=dict)


def pieces(talks: Iterable[Talk], figure: str, start: datetime, end: datetime, agent: str = "") -> Iterator[Piece]:
    """What a figure consists of in a period (from `start`, before `end`), by one agent, by SOMEBODY, or by anybody.

    A span belongs to the period in which it ends. Backlog and waiting are what stands open at its end, whoever has it.
    """
    for talk in talks:
        for piece in _of_talk(talk, figure, start, end):
            if not agent or piece.actor == ("" if agent == SOMEBODY else agent):
                yield piece


def _of_talk(talk: Talk, figure: str, start: datetime, end: datetime) -> Iterator[Piece]:
    if figure in ("received", "replies"):
        what = "received" if figure == "received" else "answered"
        for event in talk.events:
            if event.what == what and start <= event.at < end:
                yield Piece(talk, event.at, event.at, event.actor)
        return
    if figure in RATINGS:
        yield from _rated(talk, figure, start, end)
        return
    if figure in PROMISES:
        for promise in talk.promises:
            if promise.figure == figure and start <= promise.decided < end:
                verdict = "good" if promise.kept else "bad"
                yield Piece(talk, promise.start, promise.ended, promise.actor, verdict=verdict)
        return
    kind = {"opened": "resolution", "closed": "resolution", "backlog": "resolution", "waiting": "wait"}.get(
        figure, figure
    )
    for span in talk.spans:
        if span.kind == kind and _counts(figure, span, start, end):
            yield Piece(talk, span.start, span.end, span.actor)


def _rated(talk: Talk, figure: str, start: datetime, end: datetime) -> Iterator[Piece]:
    """Answers that came in the period; of the response rate invitations that left in it, whenever they are answered."""
    if figure == "response":
        for sent in talk.invitations:
            if start <= sent.at < end:
                yield Piece(talk, sent.at, sent.answered, sent.actor, verdict="good" if sent.answered else "")
        return
    for one in talk.answers:
        if one.kind in KINDS[figure] and start <= one.at < end:
            yield Piece(talk, one.at, one.at, one.actor, one.score, one.kind, one.verdict)


def _counts(figure: str, span: Span, start: datetime, end: datetime) -> bool:
    if figure == "opened":
        return start <= span.start < end
    if figure in ("backlog", "waiting"):
        return span.start < end and (span.end is None or span.end >= end)
    return span.end is not None and start <= span.end < end


def times(lengths: Sequence[timedelta]) -> Times | None:
    """Middle, ninth of ten and mean; None for nothing."""
    if not lengths:
        return None
    seconds = sorted(one.total_seconds() for one in lengths)
    ninth = quantiles(seconds, n=10, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    middle, mean = median(seconds), sum(seconds) / len(seconds)
    return Times(len(seconds), *(timedelta(seconds=round(one)) for one in (middle, ninth, mean)))


Worked = Callable[[Talk, datetime, datetime], timedelta]
"""How much of the time between two moments is in the business hours of a conversation's team."""


def figures(talks: Sequence[Talk], start: datetime, end: datetime, worked: Worked, agent: str = "") -> Figures:
    """All figures of a period."""
    found = Figures()
    for name in COUNTS:
        if not agent or name in PEOPLES:
            found.counts[name] = sum(1 for _ in pieces(talks, name, start, end, agent))
    for name in TIMES:
        ended = list(pieces(talks, name, start, end, agent))
        if (plain := times([one.lasted for one in ended])) is not None:
            found.times[name] = plain
        business = times([worked(one.talk, one.start, one.end) for one in ended if one.end is not None])
        if business is not None:
            found.business[name] = business
    for name in SHARES:
        given = [(one.score, one.verdict) for one in pieces(talks, name, start, end, agent)]
        if (rated := rating(name, given)) is not None:
            found.ratings[name] = rated
    return found


def groups(talks: Sequence[Talk], by: str, start: datetime, end: datetime) -> dict[str, list[Talk]]:
    """The conversations of each group, by its key; by agent, those in which the agent did something in the period.

    A conversation with two tags is in two groups.
    """
    found: dict[str, list[Talk]] = {}
    for talk in talks:
        for key in dict.fromkeys(_keys(talk, by, start, end)):
            found.setdefault(key, []).append(talk)
    return found


def _keys(talk: Talk, by: str, start: datetime, end: datetime) -> Iterator[str]:
    if by == "agent":
        for name in PEOPLES:
            yield from (one.actor for one in _of_talk(talk, name, start, end))
    elif by == "tag":
        yield from talk.tags or ("",)
    elif by == "team":
        yield str(talk.team_id or "")
    elif by == "account":
        yield str(talk.account_id)
    else:
        yield str(getattr(talk, by))


def daily(talks: Sequence[Talk], edges: Sequence[datetime], agent: str = "") -> dict[str, list[int]]:
    """Every count between each two of `edges`; backlog and waiting as they stood at the end of each part."""
    found: dict[str, list[int]] = {}
    for name in COUNTS:
        if agent and name not in PEOPLES:
            continue
        parts = found[name] = [0] * (len(edges) - 1)
        if name in ("backlog", "waiting"):
            kind = "resolution" if name == "backlog" else "wait"
            for talk in talks:
                for span in talk.spans:
                    if span.kind == kind:
                        _stand(parts, span, edges)
            continue
        for piece in pieces(talks, name, edges[0], edges[-1], agent):
            at = piece.start if name == "opened" else piece.end or piece.start
            parts[bisect_right(edges, at) - 1] += 1
    return found


def _stand(parts: list[int], span: Span, edges: Sequence[datetime]) -> None:
    """Count a span in every part at whose end it stood open."""
    first = max(bisect_right(edges, span.start) - 1, 0)
    last = len(parts) if span.end is None else bisect_right(edges, span.end) - 1
    for n in range(first, last):
        parts[n] += 1
